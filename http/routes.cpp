#include "http/routes.hpp"

#include <algorithm>
#include <array>

namespace settled {
namespace {
constexpr std::array<Route, route_count> table{{
    {RouteId::submit_settlement, "POST", "/api/v1/settlements", true, true, "Settle one obligation"},
    {RouteId::submit_batch, "POST", "/api/v1/settlements/batch", true, true,
     "Settle up to 1,000 obligations"},
    {RouteId::list_settlements, "GET", "/api/v1/settlements", true, false, "Settlements, newest first"},
    {RouteId::show_settlement, "GET", "/api/v1/settlements/{id}", true, false, "One settlement as it stands"},
    {RouteId::settlement_timeline, "GET", "/api/v1/settlements/{id}/timeline", true, false,
     "Everything that happened to a settlement"},
    {RouteId::open_account, "POST", "/api/v1/accounts", true, false, "Open an account"},
    {RouteId::list_accounts, "GET", "/api/v1/accounts", true, false, "Accounts, oldest first"},
    {RouteId::list_nostro, "GET", "/api/v1/accounts/nostro", true, false, "Nostro accounts"},
    {RouteId::list_vostro, "GET", "/api/v1/accounts/vostro", true, false, "Vostro accounts"},
    {RouteId::show_account, "GET", "/api/v1/accounts/{id}", true, false, "One account with its balance"},
    {RouteId::account_entries, "GET", "/api/v1/accounts/{id}/entries", true, false,
     "Entries of an account, newest first"},
    {RouteId::account_timeline, "GET", "/api/v1/accounts/{id}/timeline", true, false,
     "Everything that happened to an account"},
    {RouteId::fund_account, "POST", "/api/v1/accounts/{id}/fund", true, true,
     "Put money on an account (development only)"},
    {RouteId::events, "GET", "/api/v1/events", true, false, "Committed events as they happen (SSE)"},
    {RouteId::health, "GET", "/health", false, false, "Is the process well?"},
    {RouteId::health_api, "GET", "/api/v1/health", false, false, "Is the process well?"},
    {RouteId::live, "GET", "/api/v1/health/live", false, false, "Is the process alive?"},
    {RouteId::ready, "GET", "/api/v1/health/ready", false, false, "Does the process take work?"},
    {RouteId::detailed, "GET", "/api/v1/health/detailed", true, false, "Health, part by part"},
    {RouteId::metrics, "GET", "/metrics", true, false, "Metrics in Prometheus' text format"},
    {RouteId::openapi, "GET", "/openapi.json", false, false, "This document"},
    {RouteId::problem_page, "GET", "/problems/{id}", false, false, "What a problem's type means"},
}};
constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].id) != i) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by the id");

enum class Fit : std::uint8_t { none, by_id, literal };

Fit fit(std::string_view pattern, std::string_view path, std::string_view& id) {
  constexpr std::string_view slot = "{id}";
  const auto at = pattern.find(slot);
  if (at == std::string_view::npos) return pattern == path ? Fit::literal : Fit::none;
  const auto after = pattern.substr(at + slot.size());
  if (!path.starts_with(pattern.substr(0, at)) || !path.ends_with(after) || path.size() <= at + after.size())
    return Fit::none;
  const auto found = path.substr(at, path.size() - at - after.size());
  if (found.find('/') != std::string_view::npos) return Fit::none;
  id = found;
  return Fit::by_id;
}
}  // namespace

std::span<const Route> routes() { return table; }
const Route& route(RouteId id) { return table.at(static_cast<std::size_t>(id)); }

RouteMatch match_route(std::string_view method, std::string_view path) {
  Fit best = Fit::none;
  for (const Route& r : table) {
    std::string_view id;
    best = std::max(best, fit(r.pattern, path, id));
  }
  RouteMatch match;
  if (best == Fit::none) return match;
  for (const Route& r : table) {
    std::string_view id;
    if (fit(r.pattern, path, id) != best) continue;
    if (r.method == method) {
      match.route = &r;
      match.id = id;
      match.allow.clear();
      return match;
    }
    match.allow.append(match.allow.empty() ? "" : ", ").append(r.method);
  }
  return match;
}
}  // namespace settled
