// What happens in a round, drawn from the seed and the round's number and nothing else: any round can be
// played again alone. The moments are chance all the same, since the machine's speed is.
#pragma once
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace settled::drill {

/// A fault script for the bank (sandbox/fault_script.hpp).
struct Script {
  std::string kind;
  std::string more;  // its other members as JSON: "\"rate\":0.3"
  std::string text() const { return kind + ' ' + more; }
};

enum class Victim : std::uint8_t { settled, postmaster, backend, bank, everything, freeze, terminate };
std::string to_string(Victim victim);

struct Strike {
  Victim victim = Victim::settled;
  int after_answers = 0;  // of this round
  std::chrono::microseconds later{0};
  std::chrono::milliseconds lasts{0};  // freeze; for settled: how long it stays away
  std::string text() const;
};

struct Plan {
  int connections = 4;
  std::vector<Script> scripts;
  std::vector<Strike> strikes;
  std::string text() const;
};

/// The generator of one round, or of one purpose within it.
std::mt19937_64 chance_of(std::uint64_t seed, int round, int purpose);
int between(std::mt19937_64& chance, int least, int most);
bool one_in(std::mt19937_64& chance, int n);

Plan draw_plan(std::uint64_t seed, int round, int orders);

}  // namespace settled::drill
