// settlectl unknowns, actions, held, decide, cancel, compensate: what takes two people, and what they see.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/command_line.hpp"
#include "apps/settlectl/terminal.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace settled::ctl {
namespace {
std::string settlement_path(const std::string& id) { return "/api/v1/settlements/" + percent_encoded(id); }

int list_unknowns(const Context& context, const std::string& settlement) {
  ApiClient client(context);
  const auto unknowns = all_pages(client, "/api/v1/unknowns?limit=200" + filter("settlement", settlement));
  if (context.json) {
    print_json(unknowns);
    return exit_ok;
  }
  if (unknowns.empty()) {
    std::puts("No outcome is unknown, and no bank keeps an order in process.");
    return exit_ok;
  }
  Table table({"settlement", ">amount", "from", "to", "open for", "asks", "last word", "break", "asked for"});
  for (const auto& u : unknowns)
    table.add({text(u, "settlement"), money(u), text(u, "from_bank"), text(u, "to_bank"),
               coloured(age(u.value("age_s", json())), Colour::violet), text(u, "owner"), text(u, "outcome"),
               text(u, "break"), text(u, "action")});
  table.print();
  std::fprintf(stderr, "The funds stay held, the bank is asked again and again. Send no new order.\n");
  return exit_ok;
}

void print_action(const json& action) {
  std::printf("%s  %s  asked for by %s at %s\n\n", text(action, "id").c_str(), text(action, "state").c_str(),
              text(action, "requested_by").c_str(), moment(action, "requested_at").c_str());
  std::printf("%s\n\ndigest %s\n", text(action, "shown").c_str(), text(action, "digest").c_str());
}

int propose(const Context& context, const std::string& path, const json& body) {
  ApiClient client(context);
  const auto action = parsed(client.post(path, dumped(body)), client.url());
  if (context.json) {
    std::puts(dumped(action).c_str());
    return exit_ok;
  }
  print_action(action);
  std::printf(
      "\nNothing has changed yet. A second person, with a key of their own:\n  settlectl actions approve "
      "%s\n",
      text(action, "id").c_str());
  return exit_ok;
}

/// The action that waits under its own id or for its settlement.
json pending_action(ApiClient& client, const std::string& id) {
  const bool settlement = id.starts_with("set_");
  const auto path = "/api/v1/actions?state=pending&limit=200" + filter("settlement", settlement ? id : "");
  for (auto& action : all_pages(client, path))
    if (settlement || text(action, "id") == id) return action;
  throw Stop(exit_data, "Nothing waits for a second person under " + id + ". See: settlectl actions");
}

int approve(const Context& context, const std::string& id, std::string digest) {
  ApiClient client(context);
  if (digest.empty()) {
    const auto action = pending_action(client, id);
    digest = text(action, "digest");
    std::fprintf(stderr, "%s, asked for by %s:\n\n%s\n\ndigest %s\n\n", text(action, "id").c_str(),
                 text(action, "requested_by").c_str(), text(action, "shown").c_str(), digest.c_str());
    if (!confirmed("Approve exactly this?",
                   "Read it with settlectl actions --json, then give its --digest.")) {
      std::fprintf(stderr, "Not approved. Nothing was changed.\n");
      return exit_failed;
    }
  }
  const auto path = (id.starts_with("set_") ? "/api/v1/unknowns/" : "/api/v1/actions/") + percent_encoded(id);
  const auto approved = parsed(client.post(path + "/approve", dumped({{"digest", digest}})), client.url());
  if (context.json) {
    std::puts(dumped(approved).c_str());
    return exit_ok;
  }
  const auto& s = approved.at("settlement");
  std::printf("%s approved. %s is %s.\n", text(approved.at("action"), "id").c_str(), text(s, "id").c_str(),
              shown_status(text(s, "status")).c_str());
  if (const auto back = text(s, "compensated_by"); !back.empty())
    std::printf("The money went back with %s.\n", back.c_str());
  return exit_ok;
}

int list_actions(const Context& context, const std::string& state, const std::string& settlement) {
  ApiClient client(context);
  const auto actions = all_pages(
      client, "/api/v1/actions?limit=200" + filter("state", state) + filter("settlement", settlement));
  if (context.json) {
    print_json(actions);
    return exit_ok;
  }
  if (actions.empty()) {
    std::puts(state.empty() || state == "pending" ? "Nothing waits for a second person." : "None.");
    return exit_ok;
  }
  Table table(
      {"action", "kind", "verdict", "settlement", "state", "asked for by", "at", "approved by", "reason"});
  for (const auto& a : actions)
    table.add({text(a, "id"), text(a, "kind"), text(a, "verdict"), text(a, "settlement"), text(a, "state"),
               text(a, "requested_by"), moment(a, "requested_at"), text(a, "approved_by"),
               text(a, "reason")});
  table.print();
  return exit_ok;
}

int list_held(const Context& context) {
  ApiClient client(context);
  const auto held = all_pages(client, "/api/v1/held?limit=200");
  if (context.json) {
    print_json(held);
    return exit_ok;
  }
  if (held.empty()) {
    std::puts("No order is held for compliance.");
    return exit_ok;
  }
  Table table({"settlement", ">amount", "from", "to", "since", "asked for", "why"});
  for (const auto& h : held)
    table.add({text(h, "settlement"), money(h), text(h, "from_bank"), text(h, "to_bank"),
               moment(h, "created_at"), text(h, "action"), text(h, "why")});
  table.print();
  std::fprintf(stderr, "Decide: settlectl decide ID --verdict release|reject --reason …\n");
  return exit_ok;
}

int cancel(const Context& context, const std::string& id, const std::string& reason) {
  ApiClient client(context);
  const auto s =
      parsed(client.post(settlement_path(id) + "/cancel", dumped({{"reason", reason}})), client.url());
  if (context.json)
    std::puts(dumped(s).c_str());
  else
    std::printf("%s is called back: %s. No money was held.\n", text(s, "id").c_str(),
                shown_status(text(s, "status")).c_str());
  return exit_ok;
}

struct Options {
  std::string id, verdict, reason, bank_reference, digest, state, settlement;
};
using Shared = std::shared_ptr<Options>;

void need_reason(CLI::App* c, const Shared& o) {
  c->add_option("--reason", o->reason, "For the record and for the second person; 1 to 500 characters")
      ->required();
}

void add_approve(CLI::App& parent, Line& line) {
  const auto o = std::make_shared<Options>();
  auto* c =
      command(parent, "approve", "Approve what another person asked for",
              "  settlectl unknowns approve set_01j9… --as-approver\n"
              "  settlectl actions approve act_01j9… --digest 5f2c…\n\n"
              "Shows what is approved and asks, unless --digest names exactly what you have read. Needs the\n"
              "key of another person than the one who asked. Exit codes: 0 approved, 1 not confirmed,\n"
              "65 refused (nothing waits, another digest), 77 the same person.\n");
  c->add_option("ID", o->id, "The action, act_…, or its settlement, set_…")->required();
  c->add_option("--digest", o->digest, "Of what you have read: approves without asking");
  c->callback([&line, o] { line.run = [&line, o] { return approve(line.context, o->id, o->digest); }; });
}
}  // namespace

void add_actions(CLI::App& app, Line& line) {
  const auto u = std::make_shared<Options>();
  auto* unknowns = command(
      app, "unknowns", "Settlements whose outcome nobody knows; resolve them with a second person",
      "  settlectl unknowns\n"
      "  settlectl unknowns resolve set_01j9… --verdict executed --reason 'statement of 21 Nov, line 14'\n"
      "  settlectl unknowns approve set_01j9… --as-approver\n");
  unknowns->require_subcommand(0, 1);
  unknowns->callback([&line, u, unknowns] {
    if (unknowns->get_subcommands().empty()) line.run = [&line] { return list_unknowns(line.context, ""); };
  });
  auto* list = command(*unknowns, "list", "The list (as without a word)",
                       "  settlectl unknowns list --settlement set_01j9…\n");
  list->add_option("--settlement", u->settlement, "Only this one");
  list->callback(
      [&line, u] { line.run = [&line, u] { return list_unknowns(line.context, u->settlement); }; });
  const auto r = std::make_shared<Options>();
  auto* resolve = command(
      *unknowns, "resolve", "Say what became of one; takes effect when a second person approves",
      "  settlectl unknowns resolve set_01j9… --verdict executed --reason 'on the statement' \\\n"
      "    --bank-reference BP-7719\n"
      "  settlectl unknowns resolve set_01j9… --verdict not_executed --reason 'the bank says so in "
      "writing'\n\n"
      "executed completes the settlement, not_executed gives the hold back. Exit codes: 0 asked for,\n"
      "65 refused (no doubt there, resolved already).\n");
  resolve->add_option("ID", r->id, "The settlement")->required();
  resolve->add_option("--verdict", r->verdict, "executed or not_executed")->required();
  need_reason(resolve, r);
  resolve->add_option("--bank-reference", r->bank_reference, "Of executed, where the bank told one");
  resolve->callback([&line, r] {
    line.run = [&line, r] {
      json body{{"verdict", r->verdict}, {"reason", r->reason}};
      if (!r->bank_reference.empty()) body["bank_reference"] = r->bank_reference;
      return propose(line.context, "/api/v1/unknowns/" + percent_encoded(r->id) + "/resolve", body);
    };
  });
  add_approve(*unknowns, line);

  const auto a = std::make_shared<Options>();
  auto* actions = command(app, "actions", "What one person asked for and a second one approves",
                          "  settlectl actions\n"
                          "  settlectl actions --state all --settlement set_01j9…\n"
                          "  settlectl actions approve act_01j9… --as-approver\n");
  actions->require_subcommand(0, 1);
  actions->add_option("--state", a->state, "pending (default), approved, superseded or all");
  actions->add_option("--settlement", a->settlement, "Only about this one");
  actions->callback([&line, a, actions] {
    if (actions->get_subcommands().empty())
      line.run = [&line, a] { return list_actions(line.context, a->state, a->settlement); };
  });
  add_approve(*actions, line);

  auto* held =
      command(app, "held", "Orders held because a party is on the blocked list", "  settlectl held\n");
  held->callback([&line] { line.run = [&line] { return list_held(line.context); }; });

  const auto d = std::make_shared<Options>();
  auto* decide =
      command(app, "decide", "Release or reject an order held for compliance, with a second person",
              "  settlectl decide set_01j9… --verdict release --reason 'another person of this name'\n\n"
              "Exit codes: 0 asked for, 65 refused (not held, decided already).\n");
  decide->add_option("ID", d->id, "The settlement")->required();
  decide->add_option("--verdict", d->verdict, "release or reject")->required();
  need_reason(decide, d);
  decide->callback([&line, d] {
    line.run = [&line, d] {
      return propose(line.context, settlement_path(d->id) + "/decide",
                     {{"verdict", d->verdict}, {"reason", d->reason}});
    };
  });

  const auto c = std::make_shared<Options>();
  auto* back =
      command(app, "compensate", "Give the money of a COMPLETED settlement back, with a second person",
              "  settlectl compensate set_01j9… --reason 'paid to the wrong bank'\n\n"
              "Moves money in our books only: the bank is not asked to give anything back. Exit codes:\n"
              "0 asked for, 65 refused (not COMPLETED, compensated already).\n");
  back->add_option("ID", c->id, "The settlement")->required();
  need_reason(back, c);
  back->callback([&line, c] {
    line.run = [&line, c] {
      return propose(line.context, settlement_path(c->id) + "/compensate", {{"reason", c->reason}});
    };
  });

  const auto k = std::make_shared<Options>();
  auto* stop =
      command(app, "cancel", "Call back an order that waits and holds nothing",
              "  settlectl cancel set_01j9… --reason 'sent twice by the client'\n\n"
              "Exit codes: 0 called back, 65 refused (its funds are held already, or it has ended).\n");
  stop->add_option("ID", k->id, "The settlement")->required();
  need_reason(stop, k);
  stop->callback([&line, k] { line.run = [&line, k] { return cancel(line.context, k->id, k->reason); }; });
}
}  // namespace settled::ctl
