#include "actors/settlement.hpp"

#include "telemetry/failpoint.hpp"
#include "telemetry/mutant.hpp"

namespace settled {
namespace {
using Self = SettlementActor::stateful_pointer<SettlementState>;

void next_step(Self self);
void inquire(Self self);

void wait(Self self, const BackoffSettings& pause) {
  auto& state = self->state;
  self->delayed_send(self, backoff(pause, ++state.tries, state.context->chance()), NextStep{});
}

void finish(Self self) {
  auto& state = self->state;
  for (auto& [n, waiter] : state.waiters) waiter.deliver(SettlementFound{true, state.settlement});
  state.waiters.clear();
  self->quit();
  state.context->on_final(state.settlement);
}

/// What the row, as it is now recorded, asks for next.
void go_on(Self self) {
  auto& state = self->state;
  if (final_status(state.settlement->status)) return finish(self);
  switch (state.settlement->status) {
    case Status::EXECUTING:
      return next_step(self);
    case Status::FUNDS_LOCKED:
      return wait(self, state.context->settings.resend);
    case Status::CONFIRMING:
      return wait(self, state.context->settings.inquiry);
    default:
      throw std::logic_error("a settlement in flight has its funds locked");
  }
}

/// Has the step written down; goes on from what is then recorded.
void record(Self self, AdvanceSettlement step) {
  auto& state = self->state;
  step.id = state.settlement->id;
  state.busy = true;
  // Without a time limit: the writer answers, or it ends and CAF tells us. A lost answer would mean a step
  // that is recorded and not known here.
  self->request(state.context->ledger, caf::infinite, step)
      .then(
          [=](SettlementFound& recorded) {
            auto& s = self->state;
            s.busy = false;
            s.unrecorded.reset();
            ensure(recorded.found, "a settlement in flight is recorded");
            s.record_failures = 0;
            // Only what the bank said ends a back-off: a send that did not leave goes on with it.
            if (recorded.settlement->status == Status::CONFIRMING &&
                s.settlement->status == Status::EXECUTING)
              s.tries = 0;
            // An intent that this request did not write may have been carried out: then ask, do not send.
            if (!recorded.advanced) s.asked = false;
            s.settlement = std::move(recorded.settlement);
            go_on(self);
          },
          [=](const caf::error&) {
            // The writer is gone and comes back. Whether this step was written shows when it is tried
            // again: a step that was taken cannot be taken twice. What a bank answered must not be lost,
            // so nothing else happens before.
            auto& s = self->state;
            s.busy = false;
            s.unrecorded = std::make_unique<AdvanceSettlement>(step);
            // Refused again and again: intake decides whether this one needs a person.
            ensure(++s.record_failures < 25, "a step of this settlement can be recorded");
            self->delayed_send(self, std::chrono::milliseconds(200), NextStep{});
          });
}

/// From when on the last send cannot have been under way any more. Whoever took the settlement up from its
/// row only knows that a send before its own time may still have been on its way.
Micros last_send_over(const SettlementState& state) {
  if (state.send_ended_at > 0) return state.send_ended_at;
  const auto& settings = state.context->settings;
  return state.began_at +
         std::chrono::microseconds(settings.send_begins_max + settings.send_lasts_max).count();
}

/// `asked_at` is steady.
std::string proof_of_absence(const SettlementState& state, Micros asked_at) {
  const auto waited_ms = (asked_at - last_send_over(state)) / 1000;
  return "the bank said 'not found' " + std::to_string(waited_ms) + " ms after the send (final after " +
         std::to_string(state.context->capability.not_found_final_after.count()) + " ms)";
}

/// A 'not found' that proves that the bank never had it: the clock starts at the last send, and the question
/// must have been put after the time was up.
bool final_absence(const SettlementState& state, const Attempt& attempt, Micros asked_at) {
  const auto& bank = state.context->capability;
  return attempt.answer.outcome == Outcome::not_found && attempt.kind == Attempt::Kind::inquiry &&
         bank.status_by_reference &&
         asked_at - last_send_over(state) >= std::chrono::microseconds(bank.not_found_final_after).count();
}

std::string refusal_words(const RailAnswer& answer) {
  std::string words = "the bank refused";
  if (!answer.code.empty()) words += " with " + answer.code;
  if (!answer.detail.empty()) words += ": " + answer.detail;
  return words + ". The hold was released.";
}

/// The steps that an answer stands for, from the state that the settlement is in.
AdvanceSettlement step_for(const SettlementState& state, const Attempt& attempt, Micros asked_at) {
  AdvanceSettlement step{.attempt = attempt};
  if (state.settlement->status == Status::FUNDS_LOCKED) {
    // Asked in quarantine: what the bank has was sent in a time that these books do not know.
    if (attempt.answer.outcome == Outcome::completed)
      step.path = {Event::send, Event::confirm, Event::confirm};
    if (attempt.answer.outcome == Outcome::accepted) step.path = {Event::send, Event::accept};
    return step;
  }
  const bool executing = state.settlement->status == Status::EXECUTING;
  switch (attempt.answer.outcome) {
    case Outcome::completed:
      if (executing) step.path.push_back(Event::confirm);
      step.path.push_back(Event::confirm);
      break;
    case Outcome::accepted:
      step.path = {Event::accept};
      break;
    case Outcome::rejected:
      step.path = {Event::reject};
      step.failure_code = to_string(Errc::bank_refused);
      step.failure_detail = refusal_words(attempt.answer);
      break;
    case Outcome::not_sent:
      step.path = {attempt.kind == Attempt::Kind::send ? Event::not_sent : Event::doubt};
      break;
    case Outcome::not_found:
      if (executing) step.path.push_back(Event::doubt);
      if (final_absence(state, attempt, asked_at)) {
        step.path.insert(step.path.end(), {Event::absent, Event::send});
        step.proof = proof_of_absence(state, asked_at);
      } else if (!executing) {
        step.path.push_back(Event::doubt);
      }
      break;
    case Outcome::unknown:
      step.path = {Event::doubt};
      break;
  }
  return step;
}

bool nothing_new(const SettlementState& state, const AdvanceSettlement& step) {
  return state.settlement->status == Status::CONFIRMING && step.path.size() == 1 &&
         (step.path[0] == Event::doubt || step.path[0] == Event::accept) &&
         state.settlement->last_outcome == to_string(step.attempt.answer.outcome);
}

/// A call to the rail, its answer (silence is `unknown`) and the step that follows from it.
template <class Call>
void call_rail(Self self, Attempt::Kind kind, std::chrono::milliseconds limit, Call call) {
  auto& state = self->state;
  state.busy = true;
  const Micros started = state.context->clock();
  const Micros asked_at = state.context->steady();
  const auto answered = [=](RailAnswer answer) {
    auto& s = self->state;
    s.busy = false;
    if (kind == Attempt::Kind::send) s.send_ended_at = s.context->steady();
    if (kind == Attempt::Kind::send)
      failpoint_of("answer_read_before_record", s.settlement->order.obligation_id);
    else
      failpoint_of("inquiry_answer_before_record", s.settlement->order.obligation_id);
    const Attempt attempt{kind, std::move(answer), started, s.context->clock()};
    const auto step = step_for(s, attempt, asked_at);
    const bool word = attempt.answer.outcome == Outcome::rejected || final_absence(s, attempt, asked_at);
    if (s.settlement->status == Status::FUNDS_LOCKED && step.path.empty() && !word) {  // it is asked again
      self->send(s.intake, AskedOnce{s.settlement->id, false});
      return wait(self, s.context->settings.inquiry);
    }
    if (!s.asked) {
      s.asked = true;
      self->send(s.intake, AskedOnce{s.settlement->id});
    }
    if (step.path.empty()) return next_step(self);
    // Asked again and told the same: the books know it, and it need not be written each time.
    // What ended meanwhile is written down all the same: the books compare.
    if (!final_status(s.settlement->status) && nothing_new(s, step))
      return wait(self, s.context->settings.inquiry);
    record(self, step);
  };
  self->request(state.context->rail, limit, std::move(call))
      .then([=](RailAnswer& answer) { answered(std::move(answer)); },
            [=](const caf::error&) {
              answered({.outcome = Outcome::unknown,
                        .code = "no_answer",
                        .detail = "the connector did not answer in time"});
            });
}

void send(Self self) {
  auto& state = self->state;
  const auto& settings = state.context->settings;
  // Whoever takes the books over lets the time of our last send begin with its own: after the commit that
  // proved them ours, which is where `not_after` counts from, however long the process slept since.
  const Micros not_after =
      state.context->proven() + std::chrono::microseconds(settings.send_begins_max).count() / 2;
  const bool slept = state.context->steady() > not_after;
  // The same goes for who takes us up after our intake's end. It still lives, so that is later.
  const auto* intake = caf::actor_cast<caf::abstract_actor*>(state.intake);
  if (intake->getf(caf::abstract_actor::is_terminated_flag))
    return self->quit(caf::exit_reason::user_shutdown);
  if (slept) {  // somebody may have asked, heard 'not found' and sent it
    state.asked = false;
    return inquire(self);
  }
  call_rail(self, Attempt::Kind::send, settings.send_begins_max + settings.answer_max,
            SendPayment{state.settlement, not_after});
}

void inquire(Self self) {
  auto& state = self->state;
  failpoint_of("before_inquiry", state.settlement->order.obligation_id);
  call_rail(self, Attempt::Kind::inquiry, state.context->settings.answer_max,
            InquirePayment{state.settlement});
}

/// An order that could not leave waits for its rail without writing: only when the rail is there again is
/// the next intent recorded; then EXECUTING sends.
void look_before_intent(Self self) {
  auto& state = self->state;
  state.busy = true;
  self->request(state.context->rail, state.context->settings.answer_max, CheckRail{})
      .then(
          [=](const RailAnswer& rail) {
            self->state.busy = false;
            if (rail.outcome != Outcome::completed) return wait(self, self->state.context->settings.resend);
            record(self, {.path = {Event::send}});
          },
          [=](const caf::error&) {
            self->state.busy = false;
            wait(self, self->state.context->settings.resend);
          });
}

void next_step(Self self) {
  auto& state = self->state;
  if (state.busy) return;
  if (std::exchange(state.untold, false)) self->send(state.intake, AskedOnce{state.settlement->id});
  if (state.unrecorded) return record(self, *state.unrecorded);
  const SettlementView& s = state.settlement;
  if (s.status == Status::FUNDS_LOCKED && (state.asked || !state.context->quarantined())) {
    const auto waited = state.context->clock() - s.locked_at;
    if (waited >= std::chrono::microseconds(state.context->settings.transaction_timeout).count())
      return record(
          self, {.path = {Event::expire},
                 .failure_code = std::string(to_string(Errc::expired)),
                 .failure_detail = "the rail could not be reached for " + std::to_string(waited / 1'000'000) +
                                   " s; nothing was sent. The hold was released."});
    return look_before_intent(self);
  }
  // What may have left before a start is asked for, not sent.
  if (s.status == Status::EXECUTING && state.asked) return send(self);
  if (mutant("resend_without_inquiry")) return send(self);
  inquire(self);
}
}  // namespace

SettlementActor::behavior_type settlement(Self self, std::shared_ptr<const SettlementContext> context,
                                          IntakeActor intake, Recorded row, Start start) {
  auto& state = self->state;
  state.context = std::move(context);
  state.intake = std::move(intake);
  state.settlement = std::move(row);
  state.began_at = state.context->steady();
  const bool quarantined = state.context->quarantined();
  const bool left = state.settlement->status != Status::FUNDS_LOCKED || quarantined;  // something may have
  // In quarantine the bank may know even a fresh order: these books lost it, and its client sent it again.
  state.asked = start == Start::fresh ? !quarantined : !left;
  state.untold = start == Start::recovered && !left;
  // A recovered one begins when intake says so.
  if (start == Start::fresh) self->send(self, NextStep{});
  return {
      [=](const AwaitSettlement& wish) -> caf::result<SettlementFound> {
        auto& s = self->state;
        auto promise = self->make_response_promise<SettlementFound>();
        s.waiters.emplace(++s.next_waiter, promise);
        self->delayed_send(self, wish.patience, PatienceOver{s.next_waiter});
        return promise;
      },
      [=](const NextStep&) { next_step(self); },
      [=](const SettlementMoved& moved) {
        self->state.settlement = moved.settlement;
        // A call that is under way may still tell something that the books must hear.
        if (!self->state.busy && final_status(moved.settlement->status)) finish(self);
      },
      [=](const PatienceOver& over) {
        auto& s = self->state;
        const auto waiter = s.waiters.find(over.waiter);
        if (waiter == s.waiters.end()) return;
        waiter->second.deliver(SettlementFound{true, s.settlement});
        s.waiters.erase(waiter);
      },
  };
}
}  // namespace settled
