// The smallest and the largest amount of one order, per currency.
#pragma once
#include "domain/money.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

/// Minor units; both ends are allowed.
struct AmountLimit {
  std::int64_t min = 1;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  friend bool operator==(const AmountLimit&, const AmountLimit&) = default;
};

/// A setting by the name under which it was given: "MIN_TRANSACTION_AMOUNT", "1.0".
struct LimitSetting {
  std::string name;
  std::string value;
};

struct LimitBreach {
  enum class Side : std::uint8_t { below_min, above_max } side = Side::below_min;
  Money asked;
  std::int64_t limit = 0;
  std::string detail;  // "12.00 GHS is below the minimum of 15.00 GHS"
};

class AmountLimits {
 public:
  /// Takes MIN_TRANSACTION_AMOUNT and MAX_TRANSACTION_AMOUNT, which hold for each currency by its exponent
  /// ("1.5" is 150 of GHS; of XOF, which has no decimals, a minimum of 2 or a maximum of 1), and the same
  /// with _XOF, _GHS … at the end for one currency, which then takes precedence and must fit it exactly.
  /// Returns everything that is wrong, `field` naming the setting; then nothing has changed.
  std::vector<Refusal> set(const std::vector<LimitSetting>& settings);
  /// Is it one of the names that `set` takes (whether or not its currency exists)?
  static bool is_setting(std::string_view name);

  AmountLimit of(Currency currency) const;
  std::optional<LimitBreach> check(Money amount) const;

 private:
  struct OneCurrency {
    std::optional<std::int64_t> min, max;
  };
  std::vector<Refusal> read(const LimitSetting& setting);
  std::vector<Refusal> contradictions() const;

  std::array<AmountLimit, 5> by_exponent_;  // ISO 4217 knows none above 4
  std::map<Currency, OneCurrency> by_currency_;
};

}  // namespace settled
