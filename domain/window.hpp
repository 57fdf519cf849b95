// Settlement windows: when a rail takes orders, and which business day they then count for. A window's
// times are those of a wall clock in its zone; what that means in UTC is worked out day by day, so that
// the hour which summer time takes or gives twice is no special case for anybody else.
#pragma once
#include "domain/calendar.hpp"
#include "domain/money.hpp"
#include "domain/settlement.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

/// Local time minus UTC in an IANA zone at a moment (seconds since 1970, UTC); nothing for a zone that is
/// not known. The system's: runtime/time_zone.hpp.
using ZoneOffset =
    std::function<std::optional<std::chrono::seconds>(std::string_view zone, std::int64_t utc_seconds)>;

/// One stretch of opening for a business day. Minutes of the wall clock, counted from that day's midnight:
/// 480 is 08:00, -180 is 21:00 of the day before, 1500 is 01:00 of the day after.
struct Session {
  int opens = 0;
  int closes = 0;
  int cut_off = 0;  // orders that come later count for the next session; at most `closes`
  friend bool operator==(const Session&, const Session&) = default;
};

/// When orders of one kind are taken. Of several definitions the most specific that is in force on a
/// business day decides it: one for the currency and method before one for the currency, that before one
/// for the method, that before one for all. Equally specific ones add up.
struct WindowDefinition {
  std::string name;                  // "STAR-UEMOA"
  std::optional<Currency> currency;  // nothing: every currency
  std::optional<Method> method;      // nothing: every method
  std::string zone;                  // "Africa/Abidjan"
  std::vector<int> weekdays;         // business days, ISO 8601: 1 Monday … 7 Sunday
  std::string calendar;              // whose holidays are no business days; empty: none; missing: closed
  std::optional<Date> effective_from;
  std::optional<Date> effective_to;  // the last day
  std::vector<Session> sessions;
  friend bool operator==(const WindowDefinition&, const WindowDefinition&) = default;
};

/// Open at any moment for everything, with the days of UTC: the development profile's.
WindowDefinition always_open();

/// Everything that is wrong with a definition; empty when it can be used. Fields are JSON pointers.
std::vector<Refusal> problems(const WindowDefinition& window, const std::vector<Calendar>& calendars,
                              const ZoneOffset& zone_offset);

enum class WindowState : std::uint8_t {
  open,
  after_cut_off,  // the rail is still open, but not for new orders
  closed,
  none,  // nothing defined that will ever open
};
std::string_view to_string(WindowState state);

struct WindowQuestion {
  Currency currency;
  Method method = Method::LOCAL_ACH;
  std::int64_t now = 0;  // seconds since 1970, UTC
  /// The order's settlement date: business days before it are not for this order.
  std::optional<Date> not_before;
};

/// The session an order would go into: the one that is open, else the next. Moments are seconds since 1970,
/// UTC; a session is open from `opens_at` up to, and not at, `next_cut_off`. The answer holds until
/// `next_cut_off` when open, else until `opens_at`.
struct WindowAnswer {
  WindowState state = WindowState::none;
  std::string window;  // the definition's name
  std::string zone;
  std::int64_t opens_at = 0;
  std::int64_t closes_at = 0;
  std::int64_t next_cut_off = 0;
  Date value_date{};
  std::string reason;  // why not open, in words for an operator; empty when open
};

/// Definitions and calendars must be without problems. Looks a year ahead.
WindowAnswer decide(const std::vector<WindowDefinition>& windows, const std::vector<Calendar>& calendars,
                    const WindowQuestion& question, const ZoneOffset& zone_offset);

/// The moment at which the wall clock of `zone` shows `minutes` after the midnight of `date`. A time that
/// summer time skips is the moment of the skip. A time that comes twice is its first, or with `second` its
/// second coming. Nothing for an unknown zone.
std::optional<std::int64_t> moment_of(Date date, int minutes, std::string_view zone,
                                      const ZoneOffset& zone_offset, bool second = false);

/// "08:00", "21:00 the day before", "01:00 the day after".
std::string clock_text(int minutes);

}  // namespace settled
