#include "formats/decimal_sum.hpp"

#include <algorithm>

namespace settled {
namespace {
constexpr std::size_t decimals = 5;
}

bool DecimalSum::add(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  const auto digits = [](std::string_view s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || whole.size() > 18 || fraction.size() > decimals || !digits(whole) || !digits(fraction))
    return false;
  auto all = std::string(whole) + std::string(fraction);
  all.append(decimals - fraction.size(), '0');
  // At most 23 digits: what is above the low 18 goes to the high half.
  all.insert(0, 36 - all.size(), '0');
  const auto high = std::stoull(all.substr(0, 18));
  const auto low = std::stoull(all.substr(18));
  low_ += low;  // below 2 * 10^18: no overflow
  high_ += high + low_ / half;
  low_ %= half;
  return true;
}

std::string DecimalSum::text() const {
  auto low = std::to_string(low_);
  low.insert(0, 18 - low.size(), '0');
  auto all = (high_ == 0 ? std::string{} : std::to_string(high_)) + low;
  auto whole = all.substr(0, all.size() - decimals);
  auto fraction = all.substr(all.size() - decimals);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  while (fraction.ends_with('0')) fraction.pop_back();
  return fraction.empty() ? whole : whole + '.' + fraction;
}
}  // namespace settled
