// settlectl: what a person or a script does with a running settled. This file is its command line.
#include "apps/settlectl/command_line.hpp"
#include "apps/settlectl/commands.hpp"
#include "storage/migrations.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string_view>
#include <utility>

namespace {
using namespace settled::ctl;

constexpr const char* about =
    "Settles files of orders, watches, opens accounts, checks the books, and shows operators what waits for\n"
    "them in a running settled.\n"
    "Finds the server by SETTLED_URL and SETTLED_API_KEY, else by endpoint.json of the data folder.\n\n"
    "Examples:\n"
    "  settlectl settle examples/settlements-2026-11-20.csv --out result.csv\n"
    "  settlectl account fund 5000000 XOF --bank ABIDCIAB --kind vostro\n"
    "  settlectl verify --acknowledged result.csv\n"
    "  settlectl unknowns\n";

constexpr const char* exit_codes =
    "Exit codes:\n"
    "   0  done; every order COMPLETED, the books are right\n"
    "   1  an order FAILED or was refused; verify or invariants found something wrong\n"
    "   2  an order is still open, or got no definite answer (run again: nothing is paid twice)\n"
    "  64  command line        65  file or request refused   69  server or database away\n"
    "  70  fault of ours       73  cannot write              75  try again (429, 503)\n"
    "  77  not allowed         78  configuration\n";

/// What the commands of this file take; the others keep their own.
struct Options {
  SettleOptions settle;
  WatchOptions watch;
  AccountOpenOptions open;
  AccountFundOptions fund;
  AccountSetOptions set;
  AccountListOptions accounts;
  SettlementListOptions settlements;
  VerifyOptions verify;
  std::string id;
};

/// A key as it was given, or the first line of a file.
std::string key_from(const std::string& given) {
  if (!given.starts_with('@')) return given;
  std::ifstream in(given.substr(1));
  std::string key;
  if (!std::getline(in, key) || key.empty())
    throw Stop(exit_config, given.substr(1) + " has no API key in its first line.");
  return key;
}

void add_settle(CLI::App& app, Line& line, Options& options) {
  auto& o = options.settle;
  auto* c = command(
      app, "settle", "Send a file of orders (CSV or ISO 20022 pain.001) and follow it to the end",
      "  settlectl settle orders.csv\n"
      "  settlectl settle pain001.xml --out result.csv --timeout 60\n"
      "  settlectl settle orders.csv --no-wait --json\n\n"
      "An order is known by its payer's bank and its obligation: a file that is sent again pays nothing\n"
      "twice. The result file has one row per order. CSV columns: obligation_id, from_bank, to_bank,\n"
      "amount, currency; optional settlement_date, priority, method, metadata.\n");
  c->add_option("FILE", o.file, "CSV or pain.001")->required();
  c->add_option("--out", o.out, "Result file (default: FILE's name with .result.csv, in this folder)");
  c->add_option("--batch", o.batch, "Orders per request")->check(CLI::Range(1, 1000))->capture_default_str();
  c->add_option("--connections", o.connections, "Requests at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  c->add_flag("--no-wait", o.no_wait, "End when every order is accepted or refused");
  c->add_flag("--ignore-totals", o.ignore_totals,
              "Send a pain.001 whose NbOfTxs or CtrlSum are not those of its transfers");
  c->callback([&] { line.run = [&] { return settle(line.context, o); }; });
}

void add_watch(CLI::App& app, Line& line, Options& options) {
  auto& o = options.watch;
  auto* c = command(app, "watch", "Follow events, one line each; goes on after a broken connection",
                    "  settlectl watch\n"
                    "  settlectl watch --kind settlement. --after 0-100\n"
                    "  settlectl watch --json | jq .kind\n");
  c->add_option("--kind", o.kind, "Only kinds that begin so, such as settlement.");
  c->add_option("--after", o.after, "Go on after this event's id, such as 0-100 (default: from now on)");
  c->add_option("--count", o.count, "End after so many events")->check(CLI::Range(1, 1'000'000'000));
  c->callback([&] { line.run = [&] { return watch(line.context, o); }; });
}

void add_account(CLI::App& app, Line& line, Options& options) {
  auto* account = app.add_subcommand("account", "Open, fund, change, list and show accounts");
  account->require_subcommand(1)->fallthrough();
  auto& o = options.open;
  auto* open = command(*account, "open", "Open an account",
                       "  settlectl account open --kind vostro --bank ABIDCIAB --currency XOF\n"
                       "  settlectl account open --kind nostro --bank DAKRSNDA --currency XOF --default\n");
  open->add_option("--kind", o.kind, "nostro, vostro, wallet, treasury, fee, suspense or clearing")
      ->required();
  open->add_option("--bank", o.bank, "BIC; required for nostro and vostro");
  open->add_option("--currency", o.currency, "Such as XOF")->required();
  open->add_option("--name", o.name, "For people");
  open->add_option("--floor", o.floor, "Where available ends: 0, or minus a credit line");
  open->add_flag("--default", o.is_default, "The currency's nostro where we hold none at the payee's bank");
  open->add_flag("--if-missing", o.if_missing, "Do nothing where such an account is there");
  open->callback([&] { line.run = [&] { return account_open(line.context, o); }; });

  auto& f = options.fund;
  auto* fund =
      command(*account, "fund", "Put money into an account (development only)",
              "  settlectl account fund acc_01j9… 5000000 XOF\n"
              "  settlectl account fund 5000000 XOF --bank ABIDCIAB --kind vostro --key first-funding\n");
  fund->add_option("[ID] AMOUNT CURRENCY", f.words, "The account's id, or --bank and --kind instead")
      ->required()
      ->expected(2, 3);
  fund->add_option("--bank", f.bank, "Instead of the id");
  fund->add_option("--kind", f.kind, "Instead of the id");
  fund->add_option("--key", f.key, "Idempotency key: the same key funds once");
  fund->callback([&] { line.run = [&] { return account_fund(line.context, f); }; });

  auto& s = options.set;
  auto* set = command(*account, "set", "Change an account's floor, thresholds or status",
                      "  settlectl account set acc_01j9… --floor -5000000\n"
                      "  settlectl account set acc_01j9… --low 100000 --high none\n"
                      "  settlectl account set acc_01j9… --close\n\n"
                      "Exit codes: 0 changed, 65 refused (money or holds on an account to close, …).\n");
  set->add_option("ID", s.id)->required();
  set->add_option("--floor", s.floor, "Where available ends: 0, or minus a credit line");
  set->add_option("--low", s.low, "A balance that comes below it is told as an event; none: no threshold");
  set->add_option("--high", s.high, "The same above it");
  auto* close = set->add_flag("--close", s.close, "No orders any more");
  set->add_flag("--open", s.open, "Orders again")->excludes(close);
  set->callback([&] { line.run = [&] { return account_set(line.context, s); }; });

  auto& l = options.accounts;
  auto* list = command(*account, "list", "List accounts", "  settlectl account list --kind vostro\n");
  list->add_option("--kind", l.kind);
  list->add_option("--bank", l.bank);
  list->add_option("--currency", l.currency);
  list->callback([&] { line.run = [&] { return account_list(line.context, l); }; });
  auto* show =
      command(*account, "show", "One account with its last entries", "  settlectl account show acc_01j9…\n");
  show->add_option("ID", options.id)->required();
  show->callback([&] { line.run = [&] { return account_show(line.context, options.id); }; });
}

void add_settlement(CLI::App& app, Line& line, Options& options) {
  auto* settlement = app.add_subcommand("settlement", "List and show settlements");
  settlement->require_subcommand(1)->fallthrough();
  auto& o = options.settlements;
  auto* list = command(*settlement, "list", "The latest settlements",
                       "  settlectl settlement list --status CONFIRMING\n"
                       "  settlectl settlement list --from ABIDCIAB --limit 200 --json\n");
  list->add_option("--status", o.status);
  list->add_option("--from", o.from_bank);
  list->add_option("--to", o.to_bank);
  list->add_option("--currency", o.currency);
  list->add_option("--obligation", o.obligation_id);
  list->add_option("--limit", o.limit, "How many at most")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  list->callback([&] { line.run = [&] { return settlement_list(line.context, o); }; });

  const struct {
    CLI::App* parent;
    const char *name, *what;
    int (*run)(const Context&, const std::string&);
  } by_id[] = {
      {settlement, "show", "One settlement with all its fields", settlement_show},
      {&app, "timeline", "What happened to a settlement, step by step", timeline},
      {&app, "status", "A settlement's state; exit 0 COMPLETED, 1 failed, 2 open", settlement_status}};
  for (const auto& entry : by_id) {
    const auto example = std::string("  settlectl ") + (entry.parent == &app ? "" : "settlement ") +
                         entry.name + " set_01j9…\n";
    auto* c = command(*entry.parent, entry.name, entry.what, example.c_str());
    c->add_option("ID", options.id)->required();
    c->callback([&, run = entry.run] { line.run = [&, run] { return run(line.context, options.id); }; });
  }
}

void add_verify(CLI::App& app, Line& line, Options& options) {
  auto& o = options.verify;
  auto* c = command(
      app, "verify", "Check the books and compare them with the bank's own log",
      "  settlectl verify\n"
      "  settlectl verify --acknowledged result.csv\n"
      "  settlectl verify --database-url postgresql:///settled --sandbox none --json\n\n"
      "Reads the database and the bank's log, not the program: a database of your own can be checked\n"
      "while settled is down.\n");
  c->add_option("--database-url", o.database_url, "Default: that of endpoint.json");
  c->add_option("--sandbox", o.sandbox, "The sandbox bank's URL (default: that of endpoint.json), or none");
  c->add_option("--acknowledged", o.acknowledged,
                "Ids that must be recorded: one per line, or a result file");
  c->callback([&] { line.run = [&] { return verify_books(line.context, o); }; });
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// Says which command was meant where one is misspelled.
bool unknown_command(const CLI::App& app, int argc, char** argv) {
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; ++at)
    if (const auto* option = app.get_option_no_throw(argv[at]); option && option->get_expected_max() > 0)
      ++at;  // its value
  if (at >= argc) return false;
  const std::string word = argv[at];
  std::string nearest;
  for (const auto* c : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (c->get_name() == word) return false;
    if (nearest.empty() || distance(word, c->get_name()) < distance(word, nearest)) nearest = c->get_name();
  }
  const bool near = distance(word, nearest) <= 3;
  std::fprintf(stderr, "unknown command \"%s\".%s%s%s settlectl --help lists them.\n", word.c_str(),
               near ? " Did you mean \"" : "", near ? nearest.c_str() : "", near ? "\"?" : "");
  return true;
}

int run(int argc, char** argv) {
  Line line;
  Options options;
  CLI::App app(about, "settlectl");
  app.footer(exit_codes);
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", std::string("settlectl " SETTLED_VERSION ", schema ") +
                                        std::to_string(settled::embedded_migrations().back().number));
  app.add_option("--data-dir", line.context.data_dir, "The server's data folder")
      ->envname("SETTLED_DATA_DIR")
      ->capture_default_str();
  app.add_option("--url", line.context.url, "The server's address")->envname("SETTLED_URL");
  app.add_flag("--json", line.context.json, "Answers as JSON, one object per line");
  app.add_option("--timeout", line.context.timeout_seconds,
                 "Give up when nothing has moved for so many seconds")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  if (const char* own = std::getenv("SETTLED_API_KEY")) line.context.api_key = own;
  std::string key;
  auto* given =
      app.add_option("--api-key", key,
                     "A key, or @FILE with one. Everybody on the machine can read a command line: prefer "
                     "@FILE, or SETTLED_API_KEY");
  app.add_flag("--as-approver", line.context.as_approver,
               "With the second person's key of endpoint.json (development only)")
      ->excludes(given);
  add_settle(app, line, options);
  add_watch(app, line, options);
  add_account(app, line, options);
  add_settlement(app, line, options);
  add_verify(app, line, options);
  add_breaks(app, line);
  add_actions(app, line);
  add_rules(app, line);
  add_netting(app, line);
  add_checks(app, line);
  if (unknown_command(app, argc, argv)) return exit_usage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  if (line.context.as_approver) line.context.api_key.clear();
  if (!key.empty()) line.context.api_key = key_from(key);
  return line.run();
}
}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Stop& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return e.code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "settlectl stopped: %s. Orders that were accepted go on.\n", e.what());
    return exit_our_fault;
  }
}
