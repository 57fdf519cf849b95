#include "apps/settlectl/command_line.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace settled::ctl {
CLI::App* command(CLI::App& parent, const char* name, const char* what, const char* examples) {
  auto* app = parent.add_subcommand(name, what);
  app->footer(std::string("Examples:\n") + examples);
  app->fallthrough();
  return app;
}
}  // namespace settled::ctl
