#include "config/flags.hpp"

#include "config/schema.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace settled {
namespace {

struct Described {
  const char* flag;
  const char* what;
  const char* value;
};
/// What help says of the flags that config_keys() names; a test looks that none is forgotten.
constexpr std::array<Described, 8> described{{
    {"--data-dir", "where the private PostgreSQL, endpoint.json and the keys live (default settled-dev)",
     "DIR"},
    {"--http-port", "port of the REST API, 0 for a free one (default 8086)", "N"},
    {"--grpc-port", "port of the gRPC API, 0 for a free one (default 50056)", "N"},
    {"--database-url", "a PostgreSQL of yours (default: a private one in DIR)", "URL"},
    {"--log-format", "text | json (default text)", "FORMAT"},
    {"--sandbox", "on | off: start the sandbox banks (default on in development)", "on|off"},
    {"--environment", "development | production (default development)", "NAME"},
    {"--lift-quarantine", "on: send again after a restored backup, once books and banks were compared",
     "on|off"},
}};

constexpr const char* examples =
    "Examples:\n"
    "  settled                                          all defaults: private database, sandbox, port 8086\n"
    "  settled --data-dir /var/lib/settled --http-port 0\n"
    "  settled --config settled.toml config check       every setting, its value and where it came from\n"
    "Settings also come from settled.toml and from the environment; flags win. Exit codes: 0 done, 64 wrong\n"
    "command line, 78 wrong configuration.";

}  // namespace

Flags parse_flags(int argc, const char* const* argv) {
  Flags out;
  CLI::App app("settled: orders in, money settled, books balanced", "settled");
  app.footer(examples);
  app.set_help_flag("-h,--help", "this text");
  app.set_version_flag("--version", "settled " SETTLED_VERSION, "the version");
  app.add_option("--config", out.config_file, "the settings file (default settled.toml, where there is one)")
      ->type_name("FILE");
  std::array<std::string, described.size()> values;
  std::vector<std::string> names{"--config", "--help", "--version"};
  for (std::size_t i = 0; i < described.size(); ++i) {
    app.add_option(described[i].flag, values[i], described[i].what)->type_name(described[i].value);
    names.emplace_back(described[i].flag);
  }
  auto* config = app.add_subcommand("config", "look at the configuration");
  config->fallthrough();
  config->require_subcommand(1);
  auto* check =
      config->add_subcommand("check", "print every setting, its value and its source; start nothing");
  check->fallthrough();
  auto* failpoints = app.add_subcommand(
      "failpoints",
      "print the names for FAILPOINT=NAME:ACTION, at which a development server dies on purpose");
  failpoints->footer(
      "ACTION: kill | throw | stop | delay[=MS] | sqlstate=CODE (in_commit1, in_commit2), each with @N only\n"
      "at the Nth time. Several with commas. Production refuses the variable.\n"
      "Example: FAILPOINT=after_commit1_before_ack:kill settled");
  try {
    app.parse(argc, argv);
    for (std::size_t i = 0; i < described.size(); ++i)
      if (app.count(described[i].flag) > 0) out.values[described[i].flag] = values[i];
    if (check->parsed()) out.command = Command::config_check;
    if (failpoints->parsed()) out.command = Command::failpoints;
  } catch (const CLI::CallForHelp&) {
    out.command = Command::help;
    out.text = app.help();
  } catch (const CLI::CallForVersion& e) {
    out.command = Command::version;
    out.text = e.what();
  } catch (const CLI::ParseError& e) {
    out.command = Command::wrong_usage;
    out.text = e.what();
    for (int i = 1; i < argc; ++i) {
      std::string word = argv[i];
      word.resize(std::min(word.find('='), word.size()));
      if (word.starts_with("--") && std::find(names.begin(), names.end(), word) == names.end())
        if (auto near = nearest(word, names); !near.empty()) out.text += "\nDid you mean " + near + "?";
    }
    out.text += "\nTry settled --help.";
  }
  return out;
}

}  // namespace settled
