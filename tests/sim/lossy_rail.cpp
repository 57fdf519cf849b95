#include "tests/sim/lossy_rail.hpp"

namespace settled::tests {
namespace {
using Self = RailActor::stateful_pointer<LossyRailState>;

template <class Answer, class Call>
caf::result<Answer> relay(Self self, const Call& call) {
  auto promise = self->template make_response_promise<Answer>();
  self->request(self->state.settings.next, caf::infinite, call)
      .then(
          [=](Answer& answer) mutable {
            if (!self->state.settings.loses()) promise.deliver(std::move(answer));
          },
          [=](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}
}  // namespace

RailActor::behavior_type lossy_rail(Self self, LossyRail settings) {
  self->state.settings = std::move(settings);
  return {
      [=](const SendPayment& call) {
        self->state.settings.on_send(self->current_sender(), call.settlement->reference);
        return relay<RailAnswer>(self, call);
      },
      [=](const InquirePayment& call) { return relay<RailAnswer>(self, call); },
      [=](const CheckRail& call) { return relay<RailAnswer>(self, call); },
      [=](const ReadHealth& call) { return relay<HealthReport>(self, call); },
  };
}
}  // namespace settled::tests
