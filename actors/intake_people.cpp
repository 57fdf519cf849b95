#include "actors/intake_parts.hpp"

#include <algorithm>

namespace settled {
caf::result<ActionAnswered> approve(IntakeSelf self, const ApproveAction& request) {
  auto promise = self->make_response_promise<ActionAnswered>();
  self->request(self->state.settings.ledger, caf::infinite, request)
      .then(
          [=](ActionAnswered& answer) mutable {
            auto& state = self->state;
            const SettlementView& s = answer.settlement;
            if (answer.refusal.code == Errc::ok) {
              if (has_actor(state, s.id))
                self->send(state.in_flight.at(s.id).actor, SettlementMoved{answer.settlement});
              note_waiting(self, s);  // released from compliance: back into the queue
              if (answer.action.kind == ActionKind::decide && final_status(s.status))
                state.waiting -= std::min<std::int64_t>(state.waiting, 1);
              state.parked.erase(s.id);
            }
            promise.deliver(std::move(answer));
          },
          [=](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

Count retry_parked(IntakeSelf self) {
  auto& state = self->state;
  const auto count = static_cast<std::int64_t>(state.parked.size());
  for (const auto& id : state.parked)
    if (!has_actor(state, id)) state.in_flight.erase(id);  // and its count of failures
  state.parked.clear();
  take_up(self);
  return {count};
}

/// An actor lets its own hold expire, for certain. What is left are holds without one: parked after failures.
caf::result<Count> look_after_locks(IntakeSelf self, const LookAfterLocks& request) {
  auto promise = self->make_response_promise<Count>();
  const auto before = request.locked_before;
  self->request(self->state.settings.ledger, caf::infinite, ReadInFlight{})
      .then(
          [=](const InFlight& books) mutable {
            auto& state = self->state;
            Count taken;
            for (const Recorded& row : books.settlements) {
              const SettlementView& s = *row;
              if (s.status != Status::FUNDS_LOCKED || s.locked_at >= before || has_actor(state, s.id) ||
                  !context_of(state, s))
                continue;
              state.parked.erase(s.id);
              state.in_flight.erase(s.id);  // and its count of failures
              start(self, row, Start::recovered);
              ++taken.value;
            }
            wake_some(self);
            promise.deliver(taken);
          },
          [=](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

Count watch(IntakeSelf self, const WatchEnded& ended) {
  Count asked;
  for (const SettlementView& s : ended.settlements) {
    const auto context = context_of(self->state, s);
    if (!context) continue;
    ++asked.value;
    const Micros started = context->clock();
    self->request(context->rail, context->settings.answer_max, InquirePayment{s})
        .then(
            [=, id = s.id](const RailAnswer& answer) {
              if (answer.outcome != Outcome::completed) return;
              // The books see that it has ended otherwise, and open a break.
              const AdvanceSettlement late{
                  .id = id,
                  .path = {Event::confirm},
                  .attempt = {Attempt::Kind::inquiry, answer, started, context->clock()}};
              self->request(context->ledger, caf::infinite, late)
                  .then([](const SettlementFound&) {}, [](const caf::error&) {});
            },
            [](const caf::error&) {});  // the next run asks again
  }
  return asked;
}
}  // namespace settled
