// The whole process: database, sandbox, actors, port; started in this order, stopped in the reverse one.
#pragma once
#include "config/config.hpp"

#include <memory>
#include <stdexcept>
#include <string>

namespace settled {

/// A start that cannot succeed: the sentence is for the terminal, the code for the shell (sysexits.h).
struct StartFailure : std::runtime_error {
  StartFailure(int exit_code, const std::string& what) : std::runtime_error(what), code(exit_code) {}
  int code;
};

class System {
 public:
  /// `program_dir` holds settled-sandbox.
  System(Config config, std::string program_dir);
  ~System();
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  /// Blocks until the API answers. Throws StartFailure.
  void start();
  /// Stops taking work, lets what is in flight end or parks it, closes.
  void stop();

  std::string http_url() const;
  /// Blocks until `stop_signal` (SIGTERM, SIGINT) or until the process cannot go on; gives the exit code.
  int wait_for_end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace settled
