// Runs many simulated lives and says how they went. A seed that fails is run once more with its notes kept.
//
//   sim --seeds 10000 --first 1 --jobs 2      SIM_SEED=77 sim      sim --seed 77
#include "tests/sim/scenario.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {
using settled::tests::run_scenario;
using settled::tests::SimResult;

struct Options {
  std::uint64_t first = 1, seeds = 1'000, jobs = 1;
  bool one = false;  // only `first`, with its notes
};

struct Totals {
  std::uint64_t seeds = 0, settlements = 0, steps = 0, restarts = 0, faults = 0, failed = 0;
};

[[noreturn]] void usage(const char* what) {
  std::fprintf(stderr, "sim: %s\nsim [--seeds N] [--first S] [--jobs J] | --seed S (or SIM_SEED=S)\n", what);
  std::exit(64);
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  const auto* end = text + std::strlen(text);
  if (*text == 0 || std::from_chars(text, end, value).ptr != end) usage("not a number");
  return value;
}

Options options_from(int count, char** words) {
  Options options;
  if (const char* seed = std::getenv("SIM_SEED"); seed && *seed) {
    options.first = number(seed);
    options.one = true;
  }
  for (int i = 1; i < count; i += 2) {
    const std::string word = words[i];
    if (i + 1 == count) usage("a value is missing");
    const auto value = number(words[i + 1]);
    if (word == "--seeds") {
      options.seeds = value;
    } else if (word == "--first") {
      options.first = value;
    } else if (word == "--jobs") {
      options.jobs = value == 0 ? 1 : value;
    } else if (word == "--seed") {
      options.first = value;
      options.one = true;
    } else {
      usage(("unknown: " + word).c_str());
    }
  }
  return options;
}

/// What happened before, and how to see it again.
void print_failure(const SimResult& failed) {
  const auto again = run_scenario(failed.seed, 150);
  for (const auto& line : again.notes) std::printf("  %s\n", line.c_str());
  std::printf("FAILED seed %llu: %s\n  again: SIM_SEED=%llu, more seeds: ./dev sim --first %llu --seeds 1\n",
              static_cast<unsigned long long>(failed.seed), failed.why.c_str(),
              static_cast<unsigned long long>(failed.seed), static_cast<unsigned long long>(failed.seed));
  if (again.why != failed.why) std::printf("  the second run went otherwise: %s\n", again.why.c_str());
  std::fflush(stdout);
}

/// Every `jobs`th seed, beginning with number `mine`.
Totals run_share(const Options& options, std::uint64_t mine) {
  Totals totals;
  for (std::uint64_t i = mine; i < options.seeds && totals.failed < 5; i += options.jobs) {
    const auto result = run_scenario(options.first + i);
    ++totals.seeds;
    totals.settlements += result.settlements;
    totals.steps += result.steps;
    totals.restarts += result.restarts;
    totals.faults += result.faults;
    if (result.why.empty()) continue;
    ++totals.failed;
    print_failure(result);
  }
  return totals;
}

/// Processes, not threads: whatever CAF keeps for a whole process is then each run's own.
Totals run_in_processes(const Options& options) {
  std::vector<int> pipes;
  for (std::uint64_t mine = 0; mine < options.jobs; ++mine) {
    int ends[2];
    if (::pipe(ends) != 0) usage("no pipe");
    const auto child = ::fork();
    if (child < 0) usage("no fork");
    if (child == 0) {
      const auto totals = run_share(options, mine);
      const bool told = ::write(ends[1], &totals, sizeof totals) == sizeof totals;
      std::exit(told && totals.failed == 0 ? 0 : 1);
    }
    ::close(ends[1]);
    pipes.push_back(ends[0]);
  }
  Totals all;
  for (const int pipe : pipes) {
    Totals share;
    if (::read(pipe, &share, sizeof share) != sizeof share) ++all.failed;  // it died
    all.seeds += share.seeds;
    all.settlements += share.settlements;
    all.steps += share.steps;
    all.restarts += share.restarts;
    all.faults += share.faults;
    all.failed += share.failed;
    ::close(pipe);
  }
  while (::wait(nullptr) > 0) {
  }
  return all;
}

int run_one(std::uint64_t seed) {
  const auto result = run_scenario(seed, 1'000);
  for (const auto& line : result.notes) std::printf("  %s\n", line.c_str());
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
              result.why.empty() ? "fine" : result.why.c_str());
  return result.why.empty() ? 0 : 1;
}
}  // namespace

int main(int count, char** words) {
  const auto options = options_from(count, words);
  if (options.one) return run_one(options.first);
  const auto started = std::chrono::steady_clock::now();
  const auto totals = options.jobs > 1 ? run_in_processes(options) : run_share(options, 0);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf(
      "sim: %llu seeds from %llu, %llu settlements, %llu steps, %llu restarts, %llu faults, %llu failed, "
      "%.1f s\n",
      static_cast<unsigned long long>(totals.seeds), static_cast<unsigned long long>(options.first),
      static_cast<unsigned long long>(totals.settlements), static_cast<unsigned long long>(totals.steps),
      static_cast<unsigned long long>(totals.restarts), static_cast<unsigned long long>(totals.faults),
      static_cast<unsigned long long>(totals.failed), took.count());
  return totals.failed == 0 ? 0 : 1;
}
