#include "tests/sim/sim_process.hpp"

#include "runtime/supervisor.hpp"
#include "tests/sim/lossy_rail.hpp"

#include <caf/actor_cast.hpp>

namespace settled::tests {
using namespace std::chrono_literals;

LedgerWriterActor::behavior_type quiet_writer(LedgerWriterActor::stateful_pointer<LedgerWriterState> self,
                                              LedgerWriterSettings settings) {
  self->set_exception_handler([](std::exception_ptr&) { return caf::make_error(caf::sec::runtime_error); });
  return ledger_writer(self, std::move(settings));
}

SimProcess::SimProcess(VirtualActors& world, Verdict& verdict, SimProcessSettings settings)
    : world_(world), verdict_(verdict), settings_(std::move(settings)) {}

caf::actor SimProcess::supervised(const std::string& name,
                                  std::function<caf::actor(caf::event_based_actor*)> start_child,
                                  std::chrono::milliseconds window) {
  return supervise(world_.system(), {.name = name,
                                     .start = std::move(start_child),
                                     .policy = {.window = window},
                                     .may_restart = [this] { return !wants_to_end_; },
                                     .on_restart =
                                         [this](const std::string& who, const std::string& why) {
                                           ++restarts;
                                           if (verdict_.keeps())
                                             verdict_.note("restart of " + who + ": " + why);
                                         },
                                     .on_give_up =
                                         [this](const std::string& who, const std::string& why) {
                                           wants_to_end_ = true;
                                           if (verdict_.keeps()) verdict_.note(who + " is given up: " + why);
                                         }});
}

void SimProcess::start() {
  runs_ = true;
  wants_to_end_ = false;
  parked_ = 0;
  senders_.clear();
  ++starts;
  verdict_.note("process starts");
  auto store = settings_.store;
  store.on_fenced = [this](const std::string& why) {
    wants_to_end_ = true;
    verdict_.note("fenced: " + why);
  };
  store.steady = world_.steady();
  store.on_proved = [this](Micros since) { proven_ = since; };
  const LedgerWriterSettings writer{.make_store = [store] { return make_memory_ledger_store(store); },
                                    .clock = world_.wall(),
                                    .ids = world_.ids()};
  ledger_ = caf::actor_cast<LedgerActor>(supervised(
      "ledger_writer",
      [writer](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn(quiet_writer, writer));
      },
      10min));
  start_rail();
  start_intake();
}

RailActor SimProcess::lossy(RailActor next, bool watch) {
  LossyRail settings{.next = std::move(next), .loses = [this] { return settings_.loses_answer(); }};
  if (watch)
    settings.on_send = [this](const caf::strong_actor_ptr& who, const std::string& reference) {
      sender_seen(who, reference);
    };
  return world_.system().spawn(lossy_rail, settings);
}

void SimProcess::start_rail() {
  const ConnectorSettings limits{.in_flight_max = settings_.calls_under_way_max, .clock = world_.steady()};
  const auto bank = std::static_pointer_cast<Connector>(settings_.bank);
  const auto connector_actor =
      caf::actor_cast<RailActor>(supervised("connector", [bank, limits](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn(connector, bank, limits));
      }));
  const CircuitBreakerSettings breaker{
      .connector = "bank",
      .breaker = settings_.breaker,
      .clock = world_.steady(),
      .answer_max = settings_.settlement.send_begins_max + settings_.settlement.send_lasts_max + 2s};
  const auto behind = lossy(connector_actor, false);
  const auto breaker_actor =
      caf::actor_cast<RailActor>(supervised("breaker", [behind, breaker](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn(circuit_breaker, behind, breaker));
      }));
  rail_ = lossy(breaker_actor, true);
}

void SimProcess::start_intake() {
  IntakeSettings settings{
      .policy = std::make_shared<const Policy>(Policy{.windows_always_open = true}),
      .zone_offset = [](std::string_view, std::int64_t) { return std::chrono::seconds(0); },
      .clock = world_.wall(),
      .ids = world_.ids(),
      .ledger = ledger_,
      .on_failure =
          [this](SettlementId id, const std::string& why, bool parked) {
            if (parked) ++parked_;
            if (verdict_.keeps()) verdict_.note((parked ? "parked " : "failed ") + id.text() + ": " + why);
          },
      .on_recovered =
          [this](const RecoveryReport& report) {
            if (verdict_.keeps()) verdict_.note("recovered " + std::to_string(report.taken_up));
          }};
  settings.rules.push_back({.connector = "bank", .banks = {"*"}, .methods = {}});
  settings.rails.push_back(std::make_shared<SettlementContext>(
      SettlementContext{.ledger = ledger_,
                        .rail = rail_,
                        .capability = settings_.bank->capability(),
                        .settings = settings_.settlement,
                        .clock = world_.wall(),
                        .steady = world_.steady(),
                        .proven = [this] { return proven_; },
                        .chance = [this] { return world_.chance().next(); }}));
  intake_ = caf::actor_cast<IntakeActor>(supervised("intake", [settings](caf::event_based_actor* self) {
    return caf::actor_cast<caf::actor>(self->spawn(settled::intake, settings));
  }));
}

/// Payments arrive here in the order in which they were sent. Actors are numbered in the order of their
/// birth: who speaks for a settlement after a younger one did should have been dead.
void SimProcess::sender_seen(const caf::strong_actor_ptr& who, const std::string& reference) {
  if (!who) return;
  auto& latest = senders_[reference];
  if (who->id() < latest) verdict_.fail("two actors of one settlement live: " + reference);
  latest = who->id();
}

void SimProcess::kill() {
  if (!runs_) return;
  runs_ = false;
  verdict_.note("process dies");
  world_.kill_all_but({"client"});
}
}  // namespace settled::tests
