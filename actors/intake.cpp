#include "actors/intake_parts.hpp"

namespace settled {
namespace {
using Self = IntakeSelf;

caf::result<Submissions> submit(Self self, const SubmitSettlements& call) {
  auto& state = self->state;
  if (!state.rules_known) return caf::make_error(caf::sec::runtime_error, "the house rules are being read");
  const auto known = state.in_flight.size() + state.being_written + static_cast<std::size_t>(state.waiting);
  if (known + call.orders.size() > state.settings.in_flight_max) {
    Submissions full;
    full.results.assign(
        call.orders.size(),
        {.refusal = {Errc::overloaded, "",
                     "full (" + std::to_string(known) + " settlements in flight). Send the same key again.",
                     ""}});
    return full;
  }
  OpenSettlements open{.caller = call.caller, .items = {}};
  open.items.reserve(call.orders.size());
  const Micros now = state.settings.clock();
  for (const NewSettlement& order : call.orders) {
    const auto rail = route(state.settings.rules, order.order);
    open.items.push_back(
        {SettlementId{state.settings.ids()}, order, rail ? state.settings.rules[*rail].connector : "",
         judge(order.order, state.rules, *state.settings.policy, now, state.settings.zone_offset)});
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
              if (note_waiting(self, one.settlement)) continue;
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

IntakeWithQueue::behavior_type intake(IntakeSelf self, IntakeSettings settings) {
  self->state.settings = std::move(settings);
  self->set_down_handler([=](const caf::down_msg& down) { ended(self, down); });
  self->set_exit_handler([=](const caf::exit_msg& why) {
    for (auto& [id, one] : self->state.in_flight)
      if (one.actor) self->send_exit(one.actor, why.reason);
    self->quit(why.reason);
  });
  self->state.recovery.started_at = self->state.settings.clock();
  load_rules(self);
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
      [=](const LookAtQueue&) { look_at_queue(self); },
      [=](const ApproveAction& request) { return approve(self, request); },
      [=](const ChangeRules& request) { return change_rules(self, request); },
      [=](const ReadWindow& question) { return read_window(self->state, question); },
      [=](const RetryParked&) { return retry_parked(self); },
      [=](const LookAfterLocks& request) { return look_after_locks(self, request); },
      [=](const WatchEnded& ended) { return watch(self, ended); },
      [=](const ReadRecovery&) { return recovery_report(self->state); },
      [=](const ReadHealth&) {
        const auto& s = self->state;
        HealthReport report{.ready = s.recovered && s.rules_known,
                            .in_flight = static_cast<std::int64_t>(s.in_flight.size()),
                            .recovering = static_cast<std::int64_t>(s.recovering.size())};
        report.items.push_back(
            {"recovery", s.recovered,
             s.recovered ? std::to_string(s.recovery.taken_up) + " settlements were taken up at the start"
                         : std::to_string(s.recovering.size()) + " settlements are still to be asked for"});
        report.items.push_back({"rules", s.rules_known, s.rules_known ? "known" : "being read"});
        if (!s.parked.empty())
          report.items.push_back(
              {"parked", false, std::to_string(s.parked.size()) + " settlements need a person"});
        return report;
      },
  };
}
}  // namespace settled
