#include "telemetry/failpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <deque>
#include <thread>
#include <unistd.h>

namespace settled {
namespace {
constexpr std::array<FailpointPlace, 19> places{{
    {"migration_step_k", "migration k has run and is not committed"},
    {"takeover_between_take_and_recover", "the books are taken over, no settlement has its actor again"},
    {"after_parse", "an order is read and nobody was asked to write it down"},
    {"before_commit1", "holds and intents are decided in memory, the transaction has not begun"},
    {"in_commit1", "everything of commit 1 is written, COMMIT is not sent"},
    {"after_commit1_before_ack", "commit 1 is durable, nobody knows"},
    {"after_ack", "the answer to the client is handed to its connection"},
    {"in_connector", "an order is at its connector's actor and not begun"},
    {"before_first_byte", "the connection to the bank stands, nothing is written"},
    {"after_first_byte", "the head of the order is on its way to the bank, its body is not"},
    {"after_last_byte", "the whole order is on its way, no answer has come"},
    {"answer_read_before_record", "the bank's answer to a send is read and not recorded", true},
    {"before_inquiry", "an inquiry is due and not sent", true},
    {"inquiry_answer_before_record", "the bank's answer to an inquiry is read and not recorded", true},
    {"before_commit2", "a step is decided in memory, the transaction has not begun"},
    {"in_commit2", "everything of commit 2 is written, COMMIT is not sent"},
    {"after_commit2_before_event_read", "commit 2 is durable, nobody was told of its events"},
    {"before_publish", "an event is read for a stream and not written to it"},
    {"after_publish_before_cursor", "an event is written to a stream whose cursor still stands before it"},
}};

enum class Action : std::uint8_t { kill, raise, stop, delay, sqlstate };

struct Armed {
  std::string name;
  Action action = Action::kill;
  std::chrono::milliseconds time{1'000};
  std::string sqlstate;
  std::string obligation;  // of the only order that it is meant for; empty: each
  int only = 0;            // the time at which it strikes; 0: each time
  int first = 0;           // it strikes so many times and no more; 0: always
  std::atomic<int> reached{0};
};
/// Written before the first thread starts; only the counters change afterwards.
std::deque<Armed>& armed() {
  static std::deque<Armed> all;
  return all;
}

bool number_from(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value > 0;
}

bool of_order(std::string_view name) {
  return std::any_of(places.begin(), places.end(),
                     [name](const auto& place) { return place.name == name && place.of_order; });
}

bool known(std::string_view name) {
  for (const auto& place : places) {
    if (place.name == name) return !name.ends_with("_k");
    int number = 0;
    const auto stem = place.name.substr(0, place.name.size() - 1);
    if (place.name.ends_with("_k") && name.starts_with(stem) && number_from(name.substr(stem.size()), number))
      return true;
  }
  return false;
}

/// One NAME:ACTION with what stands behind it; a sentence where it is none.
std::string read(std::string_view text, Armed& out) {
  const auto wrong = [&](std::string_view what) {
    return "FAILPOINT=" + std::string(text) + ": " + std::string(what);
  };
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return wrong("write NAME:ACTION, as in before_commit1:kill.");
  out.name = text.substr(0, colon);
  if (!known(out.name)) return wrong("there is no such place: see `settled failpoints`.");
  auto action = text.substr(colon + 1);
  if (const auto at = action.find('~'); at != std::string_view::npos) {
    out.obligation = action.substr(at + 1);
    action = action.substr(0, at);
    if (out.obligation.empty()) return wrong("write an obligation's id behind ~, as in throw~OB-7.");
    if (!of_order(out.name)) return wrong("this place does not know its order.");
  }
  if (const auto at = action.find('*'); at != std::string_view::npos) {
    if (!number_from(action.substr(at + 1), out.first)) return wrong("write a count behind *, as in kill*5.");
    action = action.substr(0, at);
  }
  if (const auto at = action.find('@'); at != std::string_view::npos) {
    if (out.first > 0) return wrong("@ is one time, * are the first times: write one of them.");
    if (!number_from(action.substr(at + 1), out.only)) return wrong("write a count behind @, as in kill@2.");
    action = action.substr(0, at);
  }
  const auto equals = action.find('=');
  const auto verb = action.substr(0, equals);
  const auto value = equals == std::string_view::npos ? std::string_view{} : action.substr(equals + 1);
  if (verb == "sqlstate" && value.size() == 5) {
    out.action = Action::sqlstate;
    out.sqlstate = value;
    for (const char c : value)
      if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) return wrong("no SQLSTATE: five of 0-9 A-Z.");
    return {};
  }
  if (verb == "delay") {
    int ms = 1'000;
    if (equals != std::string_view::npos && !number_from(value, ms))
      return wrong("write delay=MILLISECONDS.");
    out.action = Action::delay;
    out.time = std::chrono::milliseconds(ms);
    return {};
  }
  if (equals == std::string_view::npos) {
    out.action = verb == "throw" ? Action::raise : verb == "stop" ? Action::stop : Action::kill;
    if (verb == "throw" || verb == "stop" || verb == "kill") return {};
  }
  return wrong("the action is one of kill, throw, stop, delay[=MS], sqlstate=CODE.");
}

template <class Each>
std::string read_all(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    Armed one;
    if (auto problem = read(text.substr(0, comma), one); !problem.empty()) return problem;
    each(one);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return {};
}

void strike(const Armed& one) {
  switch (one.action) {
    case Action::kill:
      ::kill(::getpid(), SIGKILL);
      ::pause();
      break;
    case Action::stop:
      ::kill(::getpid(), SIGSTOP);
      break;
    case Action::delay:
      std::this_thread::sleep_for(one.time);
      break;
    case Action::raise:
      throw FailpointThrown("failpoint " + one.name);
    case Action::sqlstate:
      throw FailpointSqlState("failpoint " + one.name + " with " + one.sqlstate, one.sqlstate);
  }
}
}  // namespace

std::span<const FailpointPlace> failpoints() { return places; }

std::string failpoint_problem(std::string_view text) {
  return read_all(text, [](const Armed&) {});
}

void arm_failpoints(std::string_view text) {
  read_all(text, [](const Armed& one) {
    auto& added = armed().emplace_back();
    added.name = one.name;
    added.action = one.action;
    added.time = one.time;
    added.sqlstate = one.sqlstate;
    added.obligation = one.obligation;
    added.only = one.only;
    added.first = one.first;
  });
  failpoints_armed = !armed().empty();
}

void failpoint_reached(std::string_view name, int number, std::string_view obligation) {
  for (Armed& one : armed()) {
    const bool here = number == 0
                          ? one.name == name
                          : one.name == std::string(name.substr(0, name.size() - 1)) + std::to_string(number);
    if (!here || (!one.obligation.empty() && one.obligation != obligation)) continue;
    const int time = ++one.reached;
    if ((one.only == 0 || time == one.only) && (one.first == 0 || time <= one.first)) strike(one);
  }
}
}  // namespace settled
