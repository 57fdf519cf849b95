// What a drill is asked to do.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace settled::drill {

struct Options {
  int rounds = 20;
  int first_round =
      1;  // rounds are drawn one by one from (seed, number): any of them can be seen again alone
  std::uint64_t seed = 1;
  int orders = 60;          // per round
  bool failpoints = false;  // restarts draw one, where the program has any
  bool keep = false, json = false, quiet = false;
  bool matrix = false;
  bool full = false;                     // rows of the matrix at the length that RELIABILITY.md asks for
  std::vector<std::string> rows;         // of the matrix; none: all
  std::filesystem::path folder;          // where everything of this run lies
  std::filesystem::path program_folder;  // of settled and settled-sandbox
  std::string program = "settled";       // another one beside it: settled-mutant
  std::vector<std::string> environment;  // of that program: "NAME=value"
};

inline constexpr int exit_ok = 0, exit_failed = 1, exit_usage = 64, exit_cannot = 70;

}  // namespace settled::drill
