#include "domain/default_windows.hpp"

namespace settled {
namespace {
constexpr int clock(int hours, int minutes = 0) { return hours * 60 + minutes; }
constexpr int monday = 1, thursday = 4, friday = 5;

HolidayRule fixed(std::string name, int month, int day, Observance observance = Observance::as_it_falls) {
  HolidayRule rule;
  rule.name = std::move(name);
  rule.month = month;
  rule.day = day;
  rule.observance = observance;
  return rule;
}
HolidayRule easter(std::string name, int days) {
  HolidayRule rule;
  rule.name = std::move(name);
  rule.kind = HolidayKind::easter;
  rule.days = days;
  return rule;
}
HolidayRule nth(std::string name, int number, int weekday, int month) {
  HolidayRule rule;
  rule.name = std::move(name);
  rule.kind = HolidayKind::nth_weekday;
  rule.nth = number;
  rule.weekday = weekday;
  rule.month = month;
  return rule;
}
HolidayRule last_monday(std::string name, int month) {
  HolidayRule rule;
  rule.name = std::move(name);
  rule.kind = HolidayKind::last_weekday;
  rule.weekday = monday;
  rule.month = month;
  return rule;
}
/// Follows the moon or a yearly decree: the date is known for sure days before it.
HolidayRule announced(std::string name, std::string_view date) {
  HolidayRule rule;
  rule.name = std::move(name);
  rule.kind = HolidayKind::single;
  rule.date = date_from(date);
  ensure(rule.date.has_value(), "a date of our own tables is a date");
  rule.provisional = true;
  return rule;
}
HolidayRule since(int year, HolidayRule rule) {
  rule.first_year = year;
  return rule;
}
HolidayRule movable_by_decree(HolidayRule rule) {
  rule.provisional = true;
  return rule;
}

/// Days on which all eight states rest; national days of one state do not close the regional system.
Calendar uemoa() {
  return {"UEMOA",
          {
              fixed("Jour de l'an", 1, 1),
              easter("Lundi de Pâques", 1),
              fixed("Fête du travail", 5, 1),
              easter("Ascension", 39),
              easter("Lundi de Pentecôte", 50),
              fixed("Assomption", 8, 15),
              fixed("Toussaint", 11, 1),
              fixed("Noël", 12, 25),
              announced("Lendemain de la Nuit du destin", "2026-03-17"),
              announced("Aïd el-Fitr (Korité, Ramadan)", "2026-03-20"),
              announced("Aïd el-Adha (Tabaski)", "2026-05-27"),
              announced("Mawlid (Maouloud)", "2026-08-26"),
              announced("Lendemain de la Nuit du destin", "2027-03-06"),
              announced("Aïd el-Fitr (Korité, Ramadan)", "2027-03-10"),
              announced("Aïd el-Adha (Tabaski)", "2027-05-17"),
              announced("Mawlid (Maouloud)", "2027-08-15"),
          }};
}

/// Act 601 of 2001 with its amendments to 2025. Some days may be moved to a Monday or Friday by executive
/// instrument, year by year: those stand on their statutory date and are marked provisional.
Calendar ghana() {
  const auto monday_after = Observance::weekend_to_next_weekday;
  return {"Ghana",
          {
              fixed("New Year's Day", 1, 1, monday_after),
              movable_by_decree(fixed("Constitution Day", 1, 7, monday_after)),
              fixed("Independence Day", 3, 6, monday_after),
              easter("Good Friday", -2),
              easter("Easter Monday", 1),
              fixed("May Day", 5, 1, monday_after),
              since(2025, movable_by_decree(fixed("Republic Day", 7, 1, monday_after))),
              since(2025, movable_by_decree(fixed("Founders' Day", 9, 21, monday_after))),
              nth("Farmers' Day", 1, friday, 12),
              fixed("Christmas Day", 12, 25, monday_after),
              fixed("Boxing Day", 12, 26, monday_after),
              announced("Eid-ul-Fitr", "2026-03-20"),
              announced("Shaqq Day", "2026-03-21"),
              announced("Eid-ul-Adha", "2026-05-27"),
              announced("Eid-ul-Fitr", "2027-03-10"),
              announced("Shaqq Day", "2027-03-11"),
              announced("Eid-ul-Adha", "2027-05-17"),
          }};
}

/// The six closing days of T2, the same every year since 2002; none moves when it falls on a weekend.
Calendar target() {
  return {"TARGET",
          {
              fixed("New Year's Day", 1, 1),
              easter("Good Friday", -2),
              easter("Easter Monday", 1),
              fixed("Labour Day", 5, 1),
              fixed("Christmas Day", 12, 25),
              fixed("26 December", 12, 26),
          }};
}

/// On a Sunday holiday the banks rest on Monday; on a Saturday one they work on the Friday before.
Calendar federal_reserve() {
  const auto rule = Observance::sunday_to_monday;
  return {"Federal Reserve",
          {
              fixed("New Year's Day", 1, 1, rule),
              nth("Birthday of Martin Luther King, Jr.", 3, monday, 1),
              nth("Washington's Birthday", 3, monday, 2),
              last_monday("Memorial Day", 5),
              since(2022, fixed("Juneteenth National Independence Day", 6, 19, rule)),
              fixed("Independence Day", 7, 4, rule),
              nth("Labor Day", 1, monday, 9),
              nth("Columbus Day", 2, monday, 10),
              fixed("Veterans Day", 11, 11, rule),
              nth("Thanksgiving Day", 4, thursday, 11),
              fixed("Christmas Day", 12, 25, rule),
          }};
}

WindowDefinition business_days(std::string name, std::string_view currency, std::string zone,
                               std::string calendar, Session session) {
  WindowDefinition window;
  window.name = std::move(name);
  const auto known = currency_from(currency);
  ensure(static_cast<bool>(known), "a currency of our own tables exists");
  window.currency = *known;
  window.zone = std::move(zone);
  window.weekdays = {1, 2, 3, 4, 5};
  window.calendar = std::move(calendar);
  window.sessions = {session};
  return window;
}
}  // namespace

std::vector<Calendar> default_calendars() { return {uemoa(), ghana(), target(), federal_reserve()}; }

std::vector<WindowDefinition> default_windows() {
  return {
      business_days("STAR-UEMOA", "XOF", "Africa/Abidjan", "UEMOA", {clock(8), clock(16, 30), clock(16)}),
      business_days("GhIPSS", "GHS", "Africa/Accra", "Ghana", {clock(8), clock(16), clock(16)}),
      // T2's day proper; customer payments are cut off an hour before its end.
      business_days("T2", "EUR", "Europe/Paris", "TARGET", {clock(2, 30), clock(18), clock(17)}),
      // The business day begins at 21:00 of the calendar day before. Third-party transfers end at 18:45.
      business_days("Fedwire", "USD", "America/New_York", "Federal Reserve",
                    {clock(-3), clock(19), clock(18, 45)}),
  };
}

}  // namespace settled
