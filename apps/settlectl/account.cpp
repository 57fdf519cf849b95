// settlectl account open | fund | list | show.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/commands.hpp"
#include "apps/settlectl/terminal.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace settled::ctl {
namespace {
std::vector<json> find_accounts(ApiClient& client, const std::string& kind, const std::string& bank,
                                const std::string& currency) {
  std::string path = "/api/v1/accounts?limit=200";
  if (!kind.empty()) path += "&kind=" + percent_encoded(kind);
  if (!bank.empty()) path += "&bank=" + percent_encoded(bank);
  if (!currency.empty()) path += "&currency=" + percent_encoded(currency);
  return all_pages(client, path);
}

void print_accounts(const std::vector<json>& accounts) {
  Table table({"id", "kind", "bank", "currency", ">balance", ">held", ">available", "name"});
  for (const auto& a : accounts)
    table.add({text(a, "id"), text(a, "kind"), text(a, "bank"),
               text(a, "currency") + (a.value("default", false) ? " (default)" : ""),
               grouped(text(a, "balance")), grouped(text(a, "held")), grouped(text(a, "available")),
               text(a, "name")});
  table.print();
}

}  // namespace

int account_open(const Context& context, const AccountOpenOptions& o) {
  ApiClient client(context);
  if (o.if_missing)
    for (const auto& a : find_accounts(client, o.kind, o.bank, o.currency)) {
      std::puts(context.json ? a.dump().c_str() : (text(a, "id") + " is there already.").c_str());
      return exit_ok;
    }
  json body{{"kind", o.kind}, {"currency", o.currency}};
  if (!o.bank.empty()) body["bank"] = o.bank;
  if (!o.name.empty()) body["name"] = o.name;
  if (!o.floor.empty()) body["floor"] = o.floor;
  if (o.is_default) body["default"] = true;
  // Not repeated after a broken connection: an account has no idempotency key, and a second one of the same
  // kind would be another account.
  const auto account = parsed(client.post("/api/v1/accounts", dumped(body)), client.url());
  if (context.json)
    std::puts(account.dump().c_str());
  else
    print_accounts({account});
  return exit_ok;
}

int account_fund(const Context& context, const AccountFundOptions& o) {
  const bool by_id = o.words.size() == 3;
  if (by_id != (o.bank.empty() && o.kind.empty()))
    throw Stop(exit_usage,
               "Name the account by its id, or by --bank and --kind: settlectl account fund ID AMOUNT "
               "CURRENCY, or settlectl account fund AMOUNT CURRENCY --bank BIC --kind vostro.");
  const auto& amount = o.words[o.words.size() - 2];
  const auto& currency = o.words.back();
  ApiClient client(context);
  auto id = by_id ? o.words.front() : std::string{};
  if (!by_id) {
    const auto found = find_accounts(client, o.kind, o.bank, currency);
    if (found.size() != 1)
      throw Stop(exit_data, std::to_string(found.size()) + " accounts match kind \"" + o.kind +
                                "\", bank \"" + o.bank + "\", currency \"" + currency +
                                "\"; exactly one is needed. Nothing was funded.");
    id = text(found[0], "id");
  }
  const auto key = o.key.empty() ? fresh_key() : o.key;
  const auto body = dumped({{"amount", amount}, {"currency", currency}});
  const auto answer = with_patience(context, client, [&] {
    return client.post("/api/v1/accounts/" + percent_encoded(id) + "/fund", body, key);
  });
  if (answer.transient())
    std::fprintf(stderr, "No definite answer. To try again without funding twice: --key %s\n", key.c_str());
  const auto funded = parsed(answer, client.url());
  if (context.json)
    std::puts(funded.dump().c_str());
  else
    std::printf("%s %s %s to %s%s\n", text(funded, "journal").c_str(), grouped(amount).c_str(),
                currency.c_str(), id.c_str(),
                answer.replayed ? " (done before with this key; not funded again)" : "");
  return exit_ok;
}

int account_set(const Context& context, const AccountSetOptions& o) {
  json body = json::object();
  const auto threshold = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    body[name] = value == "none" ? json() : json(value);
  };
  if (o.close) body["status"] = "closed";
  if (o.open) body["status"] = "open";
  if (!o.floor.empty()) body["floor"] = o.floor;
  threshold("low_threshold", o.low);
  threshold("high_threshold", o.high);
  if (body.empty())
    throw Stop(exit_usage, "Nothing to change: give --floor, --low, --high, --close or --open.");
  ApiClient client(context);
  const auto account =
      parsed(client.send("PATCH", "/api/v1/accounts/" + percent_encoded(o.id), dumped(body)), client.url());
  if (context.json) {
    std::puts(dumped(account).c_str());
    return exit_ok;
  }
  print_accounts({account});
  const auto or_none = [&](const char* key) {
    return text(account, key).empty() ? "none" : grouped(text(account, key));
  };
  std::printf("%s · floor %s · low threshold %s · high threshold %s\n", text(account, "status").c_str(),
              or_none("floor").c_str(), or_none("low_threshold").c_str(), or_none("high_threshold").c_str());
  return exit_ok;
}

int account_list(const Context& context, const AccountListOptions& o) {
  ApiClient client(context);
  const auto accounts = find_accounts(client, o.kind, o.bank, o.currency);
  if (context.json)
    for (const auto& a : accounts) std::puts(a.dump().c_str());
  else if (accounts.empty())
    std::puts("No accounts. Open one: settlectl account open --kind vostro --bank ABIDCIAB --currency XOF");
  else
    print_accounts(accounts);
  return exit_ok;
}

int account_show(const Context& context, const std::string& id) {
  ApiClient client(context);
  const auto path = "/api/v1/accounts/" + percent_encoded(id);
  const auto account = parsed(client.get(path), client.url());
  const auto entries =
      parsed(client.get(path + "/entries?limit=20"), client.url()).value("data", json::array());
  if (context.json) {
    std::puts(json{{"account", account}, {"entries", entries}}.dump().c_str());
    return exit_ok;
  }
  print_accounts({account});
  if (entries.empty()) {
    std::puts("\nNo entries yet.");
    return exit_ok;
  }
  std::puts("");
  Table table({">entry", "at", "journal", "side", ">amount", ">balance after"});
  for (const auto& e : entries)
    table.add({text(e, "version"), text(e, "at"), text(e, "journal"), text(e, "direction"),
               grouped(text(e, "amount")), grouped(text(e, "balance_after"))});
  table.print();
  return exit_ok;
}
}  // namespace settled::ctl
