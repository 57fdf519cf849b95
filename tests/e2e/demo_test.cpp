// The demonstration of the README, with each of the three processes killed in the middle of it.
#define BOOST_TEST_MODULE e2e_demo
#include "e2e/process_fixture.hpp"
#include "storage/child_process.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace settled;
using namespace settled::tests;

namespace {
std::string named(const char* variable) {
  const char* value = std::getenv(variable);
  BOOST_REQUIRE_MESSAGE(value, variable << " must be set");
  return value;
}

/// examples/demo.sh as a user would run it beside this settled.
class Demo {
 public:
  explicit Demo(const Settled& settled) : log_(settled.folder() / "demo.log") {
    pid_ = spawn_child({.command = {"/bin/bash", named("SETTLED_SOURCE") + "/examples/demo.sh"},
                        .environment = {"PATH=/usr/bin:/bin", "NO_COLOR=1", "HOME=/tmp",
                                        "SETTLECTL=" + named("SETTLED_BIN") + "/settlectl",
                                        "SETTLED_DATA_DIR=" + settled.folder().string()},
                        .log = log_,
                        .death_signal = SIGKILL});
  }
  ~Demo() {
    if (pid_ > 0 && !ended()) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  bool ended() {
    if (pid_ > 0)
      if (const auto status = child_ended(pid_)) {
        pid_ = 0;
        code_ = WIFEXITED(*status) ? WEXITSTATUS(*status) : -WTERMSIG(*status);
      }
    return pid_ == 0;
  }
  int code() const { return code_; }
  std::string said() const {
    std::ifstream in(log_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path log_;
  pid_t pid_ = 0;
  int code_ = -1;
};

std::ptrdiff_t lines_of_the_bank(const Settled& settled) {
  std::ifstream in(settled.folder() / "sandbox" / "bank.jsonl");
  return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
}
}  // namespace

BOOST_AUTO_TEST_CASE(the_demo_ends_green_although_bank_database_and_settled_are_killed_under_it) {
  Settled settled;
  settled.start();
  Demo demo(settled);
  const auto after = [&](std::ptrdiff_t lines) {
    const bool there =
        eventually([&] { return lines_of_the_bank(settled) >= lines || demo.ended(); }) && !demo.ended();
    BOOST_REQUIRE_MESSAGE(there, "the demo ended early with " << demo.code() << ": " << demo.said());
  };
  after(50);
  settled.kill_sandbox();
  after(200);
  settled.kill_postmaster();
  after(400);
  BOOST_TEST(settled.end(SIGKILL) == -SIGKILL);
  settled.start();
  // As long as something moves: how long it takes in all is nobody's promise.
  for (std::size_t before = 1, now = 0; before != now && !demo.ended(); now = demo.said().size()) {
    before = demo.said().size();
    eventually([&] { return demo.ended() || demo.said().size() != before; }, std::chrono::seconds(60));
  }
  BOOST_REQUIRE_MESSAGE(demo.ended(), "the demo stands still: " << demo.said());
  BOOST_TEST(demo.code() == 0, demo.said());
  BOOST_TEST((demo.said().find("The books are right.") != std::string::npos), demo.said());
  settled.end_in_order();
}
