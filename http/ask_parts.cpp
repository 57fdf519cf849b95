#include "http/ask_parts.hpp"

#include "http/routes.hpp"

namespace settled {

std::string name_in_path(const Request& request, Errors& errors) {
  const auto raw = slot_of(request);
  auto name = path_segment(raw).value_or("");
  if (!name.empty() && name.size() <= 64) return name;
  const auto pattern = route(static_cast<RouteId>(request.route)).pattern;
  errors.push_back({Errc::invalid_value, "path:" + std::string(slot_name(pattern)),
                    '"' + std::string(raw.substr(0, 60)) + "\" is not a name",
                    "1 to 64 printable characters in UTF-8, percent-encoded"});
  return {};
}

std::optional<Query> query_of(const Request& request, const std::vector<std::string_view>& known,
                              Errors& errors) {
  auto query = Query::parse(request.query, known);
  if (query) return std::move(*query);
  errors.push_back(std::move(query.refusal()));
  return std::nullopt;
}

int limit_of(const Query& query, Errors& errors) {
  auto limit = query.limit();
  if (limit) return *limit;
  errors.push_back(std::move(limit.refusal()));
  return 0;
}

Refusal not_allowed(std::string_view name, const std::string& value, std::string_view allowed) {
  return {Errc::invalid_value, '?' + std::string(name), '"' + value.substr(0, 40) + "\" is not allowed here",
          std::string(allowed)};
}

Uuid cursor_of(const Query& query, Errors& errors) {
  const auto& value = query["cursor"];
  if (value.empty()) return {};
  const auto uuid = uuid_from_base32(value);
  if (!uuid) errors.push_back(not_allowed("cursor", value, "the next_cursor of the page before"));
  return uuid.value_or(Uuid{});
}
}  // namespace settled
