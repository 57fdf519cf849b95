// Holiday calendars as data: a rule says on which day of every year a holiday falls, so that a calendar
// needs no yearly care where the law gives a rule, and a plain list of dates where it does not.
#pragma once
#include "domain/refusal.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

/// A day on the wall calendar of some place. It names no moment until a time zone does.
using Date = std::chrono::sys_days;
/// "2026-03-29". For years from 1 to 9999.
std::string to_string(Date date);
/// Takes YYYY-MM-DD of a real day; nothing else.
std::optional<Date> date_from(std::string_view text);
Date easter_sunday(int year);  // Gregorian computus, any year from 1583

enum class HolidayKind : std::uint8_t {
  fixed,         // every year on `month` and `day`
  easter,        // `days` after Easter Sunday: -2 Good Friday, 1 Easter Monday, 39 Ascension, 50 Whit Monday
  nth_weekday,   // the `nth` `weekday` of `month`
  last_weekday,  // the last `weekday` of `month`
  single,        // on `date` only: what is announced from year to year
};
std::string_view to_string(HolidayKind kind);
std::optional<HolidayKind> holiday_kind_from(std::string_view text);

/// What happens to a holiday on a weekend. The day itself stays a holiday in each case.
enum class Observance : std::uint8_t {
  as_it_falls,
  sunday_to_monday,         // on Saturday nobody gets a day for it (the Federal Reserve's rule)
  weekend_to_next_weekday,  // the next Monday to Friday that is no holiday yet
};
std::string_view to_string(Observance observance);
std::optional<Observance> observance_from(std::string_view text);

/// Only the fields that the kind names have a meaning. Weekdays are ISO 8601's: 1 Monday … 7 Sunday.
struct HolidayRule {
  std::string name;
  HolidayKind kind = HolidayKind::fixed;
  int month = 0;
  int day = 0;
  int days = 0;
  int nth = 0;
  int weekday = 0;
  std::optional<Date> date;
  Observance observance = Observance::as_it_falls;
  int first_year = 0;        // 0: ever since
  int last_year = 0;         // 0: for ever
  bool provisional = false;  // expected, but subject to an announcement: an operator should look again
  friend bool operator==(const HolidayRule&, const HolidayRule&) = default;
};

struct Calendar {
  std::string name;  // "TARGET"; windows refer to it
  std::vector<HolidayRule> rules;
  friend bool operator==(const Calendar&, const Calendar&) = default;
};
const Calendar* find_calendar(const std::vector<Calendar>& calendars, std::string_view name);

struct Holiday {
  Date date;
  std::string name;
  bool substitute = false;  // the day given for a holiday that fell on a weekend
  bool provisional = false;
  friend bool operator==(const Holiday&, const Holiday&) = default;
};

/// In order of date; where two fall on one day, in the order of the rules. Substitutes belong to the year
/// of the holiday that they stand for.
std::vector<Holiday> holidays_in(const Calendar& calendar, int year);
std::optional<Holiday> holiday_on(const Calendar& calendar, Date date);

/// It has days that are announced from year to year, and nobody has noted one of this year.
bool lacks_announced_days(const Calendar& calendar, int year);

/// Everything that is wrong with it; empty when it can be used. Fields are JSON pointers ("/rules/3/day").
std::vector<Refusal> problems(const Calendar& calendar);

}  // namespace settled
