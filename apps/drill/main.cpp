// settled-drill: runs the real programs, breaks them on purpose, and judges what is left.
#include "apps/drill/matrix.hpp"
#include "apps/drill/options.hpp"
#include "apps/drill/relay.hpp"
#include "apps/drill/rounds.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {
using namespace settled::drill;
namespace fs = std::filesystem;

constexpr const char* examples =
    "Each round: orders over several connections, faults at the bank, kills of settled, of PostgreSQL, of "
    "one of\n"
    "its sessions, of the bank. Then all is healed, everything must end, and the books, the bank's log and "
    "what\n"
    "the clients wrote down must agree. Exit codes: 0 they do, 1 they do not, 64 wrong command line, 70 the "
    "drill\n"
    "itself cannot run.\n\n"
    "Examples:\n"
    "  settled-drill                                   20 rounds\n"
    "  settled-drill --rounds 200 --seed 7             the same kills and faults every time\n"
    "  settled-drill --seed 7 --first-round 13 --rounds 1 --keep   one round again, with its logs\n"
    "  settled-drill --matrix                          one fault after the other, each with what must hold\n"
    "  settled-drill --matrix F19 F23                  some of them\n";

fs::path fresh_folder() {
  const char* below = std::getenv("TMPDIR");
  std::string pattern = std::string(below && *below ? below : "/tmp") + "/settled-drill-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a folder such as " + pattern);
  return pattern;
}
}  // namespace

int main(int argc, char** argv) {
  // For the matrix alone: a process in another network.
  if (argc == 5 && std::string_view(argv[1]) == "--relay") return relay(argv[2], std::atoi(argv[3]), argv[4]);
  std::signal(SIGPIPE, SIG_IGN);  // whom we write to may have been killed: by us
  Options options;
  std::string folder;
  CLI::App app("settled-drill: kills the real thing under load, and judges what is left", "settled-drill");
  app.footer(examples);
  app.add_option("--rounds", options.rounds, "how many (default 20)")->check(CLI::Range(1, 1'000'000));
  app.add_option("--seed", options.seed,
                 "what is drawn depends on it and on the round's number alone (default 1)");
  app.add_option("--first-round", options.first_round, "number of the first round (default 1)")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--orders", options.orders, "per round (default 60)")->check(CLI::Range(1, 10'000));
  app.add_option("--folder", folder, "where logs, history and data go (default: a new one under /tmp)");
  auto* matrix =
      app.add_option("--matrix", options.rows, "the fault matrix instead of rounds: all rows, or those named")
          ->expected(0, -1)
          ->type_name("ROW");
  app.add_flag("--failpoints", options.failpoints,
               "every other restart of settled fails at a point of its own");
  app.add_flag("--full", options.full,
               "rows of the matrix that take minutes at their full length: F01, F25, F30, F32");
  app.add_option("--program", options.program,
                 "instead of settled: another program beside it, as settled-mutant");
  app.add_option("--env", options.environment, "NAME=value in that program's environment")->expected(1);
  app.add_flag("--keep", options.keep, "keep that folder; a failure keeps it anyway");
  app.add_flag("--json", options.json, "the result as JSON");
  app.add_flag("--quiet", options.quiet, "no progress");
  try {
    app.parse(argc, argv);
    options.matrix = matrix->count() > 0;
    std::erase(options.rows, "");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  try {
    options.program_folder = fs::read_symlink("/proc/self/exe").parent_path();
    options.folder = folder.empty() ? fresh_folder() : fs::absolute(folder);
    if (!folder.empty() && fs::exists(options.folder) && !fs::is_empty(options.folder))
      throw std::runtime_error(options.folder.string() + " is not empty");
    fs::create_directories(options.folder);
    // Root's PostgreSQL runs as another user, who must be able to pass.
    fs::permissions(options.folder, fs::perms(0755));
    const int code = options.matrix ? run_matrix(options) : run_rounds(options);
    if (code == exit_ok && !options.keep) fs::remove_all(options.folder);
    return code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "settled-drill: %s\n", e.what());
    return exit_cannot;
  }
}
