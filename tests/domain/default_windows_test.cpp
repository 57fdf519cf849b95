#define BOOST_TEST_MODULE default_windows
#include "domain/default_windows.hpp"

#include "runtime/time_zone.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>

using namespace settled;

namespace {
const ZoneOffset system_zones = [zones = std::make_shared<TimeZones>()](std::string_view zone,
                                                                        std::int64_t at) {
  return zones->offset(zone, at);
};
Date day(std::string_view text) { return date_from(text).value(); }
std::int64_t utc(std::string_view date, int hour, int minute = 0) {
  return day(date).time_since_epoch().count() * std::int64_t{86'400} + hour * 3600 + minute * 60;
}
WindowAnswer ask(const char* code, std::int64_t at, Method method = Method::LOCAL_ACH) {
  static const auto windows = default_windows();
  static const auto calendars = default_calendars();
  return decide(windows, calendars, {*currency_from(code), method, at, {}}, system_zones);
}
bool open(const char* code, std::int64_t at) { return ask(code, at).state == WindowState::open; }
/// The holidays of a year that keep a Monday to Friday closed, "MM-DD".
std::vector<std::string> closed_days(std::string_view calendar, int year, bool with_provisional = true) {
  const auto calendars = default_calendars();
  std::vector<std::string> out;
  for (const auto& holiday : holidays_in(*find_calendar(calendars, calendar), year))
    if (std::chrono::weekday{holiday.date}.iso_encoding() <= 5 && (with_provisional || !holiday.provisional))
      out.push_back(to_string(holiday.date).substr(5));
  return out;
}
using Days = std::vector<std::string>;
}  // namespace

BOOST_AUTO_TEST_CASE(the_delivered_tables_are_sound) {
  const auto calendars = default_calendars();
  for (const auto& calendar : calendars) BOOST_TEST(problems(calendar).empty(), calendar.name);
  for (const auto& window : default_windows())
    for (const auto& problem : problems(window, calendars, system_zones))
      BOOST_TEST(problem.detail == "", window.name << problem.field);
}

BOOST_AUTO_TEST_CASE(target_closes_on_its_six_days) {
  BOOST_TEST(closed_days("TARGET", 2026) == (Days{"01-01", "04-03", "04-06", "05-01", "12-25"}),
             boost::test_tools::per_element());  // the 26th is a Saturday
  BOOST_TEST(closed_days("TARGET", 2025) == (Days{"01-01", "04-18", "04-21", "05-01", "12-25", "12-26"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_feasts_of_2027_are_expected_and_those_of_2028_are_missed) {
  const auto calendars = default_calendars();
  const auto feasts = [&](std::string_view name) {
    std::vector<std::string> out;
    for (const auto& rule : find_calendar(calendars, name)->rules)
      if (rule.kind == HolidayKind::single && rule.provisional) out.push_back(to_string(*rule.date));
    std::erase_if(out, [](const std::string& date) { return !date.starts_with("2027"); });
    return out;
  };
  BOOST_TEST(feasts("UEMOA") == (Days{"2027-03-06", "2027-03-10", "2027-05-17", "2027-08-15"}),
             boost::test_tools::per_element());
  BOOST_TEST(feasts("Ghana") == (Days{"2027-03-10", "2027-03-11", "2027-05-17"}),
             boost::test_tools::per_element());
  for (const char* moon : {"UEMOA", "Ghana"}) {
    BOOST_TEST(!lacks_announced_days(*find_calendar(calendars, moon), 2027));
    BOOST_TEST(lacks_announced_days(*find_calendar(calendars, moon), 2028));
  }
  BOOST_TEST(!lacks_announced_days(*find_calendar(calendars, "TARGET"), 2028));
}

BOOST_AUTO_TEST_CASE(the_federal_reserve_keeps_its_published_days) {
  // As published: in 2026 Independence Day, in 2027 Juneteenth and Christmas fall on Saturdays.
  BOOST_TEST(closed_days("Federal Reserve", 2026) == (Days{"01-01", "01-19", "02-16", "05-25", "06-19",
                                                           "09-07", "10-12", "11-11", "11-26", "12-25"}),
             boost::test_tools::per_element());
  BOOST_TEST(closed_days("Federal Reserve", 2027) ==
                 (Days{"01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(uemoa_rests_on_computed_days_and_feasts_are_provisional) {
  BOOST_TEST(
      closed_days("UEMOA", 2026, false) == (Days{"01-01", "04-06", "05-01", "05-14", "05-25", "12-25"}),
      boost::test_tools::per_element());
  BOOST_TEST(closed_days("UEMOA", 2026).size() == 10u);
  BOOST_TEST(closed_days("UEMOA", 2027, false) == (Days{"01-01", "03-29", "05-06", "05-17", "11-01"}),
             boost::test_tools::per_element());
  const auto closed = ask("XOF", utc("2026-05-27", 10));
  BOOST_TEST((closed.state == WindowState::closed));
  BOOST_TEST(closed.reason == "STAR-UEMOA is closed on 2026-05-27: Aïd el-Adha (Tabaski) (date provisional)");
}

BOOST_AUTO_TEST_CASE(ghana_gives_the_monday_after_a_weekend) {
  const auto days = closed_days("Ghana", 2026);
  for (const auto* date : {"03-06", "04-03", "04-06", "12-04", "12-25", "12-28"})
    BOOST_TEST((std::find(days.begin(), days.end(), date) != days.end()), date);
}

BOOST_AUTO_TEST_CASE(each_currency_keeps_its_hours_in_winter_and_summer) {
  BOOST_TEST(!open("XOF", utc("2026-01-15", 7, 59)));
  BOOST_TEST(open("XOF", utc("2026-01-15", 8)));
  BOOST_TEST(!open("XOF", utc("2026-07-15", 16)));
  BOOST_TEST(open("GHS", utc("2026-07-15", 15, 59)));
  BOOST_TEST(open("EUR", utc("2026-01-15", 15, 59)));   // 16:59 in Paris
  BOOST_TEST(!open("EUR", utc("2026-07-15", 15, 59)));  // 17:59
  BOOST_TEST(open("EUR", utc("2026-07-15", 0, 30)));    // 02:30
  BOOST_TEST(open("USD", utc("2026-01-15", 23, 44)));   // 18:44 in New York
  BOOST_TEST(!open("USD", utc("2026-07-15", 23, 44)));  // 19:44
  BOOST_TEST((ask("GBP", utc("2026-07-15", 12)).state == WindowState::none));
}

BOOST_AUTO_TEST_CASE(an_evening_in_new_york_counts_for_the_next_business_day) {
  const auto friday_evening = ask("USD", utc("2026-11-28", 2, 30));  // Friday 21:30
  BOOST_TEST(to_string(friday_evening.value_date) == "2026-11-30");
  BOOST_TEST((friday_evening.state == WindowState::closed));
  const auto eve = ask("USD", utc("2026-11-26", 3));  // Wednesday 22:00, and Thursday is Thanksgiving
  BOOST_TEST((eve.state == WindowState::closed));
  BOOST_TEST(to_string(eve.value_date) == "2026-11-27");
  const auto thursday = ask("USD", utc("2026-11-27", 3));  // Thursday 22:00: Friday's business has begun
  BOOST_TEST((thursday.state == WindowState::open));
  BOOST_TEST(to_string(thursday.value_date) == "2026-11-27");
}
