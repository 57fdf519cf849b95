// How long to wait before the next try: each wait a multiple of the last, up to a limit, and spread by
// chance, so that many who failed together do not come back together.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace settled {

struct BackoffSettings {
  std::chrono::milliseconds initial{1'000};
  int multiplier = 2;
  std::chrono::milliseconds max{30'000};  // no wait is longer, jitter included
  int jitter_percent = 10;                // the wait lies within ± this share
  /// Everything that is wrong with these settings, a sentence each.
  std::vector<std::string> problems() const;
};

/// The wait after failure number `failures` (from 1). `random` is any 64 random bits.
std::chrono::milliseconds backoff(const BackoffSettings& settings, int failures, std::uint64_t random);

}  // namespace settled
