// What the groups of commands share on the command line.
#pragma once
#include "apps/settlectl/context.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace settled::ctl {

/// What the command line says: where the server is, and what shall be done.
struct Line {
  Context context;
  std::function<int()> run;
};

/// A subcommand with examples below its help.
CLI::App* command(CLI::App& parent, const char* name, const char* what, const char* examples);

// The operators' commands, group by group.
void add_actions(CLI::App& app, Line& line);  // unknowns, actions, held, decide, cancel, compensate
void add_breaks(CLI::App& app, Line& line);   // breaks, locks
void add_checks(CLI::App& app, Line& line);   // invariants, jobs, recovery
void add_rules(CLI::App& app, Line& line);    // windows, calendars, banks
void add_netting(CLI::App& app, Line& line);  // net

}  // namespace settled::ctl
