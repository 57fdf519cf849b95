#include "domain/limits.hpp"

#include <algorithm>

namespace settled {
namespace {
constexpr std::string_view min_name = "MIN_TRANSACTION_AMOUNT";
constexpr std::string_view max_name = "MAX_TRANSACTION_AMOUNT";

struct Name {
  bool is_min = false;
  std::string_view currency;  // empty: every currency
};
std::optional<Name> name_from(std::string_view text) {
  const bool is_min = text.starts_with(min_name);
  if (!is_min && !text.starts_with(max_name)) return std::nullopt;
  const auto rest = text.substr(min_name.size());
  if (rest.empty()) return Name{is_min, {}};
  if (rest.size() < 2 || rest.front() != '_') return std::nullopt;
  return Name{is_min, rest.substr(1)};
}

/// The text without decimals that say nothing: "50000.0" is a whole number, which XOF can have.
std::string_view trimmed(std::string_view text) {
  const auto point = text.find('.');
  if (point == std::string_view::npos || point + 1 == text.size()) return text;
  while (text.back() == '0') text.remove_suffix(1);
  if (text.back() == '.') text.remove_suffix(1);
  return text;
}

/// Minor units with `decimals`, towards the stricter side where the text has more of them: a minimum up, a
/// maximum down. `text` has been checked to be a decimal number. Nothing: larger than any amount.
std::optional<std::int64_t> scaled(std::string_view text, int decimals, bool up) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  std::int64_t minor = 0;
  const auto push = [&minor](int digit) {
    return !__builtin_mul_overflow(minor, 10, &minor) && !__builtin_add_overflow(minor, digit, &minor);
  };
  for (char c : whole)
    if (!push(c - '0')) return std::nullopt;
  const auto kept = static_cast<std::size_t>(decimals);
  for (std::size_t i = 0; i < kept; ++i)
    if (!push(i < fraction.size() ? fraction[i] - '0' : 0)) return std::nullopt;
  const bool more =
      fraction.size() > kept && fraction.substr(kept).find_first_not_of('0') != std::string::npos;
  if (up && more && __builtin_add_overflow(minor, 1, &minor)) return std::nullopt;
  return minor;
}

bool decimal_number(std::string_view text) {
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const auto point = text.find('.');
  return digits(text.substr(0, point)) && (point == std::string_view::npos || digits(text.substr(point + 1)));
}

std::string shown(std::int64_t minor, Currency currency) {
  return format_amount(minor, currency) + ' ' + std::string(currency.code());
}
}  // namespace

bool AmountLimits::is_setting(std::string_view name) { return name_from(name).has_value(); }

std::vector<Refusal> AmountLimits::read(const LimitSetting& setting) {
  const auto refused = [&setting](Refusal refusal) {
    refusal.field = setting.name;
    return std::vector{std::move(refusal)};
  };
  const auto name = name_from(setting.name);
  if (!name)
    return refused(
        {Errc::unknown_field, "", setting.name + " is not a limit of amounts",
         std::string(min_name) + ", " + std::string(max_name) + ", each also with _ and a currency"});
  if (!name->currency.empty()) {
    const auto currency = currency_from(name->currency);
    if (!currency) return refused(currency.refusal());
    const auto minor = parse_amount(trimmed(setting.value), *currency);
    if (!minor) return refused(minor.refusal());
    auto& own = by_currency_[*currency];
    (name->is_min ? own.min : own.max) = *minor;
    return {};
  }
  if (!decimal_number(setting.value))
    return refused({Errc::invalid_value, "", '"' + setting.value.substr(0, 40) + "\" is not an amount",
                    "digits with at most one decimal point, such as 1.0"});
  for (std::size_t exponent = 0; exponent < by_exponent_.size(); ++exponent) {
    const auto minor = scaled(setting.value, static_cast<int>(exponent), name->is_min);
    if (!name->is_min) {
      // A maximum beyond what an account can hold stops nobody.
      by_exponent_[exponent].max = minor.value_or(std::numeric_limits<std::int64_t>::max());
    } else if (minor) {
      by_exponent_[exponent].min = *minor;
    } else {
      return refused({Errc::amount_overflow, "",
                      setting.value.substr(0, 40) + " is larger than an account can hold",
                      "a smaller amount"});
    }
  }
  return {};
}

std::vector<Refusal> AmountLimits::contradictions() const {
  std::vector<Refusal> out;
  const auto add = [&out](std::string field, std::string detail) {
    out.push_back(
        {Errc::invalid_value, std::move(field), std::move(detail), "a maximum of at least the minimum"});
  };
  for (std::size_t exponent = 0; exponent < by_exponent_.size(); ++exponent)
    if (by_exponent_[exponent].min > by_exponent_[exponent].max) {
      add(std::string(max_name), "the maximum lies below the minimum for currencies with " +
                                     std::to_string(exponent) + " decimals: no amount would be allowed");
      break;
    }
  for (const auto& [currency, own] : by_currency_) {
    const auto limit = of(currency);
    if (limit.min > limit.max)
      add(std::string(own.max ? max_name : min_name) + '_' + std::string(currency.code()),
          "the maximum " + shown(limit.max, currency) + " lies below the minimum " +
              shown(limit.min, currency));
  }
  return out;
}

std::vector<Refusal> AmountLimits::set(const std::vector<LimitSetting>& settings) {
  AmountLimits changed = *this;
  std::vector<Refusal> out;
  for (const auto& setting : settings)
    for (auto& refusal : changed.read(setting)) out.push_back(std::move(refusal));
  if (out.empty()) out = changed.contradictions();
  if (out.empty()) *this = std::move(changed);
  return out;
}

AmountLimit AmountLimits::of(Currency currency) const {
  auto limit = by_exponent_.at(static_cast<std::size_t>(currency.exponent()));
  if (const auto it = by_currency_.find(currency); it != by_currency_.end()) {
    limit.min = it->second.min.value_or(limit.min);
    limit.max = it->second.max.value_or(limit.max);
  }
  return limit;
}

std::optional<LimitBreach> AmountLimits::check(Money amount) const {
  const auto limit = of(amount.currency);
  if (amount.minor < limit.min)
    return LimitBreach{LimitBreach::Side::below_min, amount, limit.min,
                       shown(amount.minor, amount.currency) + " is below the minimum of " +
                           shown(limit.min, amount.currency)};
  if (amount.minor > limit.max)
    return LimitBreach{LimitBreach::Side::above_max, amount, limit.max,
                       shown(amount.minor, amount.currency) + " is above the maximum of " +
                           shown(limit.max, amount.currency)};
  return std::nullopt;
}

}  // namespace settled
