#include "apps/bench/stats.hpp"

#include <algorithm>
#include <cmath>

namespace settled::bench {

Zipf::Zipf(std::size_t n, double s) {
  double sum = 0;
  for (std::size_t k = 1; k <= n; ++k) up_to_.push_back(sum += 1 / std::pow(static_cast<double>(k), s));
  for (double& p : up_to_) p /= sum;
}

std::size_t Zipf::draw(Random& random) const {
  const double u = static_cast<double>(random.next() >> 11U) * 0x1p-53;
  const auto at = std::upper_bound(up_to_.begin(), up_to_.end(), u);
  return std::min(static_cast<std::size_t>(at - up_to_.begin()), up_to_.size() - 1);
}

double Zipf::probability(std::size_t rank) const {
  return rank == 0 ? up_to_[0] : up_to_[rank] - up_to_[rank - 1];
}

double Latencies::ms(double percent) const {
  if (us_.empty()) return 0;
  const auto n = static_cast<double>(us_.size());
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(n * percent / 100)));
  const auto at = us_.begin() + static_cast<std::ptrdiff_t>(std::min(rank, us_.size()) - 1);
  std::nth_element(us_.begin(), at, us_.end());
  return static_cast<double>(*at) / 1000;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {median(values), *min, *max};
}

std::vector<double> ratios(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> out;
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i)
    if (theirs[i] > 0) out.push_back(ours[i] / theirs[i]);
  return out;
}

bool unsteady(const std::vector<double>& reference) {
  if (reference.empty()) return false;
  const auto [min, max] = std::minmax_element(reference.begin(), reference.end());
  return *max > 2 * *min;
}

}  // namespace settled::bench
