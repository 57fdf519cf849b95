// Fills a Config from settled.toml, the environment and the flags, the later over the earlier, and says
// everything that is wrong with them at once.
#pragma once
#include "config/config.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace settled {

enum class Command : std::uint8_t { run, config_check, failpoints, version, help, wrong_usage };

/// sysexits.h, as settlectl: 64 is a wrong command line, 78 a wrong configuration.
inline constexpr int exit_usage = 64;
inline constexpr int exit_config = 78;

/// One line of `settled config check`.
struct ConfigEntry {
  std::string key;
  std::string value;   // secrets as ***
  std::string source;  // "default", "settled.toml:14", "environment HTTP_PORT", "--http-port"
  std::string allowed;
};

struct LoadedConfig {
  Command command = Command::run;
  Config config;
  std::vector<ConfigEntry> entries;
  std::vector<std::string> problems;  // any: do not start
  std::vector<std::string> notes;     // worth a line in the log
  std::string text;                   // of help, version and wrong_usage
};

/// `argv` and `envp` as main gets them. Reads --config FILE, or ./settled.toml where there is one.
LoadedConfig load_config(int argc, const char* const* argv, const char* const* envp);

/// What is wrong with the values taken together, for this environment. `load_config` has asked already.
std::vector<std::string> problems(const Config& config);

/// Everything but `run`: prints what was asked for (help, version, the table of `config check`, the
/// problems) and returns the exit code. For `run`: prints the problems, if any, and returns 78, or 0 when
/// there are none and the program shall start.
int answer_command(const LoadedConfig& loaded, std::ostream& out, std::ostream& err);

/// The key that a development server is used with: read from DATA_DIR/NAME, made there (0600, prefix
/// sk_test_) the first time. Throws std::runtime_error when the file cannot be read or written.
Secret development_api_key(const std::string& data_dir, const std::string& name = "api_key");

}  // namespace settled
