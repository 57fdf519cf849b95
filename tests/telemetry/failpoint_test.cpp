#define BOOST_TEST_MODULE failpoint
#include "telemetry/failpoint.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace fs = std::filesystem;
using namespace settled;

namespace {
/// How often the code reaches for each name.
std::map<std::string, int> used() {
  const char* source = std::getenv("SETTLED_SOURCE");
  BOOST_REQUIRE_MESSAGE(source, "SETTLED_SOURCE names the source tree");
  static const std::regex call(R"re(failpoint\w*\((?:tx, )?"(\w+)")re");
  std::map<std::string, int> names;
  for (const char* folder :
       {"actors", "apps", "config", "connectors", "http", "rpc", "runtime", "security", "storage"}) {
    if (!fs::exists(fs::path(source) / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(source) / folder)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      const auto all = text.str();
      for (std::sregex_iterator at(all.begin(), all.end(), call), end; at != end; ++at) ++names[(*at)[1]];
    }
  }
  return names;
}
}  // namespace

BOOST_AUTO_TEST_CASE(each_listed_place_is_in_the_code_once_and_each_in_the_code_is_listed) {
  auto names = used();
  for (const auto& place : failpoints()) {
    BOOST_TEST(names[std::string(place.name)] == 1, place.name);
    BOOST_TEST(!place.where.empty());
    names.erase(std::string(place.name));
  }
  for (const auto& [name, times] : names) BOOST_ERROR(name << " is not listed");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_armed_is_said) {
  for (const char* right :
       {"", "after_ack:kill", "after_ack:throw@3", "in_commit1:sqlstate=40P01", "after_parse:delay",
        "after_parse:delay=20@2,after_ack:stop", "migration_step_12:kill", "in_connector:throw*5",
        "before_inquiry:throw~OB-7,before_inquiry:kill@2~OB-8", "before_inquiry:throw*2~a@b*c"})
    BOOST_TEST(failpoint_problem(right) == "", right);
  for (const char* wrong : {"after_ack",
                            "after_ack:",
                            "after_ack:die",
                            "nowhere:kill",
                            "after_ack:kill@",
                            "after_ack:kill@0",
                            "after_ack:kill@x",
                            "after_ack:delay=",
                            "after_ack:delay=-1",
                            "in_commit1:sqlstate=40p01",
                            "in_commit1:sqlstate=4",
                            "migration_step_k:kill",
                            "migration_step_:kill",
                            "after_ack:kill=9",
                            "after_ack:kill,nowhere:kill",
                            "after_ack:kill*",
                            "after_ack:kill*0",
                            "after_ack:kill@2*3",
                            "after_ack:kill~OB-7",
                            "before_inquiry:kill~"})
    BOOST_TEST(failpoint_problem(wrong).starts_with("FAILPOINT="), wrong);
}

// Armed for the rest of this program: last.
BOOST_AUTO_TEST_CASE(a_place_strikes_when_it_is_armed_and_at_the_time_that_was_said) {
  failpoint("after_ack");
  arm_failpoints("after_ack:throw@2,in_commit1:sqlstate=40P01,migration_step_2:throw");
  BOOST_CHECK_NO_THROW(failpoint("after_ack"));
  BOOST_CHECK_THROW(failpoint("after_ack"), FailpointThrown);
  BOOST_CHECK_NO_THROW(failpoint("after_ack"));
  BOOST_CHECK_NO_THROW(failpoint("migration_step_k", 1));
  BOOST_CHECK_THROW(failpoint("migration_step_k", 2), FailpointThrown);
  BOOST_TEST(failpoint_fails("in_commit1"));
  BOOST_CHECK_EXCEPTION(failpoint("in_commit1"), FailpointSqlState,
                        [](const auto& e) { return e.code == "40P01"; });
  BOOST_TEST(!failpoint_fails("before_publish"));
  arm_failpoints("in_connector:throw*2,before_inquiry:throw~OB-7,inquiry_answer_before_record:throw@2~OB-7");
  BOOST_TEST(failpoint_fails("in_connector"));
  BOOST_TEST(failpoint_fails("in_connector"));
  BOOST_TEST(!failpoint_fails("in_connector"));
  for (int i = 0; i < 3; ++i) {
    BOOST_CHECK_NO_THROW(failpoint_of("before_inquiry", "OB-70"));
    BOOST_CHECK_THROW(failpoint_of("before_inquiry", "OB-7"), FailpointThrown);
    BOOST_CHECK_NO_THROW(failpoint_of("inquiry_answer_before_record", "OB-8"));
  }
  BOOST_CHECK_NO_THROW(failpoint_of("inquiry_answer_before_record", "OB-7"));
  BOOST_CHECK_THROW(failpoint_of("inquiry_answer_before_record", "OB-7"), FailpointThrown);
}
