#define BOOST_TEST_MODULE storage_child_process
#include "storage/child_process.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace settled;

namespace {
constexpr int closed_at_the_fork = 4;
bool armed = false;
void another_thread_closes() {
  if (armed) ::close(closed_at_the_fork);
}
}  // namespace

// A drill stood still for minutes: the child's standard input was the pipe that its parent waited for.
BOOST_AUTO_TEST_CASE(a_descriptor_that_another_thread_closes_at_the_fork_does_not_become_the_childs_input) {
  ::alarm(60);  // the parent would wait as long as the child lives
  BOOST_REQUIRE(::pthread_atfork(another_thread_closes, nullptr, nullptr) == 0);
  while (::open("/dev/null", O_RDONLY | O_CLOEXEC) < closed_at_the_fork) {
  }
  const auto log = std::filesystem::temp_directory_path() / ("settled-child-" + std::to_string(::getpid()));
  armed = true;
  const pid_t child =
      spawn_child({.command = {"/bin/sleep", "300"}, .environment = {}, .log = log, .death_signal = SIGKILL});
  armed = false;
  const auto input = std::filesystem::read_symlink("/proc/" + std::to_string(child) + "/fd/0");
  BOOST_TEST(input == "/dev/null");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::filesystem::remove(log);
}
