// Sums of decimal texts as ISO 20022's CtrlSum wants them: exact, whatever the currencies.
#pragma once
#include <string>
#include <string_view>

namespace settled {

class DecimalSum {
 public:
  /// Adds "1400.00"; false, and nothing added, where the text is no decimal of at most 18 digits before
  /// and 5 after the point.
  bool add(std::string_view text);
  /// With as many decimals as needed: "1400", "12.34".
  std::string text() const;
  friend bool operator==(const DecimalSum&, const DecimalSum&) = default;

 private:
  // Units of 10^-5, in two halves so that millions of 18-digit amounts fit.
  static constexpr unsigned long long half = 1'000'000'000'000'000'000ULL;
  unsigned long long high_ = 0, low_ = 0;
};

}  // namespace settled
