#include "apps/drill/rounds.hpp"

#include "apps/drill/print.hpp"

#include <cstdio>
#include <optional>

namespace settled::drill {
namespace {
using std::chrono::duration;
using std::chrono::steady_clock;

class Stopwatch {
 public:
  explicit Stopwatch(Tally& tally) : tally_(tally) {}
  void lap(const char* part) {
    const auto now = steady_clock::now();
    tally_.spent[part] += duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  Tally& tally_;
  steady_clock::time_point last_ = steady_clock::now();
};

std::optional<Failure> run_round(Drill& drill, const Options& options, int round) {
  const auto plan = draw_plan(options.seed, round, options.orders);
  drill.history().note("round " + std::to_string(round) + ": " + plan.text());
  Failure failure{round, plan.text(), "", {}};
  const auto gap_before = drill.tally().longest_gap;
  try {
    Stopwatch watch(drill.tally());
    drill.load(plan, chance_of(options.seed, round, 2), round, options.orders);
    watch.lap("load and strikes");
    drill.heal();
    watch.lap("heal and drain");
    drill.replay(round, chance_of(options.seed, round, 3));
    watch.lap("replays");
    const auto judgement = drill.judge();
    watch.lap("verdict");
    ++drill.tally().rounds;
    if (drill.tally().longest_gap > gap_before) drill.tally().longest_gap_round = round;
    if (judgement.ok()) return std::nullopt;
    failure.findings = judgement.all();
  } catch (const std::exception& e) {
    failure.what = e.what();
    failure.findings = drill.history().take_findings();
  }
  return failure;
}
}  // namespace

int run_rounds(const Options& options) {
  const auto began = steady_clock::now();
  std::optional<Failure> failure;
  Tally tally;
  {
    Drill drill({.folder = options.folder,
                 .program_folder = options.program_folder,
                 .program = options.program,
                 .environment = options.environment});
    try {
      if (options.failpoints) {
        auto names = failpoints_of(options.program_folder);
        if (names.empty()) throw Broken("this settled has no failpoints (`settled failpoints`)");
        drill.use_failpoints(std::move(names));
      }
      drill.open();
    } catch (const std::exception& e) {
      failure = Failure{0, "none: this was the first start", e.what(), {}};
    }
    Progress progress(options);
    for (int i = 0; i < options.rounds && !failure; ++i) {
      failure = run_round(drill, options, options.first_round + i);
      progress.round_done(options.first_round + i, drill.tally());
    }
    progress.end();
    if (!failure) {
      try {
        drill.close();
      } catch (const std::exception& e) {
        failure =
            Failure{options.first_round + options.rounds - 1, "none: this was the orderly end", e.what(), {}};
      }
    }
    tally = drill.tally();
  }
  tally.seconds = duration<double>(steady_clock::now() - began).count();
  print_result(options, tally, failure ? &*failure : nullptr);
  return failure ? exit_failed : exit_ok;
}
}  // namespace settled::drill
