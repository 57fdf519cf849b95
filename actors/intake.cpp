#include "actors/intake.hpp"

#include "telemetry/failpoint.hpp"

namespace settled {
namespace {
using Self = IntakeActor::stateful_pointer<IntakeState>;

/// The rail that the row names, and no other: another bank's "not found" would prove nothing.
std::shared_ptr<const SettlementContext> context_of(const IntakeState& state, const SettlementView& s) {
  for (std::size_t i = 0; i < state.settings.rules.size(); ++i)
    if (state.settings.rules[i].connector == s.connector) return state.settings.rails[i];
  return nullptr;
}

void park(Self self, SettlementId id, const std::string& why) {
  auto& state = self->state;
  state.parked.insert(id);
  state.recovering.erase(id);
  state.settings.on_failure(id, why, true);
}

void start(Self self, const SettlementView& s, Start how) {
  auto& state = self->state;
  auto& one = state.in_flight[s.id];
  const auto context = context_of(state, s);
  if (!context) return park(self, s.id, "its connector " + s.connector + " is not configured any more");
  one.actor = self->spawn(settlement, context, IntakeActor{self}, s, how);
  self->monitor(one.actor);
  state.by_address.emplace(one.actor.address(), s.id);
}

bool has_actor(const IntakeState& state, SettlementId id) {
  const auto known = state.in_flight.find(id);
  return known != state.in_flight.end() && known->second.actor;
}

void report_recovered(Self self) {
  auto& state = self->state;
  if (state.recovered || !state.loaded || !state.recovering.empty()) return;
  state.recovered = true;
  state.settings.on_recovered(state.taken_up);
}

/// Spawns an actor for everything in flight that has none: after a start of the process, after a restart of
/// the ledger writer (whose last answers may be lost), after a failure of a settlement. One question at a
/// time, however many reasons there are.
void take_up(Self self) {
  auto& state = self->state;
  if (state.taking_up) {
    state.take_up_again = true;
    return;
  }
  state.taking_up = true;
  state.take_up_again = false;
  self->request(state.settings.ledger, caf::infinite, ReadInFlight{})
      .then(
          [=](const InFlight& books) {
            auto& s = self->state;
            s.taking_up = false;
            failpoint("takeover_between_take_and_recover");
            std::unordered_set<SettlementId> open;
            for (const SettlementView& one : books.settlements) {
              open.insert(one.id);
              if (s.parked.contains(one.id) || has_actor(s, one.id)) continue;
              if (!s.loaded) {
                ++s.taken_up;
                s.recovering.insert(one.id);
              }
              start(self, one, Start::recovered);
            }
            // Who failed after its end was recorded is in the books no more.
            std::erase_if(s.in_flight,
                          [&](const auto& one) { return !one.second.actor && !open.contains(one.first); });
            s.loaded = true;
            report_recovered(self);
            if (s.take_up_again) take_up(self);
          },
          [=](const caf::error&) {
            self->state.taking_up = false;
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
  const auto why = self->system().render(down.reason);
  if (++one.failures > state.settings.restarts_max) {
    park(self, id, why);
  } else {
    state.settings.on_failure(id, why, false);
    take_up(self);
  }
  report_recovered(self);
}

caf::result<Submissions> submit(Self self, const SubmitSettlements& call) {
  auto& state = self->state;
  const auto waiting = state.in_flight.size() + state.being_written + call.orders.size();
  if (waiting > state.settings.in_flight_max) {
    Submissions full;
    full.results.assign(call.orders.size(),
                        {.refusal = {Errc::overloaded, "",
                                     "full (" + std::to_string(state.in_flight.size() + state.being_written) +
                                         " settlements in flight). Send the same key again.",
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
            for (const Submission& one : answer.results) {
              if (one.kind == Submission::Kind::accepted && one.settlement.status == Status::FAILED)
                self->state.settings.on_refused(one.settlement);
              if (one.kind == Submission::Kind::refused || final_status(one.settlement.status)) continue;
              if (one.kind == Submission::Kind::accepted)
                start(self, one.settlement, Start::fresh);
              else if (!has_actor(self->state, one.settlement.id))
                take_up(self);  // a replay of what should be in flight and is not
            }
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
