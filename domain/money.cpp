#include "domain/money.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace settled {
namespace {
struct Row {
  std::string_view code;
  std::uint8_t exponent;
};
// ISO 4217 list one (2026-01), funds codes and metals left out. XOF stands first: a Currency's default.
constexpr auto table = std::to_array<Row>({
    {"XOF", 0}, {"XAF", 0}, {"GHS", 2}, {"NGN", 2}, {"GNF", 0}, {"EUR", 2}, {"USD", 2}, {"GBP", 2},
    {"MAD", 2}, {"TND", 3}, {"AED", 2}, {"AFN", 2}, {"ALL", 2}, {"AMD", 2}, {"AOA", 2}, {"ARS", 2},
    {"AUD", 2}, {"AWG", 2}, {"AZN", 2}, {"BAM", 2}, {"BBD", 2}, {"BDT", 2}, {"BGN", 2}, {"BHD", 3},
    {"BIF", 0}, {"BMD", 2}, {"BND", 2}, {"BOB", 2}, {"BRL", 2}, {"BSD", 2}, {"BTN", 2}, {"BWP", 2},
    {"BYN", 2}, {"BZD", 2}, {"CAD", 2}, {"CDF", 2}, {"CHF", 2}, {"CLF", 4}, {"CLP", 0}, {"CNY", 2},
    {"COP", 2}, {"CRC", 2}, {"CUP", 2}, {"CVE", 2}, {"CZK", 2}, {"DJF", 0}, {"DKK", 2}, {"DOP", 2},
    {"DZD", 2}, {"EGP", 2}, {"ERN", 2}, {"ETB", 2}, {"FJD", 2}, {"FKP", 2}, {"GEL", 2}, {"GIP", 2},
    {"GMD", 2}, {"GTQ", 2}, {"GYD", 2}, {"HKD", 2}, {"HNL", 2}, {"HTG", 2}, {"HUF", 2}, {"IDR", 2},
    {"ILS", 2}, {"INR", 2}, {"IQD", 3}, {"IRR", 2}, {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0},
    {"KES", 2}, {"KGS", 2}, {"KHR", 2}, {"KMF", 0}, {"KPW", 2}, {"KRW", 0}, {"KWD", 3}, {"KYD", 2},
    {"KZT", 2}, {"LAK", 2}, {"LBP", 2}, {"LKR", 2}, {"LRD", 2}, {"LSL", 2}, {"LYD", 3}, {"MDL", 2},
    {"MGA", 2}, {"MKD", 2}, {"MMK", 2}, {"MNT", 2}, {"MOP", 2}, {"MRU", 2}, {"MUR", 2}, {"MVR", 2},
    {"MWK", 2}, {"MXN", 2}, {"MYR", 2}, {"MZN", 2}, {"NAD", 2}, {"NIO", 2}, {"NOK", 2}, {"NPR", 2},
    {"NZD", 2}, {"OMR", 3}, {"PAB", 2}, {"PEN", 2}, {"PGK", 2}, {"PHP", 2}, {"PKR", 2}, {"PLN", 2},
    {"PYG", 0}, {"QAR", 2}, {"RON", 2}, {"RSD", 2}, {"RUB", 2}, {"RWF", 0}, {"SAR", 2}, {"SBD", 2},
    {"SCR", 2}, {"SDG", 2}, {"SEK", 2}, {"SGD", 2}, {"SHP", 2}, {"SLE", 2}, {"SOS", 2}, {"SRD", 2},
    {"SSP", 2}, {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2}, {"TJS", 2}, {"TMT", 2},
    {"TOP", 2}, {"TRY", 2}, {"TTD", 2}, {"TWD", 2}, {"TZS", 2}, {"UAH", 2}, {"UGX", 0}, {"UYU", 2},
    {"UYW", 4}, {"UZS", 2}, {"VED", 2}, {"VES", 2}, {"VND", 0}, {"VUV", 0}, {"WST", 2}, {"XCD", 2},
    {"XCG", 2}, {"XPF", 0}, {"YER", 2}, {"ZAR", 2}, {"ZMW", 2}, {"ZWG", 2},
});

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 40;
  return '"' + std::string(text.substr(0, longest)) + (text.size() > longest ? "…\"" : "\"");
}

Refusal not_an_amount(std::string_view text) {
  return {Errc::invalid_value, "",
          shown(text) + " is not an amount: write digits with at most one decimal point, no sign, no blanks",
          "decimal text such as \"150.25\""};
}
}  // namespace

std::string_view Currency::code() const { return table[index_].code; }
int Currency::exponent() const { return table[index_].exponent; }
Currency Currency::from_index(std::uint8_t index) {
  ensure(index < table.size(), "currency index in range");
  return Currency{index};
}

std::uint8_t Currency::count() { return static_cast<std::uint8_t>(table.size()); }

Result<Currency> currency_from(std::string_view code) {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].code == code) return Currency{static_cast<std::uint8_t>(i)};
  return Refusal{Errc::unknown_currency, "", shown(code) + " is not an ISO 4217 currency code",
                 "three capital letters such as XOF, GHS, EUR"};
}

Result<std::int64_t> parse_amount(std::string_view text, Currency currency) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  const auto digits = [](std::string_view s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || !digits(whole) || !digits(fraction) ||
      (point != std::string_view::npos && fraction.empty()))
    return not_an_amount(text);
  const auto decimals = static_cast<std::size_t>(currency.exponent());
  if (fraction.size() > decimals) {
    if (decimals == 0)
      return Refusal{Errc::amount_decimals, "",
                     std::string(currency.code()) + " has no decimals; got " + shown(text), "a whole number"};
    return Refusal{Errc::amount_decimals, "",
                   shown(text) + " has " + std::to_string(fraction.size()) + " decimals; " +
                       std::string(currency.code()) + " allows " + std::to_string(decimals),
                   "at most " + std::to_string(decimals) + " decimals"};
  }
  std::int64_t minor = 0;
  const auto push = [&minor](int digit) {
    return !__builtin_mul_overflow(minor, 10, &minor) && !__builtin_add_overflow(minor, digit, &minor);
  };
  bool fits = true;
  for (char c : whole) fits = fits && push(c - '0');
  for (std::size_t i = 0; i < decimals; ++i) fits = fits && push(i < fraction.size() ? fraction[i] - '0' : 0);
  if (!fits)
    return Refusal{Errc::amount_overflow, "", shown(text) + " is larger than an account can hold",
                   "at most " + format_amount(std::numeric_limits<std::int64_t>::max(), currency)};
  return minor;
}

Result<Money> positive_amount(std::string_view text, Currency currency) {
  auto minor = parse_amount(text, currency);
  if (!minor) return minor.refusal();
  if (*minor == 0)
    return Refusal{Errc::amount_not_positive, "",
                   "the amount is zero; an order moves at least " + format_amount(1, currency) + " " +
                       std::string(currency.code()),
                   "more than 0"};
  return Money{*minor, currency};
}

Result<std::int64_t> parse_signed_amount(std::string_view text, Currency currency) {
  const bool negative = text.starts_with('-');
  auto minor = parse_amount(negative ? text.substr(1) : text, currency);
  if (minor && negative) *minor = -*minor;
  return minor;
}

std::string format_amount(std::int64_t minor, Currency currency) {
  // Unsigned, because the smallest int64 has no positive counterpart.
  const auto magnitude =
      minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  auto text = std::to_string(magnitude);
  const auto decimals = static_cast<std::size_t>(currency.exponent());
  if (decimals > 0) {
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    text.insert(text.size() - decimals, 1, '.');
  }
  return minor < 0 ? '-' + text : text;
}

std::string format_for_people(std::int64_t minor, Currency currency) {
  auto text = format_amount(minor, currency);
  const auto point = text.find('.');
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (auto at = point == std::string::npos ? text.size() : point; at > first + 3;) {
    at -= 3;
    text.insert(at, 1, ' ');
  }
  return text + ' ' + std::string(currency.code());
}

Result<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    return Refusal{Errc::amount_overflow, "", "the balance would leave the range of an account", ""};
  return sum;
}

std::int64_t must_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  ensure(!__builtin_add_overflow(a, b, &sum), "sums of money stay in range");
  return sum;
}
}  // namespace settled
