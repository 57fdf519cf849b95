// A rail whose answers get lost on the way back: the requester's time limit runs out.
#pragma once
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>

namespace settled::tests {

struct LossyRail {
  RailActor next;
  /// Asked per answer.
  std::function<bool()> loses;
  /// Told who sends a payment, with the reference, before the call is passed on.
  std::function<void(const caf::strong_actor_ptr& who, const std::string& reference)> on_send =
      [](const caf::strong_actor_ptr&, const std::string&) {};
};
struct LossyRailState {
  LossyRail settings;
  static inline const char* name = "lossy_rail";
};
RailActor::behavior_type lossy_rail(RailActor::stateful_pointer<LossyRailState> self, LossyRail settings);

}  // namespace settled::tests
