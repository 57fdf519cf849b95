#include "actors/circuit_breaker.hpp"

namespace settled {
namespace {
using Self = RailActor::stateful_pointer<CircuitBreakerState>;

Breaker::Time now(const CircuitBreakerState& state) {
  return Breaker::Time{std::chrono::microseconds(state.settings.clock())};
}

void tell(CircuitBreakerState& state) {
  if (state.breaker.state() == state.told) return;
  state.told = state.breaker.state();
  state.settings.on_state(state.told);
}

/// Our own queues being full say nothing about the bank.
bool own_queue(std::string_view code) {
  return code == "rail_busy" || code == "queue_full" || code == "queue_timeout" || code == "shutting_down";
}

/// What an answer says about the bank's health: a refusal is a healthy answer, silence and 5xx are not.
void judge(CircuitBreakerState& state, BreakerTicket ticket, const RailAnswer& answer) {
  switch (answer.outcome) {
    case Outcome::accepted:
    case Outcome::completed:
    case Outcome::rejected:
    case Outcome::not_found:
      state.breaker.succeeded(ticket);
      break;
    case Outcome::not_sent:
    case Outcome::unknown:
      if (own_queue(answer.code))
        state.breaker.abandoned(ticket);
      else
        state.breaker.failed(ticket, now(state));
      break;
  }
  tell(state);
}

template <class Call>
caf::result<RailAnswer> pass_on(Self self, BreakerTicket ticket, const Call& call) {
  auto promise = self->make_response_promise<RailAnswer>();
  self->request(self->state.connector, self->state.settings.answer_max, call)
      .then(
          [=](RailAnswer& answer) mutable {
            judge(self->state, ticket, answer);
            promise.deliver(std::move(answer));
          },
          [=](const caf::error&) mutable {
            // The connector says itself when its bank is silent; its own silence is not the bank's.
            const RailAnswer silence{
                .outcome = Outcome::unknown, .code = "no_answer", .detail = "the connector did not answer"};
            self->state.breaker.abandoned(ticket);
            promise.deliver(silence);
          });
  return promise;
}

/// A payment was turned away: see whether the bank is back, with something that moves no money.
void probe(Self self) {
  auto& state = self->state;
  if (state.probing) return;
  const auto ticket = state.breaker.may_call(now(state), CallKind::probe);
  tell(state);
  if (!ticket) return;
  state.probing = true;
  const auto done = [=](const RailAnswer& answer) {
    self->state.probing = false;
    judge(self->state, *ticket, answer);
  };
  self->request(state.connector, state.settings.answer_max, CheckRail{})
      .then([=](const RailAnswer& answer) { done(answer); }, [=](const caf::error&) { done(RailAnswer{}); });
}
RailAnswer stopped(std::string why) {
  return {.outcome = Outcome::not_sent, .code = "sends_stopped", .detail = std::move(why)};
}
}  // namespace

RailActor::behavior_type circuit_breaker(Self self, RailActor connector, CircuitBreakerSettings settings) {
  auto& state = self->state;
  state.connector = std::move(connector);
  state.breaker = Breaker(settings.breaker);
  state.settings = std::move(settings);
  return {
      [=](const SendPayment& payment) -> caf::result<RailAnswer> {
        auto& s = self->state;
        if (auto why = s.settings.sends_stopped(); !why.empty()) return stopped(std::move(why));
        const auto ticket = s.breaker.may_call(now(s), CallKind::payment);
        tell(s);
        if (ticket) return pass_on(self, *ticket, payment);
        probe(self);
        return RailAnswer{.outcome = Outcome::not_sent,
                          .code = "breaker_open",
                          .detail = "the breaker of " + s.settings.connector + " is " +
                                    std::string(to_string(s.breaker.state())) + "; nothing was sent"};
      },
      [=](const InquirePayment& inquiry) -> caf::result<RailAnswer> {
        auto& s = self->state;
        const auto ticket = s.breaker.may_call(now(s), CallKind::probe);
        tell(s);
        if (ticket) return pass_on(self, *ticket, inquiry);
        return RailAnswer{.outcome = Outcome::unknown,
                          .code = "breaker_open",
                          .detail = "the bank was not asked: its breaker is open"};
      },
      [=](const CheckRail& check) -> caf::result<RailAnswer> {
        auto& s = self->state;
        if (auto why = s.settings.sends_stopped(); !why.empty()) return stopped(std::move(why));
        const auto ticket = s.breaker.may_call(now(s), CallKind::probe);
        tell(s);
        if (ticket) return pass_on(self, *ticket, check);
        return RailAnswer{.outcome = Outcome::not_sent, .code = "breaker_open"};
      },
      [=](const ReadHealth&) {
        const auto& s = self->state;
        const auto words = "breaker " + std::string(to_string(s.breaker.state())) + ", " +
                           std::to_string(s.breaker.failures_in_a_row()) + " failures in a row";
        return HealthReport{
            .ready = true,
            .items = {{"rail:" + s.settings.connector, s.breaker.state() == BreakerState::CLOSED, words}}};
      },
  };
}
}  // namespace settled
