// Exact money: an int64 of minor units and an ISO 4217 currency with its exponent.
#pragma once
#include "domain/refusal.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace settled {

/// An ISO 4217 currency, known by its place in the table of money.cpp. Only `currency_from` makes one,
/// so whoever holds a Currency holds one that exists (the default is XOF, our first market's).
class Currency {
 public:
  constexpr Currency() = default;
  /// The alphabetic code, three capital letters.
  std::string_view code() const;
  /// Decimals of the minor unit: XOF 0, GHS 2, TND 3.
  int exponent() const;
  constexpr std::uint8_t index() const { return index_; }
  /// For decoding what `index()` gave within this build; `ensure`s the range.
  static Currency from_index(std::uint8_t index);
  /// How many there are: every index is smaller.
  static std::uint8_t count();
  friend constexpr auto operator<=>(Currency, Currency) = default;

 private:
  constexpr explicit Currency(std::uint8_t index) : index_(index) {}
  friend Result<Currency> currency_from(std::string_view code);
  std::uint8_t index_ = 0;
};

/// Errors: unknown_currency (also for lower case and for precious metals, which have no minor unit).
Result<Currency> currency_from(std::string_view code);

/// An exact amount in minor units: {1234, EUR} is 12.34 EUR, {500, XOF} is 500 XOF.
struct Money {
  std::int64_t minor = 0;
  Currency currency;
  friend bool operator==(const Money&, const Money&) = default;
};

/// Minor units of a decimal text such as "150.25": digits, at most one point, nothing else.
/// Errors: invalid_value (sign, exponent, blanks, other digits), amount_decimals, amount_overflow.
/// Zero is allowed here; an order's amount is checked by `positive_amount`.
Result<std::int64_t> parse_amount(std::string_view text, Currency currency);
/// As parse_amount, for a sum of money that shall move. Errors also: amount_not_positive.
Result<Money> positive_amount(std::string_view text, Currency currency);
/// A signed limit such as an account's floor: as parse_amount with an optional leading '-'.
Result<std::int64_t> parse_signed_amount(std::string_view text, Currency currency);

/// The decimal text with all of the currency's decimals: 1234 EUR is "12.34", -5 GHS is "-0.05".
std::string format_amount(std::int64_t minor, Currency currency);
/// For people: "50 000 XOF", "1 250.50 GHS".
std::string format_for_people(std::int64_t minor, Currency currency);

/// Errors: amount_overflow.
Result<std::int64_t> checked_add(std::int64_t a, std::int64_t b);
/// Sums of what was checked before: an overflow here is a bug of ours and throws.
std::int64_t must_add(std::int64_t a, std::int64_t b);

}  // namespace settled
