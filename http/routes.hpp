// Every route of the port: one table, from which requests are routed and the OpenAPI document is made.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace settled {

enum class RouteId : std::uint8_t {
  submit_settlement,
  submit_batch,
  list_settlements,
  show_settlement,
  settlement_timeline,
  compensate_settlement,
  decide_settlement,
  cancel_settlement,
  open_account,
  list_accounts,
  list_nostro,
  list_vostro,
  show_account,
  change_account,
  account_entries,
  account_timeline,
  fund_account,
  fund_locks,
  list_unknowns,
  resolve_unknown,
  approve_unknown,
  list_actions,
  approve_action,
  list_held,
  list_compensations,
  list_breaks,
  close_break,
  list_nettings,
  post_netting,
  list_windows,
  next_window,
  put_window,
  drop_window,
  list_calendars,
  put_calendar,
  put_holiday,
  drop_holiday,
  list_banks,
  put_bank,
  recovery,
  list_jobs,
  run_job,
  invariants,
  events,
  health,
  health_api,
  live,
  ready,
  detailed,
  metrics,
  openapi,
  problem_page,
};
inline constexpr std::size_t route_count = static_cast<std::size_t>(RouteId::problem_page) + 1;

struct Route {
  RouteId id;
  std::string_view method;
  std::string_view pattern;  // "{id}" (or another name in braces) stands for one segment
  bool needs_api_key;
  bool moves_money;  // needs an Idempotency-Key
  std::string_view summary;

  /// Something is different afterwards: a doubt about the answer is a doubt about what is recorded.
  constexpr bool changes() const { return method != "GET"; }
  /// Carries a JSON body.
  constexpr bool takes_body() const { return changes() && method != "DELETE" && id != RouteId::run_job; }
  /// Its question reads the query by itself (http/asks.cpp): what is listed, and the day of a holiday. At all
  /// others the gate refuses any parameter.
  constexpr bool reads_query() const {
    return id == RouteId::drop_holiday || (!changes() && id < RouteId::health);
  }
  /// Also by the method HEAD: as GET, without the body. A stream has no end to leave away.
  constexpr bool takes_head() const { return method == "GET" && id != RouteId::events; }
};

/// In the order of RouteId.
std::span<const Route> routes();
const Route& route(RouteId id);

struct RouteMatch {
  const Route* route = nullptr;
  std::string_view id;  // what stands where the pattern has its braces; a part of the path asked for
  std::string allow;    // without a route: the methods that this path has; empty when there is no such path
};
/// A written segment wins over braces: GET on …/settlements/batch is no settlement.
RouteMatch match_route(std::string_view method, std::string_view path);

/// "id", "name", "bic": what a pattern calls its segment; empty where it has none.
std::string_view slot_name(std::string_view pattern);

}  // namespace settled
