// HEALTH: says how the process is, from those who know: the database, the intake, the rails.
//
// Spawned by   runtime/, one per process.
// Remembers    nothing. Asks with each question, for at most `patience`; who does not answer is not well.
#pragma once
#include "messages/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>
#include <vector>

namespace settled {

struct HealthSources {
  IntakeActor intake;
  ReaderActor reader;
  std::vector<RailActor> rails;
  /// Why the ledger writer cannot write; empty when it can.
  std::function<std::string()> ledger_trouble;
  /// Why nothing is sent although orders are taken; empty when all is well.
  std::function<std::string()> sends_stopped = [] { return std::string(); };
  /// Why what is taken in does not leave yet, and will by itself: no reason to send callers away.
  std::function<std::string()> sends_wait = [] { return std::string(); };
  /// True while the process is ending.
  std::function<bool()> ending;
  std::chrono::milliseconds patience{800};
};

struct HealthState {
  HealthSources sources;
  static inline const char* name = "health";
};
HealthActor::behavior_type health(HealthActor::stateful_pointer<HealthState> self, HealthSources sources);

}  // namespace settled
