#include "domain/window.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace settled {
namespace {
using std::chrono::days;

constexpr int day_minutes = 24 * 60;
constexpr int days_ahead = 366;

Date local_date(std::int64_t utc, std::chrono::seconds offset) {
  return std::chrono::floor<days>(std::chrono::sys_seconds{std::chrono::seconds{utc} + offset});
}

bool on_weekday(const WindowDefinition& window, Date date) {
  const auto day = static_cast<int>(std::chrono::weekday{date}.iso_encoding());
  return std::find(window.weekdays.begin(), window.weekdays.end(), day) != window.weekdays.end();
}

bool in_force(const WindowDefinition& window, Date date) {
  return (!window.effective_from || *window.effective_from <= date) &&
         (!window.effective_to || date <= *window.effective_to);
}

/// Higher is more specific; nothing: this definition is not for such orders.
std::optional<int> rank(const WindowDefinition& window, const WindowQuestion& q) {
  if (window.currency && *window.currency != q.currency) return std::nullopt;
  if (window.method && *window.method != q.method) return std::nullopt;
  return (window.currency ? 2 : 0) + (window.method ? 1 : 0);
}

struct Opening {
  std::int64_t opens = 0, closes = 0, cut_off = 0;
};

std::optional<Opening> opening_of(const WindowDefinition& window, const Session& session, Date date,
                                  const ZoneOffset& zone_offset) {
  const auto at = [&](int minutes, bool second) {
    return moment_of(date, minutes, window.zone, zone_offset, second);
  };
  // In the hour that comes twice we open late and end early: what we call open is open however the other
  // side reads its clock. Only where that would leave nothing (both ends within the hour) we open early.
  const auto closes = at(session.closes, false), cut_off = at(session.cut_off, false);
  auto opens = at(session.opens, true);
  if (!opens || !closes || !cut_off) return std::nullopt;
  if (*opens >= *cut_off) opens = at(session.opens, false);
  if (*opens >= *cut_off) return std::nullopt;  // summer time skipped all of it
  return Opening{*opens, *closes, *cut_off};
}

std::string no_calendar(const WindowDefinition& window) {
  return window.name + " is closed: there is no calendar \"" + window.calendar + "\", which it names";
}

/// Why there is no business on this day, if there is none.
std::string day_off(const WindowDefinition& window, const std::vector<Calendar>& calendars, Date date) {
  if (!on_weekday(window, date)) return window.name + " does not open on this day of the week";
  if (window.calendar.empty()) return {};
  const Calendar* calendar = find_calendar(calendars, window.calendar);
  // Never guess that a day is no holiday.
  if (calendar == nullptr) return no_calendar(window);
  const auto holiday = holiday_on(*calendar, date);
  if (!holiday) return {};
  return window.name + " is closed on " + to_string(date) + ": " + holiday->name +
         (holiday->provisional ? " (date provisional)" : "");
}

std::string name_of(const WindowQuestion& q) {
  return std::string(q.currency.code()) + " by " + std::string(to_string(q.method));
}

/// The window's own first word on why it is shut at this moment.
std::string closed_reason(const WindowDefinition& window, const std::vector<Calendar>& calendars,
                          const WindowQuestion& q, const Opening& next, Date value_date,
                          std::chrono::seconds offset) {
  const Date today = local_date(q.now, offset);
  if (q.not_before && value_date >= *q.not_before && *q.not_before > today)
    return "the order's settlement date is " + to_string(*q.not_before);
  if (auto off = day_off(window, calendars, today); !off.empty()) return off;
  if (local_date(next.opens, offset) == today) return window.name + " has not opened yet";
  return window.name + " has closed for today";
}

void session_problems(const WindowDefinition& window, std::vector<Refusal>& out) {
  const auto at = [](std::size_t i, std::string_view field) {
    return "/sessions/" + std::to_string(i) + std::string(field);
  };
  const auto wrong = [&out](std::string field, std::string detail, std::string allowed) {
    out.push_back({Errc::invalid_value, std::move(field), std::move(detail), std::move(allowed)});
  };
  bool sound = true;
  for (std::size_t i = 0; i < window.sessions.size(); ++i) {
    const Session& s = window.sessions[i];
    const auto before = out.size();
    if (s.opens < -day_minutes || s.opens >= day_minutes)
      wrong(at(i, "/opens"), "a session opens on its business day or the day before",
            "-1440 to 1439 minutes from midnight");
    else if (s.closes <= s.opens)
      wrong(at(i, "/closes"),
            "the session is empty: it closes at " + clock_text(s.closes) + " and opens at " +
                clock_text(s.opens),
            "later than it opens; across midnight count on, 01:00 the day after is 1500");
    else if (s.closes - s.opens > day_minutes)
      wrong(at(i, "/closes"), "a session lasts at most 24 hours, or it would overlap the next day's", "");
    else if (s.cut_off <= s.opens || s.cut_off > s.closes)
      wrong(at(i, "/cut_off"), "the cut-off " + clock_text(s.cut_off) + " lies outside the session",
            "after " + clock_text(s.opens) + ", at most " + clock_text(s.closes));
    sound = sound && out.size() == before;
  }
  if (!sound) return;
  // Each session against each other on the business days around it; a day's end may touch a beginning.
  for (std::size_t i = 0; i < window.sessions.size(); ++i)
    for (std::size_t j = 0; j < window.sessions.size(); ++j)
      for (int apart = 0; apart <= 2; ++apart) {
        if (apart == 0 && j <= i) continue;
        const bool both_days = std::any_of(window.weekdays.begin(), window.weekdays.end(), [&](int day) {
          const int later = (day - 1 + apart) % 7 + 1;
          return std::find(window.weekdays.begin(), window.weekdays.end(), later) != window.weekdays.end();
        });
        const Session &a = window.sessions[i], &b = window.sessions[j];
        const int shift = apart * day_minutes;
        if (!both_days || a.closes <= b.opens + shift || b.closes + shift <= a.opens) continue;
        wrong(at(j, "/opens"),
              "the window overlaps itself: a session ends at " + clock_text(a.closes) + ", and one of " +
                  (apart == 0 ? std::string("the same day")
                              : std::to_string(apart) + " business day(s) later") +
                  " opens at " + clock_text(b.opens),
              "sessions that follow one another");
      }
}
}  // namespace

std::string_view to_string(WindowState state) {
  switch (state) {
    case WindowState::open:
      return "open";
    case WindowState::after_cut_off:
      return "after_cut_off";
    case WindowState::closed:
      return "closed";
    case WindowState::none:
      return "none";
  }
  return "none";
}

std::string clock_text(int minutes) {
  const bool before = minutes < 0;
  const bool after = minutes > day_minutes;  // 24:00 is the end of the day itself
  const int of_day = before ? minutes + day_minutes : after ? minutes - day_minutes : minutes;
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(of_day / 60) + ':' + two(of_day % 60) +
         (before  ? " the day before"
          : after ? " the day after"
                  : "");
}

WindowDefinition always_open() {
  WindowDefinition window;
  window.name = "always open";
  window.zone = "UTC";
  window.weekdays = {1, 2, 3, 4, 5, 6, 7};
  window.sessions = {{0, day_minutes, day_minutes}};
  return window;
}

std::optional<std::int64_t> moment_of(Date date, int minutes, std::string_view zone,
                                      const ZoneOffset& zone_offset, bool second) {
  constexpr std::int64_t day = 86'400;
  const std::int64_t local = date.time_since_epoch().count() * day + minutes * std::int64_t{60};
  // No zone changes twice within two days, so the offsets a day around are those before and after.
  const auto before = zone_offset(zone, local - day), after = zone_offset(zone, local + day);
  if (!before || !after) return std::nullopt;
  const std::int64_t by_before = local - before->count(), by_after = local - after->count();
  if (by_before == by_after) return by_before;
  const bool before_holds = zone_offset(zone, by_before) == before;
  const bool after_holds = zone_offset(zone, by_after) == after;
  if (before_holds && after_holds)
    return second ? std::max(by_before, by_after) : std::min(by_before, by_after);
  if (before_holds) return by_before;
  if (after_holds) return by_after;
  // Skipped: find the moment of the change, which lies between the two readings.
  std::int64_t earlier = std::min(by_before, by_after), later = std::max(by_before, by_after);
  while (later - earlier > 1) {
    const auto middle = earlier + (later - earlier) / 2;
    (zone_offset(zone, middle) == before ? earlier : later) = middle;
  }
  return later;
}

std::vector<Refusal> problems(const WindowDefinition& window, const std::vector<Calendar>& calendars,
                              const ZoneOffset& zone_offset) {
  std::vector<Refusal> out;
  const auto missing = [&out](std::string field, std::string detail, std::string allowed) {
    out.push_back({Errc::missing_field, std::move(field), std::move(detail), std::move(allowed)});
  };
  const auto wrong = [&out](std::string field, std::string detail, std::string allowed) {
    out.push_back({Errc::invalid_value, std::move(field), std::move(detail), std::move(allowed)});
  };
  if (window.name.empty()) missing("/name", "a window needs a name to be shown", "");
  if (window.zone.empty())
    missing("/zone", "a window needs a time zone: its times are those of a wall clock somewhere",
            "an IANA name such as Africa/Abidjan");
  else if (!zone_offset(window.zone, 0))
    wrong("/zone", '"' + window.zone.substr(0, 40) + "\" is not in the system's time zone data",
          "an IANA name such as Africa/Abidjan");
  if (!window.calendar.empty() && find_calendar(calendars, window.calendar) == nullptr)
    wrong("/calendar", "there is no calendar \"" + window.calendar.substr(0, 40) + '"', "");
  if (window.effective_from && window.effective_to && *window.effective_to < *window.effective_from)
    wrong("/effective_to", "the window would end before it begins",
          to_string(*window.effective_from) + " or later");
  if (window.weekdays.empty())
    missing("/weekdays", "a window that opens on no day of the week is empty", "1 Monday … 7 Sunday");
  for (std::size_t i = 0; i < window.weekdays.size(); ++i) {
    const auto at = window.weekdays.begin() + static_cast<std::ptrdiff_t>(i);
    if (*at < 1 || *at > 7)
      wrong("/weekdays/" + std::to_string(i), std::to_string(*at) + " is not a day of the week",
            "1 Monday … 7 Sunday");
    else if (std::find(window.weekdays.begin(), at, *at) != at)
      wrong("/weekdays/" + std::to_string(i), "the day is named twice", "each day once");
  }
  if (window.sessions.empty()) missing("/sessions", "a window without a session never opens", "");
  session_problems(window, out);
  return out;
}

WindowAnswer decide(const std::vector<WindowDefinition>& windows, const std::vector<Calendar>& calendars,
                    const WindowQuestion& q, const ZoneOffset& zone_offset) {
  struct Candidate {
    const WindowDefinition* window;
    int rank;
  };
  std::vector<Candidate> candidates;
  WindowAnswer answer;
  answer.reason = "no window is defined for " + name_of(q);
  for (const auto& window : windows) {
    const auto its_rank = rank(window, q);
    if (!its_rank) continue;
    candidates.push_back({&window, *its_rank});
    // Never guess at a clock that we cannot read: such a window stays shut, and does not leave the decision
    // to a less specific one.
    if (!zone_offset(window.zone, q.now))
      answer.reason =
          "the system's time zone data has no " + window.zone + ", which " + window.name + " needs";
    else if (!window.calendar.empty() && find_calendar(calendars, window.calendar) == nullptr)
      answer.reason = no_calendar(window);
  }

  const WindowDefinition* best = nullptr;
  Opening found;
  std::string after_cut_off;
  // Day by day from the earliest business day whose session can still be running: one that opened the day
  // before it and lasts into the day after, seen from any zone.
  const Date first = local_date(q.now, std::chrono::seconds{0}) - days{3};
  for (int ahead = 0; ahead <= days_ahead; ++ahead) {
    const Date date = first + days{ahead};
    int deciding = -1;
    for (const auto& c : candidates)
      if (in_force(*c.window, date)) deciding = std::max(deciding, c.rank);
    for (const auto& c : candidates) {
      if (c.rank != deciding || !in_force(*c.window, date)) continue;
      if (!day_off(*c.window, calendars, date).empty()) continue;
      for (const Session& session : c.window->sessions) {
        const auto opening = opening_of(*c.window, session, date, zone_offset);
        if (!opening) continue;
        if (opening->opens <= q.now && q.now < opening->closes && opening->cut_off <= q.now)
          after_cut_off = "the cut-off of " + c.window->name + " has passed";
        if (opening->cut_off <= q.now || (q.not_before && date < *q.not_before)) continue;
        // The one that opens first; of several that are open, the one that stays so longest.
        const auto order = [&q](const Opening& o) {
          return std::tuple(std::max(o.opens, q.now), -o.cut_off, o.opens);
        };
        if (best != nullptr && order(found) <= order(*opening)) continue;
        best = c.window;
        found = *opening;
        answer.value_date = date;
      }
    }
    // A later day's session may open before an earlier day's (21:00 the day before): look two days further.
    if (best != nullptr && date > answer.value_date + days{2}) break;
  }
  if (best == nullptr) return answer;
  answer.window = best->name;
  answer.zone = best->zone;
  answer.opens_at = found.opens;
  answer.closes_at = found.closes;
  answer.next_cut_off = found.cut_off;
  if (found.opens <= q.now) {
    answer.state = WindowState::open;
    answer.reason.clear();
  } else if (!after_cut_off.empty()) {
    answer.state = WindowState::after_cut_off;
    answer.reason = after_cut_off;
  } else {
    answer.state = WindowState::closed;
    answer.reason = closed_reason(*best, calendars, q, found, answer.value_date,
                                  zone_offset(best->zone, q.now).value_or(std::chrono::seconds{0}));
  }
  return answer;
}

}  // namespace settled
