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
  open_account,
  list_accounts,
  list_nostro,
  list_vostro,
  show_account,
  account_entries,
  account_timeline,
  fund_account,
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
inline constexpr std::size_t route_count = 22;

struct Route {
  RouteId id;
  std::string_view method;
  std::string_view pattern;  // "{id}" stands for one segment
  bool needs_api_key;
  bool moves_money;  // needs an Idempotency-Key
  std::string_view summary;
};

/// In the order of RouteId.
std::span<const Route> routes();
const Route& route(RouteId id);

struct RouteMatch {
  const Route* route = nullptr;
  std::string_view id;  // what stands where the pattern has {id}; a part of the path asked for
  std::string allow;    // without a route: the methods that this path has; empty when there is no such path
};
/// A written segment wins over {id}: GET on …/settlements/batch is no settlement.
RouteMatch match_route(std::string_view method, std::string_view path);

}  // namespace settled
