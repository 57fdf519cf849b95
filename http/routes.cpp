#include "http/routes.hpp"

#include <algorithm>
#include <array>

namespace settled {
namespace {
// After the path: needs an API key, moves money.
constexpr std::array<Route, route_count> table{{
    {RouteId::submit_settlement, "POST", "/api/v1/settlements", true, true, "Settle one obligation"},
    {RouteId::submit_batch, "POST", "/api/v1/settlements/batch", true, true,
     "Settle up to 1,000 obligations"},
    {RouteId::list_settlements, "GET", "/api/v1/settlements", true, false, "Settlements, newest first"},
    {RouteId::show_settlement, "GET", "/api/v1/settlements/{id}", true, false, "One settlement as it stands"},
    {RouteId::settlement_timeline, "GET", "/api/v1/settlements/{id}/timeline", true, false,
     "Everything that happened to a settlement"},
    {RouteId::compensate_settlement, "POST", "/api/v1/settlements/{id}/compensate", true, false,
     "Ask for the money of a COMPLETED settlement to go back; a second person approves"},
    {RouteId::decide_settlement, "POST", "/api/v1/settlements/{id}/decide", true, false,
     "Ask for an order held for compliance to be released or rejected; a second person approves"},
    {RouteId::cancel_settlement, "POST", "/api/v1/settlements/{id}/cancel", true, false,
     "Call back an order that waits and holds nothing"},
    {RouteId::open_account, "POST", "/api/v1/accounts", true, false, "Open an account"},
    {RouteId::list_accounts, "GET", "/api/v1/accounts", true, false, "Accounts, oldest first"},
    {RouteId::list_nostro, "GET", "/api/v1/accounts/nostro", true, false, "Nostro accounts"},
    {RouteId::list_vostro, "GET", "/api/v1/accounts/vostro", true, false, "Vostro accounts"},
    {RouteId::show_account, "GET", "/api/v1/accounts/{id}", true, false, "One account with its balance"},
    {RouteId::change_account, "PATCH", "/api/v1/accounts/{id}", true, false,
     "Change an account's status, floor or thresholds"},
    {RouteId::account_entries, "GET", "/api/v1/accounts/{id}/entries", true, false,
     "Entries of an account, newest first"},
    {RouteId::account_timeline, "GET", "/api/v1/accounts/{id}/timeline", true, false,
     "Everything that happened to an account"},
    {RouteId::fund_account, "POST", "/api/v1/accounts/{id}/fund", true, true,
     "Put money on an account (development only)"},
    {RouteId::fund_locks, "GET", "/api/v1/fund-locks", true, false, "Who holds what and why, newest first"},
    {RouteId::list_unknowns, "GET", "/api/v1/unknowns", true, false,
     "Settlements whose outcome nobody knows yet"},
    {RouteId::resolve_unknown, "POST", "/api/v1/unknowns/{id}/resolve", true, false,
     "Say what became of an unknown outcome; a second person approves"},
    {RouteId::approve_unknown, "POST", "/api/v1/unknowns/{id}/approve", true, false,
     "Approve what was asked for about this settlement"},
    {RouteId::list_actions, "GET", "/api/v1/actions", true, false,
     "What one person asked for and a second one approves"},
    {RouteId::approve_action, "POST", "/api/v1/actions/{id}/approve", true, false,
     "Approve exactly what was shown"},
    {RouteId::list_held, "GET", "/api/v1/held", true, false, "Orders held for compliance"},
    {RouteId::list_compensations, "GET", "/api/v1/compensations", true, false,
     "Settlements whose money went back"},
    {RouteId::list_breaks, "GET", "/api/v1/breaks", true, false,
     "Where the books and a bank disagree or a doubt lasts"},
    {RouteId::close_break, "POST", "/api/v1/breaks/{id}/close", true, false, "Close a break with a reason"},
    {RouteId::list_nettings, "GET", "/api/v1/nettings", true, false, "Nettings that were booked"},
    {RouteId::post_netting, "POST", "/api/v1/nettings", true, true,
     "Net a set of obligations and book the positions, or only show what would happen"},
    {RouteId::list_windows, "GET", "/api/v1/windows", true, false, "Settlement windows"},
    {RouteId::next_window, "GET", "/api/v1/windows/next", true, false,
     "Which session an order would go into now"},
    {RouteId::put_window, "PUT", "/api/v1/windows/{name}", true, false, "Set a settlement window"},
    {RouteId::drop_window, "DELETE", "/api/v1/windows/{name}", true, false, "Remove a settlement window"},
    {RouteId::list_calendars, "GET", "/api/v1/calendars", true, false,
     "Holiday calendars with the days of this and the next year"},
    {RouteId::put_calendar, "PUT", "/api/v1/calendars/{name}", true, false,
     "Set all rules of a holiday calendar"},
    {RouteId::put_holiday, "POST", "/api/v1/calendars/{name}/holidays", true, false,
     "Add a single holiday to a calendar"},
    {RouteId::drop_holiday, "DELETE", "/api/v1/calendars/{name}/holidays", true, false,
     "Remove a single holiday from a calendar"},
    {RouteId::list_banks, "GET", "/api/v1/banks", true, false, "What is known of banks"},
    {RouteId::put_bank, "PUT", "/api/v1/banks/{bic}", true, false, "Name, suspend or admit a bank"},
    {RouteId::recovery, "GET", "/api/v1/recovery", true, false, "The recovery of the last start"},
    {RouteId::list_jobs, "GET", "/api/v1/jobs", true, false, "The jobs and their last runs"},
    {RouteId::run_job, "POST", "/api/v1/jobs/{name}/run", true, false, "Run a job now"},
    {RouteId::invariants, "GET", "/api/v1/invariants", true, false, "The last check of the books"},
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

enum class Fit : std::uint8_t { none, by_slot, literal };

Fit fit(std::string_view pattern, std::string_view path, std::string_view& id) {
  const auto at = pattern.find('{');
  if (at == std::string_view::npos) return pattern == path ? Fit::literal : Fit::none;
  const auto after = pattern.substr(pattern.find('}') + 1);
  if (!path.starts_with(pattern.substr(0, at)) || !path.ends_with(after) || path.size() <= at + after.size())
    return Fit::none;
  const auto found = path.substr(at, path.size() - at - after.size());
  if (found.find('/') != std::string_view::npos) return Fit::none;
  id = found;
  return Fit::by_slot;
}

bool takes(const Route& r, std::string_view method) {
  return r.method == method || (method == "HEAD" && r.takes_head());
}
}  // namespace

std::span<const Route> routes() { return table; }
const Route& route(RouteId id) { return table.at(static_cast<std::size_t>(id)); }

std::string_view slot_name(std::string_view pattern) {
  const auto at = pattern.find('{');
  return at == std::string_view::npos ? std::string_view{}
                                      : pattern.substr(at + 1, pattern.find('}') - at - 1);
}

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
    if (takes(r, method)) {
      match.route = &r;
      match.id = id;
      match.allow.clear();
      return match;
    }
    match.allow.append(match.allow.empty() ? "" : ", ").append(r.method);
    if (r.takes_head()) match.allow += ", HEAD";
  }
  return match;
}
}  // namespace settled
