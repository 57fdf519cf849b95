// What the questions of asks.cpp and asks_operating.cpp are read from: ids in paths, parameters, cursors.
#pragma once
#include "http/query.hpp"
#include "http/ticket.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

using Errors = std::vector<Refusal>;

/// What stands in the path where the route's pattern has its braces, as sent.
inline std::string_view slot_of(const Request& request) {
  return match_route(request.method, request.path).id;
}

template <class Id>
std::optional<Id> id_in_path(const Request& request, Errors& errors) {
  const auto text = slot_of(request);
  auto id = Id::from(text);
  // An id that cannot exist does not exist.
  if (!id)
    errors.push_back({Errc::not_found, "path:id",
                      '"' + std::string(text.substr(0, 60)) + "\" is not an id here",
                      "an id such as the one in a Location header or a list"});
  return id;
}

/// 1 to 64 printable characters, percent-encoded where the path wants it; empty with the error noted.
std::string name_in_path(const Request& request, Errors& errors);

/// Refuses parameters that are not `known`.
std::optional<Query> query_of(const Request& request, const std::vector<std::string_view>& known,
                              Errors& errors);
int limit_of(const Query& query, Errors& errors);
Uuid cursor_of(const Query& query, Errors& errors);
Refusal not_allowed(std::string_view name, const std::string& value, std::string_view allowed);

/// The question made of a parsed body, or what is wrong with it.
template <class Parsed, class Make>
std::optional<Ask> asked(Parsed parsed, Errors& errors, Make make) {
  if (parsed) return Ask(make(*parsed.value));
  for (auto& error : parsed.errors) errors.push_back(std::move(error));
  return std::nullopt;
}

}  // namespace settled
