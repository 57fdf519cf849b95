#include "actors/circuit_breaker.hpp"
#include "actors/connector.hpp"
#include "actors/intake.hpp"
#include "runtime/system_impl.hpp"
#include "storage/connector_registry.hpp"
#include "telemetry/log.hpp"

#include <caf/scoped_actor.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;
}  // namespace

void System::Impl::start_rails() {
  std::chrono::milliseconds send_timeout_min = HttpClientSettings{}.unacknowledged_max;
  for (const ConnectorConfig& c : config.connectors)
    if (c.type != "on_us") send_timeout_min = std::min(send_timeout_min, c.send_timeout);
  http_client = std::make_shared<HttpClient>(
      HttpClientSettings{.http_to_loopback = config.environment == Environment::development,
                         .connect_max = begins_quarter(),
                         .queue_max = begins_quarter(),
                         .unacknowledged_max = send_timeout_min,
                         .connections_per_host = 1'024});  // each connector has its own limit
  for (const ConnectorConfig& c : config.connectors) start_rail(c);
  std::vector<RegisteredConnector> registered;
  for (std::size_t i = 0; i < rails.size(); ++i)
    registered.push_back({rails[i].rule.connector, config.connectors[i].type, rails[i].capability});
  register_connectors(database_url, registered);
}

std::chrono::milliseconds System::Impl::begins_quarter() const {
  return std::min<std::chrono::milliseconds>(2s, config.settlement.send_begins_max / 4);
}

std::chrono::milliseconds System::Impl::rail_answer_max(const ConnectorConfig& c) const {
  return config.settlement.send_begins_max + std::max(c.send_timeout, c.inquiry_timeout) + 2s;
}

RailRule System::Impl::rule_of(const ConnectorConfig& c) {
  RailRule rule{.connector = c.name, .banks = c.banks, .methods = {}, .on_us = c.type == "on_us"};
  for (const auto& method : c.methods)
    if (const auto known = method_from(method)) rule.methods.push_back(*known);
  return rule;
}

void System::Impl::start_rail(const ConnectorConfig& c) {
  if (c.type == "on_us") {  // nobody outside: the ledger settles it
    rails.push_back({.rule = rule_of(c), .capability = {true, true, 0ms}});
    return;
  }
  auto bank = std::make_shared<RestBank>(
      RestBankSettings{.name = c.name,
                       .base_url = c.url,
                       .key_id = c.key_id,
                       .secret = c.secret.reveal(),
                       .send_max = c.send_timeout,
                       .inquiry_max = c.inquiry_timeout,
                       .capability = {true, true, c.not_found_final_after},
                       .on_call = [this](const CallRecord& call) { tell_call(call); }},
      http_client);
  const ConnectorSettings limits{.in_flight_max = c.in_flight_max, .clock = steady};
  const auto connector_actor = caf::actor_cast<RailActor>(
      supervised("connector:" + c.name, [bank, limits](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn(connector, std::shared_ptr<Connector>(bank), limits));
      }));
  const bool ours = c.name == "sandbox" && sandbox;
  const CircuitBreakerSettings breaker{
      .connector = c.name,
      .breaker = {.failure_threshold = config.breaker.failure_threshold,
                  .success_threshold = config.breaker.success_threshold,
                  .timeout = ours ? std::min<std::chrono::milliseconds>(config.breaker.timeout, 1s)
                                  : config.breaker.timeout,
                  .half_open_max_calls = config.breaker.half_open_max_calls},
      .clock = steady,
      .answer_max = rail_answer_max(c),
      .sends_stopped = [this] { return books.sends_held(); },
      .on_state =
          [this, name = c.name](BreakerState state) {
            metrics.breaker(name, state == BreakerState::CLOSED ? Metrics::Breaker::closed
                                  : state == BreakerState::OPEN ? Metrics::Breaker::open
                                                                : Metrics::Breaker::half_open);
            log_warning("breaker", {{"connector", name}, {"state", to_string(state)}});
          }};
  const auto breaker_actor = caf::actor_cast<RailActor>(
      supervised("breaker:" + c.name, [connector_actor, breaker](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn(circuit_breaker, connector_actor, breaker));
      }));
  metrics.breaker(c.name, Metrics::Breaker::closed);
  rails.push_back({rule_of(c), breaker_actor, bank->capability(), c.send_timeout, rail_answer_max(c) + 3s});
}

void System::Impl::tell_call(const CallRecord& call) {
  const auto outcome = to_string(call.outcome);
  metrics.connector_call(call.connector, call.operation, outcome,
                         std::chrono::duration<double>(call.duration).count());
  if (call.outcome != Outcome::unknown && call.outcome != Outcome::not_sent) return;
  metrics.connector_failed(call.connector, call.code);
  log_warning("rail_failed", {{"connector", call.connector},
                              {"operation", call.operation},
                              {"reference", call.reference},
                              {"trace_id", call.trace_id},
                              {"outcome", outcome},
                              {"code", call.code}});
}

void System::Impl::start_intake() {
  IntakeSettings settings{
      .in_flight_max = config.settlement.max_in_flight,
      .policy = house_policy,
      .zone_offset = [this](std::string_view zone, std::int64_t at) { return time_zones.offset(zone, at); },
      .clock = clock,
      .ids = system_ids(),
      .ledger = ledger,
      .on_failure =
          [this](SettlementId id, const std::string& why, bool parked) {
            metrics.restarted("settlement");
            log_error(parked ? "settlement_parked" : "settlement_restarts",
                      {{"settlement", id.text()}, {"why", why}});
          },
      .on_ended = [this](const SettlementView& s) { tell_end(s); },
      .on_ready = [this] { metrics.ready(true); },
      .on_recovered =
          [](const RecoveryReport& report) {
            log_info("recovered", {{"in_flight_at_start", report.taken_up},
                                   {"funds_locked", report.funds_locked},
                                   {"executing", report.executing},
                                   {"confirming", report.confirming},
                                   {"waiting", report.waiting},
                                   {"resolved", report.resolved},
                                   {"left", report.left}});
          }};
  for (const Rail& rail : rails) {
    settings.rules.push_back(rail.rule);
    settings.rails.push_back(std::make_shared<SettlementContext>(
        SettlementContext{.ledger = ledger,
                          .rail = rail.breaker,
                          .capability = rail.capability,
                          .settings = {.transaction_timeout = config.settlement.transaction_timeout,
                                       .send_begins_max = config.settlement.send_begins_max,
                                       .answer_max = rail.answer_max,
                                       .send_lasts_max = rail.send_lasts_max,
                                       .inquiry = {.initial = config.settlement.inquiry_first,
                                                   .max = config.settlement.inquiry_max}},
                          .clock = clock,
                          .steady = steady,
                          .proven = [this] { return proven.load(); },
                          .chance = system_chance(),
                          .quarantined = [this] { return books.quarantined(); },
                          .on_final = [this](const SettlementView& s) { tell_end(s); }}));
  }
  intake_actor = caf::actor_cast<IntakeActor>(supervised("intake", [settings](caf::event_based_actor* self) {
    return caf::actor_cast<caf::actor>(self->spawn(intake, settings));
  }));
}

void System::Impl::tell_end(const SettlementView& s) {
  metrics.settlement_ended(to_string(s.status), s.order.amount.currency.code(), major_units(s.order.amount),
                           static_cast<double>(s.finalized_at - s.created_at) / 1e6);
  metrics.atomic_operation(to_string(s.status));
  log_debug("settlement_ended",
            {{"settlement", s.id.text()}, {"status", to_string(s.status)}, {"trace_id", s.trace_id}});
}

void System::Impl::wait_for_the_rules() {
  caf::scoped_actor self{*actors};
  for (bool known = false; !known && !ending; std::this_thread::sleep_for(known ? 0ms : 5ms))
    self->request(intake_actor, 5s, ReadHealth{})
        .receive(
            [&](const HealthReport& report) {
              for (const auto& item : report.items) known = known || (item.name == "rules" && item.ok);
            },
            [](const caf::error&) {});
}

void System::Impl::let_in_flight_end() {
  const auto until = std::chrono::steady_clock::now() + config.settlement.shutdown_grace;
  caf::scoped_actor self{*actors};
  for (std::int64_t left = 1; left > 0 && std::chrono::steady_clock::now() < until;) {
    self->request(intake_actor, 500ms, ReadHealth{})
        .receive([&](const HealthReport& report) { left = report.in_flight; },
                 [&](const caf::error&) { left = 0; });
    if (left > 0) std::this_thread::sleep_for(20ms);
  }
}
}  // namespace settled
