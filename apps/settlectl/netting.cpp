// settlectl net: what many obligations, or the orders that wait, come to, and their settlement at once.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/command_line.hpp"
#include "apps/settlectl/terminal.hpp"
#include "formats/order_csv.hpp"
#include "security/digest.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

namespace settled::ctl {
namespace {
struct Options {
  std::string file, key, currency, value_date, method;
  std::vector<std::string> without, banks;
  bool dry_run = false;
};

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Stop(exit_data, path + " cannot be read. Nothing was sent.");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

json obligations_of(const std::string& path, const std::string& content) {
  std::istringstream in(content);
  OrderCsvReader reader(in);
  if (reader.refusal())
    throw Stop(exit_data,
               reader.refusal()->detail + ". Columns: " + reader.refusal()->allowed + ". Nothing was sent.");
  auto obligations = json::array();
  std::string wrong;
  while (const auto row = reader.next()) {
    if (row->refusal) {
      wrong +=
          "\n  row " + std::to_string(row->number) + ", " + row->refusal->field + ": " + row->refusal->detail;
      continue;
    }
    const auto& o = row->order;
    obligations.push_back({{"obligation_id", o.obligation_id},
                           {"from_bank", o.from_bank},
                           {"to_bank", o.to_bank},
                           {"amount", format_amount(o.amount.minor, o.amount.currency)},
                           {"currency", o.amount.currency.code()}});
  }
  // A net position without one of its obligations would be another position.
  if (!wrong.empty()) throw Stop(exit_data, path + " is refused as a whole. Nothing was sent." + wrong);
  if (obligations.empty()) throw Stop(exit_data, path + " has no obligations. Nothing was sent.");
  return obligations;
}

std::string hex(const Digest& digest) {
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", digest[i]);
    text += two;
  }
  return text;
}

/// The same file is the same netting, however often it is sent. What waits in a window is another thing each
/// time.
std::string key_of(const Options& o, const std::string& content) {
  if (!o.key.empty()) return o.key;
  return o.currency.empty() ? "net-" + hex(sha256(content)) : fresh_key();
}

json window_of(const Options& o) {
  json window{{"currency", o.currency}};
  if (!o.value_date.empty()) window["value_date"] = o.value_date;
  if (!o.method.empty()) window["method"] = o.method;
  if (!o.banks.empty()) window["banks"] = o.banks;
  return window;
}

void check_words(const Options& o) {
  if (o.file.empty() == o.currency.empty())
    throw Stop(exit_usage, "Give either a FILE of obligations or --window-currency. Nothing was sent.");
  if (o.currency.empty() && (!o.value_date.empty() || !o.method.empty() || !o.banks.empty()))
    throw Stop(exit_usage,
               "--value-date, --method and --bank choose among orders that wait: they go with "
               "--window-currency. Nothing was sent.");
  if (!o.without.empty() && !o.dry_run)
    throw Stop(exit_usage, o.currency.empty() ? "--without compares within a --dry-run; to settle without a "
                                                "bank, leave its rows out."
                                              : "--without compares within a --dry-run; to settle without a "
                                                "bank, name the others with --bank.");
}

void print_totals(const json& netting) {
  Table table({"currency", ">obligations", ">gross", ">settled pair by pair", ">settled net"});
  for (const auto& t : netting.value("totals", json::array()))
    table.add({text(t, "currency"), text(t, "obligations"), grouped(text(t, "gross")),
               grouped(text(t, "bilateral")), grouped(text(t, "multilateral"))});
  table.print();
}

void print_positions(const json& netting) {
  Table table({"bank", "currency", ">is owed", ">owes", ">net", ">obligations"});
  for (const auto& p : netting.value("positions", json::array())) {
    const auto count = p["in"].value("obligations", json::array()).size() +
                       p["out"].value("obligations", json::array()).size();
    table.add({text(p, "bank"), text(p, "currency"), grouped(text(p["in"], "sum")),
               grouped(text(p["out"], "sum")), grouped(text(p, "net")), std::to_string(count)});
  }
  table.print();
}

void print_lines(const json& run) {
  Table table({"bank", "currency", ">pays", ">receives", ">available", ">short by", ">over its cap by"});
  for (const auto& l : run.value("lines", json::array())) {
    const bool breaks = l.value("breaks", false);
    const auto red = [&](const std::string& value) { return breaks ? coloured(value, Colour::red) : value; };
    table.add({red(text(l, "bank")), text(l, "currency"), grouped(text(l, "pays")),
               grouped(text(l, "receives")),
               text(l, "available").empty() ? "no vostro" : grouped(text(l, "available")),
               red(grouped(text(l, "short_by"))), red(grouped(text(l, "over_cap_by")))});
  }
  table.print();
}

void print_dry_run(const json& run, const std::string& title) {
  std::printf("%s: %s\n", title.c_str(),
              run.value("feasible", false)
                  ? coloured("feasible", Colour::green).c_str()
                  : coloured("not feasible: somebody's liquidity or cap would break", Colour::red).c_str());
  print_totals(run);
  std::puts("");
  print_lines(run);
}

int net(const Context& context, const Options& o) {
  check_words(o);
  const auto content = o.file.empty() ? std::string() : content_of(o.file);
  json body{{"dry_run", o.dry_run}};
  if (o.file.empty())
    body["window"] = window_of(o);
  else
    body["obligations"] = obligations_of(o.file, content);
  if (!o.without.empty()) body["without"] = o.without;
  const auto key = key_of(o, content);
  ApiClient client(context);
  const auto text_of_body = dumped(body);
  const auto answer =
      with_patience(context, client, [&] { return client.post("/api/v1/nettings", text_of_body, key); });
  const auto netting = parsed(answer, client.url());
  const int code = o.dry_run && !netting.value("feasible", false) ? exit_failed : exit_ok;
  if (context.json) {
    std::puts(dumped(netting).c_str());
    return code;
  }
  if (!o.dry_run) {
    print_totals(netting);
    std::puts("");
    print_positions(netting);
    std::printf("\n%s booked at %s UTC%s\n", text(netting, "id").c_str(), moment(netting, "at").c_str(),
                answer.replayed ? " (netted before under this key; not booked again)" : "");
    return code;
  }
  print_dry_run(netting, "Dry run, nothing was changed");
  if (const auto without = netting.find("without"); without != netting.end() && without->is_object()) {
    std::string banks;
    for (const auto& bank : without->value("banks", json::array()))
      banks += (banks.empty() ? "" : ", ") + bank.get<std::string>();
    std::puts("");
    print_dry_run(*without, "Without " + banks);
    std::printf("%zu obligations would stay open; %zu positions would newly break, %zu would no longer.\n",
                without->value("left_open", json::array()).size(),
                without->value("newly_broken", json::array()).size(),
                without->value("healed", json::array()).size());
  }
  return code;
}
}  // namespace

void add_netting(CLI::App& app, Line& line) {
  const auto o = std::make_shared<Options>();
  auto* c = command(
      app, "net", "Settle a file of obligations, or the orders that wait, by their net, all or nothing",
      "  settlectl net obligations.csv --dry-run\n"
      "  settlectl net obligations.csv --dry-run --without NIAMNENE\n"
      "  settlectl net obligations.csv\n"
      "  settlectl net --window-currency XOF --value-date 2026-11-23 --dry-run\n"
      "  settlectl net --window-currency XOF --bank ABIDCIAB --bank DAKRSNDA\n\n"
      "CSV columns: obligation_id, from_bank (who owes), to_bank, amount, currency. The same file is\n"
      "booked once. With --window-currency the orders are taken that wait for their window or for funds and\n"
      "whose banks both have a vostro here; they are COMPLETED then. Exit codes: 0 booked, or feasible; 1 a "
      "dry run that is not feasible; 65 refused.\n");
  c->add_option("FILE", o->file, "CSV, at most 10,000 rows");
  c->add_option("--window-currency", o->currency, "Instead of a file: the orders that wait in this currency");
  c->add_option("--value-date", o->value_date, "Only those with this value date, YYYY-MM-DD");
  c->add_option("--method", o->method, "Only those by SWIFT, SEPA, LOCAL_ACH or MOCK");
  c->add_option("--bank", o->banks, "Only those between these banks; stands several times");
  c->add_flag("--dry-run", o->dry_run, "Show who would pay what and who could not; change nothing");
  c->add_option("--without", o->without, "Compare with this bank left out; may stand several times");
  c->add_option("--key", o->key,
                "Idempotency key (default: made of the file's content; of a window, of chance)");
  c->callback([&line, o] { line.run = [&line, o] { return net(line.context, *o); }; });
}
}  // namespace settled::ctl
