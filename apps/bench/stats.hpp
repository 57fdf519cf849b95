// The arithmetic of measuring: draws that repeat, percentiles, ratios of rounds.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace settled::bench {

/// splitmix64: one addition and a mix per draw, and the n-th draw of a seed can be had directly.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
  /// Below `n`, which is less than 2^32; the bias is n / 2^32.
  std::uint64_t below(std::uint64_t n) { return ((next() >> 32U) * n) >> 32U; }
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

/// Ranks 0 … n-1, where rank k comes with a probability in proportion to 1 / (k+1)^s.
class Zipf {
 public:
  Zipf(std::size_t n, double s);
  std::size_t draw(Random& random) const;
  double probability(std::size_t rank) const;

 private:
  std::vector<double> up_to_;  // cumulative
};

/// Microseconds, kept one by one: a histogram would round the tail.
class Latencies {
 public:
  void add(std::int64_t us) { us_.push_back(static_cast<std::uint32_t>(us < 0 ? 0 : us)); }
  void add(const Latencies& others) { us_.insert(us_.end(), others.us_.begin(), others.us_.end()); }
  std::size_t count() const { return us_.size(); }
  /// The smallest value that at least `percent` of all do not exceed, in milliseconds; 0 without any.
  double ms(double percent) const;

 private:
  mutable std::vector<std::uint32_t> us_;
};

struct Spread {
  double median = 0, min = 0, max = 0;
};
/// The mean of the two in the middle where their number is even.
double median(std::vector<double> values);
Spread spread_of(const std::vector<double>& values);
/// Ours by theirs, round by round; a reference of 0 makes no ratio.
std::vector<double> ratios(const std::vector<double>& ours, const std::vector<double>& theirs);
/// A reference that doubles from one round to the other says more about the neighbours than about anybody.
bool unsteady(const std::vector<double>& reference);

}  // namespace settled::bench
