// settled: the settlement runtime. Reads its configuration, starts, settles until it is told to end.
#include "config/load.hpp"
#include "runtime/system.hpp"

#include <csignal>
#include <filesystem>
#include <iostream>

extern char** environ;

int main(int argc, char** argv) {
  const auto loaded = settled::load_config(argc, argv, environ);
  if (const int code = settled::answer_command(loaded, std::cout, std::cerr);
      code != 0 || loaded.command != settled::Command::run)
    return code;
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
