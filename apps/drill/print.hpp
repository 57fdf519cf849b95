// What a drill says: a line that moves, a table at the end, and all that is needed to see a failure again.
#pragma once
#include "apps/drill/options.hpp"
#include "apps/drill/rounds.hpp"

namespace settled::drill {

/// One line on a terminal, nothing otherwise.
class Progress {
 public:
  explicit Progress(const Options& options);
  void round_done(int round, const Tally& tally);
  void end();

 private:
  const Options& options_;
  bool shown_;
};

void print_result(const Options& options, const Tally& tally, const Failure* failure);

}  // namespace settled::drill
