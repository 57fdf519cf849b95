#include "http/json_in_window.hpp"

#include "http/json_text.hpp"
#include "http/json_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace settled {
namespace {
constexpr int day_minutes = 24 * 60;
constexpr std::size_t sessions_max = 24;

std::optional<int> minutes_from(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U})
    if (digit(i) < 0) return std::nullopt;
  const int hours = digit(0) * 10 + digit(1), minutes = digit(3) * 10 + digit(4);
  if (hours > 23 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

// "08:00" of the business day, or of a day around it.
int read_time(JsonFields& fields, std::string_view name, std::string_view day_name, int first_day,
              int last_day) {
  const int day = read_whole(fields, day_name, false, first_day, last_day).value_or(0);
  const auto text = fields.text(name, true);
  if (!text) return 0;
  const auto minutes = minutes_from(*text);
  if (!minutes)
    fields.refuse(name, {Errc::invalid_value, "",
                         '"' + std::string(text->substr(0, 40)) + "\" is not a time of the clock",
                         "HH:MM from 00:00 to 23:59; midnight at the end of the day is 00:00 with " +
                             std::string(last_day > 0 ? day_name : "closes_day") + " 1"});
  return minutes.value_or(0) + day * day_minutes;
}

void read_sessions(const JsonTree& tree, JsonFields& window_fields, WindowDefinition& window,
                   std::vector<Refusal>& errors) {
  static const std::vector<std::string_view> known{"opens",     "closes",     "cut_off",
                                                   "opens_day", "closes_day", "cut_off_day"};
  const auto list = read_array(window_fields, "sessions", true, "sessions");
  if (!list) return;
  for (auto i = *list + 1; i < tree[*list].end; i = tree[i].end) {
    if (window.sessions.size() > sessions_max) break;
    const auto pointer = "/sessions/" + std::to_string(window.sessions.size());
    Session session;
    if (tree[i].kind == JsonKind::object) {
      JsonFields fields(tree, i, pointer, known, errors);
      session.opens = read_time(fields, "opens", "opens_day", -1, 0);
      session.closes = read_time(fields, "closes", "closes_day", 0, 1);
      session.cut_off = read_time(fields, "cut_off", "cut_off_day", -1, 1);
    } else {
      errors.push_back(not_an_object(tree[i].kind, pointer));
    }
    window.sessions.push_back(session);
  }
  if (window.sessions.empty() || window.sessions.size() > sessions_max)
    window_fields.refuse("sessions", {Errc::invalid_value, "",
                                      window.sessions.empty() ? "a window without a session never opens"
                                                              : "the window has too many sessions",
                                      "1 to " + std::to_string(sessions_max) + " sessions"});
}

void read_weekdays(const JsonTree& tree, JsonFields& fields, WindowDefinition& window,
                   std::vector<Refusal>& errors) {
  const auto list = read_array(fields, "weekdays", true, "weekdays, 1 Monday to 7 Sunday");
  if (!list) return;
  std::size_t place = 0;
  for (auto i = *list + 1; i < tree[*list].end && place < 8; i = tree[i].end, ++place) {
    const auto pointer = "/weekdays/" + std::to_string(place);
    const auto day = whole_of(tree[i], pointer, 1, 7, errors);
    if (!day) continue;
    if (std::find(window.weekdays.begin(), window.weekdays.end(), *day) != window.weekdays.end())
      errors.push_back({Errc::invalid_value, pointer,
                        "the day \"" + std::to_string(*day) + "\" is named twice", "each day once"});
    window.weekdays.push_back(*day);
  }
  if (place == 0)
    fields.refuse("weekdays", {Errc::invalid_value, "", "a window that opens on no day of the week is empty",
                               "1 Monday to 7 Sunday, each day once"});
}

void append_time(std::string& out, std::string_view name, int minutes) {
  const int day = minutes < 0 ? -1 : minutes / day_minutes;
  const int of_day = minutes - day * day_minutes;
  append_json_member(out, name, fmt::format("{:02}:{:02}", of_day / 60, of_day % 60));
  append_json_number(out, std::string(name) + "_day", day);
}
}  // namespace

Parsed<WindowDefinition> parse_window(std::string& body, std::string name) {
  static const std::vector<std::string_view> known{"name",           "currency",     "method",
                                                   "zone",           "weekdays",     "calendar",
                                                   "effective_from", "effective_to", "sessions"};
  Parsed<WindowDefinition> parsed;
  const auto* tree = object_of(body, parsed.errors);
  if (!tree) return parsed;
  JsonFields fields(*tree, 0, "", known, parsed.errors);
  WindowDefinition window;
  window.name = std::move(name);
  if (const auto own = fields.text("name", false); own && *own != window.name)
    fields.refuse("name",
                  {Errc::invalid_value, "",
                   '"' + std::string(own->substr(0, 40)) + "\" is not the name in the path", window.name});
  // What a window does not say holds for all: null means that, too.
  if (!is_null(fields, "currency")) window.currency = read_currency(fields, false);
  if (!is_null(fields, "method")) {
    Method method{};
    read_choice(fields, "method", false, method_from, "SWIFT, SEPA, LOCAL_ACH or MOCK", method);
    if (fields.find("method", false)) window.method = method;
  }
  window.zone = fields.line("zone", true, 1, 64).value_or("");
  read_weekdays(*tree, fields, window, parsed.errors);
  if (!is_null(fields, "calendar")) window.calendar = fields.line("calendar", false, 1, 64).value_or("");
  if (!is_null(fields, "effective_from")) window.effective_from = read_date(fields, "effective_from", false);
  if (!is_null(fields, "effective_to")) window.effective_to = read_date(fields, "effective_to", false);
  read_sessions(*tree, fields, window, parsed.errors);
  if (parsed.errors.empty()) parsed.value = std::move(window);
  return parsed;
}

void append_window(std::string& out, const WindowDefinition& window) {
  out += '{';
  append_json_member(out, "name", window.name);
  append_json_nullable(out, "currency", window.currency ? window.currency->code() : std::string_view());
  append_json_nullable(out, "method", window.method ? to_string(*window.method) : std::string_view());
  append_json_member(out, "zone", window.zone);
  append_json_name(out, "weekdays");
  out += '[';
  for (const int day : window.weekdays)
    fmt::format_to(std::back_inserter(out), "{}{}", out.back() == '[' ? "" : ",", day);
  out += ']';
  append_json_nullable(out, "calendar", window.calendar);
  append_json_nullable(out, "effective_from", window.effective_from ? to_string(*window.effective_from) : "");
  append_json_nullable(out, "effective_to", window.effective_to ? to_string(*window.effective_to) : "");
  append_json_name(out, "sessions");
  out += '[';
  for (const Session& session : window.sessions) {
    out += out.back() == '[' ? "{" : ",{";
    append_time(out, "opens", session.opens);
    append_time(out, "closes", session.closes);
    append_time(out, "cut_off", session.cut_off);
    out += '}';
  }
  out += "]}";
}
}  // namespace settled
