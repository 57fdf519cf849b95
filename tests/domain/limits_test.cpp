#define BOOST_TEST_MODULE limits
#include "domain/limits.hpp"

#include <boost/test/unit_test.hpp>

using namespace settled;

namespace {
Currency currency(std::string_view code) { return *currency_from(code); }
AmountLimits with(const std::vector<LimitSetting>& settings) {
  AmountLimits limits;
  const auto wrong = limits.set(settings);
  BOOST_REQUIRE_MESSAGE(wrong.empty(), (wrong.empty() ? "" : wrong.front().detail));
  return limits;
}
void limit_is(const AmountLimits& limits, const char* code, std::int64_t min, std::int64_t max) {
  const auto limit = limits.of(currency(code));
  BOOST_TEST(limit.min == min, code);
  BOOST_TEST(limit.max == max, code);
}
constexpr auto no_max = std::numeric_limits<std::int64_t>::max();
}  // namespace

BOOST_AUTO_TEST_CASE(without_settings_every_positive_amount_is_allowed) {
  limit_is({}, "XOF", 1, no_max);
  BOOST_TEST(!AmountLimits{}.check({no_max, currency("EUR")}));
  BOOST_TEST(AmountLimits{}.check({0, currency("EUR")}).has_value());
}

BOOST_AUTO_TEST_CASE(one_setting_holds_for_each_currency_by_its_exponent) {
  const auto limits = with({{"MIN_TRANSACTION_AMOUNT", "1.0"}, {"MAX_TRANSACTION_AMOUNT", "50000.0"}});
  limit_is(limits, "XOF", 1, 50'000);
  limit_is(limits, "GHS", 100, 5'000'000);
  limit_is(limits, "TND", 1'000, 50'000'000);
  limit_is(limits, "CLF", 10'000, 500'000'000);
}

BOOST_AUTO_TEST_CASE(more_decimals_than_the_currency_has_count_to_the_stricter_side) {
  const auto limits = with({{"MIN_TRANSACTION_AMOUNT", "1.005"}, {"MAX_TRANSACTION_AMOUNT", "9.999"}});
  limit_is(limits, "XOF", 2, 9);
  limit_is(limits, "EUR", 101, 999);
  limit_is(limits, "TND", 1'005, 9'999);
}

BOOST_AUTO_TEST_CASE(a_currencys_own_setting_takes_precedence_in_any_order) {
  const auto limits = with({{"MIN_TRANSACTION_AMOUNT_XOF", "500.00"},
                            {"MIN_TRANSACTION_AMOUNT", "1.0"},
                            {"MAX_TRANSACTION_AMOUNT", "50000.0"},
                            {"MAX_TRANSACTION_AMOUNT_GHS", "1234.5"}});
  limit_is(limits, "XOF", 500, 50'000);
  limit_is(limits, "GHS", 100, 123'450);
}

BOOST_AUTO_TEST_CASE(both_ends_are_allowed_and_what_lies_beyond_is_named) {
  const auto limits = with({{"MIN_TRANSACTION_AMOUNT", "15"}, {"MAX_TRANSACTION_AMOUNT", "20"}});
  const auto ghs = currency("GHS");
  BOOST_TEST(!limits.check({1'500, ghs}));
  BOOST_TEST(!limits.check({2'000, ghs}));
  const auto below = limits.check({1'499, ghs}), above = limits.check({2'001, ghs});
  BOOST_REQUIRE((below && above));
  BOOST_TEST((below->side == LimitBreach::Side::below_min && above->side == LimitBreach::Side::above_max));
  BOOST_TEST(below->detail == "14.99 GHS is below the minimum of 15.00 GHS");
  BOOST_TEST(above->detail == "20.01 GHS is above the maximum of 20.00 GHS");
  BOOST_TEST(above->limit == 2'000);
}

BOOST_AUTO_TEST_CASE(a_maximum_beyond_any_account_stops_nobody_and_such_a_minimum_is_refused) {
  limit_is(with({{"MAX_TRANSACTION_AMOUNT", "9000000000000000000"}}), "GHS", 1, no_max);
  limit_is(with({{"MAX_TRANSACTION_AMOUNT", "9000000000000000000"}}), "XOF", 1, 9'000'000'000'000'000'000);
  AmountLimits limits;
  const auto wrong = limits.set({{"MIN_TRANSACTION_AMOUNT", "9000000000000000000"}});
  BOOST_REQUIRE(wrong.size() == 1u);
  BOOST_TEST((wrong.front().code == Errc::amount_overflow));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_and_nothing_changes) {
  struct Case {
    LimitSetting setting;
    Errc code;
  };
  for (const Case& c : {
           Case{{"MIN_TRANSACTION_AMOUNT", "-1"}, Errc::invalid_value},
           Case{{"MIN_TRANSACTION_AMOUNT", "+1"}, Errc::invalid_value},
           Case{{"MIN_TRANSACTION_AMOUNT", ""}, Errc::invalid_value},
           Case{{"MIN_TRANSACTION_AMOUNT", "."}, Errc::invalid_value},
           Case{{"MIN_TRANSACTION_AMOUNT", "1."}, Errc::invalid_value},
           Case{{"MIN_TRANSACTION_AMOUNT", "1e3"}, Errc::invalid_value},
           Case{{"MAX_TRANSACTION_AMOUNT", "1,000"}, Errc::invalid_value},
           Case{{"MAX_TRANSACTION_AMOUNT", " 1"}, Errc::invalid_value},
           Case{{"MAX_TRANSACTION_AMOUNT", "0"}, Errc::invalid_value},  // below the smallest minimum
           Case{{"MAX_TRANSACTION_AMOUNT_XOF", "0.5"}, Errc::amount_decimals},
           Case{{"MAX_TRANSACTION_AMOUNT_GHS", "1.001"}, Errc::amount_decimals},
           Case{{"MAX_TRANSACTION_AMOUNT_XOF", "99999999999999999999"}, Errc::amount_overflow},
           Case{{"MAX_TRANSACTION_AMOUNT_XXX", "5"}, Errc::unknown_currency},
           Case{{"MAX_TRANSACTION_AMOUNT_xof", "5"}, Errc::unknown_currency},
           Case{{"MAX_TRANSACTION_AMOUNT_", "5"}, Errc::unknown_field},
           Case{{"MAX_TRANSACTION_AMOUNTS", "5"}, Errc::unknown_field},
           Case{{"TRANSACTION_AMOUNT", "5"}, Errc::unknown_field},
       }) {
    auto limits = with({{"MIN_TRANSACTION_AMOUNT", "0.01"}});
    const auto wrong = limits.set({{"MIN_TRANSACTION_AMOUNT_EUR", "7"}, c.setting});
    BOOST_TEST(!wrong.empty(), c.setting.name << '=' << c.setting.value);
    if (wrong.empty()) continue;
    BOOST_TEST(to_string(wrong.front().code) == to_string(c.code), c.setting.name << '=' << c.setting.value);
    BOOST_TEST(wrong.front().field == c.setting.name);
    BOOST_TEST(limits.of(currency("EUR")).min == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_maximum_below_the_minimum_is_refused_per_currency) {
  AmountLimits limits;
  const auto wrong = limits.set({{"MIN_TRANSACTION_AMOUNT", "10"}, {"MAX_TRANSACTION_AMOUNT_XOF", "9"}});
  BOOST_REQUIRE(wrong.size() == 1u);
  BOOST_TEST(wrong.front().field == "MAX_TRANSACTION_AMOUNT_XOF");
  BOOST_TEST(limits.set({{"MIN_TRANSACTION_AMOUNT", "1.5"}, {"MAX_TRANSACTION_AMOUNT", "1.9"}}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_settings_are_known_by_their_names) {
  for (const auto* name : {"MIN_TRANSACTION_AMOUNT", "MAX_TRANSACTION_AMOUNT", "MIN_TRANSACTION_AMOUNT_XOF"})
    BOOST_TEST(AmountLimits::is_setting(name));
  for (const auto* name : {"MIN_TRANSACTION", "TRANSACTION_TIMEOUT_SECONDS", ""})
    BOOST_TEST(!AmountLimits::is_setting(name));
}
