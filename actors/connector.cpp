#include "actors/connector.hpp"

#include "telemetry/failpoint.hpp"

namespace settled {
namespace {
using Self = ConnectorActor::stateful_pointer<ConnectorState>;

/// Notes the call and gives what the rail calls when it is done: from any thread, so it only sends.
Connector::Done begin(Self self, ConnectorState::Promise promise, std::size_t& place) {
  auto& state = self->state;
  const auto ticket = ++state.next_ticket;
  ++place;
  state.under_way.emplace(ticket, ConnectorState::Call{std::move(promise), &place});
  return [me = ConnectorActor{self}, ticket](RailAnswer answer) {
    caf::anon_send(me, CallDone{ticket, std::move(answer)});
  };
}

void send_waiting(Self self) {
  auto& state = self->state;
  while (!state.waiting.empty() && state.sending < state.settings.in_flight_max) {
    auto [payment, promise] = std::move(state.waiting.front());
    state.waiting.pop_front();
    // The last look before the first byte: whoever asked for this may have begun to doubt.
    if (state.settings.clock() > payment.not_after) {
      promise.deliver(
          RailAnswer{.outcome = Outcome::not_sent,
                     .code = "rail_busy",
                     .detail = "all places of the rail were taken until the time to send was over"});
      continue;
    }
    state.connector->send(instruction_of(payment.settlement), payment.settlement->attempts, payment.not_after,
                          begin(self, std::move(promise), state.sending));
  }
}

// Inquiries have places of their own: they end doubts, and neither side may starve the other.
void ask_waiting(Self self) {
  auto& state = self->state;
  const auto places = std::max<std::size_t>(1, state.settings.in_flight_max / 4);
  while (!state.questions.empty() && state.inquiring < places) {
    auto [inquiry, promise] = std::move(state.questions.front());
    state.questions.pop_front();
    state.connector->inquire(instruction_of(inquiry.settlement),
                             begin(self, std::move(promise), state.inquiring));
  }
}
}  // namespace

ConnectorActor::behavior_type connector(Self self, std::shared_ptr<Connector> rail,
                                        ConnectorSettings settings) {
  self->state.connector = std::move(rail);
  self->state.settings = std::move(settings);
  return {
      [=](const SendPayment& payment) -> caf::result<RailAnswer> {
        failpoint("in_connector");
        auto promise = self->make_response_promise<RailAnswer>();
        self->state.waiting.emplace_back(payment, promise);
        send_waiting(self);
        return promise;
      },
      [=](const InquirePayment& inquiry) -> caf::result<RailAnswer> {
        auto promise = self->make_response_promise<RailAnswer>();
        self->state.questions.emplace_back(inquiry, promise);
        ask_waiting(self);
        return promise;
      },
      [=](const CheckRail&) -> caf::result<RailAnswer> {
        auto promise = self->make_response_promise<RailAnswer>();
        self->state.connector->health(begin(self, promise, self->state.checking));
        return promise;
      },
      [=](const ReadHealth&) {
        const auto& s = self->state;
        return HealthReport{
            .ready = true,
            .items = {{"rail:" + std::string(s.connector->name()), true,
                       std::to_string(s.under_way.size()) + " calls under way, " +
                           std::to_string(s.waiting.size() + s.questions.size()) + " waiting"}}};
      },
      [=](const CallDone& done) {
        auto& state = self->state;
        const auto call = state.under_way.find(done.ticket);
        if (call == state.under_way.end()) return;
        --*call->second.place;
        call->second.promise.deliver(done.answer);
        state.under_way.erase(call);
        send_waiting(self);
        ask_waiting(self);
      },
  };
}
}  // namespace settled
