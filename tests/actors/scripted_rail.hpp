// A rail for tests of those who call it: notes every call and answers as the test says, or not at all.
#pragma once
#include "messages/actors.hpp"
#include "tests/sim/virtual_actors.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace settled::tests {

/// Nothing: silence.
struct Reply {
  std::optional<RailAnswer> answer;
  std::chrono::microseconds delay{0};
};
inline Reply reply(Outcome outcome, std::chrono::microseconds delay = {}) {
  return {RailAnswer{.outcome = outcome, .bank_reference = "bp"}, delay};
}

struct RailScript {
  struct Call {
    std::string reference;
    int attempt = 0;
    Micros at = 0;
  };
  Clock clock;
  std::vector<Call> sends, inquiries;
  int checks = 0;
  std::function<Reply()> on_send = [] { return reply(Outcome::completed); };
  std::function<Reply()> on_inquiry = [] { return reply(Outcome::completed); };
  std::function<Reply()> on_check = [] { return reply(Outcome::completed); };
};

using ScriptedRail = RailActor::extend<caf::reacts_to<CallDone>>;
struct ScriptedRailState {
  std::shared_ptr<RailScript> script;
  std::vector<caf::typed_response_promise<RailAnswer>> promises;
  static inline const char* name = "scripted_rail";
};

inline ScriptedRail::behavior_type scripted_rail(ScriptedRail::stateful_pointer<ScriptedRailState> self,
                                                 std::shared_ptr<RailScript> script) {
  self->state.script = std::move(script);
  const auto answer = [=](const Reply& reply) -> caf::result<RailAnswer> {
    auto& promises = self->state.promises;
    promises.push_back(self->make_response_promise<RailAnswer>());
    if (reply.answer) self->delayed_send(self, reply.delay, CallDone{promises.size() - 1, *reply.answer});
    return promises.back();
  };
  return {
      [=](const SendPayment& call) {
        auto& s = *self->state.script;
        s.sends.push_back({call.settlement->reference, call.settlement->attempts, s.clock()});
        return answer(s.on_send());
      },
      [=](const InquirePayment& call) {
        auto& s = *self->state.script;
        s.inquiries.push_back({call.settlement->reference, 0, s.clock()});
        return answer(s.on_inquiry());
      },
      [=](const CheckRail&) {
        auto& s = *self->state.script;
        ++s.checks;
        return answer(s.on_check());
      },
      [](const ReadHealth&) { return HealthReport{}; },
      [=](const CallDone& done) { self->state.promises[done.ticket].deliver(done.answer); },
  };
}

}  // namespace settled::tests
