#include "actors/intake_parts.hpp"

#include <caf/send.hpp>

namespace settled {
namespace {
using Self = IntakeSelf;

caf::result<Submissions> submit(Self self, SubmitSettlements& call) {
  auto& state = self->state;
  if (!state.rules_known) return caf::make_error(caf::sec::runtime_error, "the house rules are being read");
  const auto known = state.in_flight.size() + state.being_written + static_cast<std::size_t>(state.waiting);
  const auto room = state.settings.in_flight_max - std::min(state.settings.in_flight_max, known);
  const auto taken = std::min(call.orders.size(), room);
  // Those beyond it; many clients' orders come in one call.
  const std::vector<Submission> full(call.orders.size() - taken,
                                     {.refusal = {Errc::overloaded, "",
                                                  "full (" + std::to_string(known + taken) +
                                                      " settlements in flight). Send the same key again.",
                                                  ""}});
  if (taken == 0) return Submissions{full};
  OpenSettlements open{.caller = call.caller, .items = {}};
  open.items.reserve(taken);
  const Micros now = state.settings.clock();
  for (std::size_t i = 0; i < taken; ++i) {
    NewSettlement& order = call.orders[i];
    const auto rail = route(state.settings.rules, order.order);
    auto admission =
        state.judge(order.order, state.rules, *state.settings.policy, now, state.settings.zone_offset);
    order.order.settlement_date = admission.settlement_date;
    // Known before it is recorded: a change of the rules may be on its way to the books behind it.
    if (admission.waiting != Waiting::no)
      state.waiting_for.emplace(order.order.amount.currency, order.order.method, order.order.settlement_date);
    open.items.push_back({SettlementId{state.settings.ids()}, std::move(order),
                          rail ? state.settings.rules[*rail].connector : "", std::move(admission),
                          rail && state.settings.rules[*rail].on_us});
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
              if (one.kind == Submission::Kind::accepted && final_status(one.settlement->status))
                self->state.settings.on_ended(one.settlement);
              if (one.kind == Submission::Kind::refused || final_status(one.settlement->status)) continue;
              if (note_waiting(self, one.settlement)) {
                self->state.waiting += one.kind == Submission::Kind::accepted;
                continue;
              }
              if (one.kind == Submission::Kind::accepted)
                start(self, one.settlement, Start::fresh);
              else if (!has_actor(self->state, one.settlement->id))
                take_up(self);  // a replay of what should be in flight and is not
            }
            answer.results.insert(answer.results.end(), full.begin(), full.end());
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

// Not by a monitor at each settlement: what that leaves at the intake stays there, and with it the
// settlement's memory, for as long as the intake lives.
IntakeState::~IntakeState() {
  for (auto& [id, one] : in_flight)
    if (one.actor) caf::anon_send_exit(one.actor, caf::exit_reason::user_shutdown);
}

IntakeWithQueue::behavior_type intake(IntakeSelf self, IntakeSettings settings) {
  self->state.settings = std::move(settings);
  self->set_down_handler([=](const caf::down_msg& down) { ended(self, down); });
  self->state.recovery.started_at = self->state.settings.clock();
  load_rules(self);
  take_up(self);
  return {
      [=](SubmitSettlements& call) { return submit(self, call); },
      [=](const AwaitSettlement& wish) -> caf::result<SettlementFound> {
        const auto at = self->state.in_flight.find(wish.id);
        if (at == self->state.in_flight.end() || !at->second.actor) return SettlementFound{};
        return self->delegate(at->second.actor, wish);
      },
      [=](const AskedOnce& done) {
        if (!done.id) return take_up(self);
        asked(self, done);
      },
      [=](const LookAtQueue&) { look_at_queue(self); },
      [=](const RecoveryWaited&) { now_ready(self); },
      [=](const ApproveAction& request) { return approve(self, request); },
      [=](const ChangeRules& request) { return change_rules(self, request); },
      [=](const ReadWindow& question) { return read_window(self->state, question); },
      [=](const RetryParked&) { return retry_parked(self); },
      [=](const LookAfterLocks& request) { return look_after_locks(self, request); },
      [=](const WatchEnded& ended) { return watch(self, ended); },
      [=](const ReadRecovery&) { return recovery_report(self->state); },
      [=](BookNetting& request) { return book_netting(self, request); },
      [=](const ReadHealth&) {
        const auto& s = self->state;
        HealthReport report{.ready = s.ready && s.rules_known,
                            .in_flight = static_cast<std::int64_t>(s.in_flight.size()),
                            .recovering = static_cast<std::int64_t>(s.recovering.size())};
        report.items.push_back(
            {"recovery", s.ready,
             s.recovered ? std::to_string(s.recovery.taken_up) + " settlements were taken up at the start"
                         : std::to_string(s.recovering.size()) + " settlements are still to be asked for"});
        report.items.push_back({"rules", s.rules_known, s.rules_known ? "known" : "being read"});
        if (const auto look = calendars_to_look_at(s); !look.empty())
          report.items.push_back({"calendars", false, look});
        if (!s.parked.empty())
          report.items.push_back(
              {"parked", false, std::to_string(s.parked.size()) + " settlements need a person"});
        return report;
      },
  };
}
}  // namespace settled
