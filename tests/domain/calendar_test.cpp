#define BOOST_TEST_MODULE calendar
#include "domain/calendar.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace settled;

namespace {
Date day(std::string_view text) {
  const auto date = date_from(text);
  BOOST_REQUIRE_MESSAGE(date, text << " is a date");
  return *date;
}
HolidayRule fixed(std::string name, int month, int d, Observance observance = Observance::as_it_falls) {
  HolidayRule rule;
  rule.name = std::move(name);
  rule.month = month;
  rule.day = d;
  rule.observance = observance;
  return rule;
}
std::vector<std::string> dates_of(const Calendar& calendar, int year) {
  std::vector<std::string> out;
  for (const auto& holiday : holidays_in(calendar, year)) out.push_back(to_string(holiday.date));
  return out;
}
}  // namespace

BOOST_AUTO_TEST_CASE(dates_are_read_strictly_and_written_back) {
  for (const auto* text : {"2026-03-29", "2024-02-29", "0001-01-01", "9999-12-31", "1969-12-31"})
    BOOST_TEST(to_string(day(text)) == text);
  for (const auto* text : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-3-29", "2026-03-29 ", "0000-01-01",
                           "2026/03/29", "+026-03-29", ""})
    BOOST_TEST(!date_from(text), text);
}

BOOST_AUTO_TEST_CASE(easter_is_where_the_churches_have_it) {
  for (const auto* text :
       {"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2024-03-31", "2025-04-20",
        "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2076-04-19", "2285-03-22"})
    BOOST_TEST(to_string(easter_sunday(std::stoi(std::string(text, 4)))) == text);
}

BOOST_AUTO_TEST_CASE(easter_is_always_a_sunday_between_its_bounds) {
  for (int year = 1583; year <= 4000; ++year) {
    const auto date = easter_sunday(year);
    const std::string text = to_string(date);
    BOOST_TEST(std::chrono::weekday{date}.iso_encoding() == 7u, text);
    BOOST_TEST((text.substr(5) >= "03-22" && text.substr(5) <= "04-25"), text);
  }
}

BOOST_AUTO_TEST_CASE(weekdays_of_a_month_are_counted) {
  HolidayRule third{
      .name = "third Monday", .kind = HolidayKind::nth_weekday, .month = 1, .nth = 3, .weekday = 1};
  HolidayRule last{.name = "last Monday", .kind = HolidayKind::last_weekday, .month = 5, .weekday = 1};
  HolidayRule fifth{
      .name = "fifth Sunday", .kind = HolidayKind::nth_weekday, .month = 2, .nth = 5, .weekday = 7};
  const Calendar calendar{"c", {third, last, fifth}};
  BOOST_TEST(dates_of(calendar, 2026) == (std::vector<std::string>{"2026-01-19", "2026-05-25"}),
             boost::test_tools::per_element());
  BOOST_TEST(dates_of(calendar, 2032).size() == 3u);  // 29 February 2032 is the fifth Sunday
}

BOOST_AUTO_TEST_CASE(a_saturday_and_a_sunday_holiday_get_monday_and_tuesday) {
  const auto free = Observance::weekend_to_next_weekday;
  const Calendar calendar{"c", {fixed("second", 12, 26, free), fixed("first", 12, 25, free)}};
  BOOST_TEST(dates_of(calendar, 2027) ==  // a Saturday and a Sunday
                 (std::vector<std::string>{"2027-12-25", "2027-12-26", "2027-12-27", "2027-12-28"}),
             boost::test_tools::per_element());
  BOOST_TEST(holiday_on(calendar, day("2027-12-27"))->name == "first");
  BOOST_TEST(holiday_on(calendar, day("2027-12-28"))->substitute);
  // Sunday's holiday does not take the Monday that is one itself.
  BOOST_TEST(dates_of(calendar, 2022) == (std::vector<std::string>{"2022-12-25", "2022-12-26", "2022-12-27"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_federal_reserve_gives_monday_for_sunday_and_nothing_for_saturday) {
  const Calendar calendar{"c", {fixed("Independence Day", 7, 4, Observance::sunday_to_monday)}};
  BOOST_TEST(!holiday_on(calendar, day("2026-07-03")));  // the 4th is a Saturday
  BOOST_TEST(!holiday_on(calendar, day("2026-07-06")));
  BOOST_TEST(holiday_on(calendar, day("2027-07-05"))->substitute);  // the 4th is a Sunday
}

BOOST_AUTO_TEST_CASE(a_substitute_reaches_into_the_next_year) {
  const Calendar calendar{"c", {fixed("last day", 12, 31, Observance::weekend_to_next_weekday)}};
  BOOST_TEST(holiday_on(calendar, day("2023-01-02"))->name == "last day");  // 31 December 2022 is a Saturday
}

BOOST_AUTO_TEST_CASE(a_rule_holds_in_its_years_only) {
  auto rule = fixed("Juneteenth", 6, 19);
  rule.first_year = 2022;
  rule.last_year = 2030;
  const Calendar calendar{"c", {rule}};
  BOOST_TEST(!holiday_on(calendar, day("2021-06-19")));
  BOOST_TEST(holiday_on(calendar, day("2022-06-19")).has_value());
  BOOST_TEST(!holiday_on(calendar, day("2031-06-19")));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_calendar_is_named_by_field) {
  HolidayRule undated{.name = "x", .kind = HolidayKind::single};
  HolidayRule sixth{.name = "x", .kind = HolidayKind::nth_weekday, .month = 1, .nth = 6, .weekday = 8};
  auto back = fixed("x", 1, 1);
  back.first_year = 2030;
  back.last_year = 2020;
  const Calendar bad{"", {fixed("", 1, 1), fixed("x", 2, 30), fixed("x", 13, 1), undated, sixth, back}};
  std::vector<std::string> fields;
  for (const auto& problem : problems(bad)) fields.push_back(problem.field);
  BOOST_TEST(fields == (std::vector<std::string>{"/name", "/rules/0/name", "/rules/1/day", "/rules/2/month",
                                                 "/rules/3/date", "/rules/4/nth", "/rules/4/weekday",
                                                 "/rules/5/last_year"}),
             boost::test_tools::per_element());
  BOOST_TEST(problems({"good", {fixed("leap day", 2, 29)}}).empty());
}

BOOST_AUTO_TEST_CASE(every_kind_and_observance_has_a_name_that_reads_back) {
  for (auto kind : {HolidayKind::fixed, HolidayKind::easter, HolidayKind::nth_weekday,
                    HolidayKind::last_weekday, HolidayKind::single})
    BOOST_TEST((holiday_kind_from(to_string(kind)) == kind));
  for (auto o : {Observance::as_it_falls, Observance::sunday_to_monday, Observance::weekend_to_next_weekday})
    BOOST_TEST((observance_from(to_string(o)) == o));
  BOOST_TEST(!holiday_kind_from("moon"));
}
