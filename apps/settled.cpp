// settled: the settlement runtime. Reads its configuration, starts, settles until it is told to end.
#include "config/load.hpp"
#include "runtime/system.hpp"
#include "storage/migrations.hpp"
#include "telemetry/failpoint.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <stop_token>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace {
/// One name per line, as FAILPOINT takes it, and behind a tab what has happened there.
void print_failpoints() {
  for (const auto& place : settled::failpoints()) {
    if (!place.name.ends_with("_k")) {
      std::cout << place.name << '\t' << place.where << '\n';
      continue;
    }
    for (const auto& migration : settled::embedded_migrations())
      std::cout << place.name.substr(0, place.name.size() - 1) << migration.number << '\t' << "migration "
                << migration.name << " has run and is not committed\n";
  }
}

/// A start may hang, on a database that never answers say. A signal gives it two seconds more to come up and
/// then to end in order; after that it ends at once: nothing that counts is only in memory.
void end_a_start_that_hangs(const std::stop_token& started) {
  using namespace std::chrono_literals;
  constexpr std::chrono::milliseconds look_every = 50ms, patience = 2s;
  for (auto waited = 0ms; !started.stop_requested(); std::this_thread::sleep_for(look_every)) {
    sigset_t pending;
    sigpending(&pending);
    const int signal = sigismember(&pending, SIGINT) == 1 ? SIGINT : SIGTERM;
    if (sigismember(&pending, signal) != 1 || (waited += look_every) < patience) continue;
    std::cerr << "settled: ended by a signal while it was starting.\n";
    ::_exit(128 + signal);
  }
}
}  // namespace

int main(int argc, char** argv) {
  const auto loaded = settled::load_config(argc, argv, environ);
  if (loaded.command == settled::Command::failpoints) {
    print_failpoints();
    return 0;
  }
  if (const int code = settled::answer_command(loaded, std::cout, std::cerr);
      code != 0 || loaded.command != settled::Command::run)
    return code;
  settled::arm_failpoints(loaded.config.failpoint);
  for (const auto& note : loaded.notes) std::cerr << note << '\n';

  // Blocked before the first thread, so that only wait_for_end takes them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const auto program_dir = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  settled::System system(loaded.config, program_dir);
  try {
    const std::jthread watch(end_a_start_that_hangs);
    system.start();
  } catch (const settled::StartFailure& failure) {
    std::cerr << "settled: " << failure.what() << " Not started (" << failure.code << ").\n";
    return failure.code;
  }
  std::cout << "settled ready " << system.http_url() << " (data in " << loaded.config.storage.data_dir
            << "; stop with Ctrl-C)" << std::endl;
  const int code = system.wait_for_end();
  system.stop();
  return code;
}
