#include "http/gate.hpp"

#include "http/digest.hpp"
#include "http/query.hpp"
#include "http/trace.hpp"

#include <algorithm>

namespace settled {
namespace {
Problem refusal(Errc code, std::string field, std::string detail, std::string allowed = "") {
  Problem problem;
  problem.code = code;
  problem.errors.push_back({code, std::move(field), std::move(detail), std::move(allowed)});
  return problem;
}

std::optional<std::string_view> presented_key(const Request& request) {
  if (const auto* key = request.header("x-api-key")) return *key;
  const auto* header = request.header("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (header && same_ignoring_case(std::string_view(*header).substr(0, scheme.size()), scheme))
    return std::string_view(*header).substr(scheme.size());
  return std::nullopt;
}

// "application/json", also with parameters such as charset=utf-8.
bool is_json(std::string_view type) {
  const auto end = type.find(';');
  auto media = type.substr(0, end);
  while (!media.empty() && media.back() == ' ') media.remove_suffix(1);
  if (!same_ignoring_case(media, "application/json")) return false;
  if (end == std::string_view::npos) return true;
  std::string rest(type.substr(end + 1));
  std::erase_if(rest, [](char c) { return c == ' ' || c == '"'; });
  return same_ignoring_case(rest, "charset=utf-8");
}

std::optional<Problem> check_body_headers(const Request& request, bool needs_body) {
  const auto* coding = request.header("content-encoding");
  if (coding && !same_ignoring_case(*coding, "identity"))
    return refusal(Errc::unsupported_media_type, "header:Content-Encoding",
                   "bodies are not unpacked here; got \"" + coding->substr(0, 40) + "\"",
                   "no Content-Encoding");
  if (!needs_body) return std::nullopt;
  const auto* type = request.header("content-type");
  if (type && is_json(*type)) return std::nullopt;
  return refusal(Errc::unsupported_media_type, "header:Content-Type",
                 type ? "the body must be JSON; got \"" + type->substr(0, 60) + '"'
                      : std::string("the Content-Type header is missing"),
                 "application/json");
}
}  // namespace

std::optional<std::string> caller_of(const Request& request, const std::vector<ApiKey>& keys) {
  const auto presented = presented_key(request);
  if (!presented) return std::nullopt;
  const auto digest = sha256(*presented);
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys)
    if (same_digest(key.digest, digest)) found = &key;
  if (!found) return std::nullopt;
  return found->id;
}

namespace {
std::optional<Problem> stopped(Request& request, const GateRules& rules) {
  const auto* traceparent = request.header("traceparent");
  if (traceparent) request.trace_id = trace_id_from(*traceparent).value_or("");
  if (request.trace_id.empty()) request.trace_id = make_trace_id();

  const auto match = match_route(request.method, request.path);
  if (!match.route && match.allow.empty())
    return refusal(Errc::not_found, "path:" + request.path.substr(0, 80), "there is nothing at this path",
                   "the paths of /openapi.json");
  if (!match.route) {
    auto problem = refusal(Errc::method_not_allowed, "method:" + request.method,
                           "this path does not take the method \"" + request.method + '"', match.allow);
    problem.allow = match.allow;
    return problem;
  }
  const Route& r = *match.route;
  request.route = static_cast<int>(r.id);
  const bool open_metrics =
      r.id == RouteId::metrics && rules.metrics_open_on_loopback && request.from_loopback;
  if (r.needs_api_key && !open_metrics) {
    const bool presented = presented_key(request).has_value();
    auto caller = caller_of(request, rules.keys);
    if (!caller)
      return refusal(Errc::unauthorized, "header:X-API-Key",
                     presented ? "this API key is not known here" : "the X-API-Key header is missing",
                     "a valid key in X-API-Key, or in Authorization: Bearer");
    request.caller = std::move(*caller);
  }
  if (r.id == RouteId::fund_account && !rules.allow_funding)
    return refusal(Errc::not_allowed_here, "path:" + std::string(r.pattern),
                   "accounts are funded this way in development only");
  // Whoever writes "?dry_run=true" behind a POST must not have it done in earnest.
  if (!r.reads_query())
    if (auto query = Query::parse(request.query, {}); !query)
      return problem_of(std::move(query.refusal()), MoneyState::none);
  if (auto problem = check_body_headers(request, r.takes_body())) return problem;
  if (r.moves_money)
    if (auto key = idempotency_key_of(request); !key)
      return problem_of(std::move(key.refusal()), MoneyState::none);
  return std::nullopt;
}
}  // namespace

std::optional<Problem> pass_gate(Request& request, const GateRules& rules) {
  auto problem = stopped(request, rules);
  // Whoever wanted to change something wants to know what became of it, whatever stopped it.
  if (problem && request.method != "GET" && request.method != "HEAD") problem->money = MoneyState::untouched;
  return problem;
}
}  // namespace settled
