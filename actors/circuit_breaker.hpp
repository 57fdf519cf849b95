// CIRCUIT BREAKER: stands before one connector and answers for it while the bank is sick.
//
// Spawned by   runtime/, one per connector.
// Remembers    the breaker's state (domain/breaker); a fresh one starts CLOSED.
// Rules        sends stopped: a payment is answered not_sent at once; inquiries go on.
//              open: a payment is answered not_sent at once, an inquiry unknown.
//              After the time-out the first call is a probe (an inquiry or a health call), never a payment.
// On failure   the supervisor spawns it anew; callers whose answer was lost doubt and ask.
#pragma once
#include "domain/breaker.hpp"
#include "domain/clock.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace settled {

struct CircuitBreakerSettings {
  std::string connector;  // for words and metrics
  BreakerSettings breaker;
  Clock clock;  // steady
  /// Longest wait for the connector's answer.
  std::chrono::milliseconds answer_max{45'000};
  /// Not empty: why nothing may be sent, whatever the bank's health. Questions go on.
  std::function<std::string()> sends_stopped = [] { return std::string(); };
  std::function<void(BreakerState)> on_state = [](BreakerState) {};
};

struct CircuitBreakerState {
  CircuitBreakerSettings settings;
  RailActor connector;
  Breaker breaker;
  BreakerState told = BreakerState::CLOSED;
  bool probing = false;  // a health call of ours is under way
  static inline const char* name = "circuit_breaker";
};

RailActor::behavior_type circuit_breaker(RailActor::stateful_pointer<CircuitBreakerState> self,
                                         RailActor connector, CircuitBreakerSettings settings);

}  // namespace settled
