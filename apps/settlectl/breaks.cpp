// settlectl breaks, locks: where money waits for an answer, and why.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/command_line.hpp"
#include "apps/settlectl/terminal.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace settled::ctl {
namespace {
struct Options {
  std::string id, reason, state, settlement, account;
};

int list_breaks(const Context& context, const Options& o) {
  ApiClient client(context);
  const auto breaks = all_pages(
      client, "/api/v1/breaks?limit=200" + filter("state", o.state) + filter("settlement", o.settlement));
  if (context.json) {
    print_json(breaks);
    return exit_ok;
  }
  if (breaks.empty()) {
    std::puts("No breaks.");
    return exit_ok;
  }
  Table table({"break", "kind", "state", "settlement", ">amount", "since", "detail"});
  for (const auto& b : breaks)
    table.add({text(b, "id"), text(b, "kind"), text(b, "state"), text(b, "settlement"), money(b),
               moment(b, "opened_at"),
               text(b, "detail") + (text(b, "close_reason").empty() ? ""
                                                                    : " — closed by " + text(b, "closed_by") +
                                                                          ": " + text(b, "close_reason"))});
  table.print();
  return exit_ok;
}

int close_break(const Context& context, const Options& o) {
  ApiClient client(context);
  const auto closed = parsed(
      client.post("/api/v1/breaks/" + percent_encoded(o.id) + "/close", dumped({{"reason", o.reason}})),
      client.url());
  if (context.json)
    std::puts(dumped(closed).c_str());
  else
    std::printf("%s is closed. The books were not changed.\n", text(closed, "id").c_str());
  return exit_ok;
}

int list_locks(const Context& context, const Options& o) {
  ApiClient client(context);
  const auto locks = all_pages(client, "/api/v1/fund-locks?limit=200" + filter("state", o.state) +
                                           filter("settlement", o.settlement) + filter("account", o.account));
  if (context.json) {
    print_json(locks);
    return exit_ok;
  }
  if (locks.empty()) {
    std::puts(o.state.empty() ? "No funds are held." : "None.");
    return exit_ok;
  }
  Table table(
      {"settlement", "state", ">amount", "from", "to", "priority", "status", "since", "expires", "why"});
  for (const auto& l : locks)
    table.add({text(l, "settlement"), text(l, "state"), money(l), text(l, "from_bank"), text(l, "to_bank"),
               text(l, "priority"), shown_status(text(l, "status")), moment(l, "placed_at"),
               moment(l, "expires_at"), text(l, "why")});
  table.print();
  return exit_ok;
}
}  // namespace

void add_breaks(CLI::App& app, Line& line) {
  const auto o = std::make_shared<Options>();
  auto* breaks = command(app, "breaks", "Where the books and a bank disagree, or a doubt lasts too long",
                         "  settlectl breaks\n"
                         "  settlectl breaks --state all --json\n"
                         "  settlectl breaks close brk_01j9… --reason 'the bank paid it back on 24 Nov'\n");
  breaks->require_subcommand(0, 1);
  const auto narrow = [&o](CLI::App* c) {
    c->add_option("--state", o->state, "open (default), closed or all");
    c->add_option("--settlement", o->settlement, "Only of this one");
  };
  narrow(breaks);
  breaks->callback([&line, o, breaks] {
    if (breaks->get_subcommands().empty()) line.run = [&line, o] { return list_breaks(line.context, *o); };
  });
  auto* list =
      command(*breaks, "list", "The list (as without a word)", "  settlectl breaks list --state closed\n");
  narrow(list);
  list->callback([&line, o] { line.run = [&line, o] { return list_breaks(line.context, *o); }; });
  auto* close = command(*breaks, "close", "Close one: what was wrong has been settled elsewhere",
                        "  settlectl breaks close brk_01j9… --reason 'the bank paid it back on 24 Nov'\n\n"
                        "Changes no books. Exit codes: 0 closed, 65 refused (not open).\n");
  close->add_option("ID", o->id, "brk_…")->required();
  close->add_option("--reason", o->reason, "For the record; 1 to 500 characters")->required();
  close->callback([&line, o] { line.run = [&line, o] { return close_break(line.context, *o); }; });

  const auto l = std::make_shared<Options>();
  auto* locks = command(app, "locks", "Who holds what on which account, and why",
                        "  settlectl locks\n"
                        "  settlectl locks --account acc_01j9… --state all\n");
  locks->add_option("--state", l->state, "held (default), posted, released, expired or all");
  locks->add_option("--settlement", l->settlement, "Only of this one");
  locks->add_option("--account", l->account, "Only on this account");
  locks->callback([&line, l] { line.run = [&line, l] { return list_locks(line.context, *l); }; });
}
}  // namespace settled::ctl
