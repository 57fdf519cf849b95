#include "actors/intake_parts.hpp"
#include "telemetry/failpoint.hpp"

namespace settled {
namespace {
void count_for_recovery(IntakeState& state, const SettlementView& s) {
  auto& report = state.recovery;
  ++report.taken_up;
  state.from_start.insert(s.id);
  switch (s.status) {
    case Status::FUNDS_LOCKED:
      ++report.funds_locked;
      break;
    case Status::EXECUTING:
      ++report.executing;
      break;
    case Status::CONFIRMING:
      ++report.confirming;
      break;
    default:
      ++report.waiting;
      return;  // nothing left: there is nobody to ask
  }
  state.recovering.insert(s.id);
}
}  // namespace

std::shared_ptr<const SettlementContext> context_of(const IntakeState& state, const SettlementView& s) {
  for (std::size_t i = 0; i < state.settings.rules.size(); ++i)
    if (state.settings.rules[i].connector == s.connector) return state.settings.rails[i];
  return nullptr;
}

void park(IntakeSelf self, SettlementId id, const std::string& why) {
  auto& state = self->state;
  state.parked.insert(id);
  state.recovering.erase(id);
  state.settings.on_failure(id, why, true);
  // Nobody asks its bank now: what may have left is a doubt, with an age and a place in the work list. What
  // did not leave has no such step. Where the books cannot take it either, health tells of it alone.
  self->request(state.settings.ledger, caf::infinite, AdvanceSettlement{.id = id, .path = {Event::doubt}})
      .then([](const SettlementFound&) {}, [](const caf::error&) {});
}

void start(IntakeSelf self, const Recorded& s, Start how) {
  auto& state = self->state;
  auto& one = state.in_flight[s->id];
  const auto context = context_of(state, s);
  if (!context) return park(self, s->id, "its connector " + s->connector + " is not configured any more");
  one.actor = self->spawn(settlement, context, caf::actor_cast<IntakeActor>(self), s, how);
  self->monitor(one.actor);
  state.by_address.emplace(one.actor.address(), s->id);
  if (how == Start::recovered) state.to_wake.push_back(s->id);
}

void wake_some(IntakeSelf self) {
  auto& state = self->state;
  while (!state.to_wake.empty() && state.asking.size() < state.settings.asking_at_once) {
    const SettlementId id = state.to_wake.front();
    state.to_wake.pop_front();
    if (!has_actor(state, id) || !state.asking.insert(id).second) continue;
    self->send(state.in_flight.at(id).actor, NextStep{});
  }
}

void asked(IntakeSelf self, const AskedOnce& one) {
  auto& state = self->state;
  if (one.done) state.recovering.erase(one.id);
  if (state.asking.erase(one.id) > 0) wake_some(self);
  report_recovered(self);
}

bool has_actor(const IntakeState& state, SettlementId id) {
  const auto known = state.in_flight.find(id);
  return known != state.in_flight.end() && known->second.actor;
}

void now_ready(IntakeSelf self) {
  if (std::exchange(self->state.ready, true)) return;
  self->state.settings.on_ready();
}

void report_recovered(IntakeSelf self) {
  auto& state = self->state;
  if (state.recovered || !state.loaded || !state.recovering.empty()) return;
  state.recovered = true;
  now_ready(self);
  state.recovery.done = true;
  state.recovery.ended_at = state.settings.clock();
  state.settings.on_recovered(recovery_report(state));
}

RecoveryReport recovery_report(const IntakeState& state) {
  RecoveryReport report = state.recovery;
  report.left = static_cast<std::int64_t>(state.from_start.size());
  report.resolved = report.taken_up - report.left;
  report.parked = static_cast<std::int64_t>(state.parked.size());
  return report;
}

void take_up(IntakeSelf self) {
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
            if (!s.loaded) self->delayed_send(self, s.settings.recovery_wait, RecoveryWaited{});
            std::unordered_set<SettlementId> open;
            s.waiting = 0;
            for (const Recorded& one : books.settlements) {
              open.insert(one->id);
              s.waiting += one->waiting != Waiting::no;
              if (s.parked.contains(one->id) || has_actor(s, one->id)) continue;
              if (!s.loaded) count_for_recovery(s, one);
              if (note_waiting(self, one)) continue;
              start(self, one, Start::recovered);
            }
            // Who failed after its end was recorded is in the books no more.
            std::erase_if(s.parked, [&](const SettlementId& id) { return !open.contains(id); });
            std::erase_if(s.in_flight,
                          [&](const auto& one) { return !one.second.actor && !open.contains(one.first); });
            plan_queue(self);
            s.loaded = true;
            wake_some(self);
            report_recovered(self);
            if (s.take_up_again) take_up(self);
          },
          [=](const caf::error&) {
            self->state.taking_up = false;
            self->delayed_send(self, std::chrono::milliseconds(200), AskedOnce{});  // an empty id: take up
          });
}

void ended(IntakeSelf self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto at = state.by_address.find(down.source);
  if (at == state.by_address.end()) return;
  const SettlementId id = at->second;
  state.by_address.erase(at);
  state.recovering.erase(id);
  if (state.asking.erase(id) > 0) wake_some(self);
  if (!down.reason || down.reason == caf::exit_reason::normal) {
    state.in_flight.erase(id);
    state.from_start.erase(id);
    return report_recovered(self);
  }
  auto& one = state.in_flight[id];
  one.actor = nullptr;
  const auto why = self->system().render(down.reason);
  if (++one.failures > state.settings.restarts_max) {
    park(self, id, why);
  } else {
    state.settings.on_failure(id, why, false);
  }
  take_up(self);  // also when it is parked: its last step may have been its end
  report_recovered(self);
}

}  // namespace settled
