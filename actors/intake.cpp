#include "actors/intake.hpp"

namespace settled {
namespace {
using Self = IntakeActor::stateful_pointer<IntakeState>;

const std::shared_ptr<const SettlementContext>& context_of(const IntakeState& state,
                                                           const SettlementView& s) {
  for (std::size_t i = 0; i < state.settings.rules.size(); ++i)
    if (state.settings.rules[i].connector == s.connector) return state.settings.rails[i];
  // The connector was taken out of the configuration: whoever serves the bank now may be asked.
  const auto other = route(state.settings.rules, s.order);
  ensure(other.has_value(), "a settlement in flight has a rail that can be asked");
  return state.settings.rails[*other];
}

void start(Self self, const SettlementView& s, Start how) {
  auto& state = self->state;
  auto& one = state.in_flight[s.id];
  one.actor = self->spawn(settlement, context_of(state, s), IntakeActor{self}, s, how);
  self->monitor(one.actor);
  state.by_address.emplace(one.actor.address(), s.id);
}

void report_recovered(Self self) {
  auto& state = self->state;
  if (state.recovered || !state.loaded || !state.recovering.empty()) return;
  state.recovered = true;
  state.settings.on_recovered(state.taken_up);
}

/// Spawns an actor for everything in flight that has none: after a start of the process, after a restart of
/// the ledger writer (whose last answers may be lost), after a failure of a settlement.
void take_up(Self self) {
  self->request(self->state.settings.ledger, caf::infinite, ReadInFlight{})
      .then(
          [=](const InFlight& books) {
            auto& state = self->state;
            for (const SettlementView& s : books.settlements) {
              if (state.parked.contains(s.id)) continue;
              const auto known = state.in_flight.find(s.id);
              if (known != state.in_flight.end() && known->second.actor) continue;
              if (!state.loaded) {
                ++state.taken_up;
                state.recovering.insert(s.id);
              }
              start(self, s, Start::recovered);
            }
            state.loaded = true;
            report_recovered(self);
          },
          [=](const caf::error&) {
            self->delayed_send(self, std::chrono::milliseconds(200), AskedOnce{});  // an empty id: take up
          });
}

void ended(Self self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto at = state.by_address.find(down.source);
  if (at == state.by_address.end()) return;
  const SettlementId id = at->second;
  state.by_address.erase(at);
  state.recovering.erase(id);
  if (!down.reason || down.reason == caf::exit_reason::normal) {
    state.in_flight.erase(id);
    return report_recovered(self);
  }
  auto& one = state.in_flight[id];
  one.actor = nullptr;
  const bool park = ++one.failures > state.settings.restarts_max;
  state.settings.on_failure(id, self->system().render(down.reason), park);
  if (park)
    state.parked.insert(id);
  else
    take_up(self);
  report_recovered(self);
}

caf::result<Submissions> submit(Self self, const SubmitSettlements& call) {
  auto& state = self->state;
  const auto waiting = state.in_flight.size() + state.being_written + call.orders.size();
  if (waiting > state.settings.in_flight_max) {
    Submissions full;
    full.results.assign(
        call.orders.size(),
        {.refusal = {Errc::overloaded, "",
                     "full (" + std::to_string(state.in_flight.size() + state.being_written) +
                         " settlements in flight). Nothing was recorded. Send the same key again.",
                     ""}});
    return full;
  }
  OpenSettlements open{.caller = call.caller, .items = {}};
  open.items.reserve(call.orders.size());
  for (const NewSettlement& order : call.orders) {
    const auto rail = route(state.settings.rules, order.order);
    open.items.push_back(
        {SettlementId{state.settings.ids()}, order, rail ? state.settings.rules[*rail].connector : ""});
  }
  const auto count = open.items.size();
  state.being_written += count;
  auto promise = self->make_response_promise<Submissions>();
  // Without a time limit: what is recorded must get its actor, however late the answer comes. The writer
  // answers or ends, and then the books tell.
  self->request(state.settings.ledger, caf::infinite, std::move(open))
      .then(
          [=](Submissions& answer) mutable {
            self->state.being_written -= count;
            for (const Submission& one : answer.results)
              if (one.kind == Submission::Kind::accepted && !final_status(one.settlement.status))
                start(self, one.settlement, Start::fresh);
            promise.deliver(std::move(answer));
          },
          [=](caf::error& why) mutable {
            self->state.being_written -= count;
            promise.deliver(std::move(why));
            take_up(self);
          });
  return promise;
}
}  // namespace

IntakeActor::behavior_type intake(Self self, IntakeSettings settings) {
  self->state.settings = std::move(settings);
  self->set_down_handler([=](const caf::down_msg& down) { ended(self, down); });
  self->set_exit_handler([=](const caf::exit_msg& why) {
    for (auto& [id, one] : self->state.in_flight)
      if (one.actor) self->send_exit(one.actor, why.reason);
    self->quit(why.reason);
  });
  take_up(self);
  return {
      [=](const SubmitSettlements& call) { return submit(self, call); },
      [=](const AwaitSettlement& wish) -> caf::result<SettlementFound> {
        const auto at = self->state.in_flight.find(wish.id);
        if (at == self->state.in_flight.end() || !at->second.actor) return SettlementFound{};
        return self->delegate(at->second.actor, wish);
      },
      [=](const AskedOnce& done) {
        if (!done.id) return take_up(self);
        self->state.recovering.erase(done.id);
        report_recovered(self);
      },
      [=](const ReadHealth&) {
        const auto& s = self->state;
        HealthReport report{.ready = s.recovered,
                            .in_flight = static_cast<std::int64_t>(s.in_flight.size()),
                            .recovering = static_cast<std::int64_t>(s.recovering.size())};
        report.items.push_back(
            {"recovery", s.recovered,
             s.recovered ? std::to_string(s.taken_up) + " settlements were taken up at the start"
                         : std::to_string(s.recovering.size()) + " settlements are still to be asked for"});
        if (!s.parked.empty())
          report.items.push_back(
              {"parked", false, std::to_string(s.parked.size()) + " settlements need a person"});
        return report;
      },
  };
}
}  // namespace settled
