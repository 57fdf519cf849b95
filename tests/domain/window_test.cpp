#define BOOST_TEST_MODULE window
#include "domain/window.hpp"

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

Date day(std::string_view text) {
  const auto date = date_from(text);
  BOOST_REQUIRE_MESSAGE(date, text << " is a date");
  return *date;
}
/// "2026-03-27 08:00" or "… 08:00:30", UTC.
std::int64_t utc(std::string_view text) {
  const auto number = [text](std::size_t from) { return std::stoi(std::string(text.substr(from, 2))); };
  return day(text.substr(0, 10)).time_since_epoch().count() * std::int64_t{86'400} + number(11) * 3600 +
         number(14) * 60 + (text.size() > 16 ? number(17) : 0);
}
std::string utc_text(std::int64_t at) {
  const auto date = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{at}});
  const auto seconds = at - date.time_since_epoch().count() * std::int64_t{86'400};
  return to_string(date) + ' ' + clock_text(static_cast<int>(seconds / 60));
}
Currency currency(std::string_view code) { return *currency_from(code); }

WindowDefinition window(std::string name, std::string zone, std::vector<Session> sessions) {
  WindowDefinition w;
  w.name = std::move(name);
  w.zone = std::move(zone);
  w.weekdays = {1, 2, 3, 4, 5};
  w.sessions = std::move(sessions);
  return w;
}
WindowDefinition abidjan() { return window("STAR", "Africa/Abidjan", {{480, 990, 960}}); }

WindowAnswer ask(const std::vector<WindowDefinition>& windows, std::string_view now, const char* code = "XOF",
                 const std::vector<Calendar>& calendars = {}, std::optional<Date> not_before = {}) {
  for (const auto& w : windows) BOOST_REQUIRE(problems(w, calendars, system_zones).empty());
  return decide(windows, calendars, {currency(code), Method::LOCAL_ACH, utc(now), not_before}, system_zones);
}
std::vector<std::string> fields(const WindowDefinition& w) {
  std::vector<std::string> out;
  for (const auto& problem : problems(w, {}, system_zones)) out.push_back(problem.field);
  return out;
}
void check(const WindowAnswer& answer, WindowState state, std::string_view opens, std::string_view cut_off,
           std::string_view value_date) {
  BOOST_TEST(to_string(answer.state) == to_string(state));
  BOOST_TEST(utc_text(answer.opens_at) == opens);
  BOOST_TEST(utc_text(answer.next_cut_off) == cut_off);
  BOOST_TEST(to_string(answer.value_date) == value_date);
  BOOST_TEST(answer.reason.empty() == (state == WindowState::open), answer.reason);
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_day_opens_cuts_off_and_closes_on_the_second) {
  const std::vector windows{abidjan()};  // 27 March 2026 is a Friday
  check(ask(windows, "2026-03-27 07:59:59"), WindowState::closed, "2026-03-27 08:00", "2026-03-27 16:00",
        "2026-03-27");
  check(ask(windows, "2026-03-27 08:00"), WindowState::open, "2026-03-27 08:00", "2026-03-27 16:00",
        "2026-03-27");
  check(ask(windows, "2026-03-27 15:59:59"), WindowState::open, "2026-03-27 08:00", "2026-03-27 16:00",
        "2026-03-27");
  check(ask(windows, "2026-03-27 16:00"), WindowState::after_cut_off, "2026-03-30 08:00", "2026-03-30 16:00",
        "2026-03-30");
  check(ask(windows, "2026-03-27 16:30"), WindowState::closed, "2026-03-30 08:00", "2026-03-30 16:00",
        "2026-03-30");
  BOOST_TEST(utc_text(ask(windows, "2026-03-27 12:00").closes_at) == "2026-03-27 16:30");
}

BOOST_AUTO_TEST_CASE(the_reason_says_why_it_is_shut) {
  HolidayRule rule{.name = "Ascension", .kind = HolidayKind::easter, .days = 39};
  const std::vector<Calendar> calendars{{"UEMOA", {rule}}};
  auto w = abidjan();
  w.calendar = "UEMOA";
  const auto reason = [&](std::string_view now) { return ask({w}, now, "XOF", calendars).reason; };
  BOOST_TEST(reason("2026-03-27 07:00") == "STAR has not opened yet");
  BOOST_TEST(reason("2026-03-27 16:10") == "the cut-off of STAR has passed");
  BOOST_TEST(reason("2026-03-27 18:00") == "STAR has closed for today");
  BOOST_TEST(reason("2026-03-28 12:00") == "STAR does not open on this day of the week");
  BOOST_TEST(reason("2026-05-14 12:00") == "STAR is closed on 2026-05-14: Ascension");
  check(ask({w}, "2026-05-14 12:00", "XOF", calendars), WindowState::closed, "2026-05-15 08:00",
        "2026-05-15 16:00", "2026-05-15");
}

BOOST_AUTO_TEST_CASE(several_sessions_a_day_follow_one_another) {
  const std::vector windows{window("clearing", "Africa/Accra", {{540, 660, 660}, {780, 900, 890}})};
  check(ask(windows, "2026-03-27 10:59"), WindowState::open, "2026-03-27 09:00", "2026-03-27 11:00",
        "2026-03-27");
  check(ask(windows, "2026-03-27 11:00"), WindowState::closed, "2026-03-27 13:00", "2026-03-27 14:50",
        "2026-03-27");
  check(ask(windows, "2026-03-27 14:50"), WindowState::after_cut_off, "2026-03-30 09:00", "2026-03-30 11:00",
        "2026-03-30");
}

BOOST_AUTO_TEST_CASE(a_night_belongs_to_the_business_day_it_leads_to) {
  const std::vector windows{window("Fedwire", "America/New_York", {{-180, 1140, 1125}})};
  // Friday 19:00 in New York is Friday's end; Monday's business opens on Sunday at 21:00.
  check(ask(windows, "2026-03-27 22:44", "USD"), WindowState::open, "2026-03-27 01:00", "2026-03-27 22:45",
        "2026-03-27");
  check(ask(windows, "2026-03-28 12:00", "USD"), WindowState::closed, "2026-03-30 01:00", "2026-03-30 22:45",
        "2026-03-30");
  check(ask(windows, "2026-03-30 01:00", "USD"), WindowState::open, "2026-03-30 01:00", "2026-03-30 22:45",
        "2026-03-30");
}

BOOST_AUTO_TEST_CASE(a_session_may_last_past_midnight_of_its_business_day) {
  const std::vector windows{window("late", "Africa/Abidjan", {{1320, 1560, 1500}})};  // 22:00 to 02:00
  check(ask(windows, "2026-03-28 00:30"), WindowState::open, "2026-03-27 22:00", "2026-03-28 01:00",
        "2026-03-27");
  check(ask(windows, "2026-03-28 01:30"), WindowState::after_cut_off, "2026-03-30 22:00", "2026-03-31 01:00",
        "2026-03-30");
}

BOOST_AUTO_TEST_CASE(opening_hours_follow_the_wall_clock_through_summer_time) {
  auto w = window("T2", "Europe/Paris", {{480, 1080, 1020}});
  w.weekdays = {1, 2, 3, 4, 5, 6, 7};
  check(ask({w}, "2026-03-28 07:00", "EUR"), WindowState::open, "2026-03-28 07:00", "2026-03-28 16:00",
        "2026-03-28");
  check(ask({w}, "2026-03-29 06:00", "EUR"), WindowState::open, "2026-03-29 06:00", "2026-03-29 15:00",
        "2026-03-29");
  check(ask({w}, "2026-10-25 06:00", "EUR"), WindowState::closed, "2026-10-25 07:00", "2026-10-25 16:00",
        "2026-10-25");
}

BOOST_AUTO_TEST_CASE(an_opening_in_the_skipped_hour_is_the_moment_of_the_skip) {
  auto w = window("night", "Europe/Paris", {{150, 600, 540}});  // 02:30, which 29 March does not have
  w.weekdays = {7};
  check(ask({w}, "2026-03-29 00:59:59", "EUR"), WindowState::closed, "2026-03-29 01:00", "2026-03-29 07:00",
        "2026-03-29");
  check(ask({w}, "2026-03-29 01:00", "EUR"), WindowState::open, "2026-03-29 01:00", "2026-03-29 07:00",
        "2026-03-29");
}

BOOST_AUTO_TEST_CASE(a_session_that_the_skip_swallows_does_not_take_place) {
  auto w = window("short", "Europe/Paris", {{130, 170, 160}});  // 02:10 to 02:50
  w.weekdays = {7};
  check(ask({w}, "2026-03-29 00:00", "EUR"), WindowState::closed, "2026-04-05 00:10", "2026-04-05 00:40",
        "2026-04-05");
}

BOOST_AUTO_TEST_CASE(in_the_doubled_hour_we_open_late_and_cut_off_early) {
  auto opening = window("opens in it", "Europe/Paris", {{150, 600, 540}});
  auto ending = window("ends in it", "Europe/Paris", {{0, 170, 150}});
  auto within = window("within it", "Europe/Paris", {{130, 170, 150}});
  for (auto* w : {&opening, &ending, &within}) w->weekdays = {7};
  // 02:30 comes at 00:30 and again at 01:30 UTC.
  check(ask({opening}, "2026-10-25 00:45", "EUR"), WindowState::closed, "2026-10-25 01:30",
        "2026-10-25 08:00", "2026-10-25");
  check(ask({ending}, "2026-10-25 00:29", "EUR"), WindowState::open, "2026-10-24 22:00", "2026-10-25 00:30",
        "2026-10-25");
  BOOST_TEST(to_string(ask({ending}, "2026-10-25 00:30", "EUR").state) == "after_cut_off");
  check(ask({within}, "2026-10-25 00:20", "EUR"), WindowState::open, "2026-10-25 00:10", "2026-10-25 00:30",
        "2026-10-25");
}

BOOST_AUTO_TEST_CASE(every_minute_of_both_change_days_is_open_or_shut_as_the_wall_clock_says) {
  auto w = window("T2", "Europe/Paris", {{150, 1080, 1020}});
  w.weekdays = {1, 2, 3, 4, 5, 6, 7};
  for (const auto* date : {"2026-03-29 00:00", "2026-10-25 00:00", "2026-06-01 00:00"})
    for (std::int64_t at = utc(date) - 7'200; at < utc(date) + 90'000; at += 60) {
      const auto local = (at + system_zones("Europe/Paris", at)->count()) % 86'400 / 60;
      const bool open =
          decide({w}, {}, {currency("EUR"), Method::SEPA, at, {}}, system_zones).state == WindowState::open;
      // The doubled half hour from 02:30 counts the second time only.
      const bool doubled = at >= utc("2026-10-25 00:30") && at < utc("2026-10-25 01:00");
      BOOST_TEST(open == (local >= 150 && local < 1020 && !doubled), utc_text(at));
    }
}

BOOST_AUTO_TEST_CASE(the_more_specific_window_decides_and_expires_into_the_general_one) {
  auto general = abidjan();
  auto special = window("Tabaski hours", "Africa/Abidjan", {{540, 720, 720}});
  special.currency = currency("XOF");
  special.effective_from = special.effective_to = day("2026-03-27");
  const std::vector windows{general, special};
  BOOST_TEST(ask(windows, "2026-03-26 15:00").window == "STAR");
  check(ask(windows, "2026-03-27 08:30"), WindowState::closed, "2026-03-27 09:00", "2026-03-27 12:00",
        "2026-03-27");
  BOOST_TEST(ask(windows, "2026-03-27 08:30", "GHS").window == "STAR");
  check(ask(windows, "2026-03-27 12:00"), WindowState::closed, "2026-03-30 08:00", "2026-03-30 16:00",
        "2026-03-30");
  auto by_method = special;
  by_method.name = "SWIFT";
  by_method.method = Method::SWIFT;
  by_method.effective_to.reset();
  const auto swift = decide({general, special, by_method}, {},
                            {currency("XOF"), Method::SWIFT, utc("2026-03-30 10:00"), {}}, system_zones);
  BOOST_TEST(swift.window == "SWIFT");
}

BOOST_AUTO_TEST_CASE(the_orders_settlement_date_keeps_it_waiting) {
  const auto answer = ask({abidjan()}, "2026-03-27 10:00", "XOF", {}, day("2026-03-29"));  // a Sunday
  check(answer, WindowState::closed, "2026-03-30 08:00", "2026-03-30 16:00", "2026-03-30");
  BOOST_TEST(answer.reason == "the order's settlement date is 2026-03-29");
  BOOST_TEST(to_string(ask({abidjan()}, "2026-03-27 10:00", "XOF", {}, day("2026-03-27")).state) == "open");
}

BOOST_AUTO_TEST_CASE(a_window_that_begins_next_month_is_waited_for) {
  auto w = abidjan();
  w.effective_from = day("2026-05-01");
  check(ask({w}, "2026-03-27 10:00"), WindowState::closed, "2026-05-01 08:00", "2026-05-01 16:00",
        "2026-05-01");
}

BOOST_AUTO_TEST_CASE(without_a_window_nothing_opens) {
  auto w = abidjan();
  w.currency = currency("XOF");
  const auto answer = ask({w}, "2026-03-27 10:00", "GHS");
  BOOST_TEST(to_string(answer.state) == "none");
  BOOST_TEST(answer.reason == "no window is defined for GHS by LOCAL_ACH");
  w.effective_to = day("2026-03-26");
  BOOST_TEST(to_string(ask({w}, "2026-03-27 10:00").state) == "none");
}

BOOST_AUTO_TEST_CASE(a_clock_that_cannot_be_read_keeps_its_window_shut) {
  auto lost = abidjan();
  lost.currency = currency("XOF");
  lost.zone = "Atlantis/Capital";
  const auto answer = decide({always_open(), lost}, {},
                             {currency("XOF"), Method::LOCAL_ACH, utc("2026-03-27 10:00"), {}}, system_zones);
  BOOST_TEST(to_string(answer.state) == "none");
  BOOST_TEST(answer.reason == "the system's time zone data has no Atlantis/Capital, which STAR needs");
}

BOOST_AUTO_TEST_CASE(always_open_is_open_at_every_moment) {
  for (const auto* now : {"2026-03-29 01:00", "2026-12-31 23:59:59", "2026-12-25 00:00", "2028-02-29 12:00"})
    for (const auto* code : {"XOF", "TND"})
      BOOST_TEST(to_string(ask({always_open()}, now, code).state) == "open", now);
  check(ask({always_open()}, "2026-03-28 23:59:59"), WindowState::open, "2026-03-28 00:00",
        "2026-03-29 00:00", "2026-03-28");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_window_is_named_by_field) {
  struct Case {
    const char* field;
    void (*spoil)(WindowDefinition&);
  };
  for (const Case& c : {
           Case{"/name", [](WindowDefinition& w) { w.name.clear(); }},
           Case{"/zone", [](WindowDefinition& w) { w.zone.clear(); }},
           Case{"/zone", [](WindowDefinition& w) { w.zone = "Africa/Atlantis"; }},
           Case{"/zone", [](WindowDefinition& w) { w.zone = "../etc/passwd"; }},
           Case{"/calendar", [](WindowDefinition& w) { w.calendar = "nobody's"; }},
           Case{"/effective_to",
                [](WindowDefinition& w) {
                  w.effective_from = day("2026-01-02");
                  w.effective_to = day("2026-01-01");
                }},
           Case{"/weekdays", [](WindowDefinition& w) { w.weekdays.clear(); }},
           Case{"/weekdays/1",
                [](WindowDefinition& w) {
                  w.weekdays = {1, 8};
                }},
           Case{"/weekdays/1",
                [](WindowDefinition& w) {
                  w.weekdays = {1, 1};
                }},
           Case{"/sessions", [](WindowDefinition& w) { w.sessions.clear(); }},
           Case{"/sessions/0/opens", [](WindowDefinition& w) { w.sessions[0].opens = -1441; }},
           Case{"/sessions/0/opens", [](WindowDefinition& w) { w.sessions[0].opens = 1440; }},
           Case{"/sessions/0/closes", [](WindowDefinition& w) { w.sessions[0].closes = 480; }},
           Case{"/sessions/0/closes", [](WindowDefinition& w) { w.sessions[0].closes = 480 + 1441; }},
           Case{"/sessions/0/cut_off", [](WindowDefinition& w) { w.sessions[0].cut_off = 480; }},
           Case{"/sessions/0/cut_off", [](WindowDefinition& w) { w.sessions[0].cut_off = 991; }},
       }) {
    auto w = abidjan();
    c.spoil(w);
    const auto found = fields(w);
    BOOST_TEST(found.size() == 1u, c.field);
    BOOST_TEST((!found.empty() && found.front() == c.field), c.field);
  }
}

BOOST_AUTO_TEST_CASE(a_window_that_overlaps_itself_is_refused) {
  const auto with = [](std::vector<Session> sessions, std::vector<int> weekdays) {
    auto w = window("w", "Africa/Accra", std::move(sessions));
    w.weekdays = std::move(weekdays);
    return fields(w).size();
  };
  BOOST_TEST(with({{480, 720, 720}, {700, 900, 900}}, {1}) == 1u);
  BOOST_TEST(with({{480, 720, 720}, {500, 600, 600}}, {1}) == 1u);
  BOOST_TEST(with({{480, 720, 720}, {720, 900, 900}}, {1}) == 0u);
  // A night into the next day meets that day's morning, Sunday's Monday's, and not a day off.
  const std::vector<Session> night{{60, 300, 300}, {1320, 1600, 1600}};
  BOOST_TEST(with(night, {1, 2}) == 1u);
  BOOST_TEST(with(night, {1, 7}) == 1u);
  BOOST_TEST(with(night, {1, 3, 5}) == 0u);
  BOOST_TEST(with({{-1440, -1200, -1200}, {1430, 1500, 1500}}, {1, 3}) == 1u);
}

BOOST_AUTO_TEST_CASE(a_window_whose_calendar_is_missing_is_closed_and_says_so) {
  auto w = window("w", "Europe/Paris", {{0, 1440, 1440}});
  w.calendar = "TARGET";
  const WindowQuestion noon{currency("EUR"), Method::SEPA, utc("2026-03-25 12:00"), {}};
  const auto answer = decide({w}, {}, noon, system_zones);
  BOOST_CHECK(answer.state == WindowState::none);
  BOOST_TEST(answer.reason.find("there is no calendar \"TARGET\"") != std::string::npos);
  // One without a rule has no holidays.
  BOOST_CHECK(decide({w}, {{"TARGET", {}}}, noon, system_zones).state == WindowState::open);
}

BOOST_AUTO_TEST_CASE(the_answer_holds_until_its_moment) {
  // What a caller may rely on when it keeps an answer: nothing changes before the moment that it names.
  const std::vector windows{window("w", "Europe/Paris", {{150, 700, 690}, {760, 1500, 1440}})};
  std::int64_t at = utc("2026-03-25 00:00");
  for (int i = 0; i < 200; ++i) {
    const auto now = decide(windows, {}, {currency("EUR"), Method::SEPA, at, {}}, system_zones);
    const bool open = now.state == WindowState::open;
    const auto until = open ? now.next_cut_off : now.opens_at;
    BOOST_REQUIRE(until > at);
    const auto last = decide(windows, {}, {currency("EUR"), Method::SEPA, until - 1, {}}, system_zones);
    BOOST_TEST((last.state == WindowState::open) == open);
    BOOST_TEST(last.next_cut_off == now.next_cut_off);
    BOOST_TEST((last.value_date == now.value_date));
    at = until;
  }
}

BOOST_AUTO_TEST_CASE(times_are_shown_as_people_say_them) {
  BOOST_TEST(clock_text(480) == "08:00");
  BOOST_TEST(clock_text(-180) == "21:00 the day before");
  BOOST_TEST(clock_text(1440) == "24:00");
  BOOST_TEST(clock_text(1500) == "01:00 the day after");
}
