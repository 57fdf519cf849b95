#include "domain/calendar.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace settled {
namespace {
using std::chrono::days;
using std::chrono::year_month_day;

constexpr std::array<std::pair<HolidayKind, std::string_view>, 5> kinds{{
    {HolidayKind::fixed, "fixed"},
    {HolidayKind::easter, "easter"},
    {HolidayKind::nth_weekday, "nth_weekday"},
    {HolidayKind::last_weekday, "last_weekday"},
    {HolidayKind::single, "single"},
}};
constexpr std::array<std::pair<Observance, std::string_view>, 3> observances{{
    {Observance::as_it_falls, "as_it_falls"},
    {Observance::sunday_to_monday, "sunday_to_monday"},
    {Observance::weekend_to_next_weekday, "weekend_to_next_weekday"},
}};

template <class Table, class E>
std::string_view name_in(const Table& table, E value) {
  for (const auto& [e, name] : table)
    if (e == value) return name;
  ensure(false, "an enumerator has a name");
  return {};
}
template <class E, std::size_t n>
std::optional<E> value_in(const std::array<std::pair<E, std::string_view>, n>& table, std::string_view text) {
  for (const auto& [e, name] : table)
    if (name == text) return e;
  return std::nullopt;
}

unsigned iso_weekday(Date date) { return std::chrono::weekday{date}.iso_encoding(); }

/// The rule's day in this year; nothing in a year without one (29 February, a fifth Monday, not in force).
std::optional<Date> day_in(const HolidayRule& rule, int year) {
  if ((rule.first_year != 0 && year < rule.first_year) || (rule.last_year != 0 && year > rule.last_year))
    return std::nullopt;
  const std::chrono::year y{year};
  const std::chrono::month m{static_cast<unsigned>(rule.month)};
  const std::chrono::weekday w{static_cast<unsigned>(rule.weekday)};
  switch (rule.kind) {
    case HolidayKind::fixed: {
      const year_month_day ymd{y, m, std::chrono::day{static_cast<unsigned>(rule.day)}};
      if (!ymd.ok()) return std::nullopt;
      return Date{ymd};
    }
    case HolidayKind::easter:
      return easter_sunday(year) + days{rule.days};
    case HolidayKind::nth_weekday: {
      const std::chrono::year_month_weekday ymw{y, m, w[static_cast<unsigned>(rule.nth)]};
      if (!ymw.ok()) return std::nullopt;
      return Date{ymw};
    }
    case HolidayKind::last_weekday: {
      const std::chrono::year_month_weekday_last last{y, m, w[std::chrono::last]};
      if (!last.ok()) return std::nullopt;
      return Date{last};
    }
    case HolidayKind::single:
      if (!rule.date || year_month_day{*rule.date}.year() != y) return std::nullopt;
      return rule.date;
  }
  return std::nullopt;
}

int year_of(Date date) { return static_cast<int>(year_month_day{date}.year()); }
}  // namespace

std::string_view to_string(HolidayKind kind) { return name_in(kinds, kind); }
std::optional<HolidayKind> holiday_kind_from(std::string_view text) { return value_in(kinds, text); }
std::string_view to_string(Observance observance) { return name_in(observances, observance); }
std::optional<Observance> observance_from(std::string_view text) { return value_in(observances, text); }

std::string to_string(Date date) {
  const year_month_day ymd{date};
  std::string text = "0000-00-00";
  const auto put = [&text](std::size_t last, unsigned value) {
    for (; value != 0; value /= 10) text[last--] = static_cast<char>('0' + value % 10);
  };
  const int year = static_cast<int>(ymd.year());
  ensure(year >= 0 && year <= 9999, "a date has a year of four digits");
  put(3, static_cast<unsigned>(year));
  put(6, static_cast<unsigned>(ymd.month()));
  put(9, static_cast<unsigned>(ymd.day()));
  return text;
}

std::optional<Date> date_from(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [text](std::size_t from, std::size_t count) -> std::optional<unsigned> {
    unsigned value = 0;
    for (char c : text.substr(from, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
  };
  const auto y = number(0, 4), m = number(5, 2), d = number(8, 2);
  if (!y || !m || !d || *y == 0) return std::nullopt;
  const year_month_day ymd{std::chrono::year{static_cast<int>(*y)}, std::chrono::month{*m},
                           std::chrono::day{*d}};
  if (!ymd.ok()) return std::nullopt;
  return Date{ymd};
}

Date easter_sunday(int year) {
  // Meeus, Jones and Butcher: exact for the Gregorian calendar, no exceptions to remember.
  const int a = year % 19, b = year / 100, c = year % 100;
  const int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return Date{year_month_day{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(n / 31)},
                             std::chrono::day{static_cast<unsigned>(n % 31 + 1)}}};
}

const Calendar* find_calendar(const std::vector<Calendar>& calendars, std::string_view name) {
  const auto it = std::find_if(calendars.begin(), calendars.end(),
                               [name](const Calendar& calendar) { return calendar.name == name; });
  return it == calendars.end() ? nullptr : &*it;
}

std::vector<Holiday> holidays_in(const Calendar& calendar, int year) {
  std::vector<Holiday> out;
  std::vector<std::pair<Date, const HolidayRule*>> on_weekends;
  for (const HolidayRule& rule : calendar.rules) {
    const auto date = day_in(rule, year);
    if (!date) continue;
    out.push_back({*date, rule.name, false, rule.provisional});
    if (rule.observance != Observance::as_it_falls && iso_weekday(*date) > 5)
      on_weekends.emplace_back(*date, &rule);
  }
  const auto by_date = [](const auto& a, const auto& b) { return a.date < b.date; };
  std::stable_sort(out.begin(), out.end(), by_date);
  // In order of date, so that Christmas on Saturday takes Monday and the day after it takes Tuesday.
  std::stable_sort(on_weekends.begin(), on_weekends.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto taken = [&out](Date date) {
    return std::any_of(out.begin(), out.end(), [date](const Holiday& h) { return h.date == date; });
  };
  for (const auto& [date, rule] : on_weekends) {
    Date day = date + days{8 - static_cast<int>(iso_weekday(date))};  // the Monday after
    if (rule->observance == Observance::sunday_to_monday) {
      if (iso_weekday(date) != 7) continue;
    } else {
      while (iso_weekday(day) > 5 || taken(day)) day += days{1};
    }
    out.push_back({day, rule->name, true, rule->provisional});
  }
  std::stable_sort(out.begin(), out.end(), by_date);
  return out;
}

std::optional<Holiday> holiday_on(const Calendar& calendar, Date date) {
  // The year before as well: a substitute for its last days may lie in this one.
  for (const int year : {year_of(date), year_of(date) - 1})
    for (const auto& holiday : holidays_in(calendar, year))
      if (holiday.date == date) return holiday;
  return std::nullopt;
}

bool lacks_announced_days(const Calendar& calendar, int year) {
  const auto single = [](const HolidayRule& rule) { return rule.kind == HolidayKind::single && rule.date; };
  const auto& rules = calendar.rules;
  return std::any_of(rules.begin(), rules.end(),
                     [&](const HolidayRule& rule) { return single(rule) && rule.provisional; }) &&
         std::none_of(rules.begin(), rules.end(),
                      [&](const HolidayRule& rule) { return single(rule) && year_of(*rule.date) == year; });
}

std::vector<Refusal> problems(const Calendar& calendar) {
  std::vector<Refusal> out;
  const auto wrong = [&out](std::string field, std::string detail, std::string allowed) {
    out.push_back({Errc::invalid_value, std::move(field), std::move(detail), std::move(allowed)});
  };
  if (calendar.name.empty())
    out.push_back({Errc::missing_field, "/name", "a calendar needs a name, which windows refer to", ""});
  for (std::size_t i = 0; i < calendar.rules.size(); ++i) {
    const HolidayRule& rule = calendar.rules[i];
    const auto at = [i](std::string_view field) {
      return "/rules/" + std::to_string(i) + std::string(field);
    };
    const auto in_range = [&](std::string_view field, int value, int least, int most) {
      if (value >= least && value <= most) return true;
      wrong(at(field), std::to_string(value) + " is out of range",
            std::to_string(least) + " to " + std::to_string(most));
      return false;
    };
    if (rule.name.empty())
      out.push_back({Errc::missing_field, at("/name"), "a holiday needs a name to be shown", ""});
    switch (rule.kind) {
      case HolidayKind::fixed:
        if (in_range("/month", rule.month, 1, 12) && in_range("/day", rule.day, 1, 31)) {
          // 2024 is a leap year: 29 February is a day that some years have.
          const year_month_day ymd{std::chrono::year{2024},
                                   std::chrono::month{static_cast<unsigned>(rule.month)},
                                   std::chrono::day{static_cast<unsigned>(rule.day)}};
          if (!ymd.ok()) wrong(at("/day"), "the month has no day " + std::to_string(rule.day), "");
        }
        break;
      case HolidayKind::easter:
        in_range("/days", rule.days, -80, 200);
        break;
      case HolidayKind::nth_weekday:
        in_range("/nth", rule.nth, 1, 5);
        [[fallthrough]];
      case HolidayKind::last_weekday:
        in_range("/month", rule.month, 1, 12);
        in_range("/weekday", rule.weekday, 1, 7);
        break;
      case HolidayKind::single:
        if (!rule.date)
          out.push_back({Errc::missing_field, at("/date"), "a single holiday needs its date", "YYYY-MM-DD"});
        break;
    }
    if (rule.first_year != 0 && rule.last_year != 0 && rule.first_year > rule.last_year)
      wrong(at("/last_year"), "the last year lies before the first", "");
  }
  return out;
}

}  // namespace settled
