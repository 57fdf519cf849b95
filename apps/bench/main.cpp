// settled-bench: what settled does on this machine, next to what the machine's database does without it.
#include "apps/bench/cases.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace settled::bench {
const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases{
      {"http-single", "one order per POST against plain SQL", true, http_single},
      {"http-batch", "1,000 orders per POST against COPY of the same rows", true, http_batch},
      {"hot-account", "all orders on one account against all accounts", true, hot_account},
      {"sync-2ms", "the same on a disk that takes 2 ms", true, sync_2ms},
      {"two-phase", "a bank over HTTP that answers after 50 ms", false, two_phase},
      {"latency", "open loop at 10 % and 50 % of the most", true, latency},
      {"sick-bank", "5 of 50 banks hang: what the others notice", false, sick_bank},
      {"overload", "5 times the most is offered", false, overload},
      {"rollback", "the bank refuses: until the money is free again", false, rollback},
      {"recovery", "kill -9 with 1,000, 10,000 and 100,000 in flight", true, recovery},
      {"memory", "idle, and with 50,000 orders in flight", false, memory},
      {"growth", "100 times the accounts and the history", false, growth},
      {"edge", "orders that are known already, against nginx", false, edge},
      {"core", "actors and book without HTTP and database", false, core},
      {"soak", "minutes at half the most, kill -9 after each", false, soak},
  };
  return cases;
}

namespace {
namespace fs = std::filesystem;
constexpr int exit_ok = 0, exit_missed = 1, exit_usage = 64, exit_cannot = 70;

constexpr const char* notes =
    "Each case: rounds of limit, reference and ours right after one another; the figure is the ratio, with "
    "its\n"
    "smallest and largest round. The books are verified after every case; a case whose books are wrong "
    "counts\n"
    "as 0. Progress goes to standard error, the table (or the JSON) to standard output.\n"
    "Exit codes: 0 every bar is met, 1 one is not, 64 wrong command line, 70 the bench itself cannot run.\n\n"
    "Examples:\n"
    "  settled-bench                          all cases but soak\n"
    "  settled-bench --quick                  the short list, four minutes\n"
    "  settled-bench http-single http-batch --rounds 5\n"
    "  settled-bench --json >result.json\n";

fs::path fresh_folder() {
  const char* below = std::getenv("TMPDIR");
  std::string pattern = std::string(below && *below ? below : "/tmp") + "/settled-bench-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a folder such as " + pattern);
  return pattern;
}

std::vector<const Case*> chosen(const Options& options) {
  std::vector<const Case*> out;
  for (const Case& c : all_cases()) {
    const bool named = std::find(options.cases.begin(), options.cases.end(), c.name) != options.cases.end();
    const bool by_default =
        options.cases.empty() && std::string(c.name) != "soak" && (!options.quick || c.quick);
    if (named || by_default) out.push_back(&c);
  }
  return out;
}

int run(const Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  auto machine = this_machine();
  machine.rail = options.rail;
  Lab lab(options);
  std::vector<Result> results;
  for (const Case* c : chosen(options)) {
    const auto case_begun = std::chrono::steady_clock::now();
    lab.say(std::string(c->name) + ": " + c->what);
    try {
      for (auto& r : c->run(lab)) results.push_back(std::move(r));
    } catch (const std::exception& e) {
      // One case that cannot be measured is no reason to lose the others; it counts as 0.
      Result failed;
      failed.name = c->name;
      failed.bar = 1;
      failed.broken = std::string("not measured: ") + e.what();
      results.push_back(failed);
      lab.say("  " + failed.broken);
    }
    lab.drop_databases();
    lab.use_slow_disk(false);
    lab.say("  " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                                            case_begun)
                               .count()) +
            " s");
  }
  machine.postgres = lab.cluster().version();
  machine.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::fprintf(options.json ? stderr : stdout, "\n%s", table_of(results).c_str());
  if (options.json) std::puts(json_of(results, machine).c_str());
  const bool met = std::all_of(results.begin(), results.end(), [](const Result& r) {
    return r.broken.empty() && (!r.bar || r.meets(*r.bar));
  });
  return met ? exit_ok : exit_missed;
}
}  // namespace
}  // namespace settled::bench

int main(int argc, char** argv) {
  using namespace settled::bench;
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  std::string folder;
  std::vector<std::string> names;
  for (const Case& c : all_cases()) names.emplace_back(c.name);
  CLI::App app("settled-bench: measures settled next to what it stands on", "settled-bench");
  app.footer(notes);
  app.add_option("case", options.cases, "cases to run (default: all but soak)")->check(CLI::IsMember(names));
  app.add_flag("--quick", options.quick, "the short list in four minutes");
  app.add_option("--rounds", options.rounds, "rounds of each case (default 3)")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.seconds, "of each run of each side (default 2, quick 1)")
      ->check(CLI::Range(1.0, 600.0));
  app.add_option("--rail", options.rail,
                 "on_us: settled in our own books; sandbox: the bank over HTTP (default on_us)")
      ->check(CLI::IsMember({"on_us", "sandbox"}));
  app.add_option("--soak-minutes", options.soak_minutes, "of soak (default 10)")
      ->check(CLI::Range(0.5, 600.0));
  app.add_option("--folder", folder, "where data and logs go (default: a new one under /tmp)");
  app.add_flag("--keep", options.keep, "keep that folder and its databases");
  app.add_flag("--json", options.json, "the result as JSON on standard output");
  try {
    app.parse(argc, argv);
    if (options.quick && app.count("--seconds") == 0) options.seconds = 1;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  try {
    options.program_folder = fs::read_symlink("/proc/self/exe").parent_path();
    options.bench_folder = SETTLED_BENCH_FOLDER;
    options.folder = folder.empty() ? fresh_folder() : fs::absolute(folder);
    fs::create_directories(options.folder);
    fs::permissions(options.folder, fs::perms(0755));
    const int code = run(options);
    if (!options.keep && folder.empty()) fs::remove_all(options.folder);
    if (options.keep) std::fprintf(stderr, "Data and logs: %s\n", options.folder.c_str());
    return code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "settled-bench: %s\n", e.what());
    return exit_cannot;
  }
}
