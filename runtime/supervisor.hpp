// Supervision: a slot per child is the handle that others keep. The child may die and come back behind it.
//
// A slot restarts its child with back-off, keeps what arrives in the meantime (up to a limit, then it
// refuses), and gives up when the child failed more often than its policy allows: then it tells, and ends.
#pragma once
#include "domain/backoff.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace settled {

struct RestartPolicy {
  int restarts_max = 5;  // more than this within `window` gives up
  std::chrono::milliseconds window{60'000};
  BackoffSettings backoff{.initial = std::chrono::milliseconds(50), .max = std::chrono::milliseconds(2'000)};
  std::size_t stash_max = 4'096;  // messages kept while the child is down
};

struct Supervised {
  std::string name;
  /// Builds a fresh child. What it throws counts as a failure.
  std::function<caf::actor(caf::event_based_actor* supervisor)> start;
  RestartPolicy policy;
  /// Asked when the child has failed. False: it does not come back, and the slot ends; nobody is told,
  /// because whoever says so has seen to it.
  std::function<bool()> may_restart = [] { return true; };
  /// The child failed and comes back after `wait`.
  std::function<void(const std::string& name, const std::string& why)> on_restart;
  /// The policy is exhausted: the child will not come back.
  std::function<void(const std::string& name, const std::string& why)> on_give_up;
};

/// The slot's handle: cast it to the child's interface with caf::actor_cast.
caf::actor supervise(caf::actor_system& system, Supervised spec);

}  // namespace settled
