#define BOOST_TEST_MODULE rules
#include "domain/rules.hpp"

#include "runtime/time_zone.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace settled;

namespace {
std::optional<std::chrono::seconds> system_zones(std::string_view zone, std::int64_t at) {
  static TimeZones zones;
  return zones.offset(zone, at);
}

struct Fixture {
  Rules rules;
  Policy policy;
  SettlementOrder order{.obligation_id = "o",
                        .from_bank = "ABIDCIAB",
                        .to_bank = "DAKRSNDA",
                        .amount = {100, *currency_from("XOF")},
                        .settlement_date = ""};

  /// Open every day between these hours of its wall clock.
  void open(const std::string& zone, int opens, int closes) {
    rules.windows = {{.name = "here",
                      .zone = zone,
                      .weekdays = {1, 2, 3, 4, 5, 6, 7},
                      .sessions = {{opens * 60, closes * 60, closes * 60}}}};
  }
  Admission judge(int day_of_november, int hour, int minute) const {
    using namespace std::chrono;
    const sys_days day = year{2026} / November / day_of_november;
    const auto at = day + hours{hour} + minutes{minute};
    return Judge{}(order, rules, policy, microseconds(at.time_since_epoch()).count(), system_zones);
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(rules, Fixture)

BOOST_AUTO_TEST_CASE(an_order_without_a_date_goes_into_a_window_that_is_open_whatever_the_day_in_utc) {
  open("Pacific/Honolulu", 8, 20);
  const auto evening = judge(21, 5, 0);  // 19:00 on the 20th there
  BOOST_TEST(evening.refusal.detail == "");
  BOOST_CHECK(evening.waiting == Waiting::no);
  BOOST_TEST(evening.value_date == "2026-11-20");
  BOOST_TEST(evening.settlement_date == "2026-11-20");
  order.settlement_date = "2026-11-21";
  BOOST_CHECK(judge(21, 5, 0).waiting == Waiting::window);
}

BOOST_AUTO_TEST_CASE(an_order_without_a_date_is_never_past) {
  open("Europe/Paris", 8, 20);
  const auto night = judge(20, 23, 30);  // half past midnight on the 21st there
  BOOST_TEST(night.refusal.detail == "");
  BOOST_CHECK(night.waiting == Waiting::window);
  BOOST_TEST(night.settlement_date == "2026-11-21");
  BOOST_TEST(night.value_date == "2026-11-21");
  order.settlement_date = "2026-11-20";
  BOOST_CHECK(judge(20, 23, 30).refusal.code == Errc::date_past);
}

BOOST_AUTO_TEST_CASE(after_midnight_a_session_of_the_day_before_takes_an_order_without_a_date) {
  open("UTC", 20, 26);
  const auto late = judge(21, 1, 0);
  BOOST_CHECK(late.waiting == Waiting::no);
  BOOST_TEST(late.value_date == "2026-11-20");
  BOOST_TEST(late.settlement_date == "2026-11-20");
}

BOOST_AUTO_TEST_SUITE_END()
