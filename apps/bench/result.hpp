// What a case found out, and how it is told: a table for people, JSON for programs.
#pragma once
#include "apps/bench/stats.hpp"

#include <optional>
#include <string>
#include <vector>

namespace settled::bench {

struct Result {
  std::string name;  // the case, or case.part for a second figure of it
  double value = 0;
  std::string unit;
  /// What it is compared with, in the same unit; the rounds' ratios.
  std::optional<double> reference;
  std::optional<Spread> ratio;
  /// Of the ratio where there is one, else of the value. Less is better for times and memory.
  std::optional<double> bar, goal;
  bool less_is_better = false;
  /// Of settled and its PostgreSQL, and of the client that loads them, per settlement.
  std::optional<double> cpu_us, driver_cpu_us;
  std::string note;
  /// Why this result counts as 0: books that do not balance, answers that were not kept.
  std::string broken;

  double judged() const { return ratio ? ratio->median : value; }
  bool meets(double limit) const;
  /// Sets the value to 0 where something is broken.
  Result& settle();
};

/// A result of its own, without a reference: of time, memory and the like, where less is better.
Result figure(const std::string& name, double value, const std::string& unit, std::optional<double> bar,
              std::optional<double> goal);
/// "1234": for the notes of results.
std::string whole(double value);

struct Machine {
  std::string cpu, kernel, postgres, rail;
  int cores = 0;
  long memory_mib = 0;
  double load_before = 0, seconds = 0;
};
Machine this_machine();

/// {"cases":[…],"machine":{…}}
std::string json_of(const std::vector<Result>& results, const Machine& machine);
std::string table_of(const std::vector<Result>& results);

}  // namespace settled::bench
