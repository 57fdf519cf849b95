#define BOOST_TEST_MODULE telemetry_log
#include "telemetry/log.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace settled;

namespace {
struct Captured {
  explicit Captured(LogShape shape, LogSeverity least = LogSeverity::info) {
    open_log(shape, least, [this](std::string_view line) { lines.emplace_back(line); });
  }
  ~Captured() { open_log(LogShape::text, LogSeverity::info); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  /// Without the time, which is "2026-11-21T10:00:00.000Z".
  std::string line(std::size_t prefix) const { return lines.at(0).substr(prefix + 24); }
  std::vector<std::string> lines;
};
}  // namespace

BOOST_AUTO_TEST_CASE(a_text_line_is_time_level_event_and_fields) {
  Captured log(LogShape::text);
  log_info("rail_silent", {{"payment", "p1"}, {"ms", 300}, {"at", std::string("sent")}});
  BOOST_TEST(log.lines.at(0)[10] == 'T');
  BOOST_TEST(log.line(0) == " info rail_silent payment=p1 ms=300 at=sent");
}

BOOST_AUTO_TEST_CASE(a_json_line_is_one_object) {
  Captured log(LogShape::json);
  log_error("db_away", {{"why", "it said \"no\"\n\t{}"}, {"n", -5}});
  BOOST_TEST(log.lines.at(0).starts_with(R"({"ts":"20)"));
  BOOST_TEST(log.line(7) ==
             R"(","level":"error","event":"db_away","why":"it said \"no\"\n\u0009{}","n":"-5"})");
}

BOOST_AUTO_TEST_CASE(nobody_can_forge_a_line_or_a_field) {
  Captured log(LogShape::text);
  log_warning("refused",
              {{"name", "x\n2026 info paid=yes"}, {"empty", ""}, {"broken", "a\xC3(\x80"}, {"fr", "é"}});
  BOOST_TEST(log.line(0) ==
             R"( warning refused name="x\n2026 info paid=yes" empty="" broken="a\ufffd(\ufffd" fr="é")");
}

BOOST_AUTO_TEST_CASE(what_is_below_the_level_is_not_written) {
  Captured log(LogShape::text, LogSeverity::warning);
  log_info("quiet");
  log_debug("quiet");
  BOOST_TEST(!log_wants(LogSeverity::info));
  BOOST_TEST(log.lines.empty());
  log_warning("loud");
  BOOST_TEST(log.lines.size() == 1U);
}
