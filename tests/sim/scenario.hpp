// One simulated life: some orders that compete for the funds of two or three accounts, clients that resend, a
// bank and a network that misbehave, actors and processes that die. Then everything heals, and the books, the
// bank and the clients must agree. All of it follows from the seed.
#pragma once
#include "tests/sim/verdict.hpp"

#include <cstdint>
#include <string>

namespace settled::tests {

struct SimResult {
  std::uint64_t seed = 0;
  std::string why;  // what was wrong; empty when nothing was
  std::deque<std::string> notes;
  std::size_t settlements = 0, steps = 0, restarts = 0, faults = 0;
};

/// `lines`: how many of the last notes to keep.
SimResult run_scenario(std::uint64_t seed, std::size_t lines = 0);

}  // namespace settled::tests
