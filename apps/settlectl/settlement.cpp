// settlectl settlement list | show, timeline, status.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/commands.hpp"
#include "apps/settlectl/terminal.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace settled::ctl {
namespace {
std::string path_of(const std::string& id) { return "/api/v1/settlements/" + percent_encoded(id); }

int exit_of(const std::string& status) {
  if (status == "COMPLETED") return exit_ok;
  return status == "FAILED" || status == "ROLLED_BACK" ? exit_failed : exit_pending;
}

void print_head(const json& s) {
  std::printf("%s  %s  %s → %s  %s%s\n", text(s, "id").c_str(), money(s).c_str(),
              text(s, "from_bank").c_str(), text(s, "to_bank").c_str(),
              shown_status(text(s, "status")).c_str(),
              s.value("unknown", false)
                  ? coloured("  the bank has not told us yet whether it paid", Colour::violet).c_str()
                  : "");
  if (s.contains("failure") && s["failure"].is_object())
    std::printf("%s: %s\n", text(s["failure"], "code").c_str(), text(s["failure"], "detail").c_str());
  if (s.contains("waiting") && s["waiting"].is_object())
    std::printf("waits for %s: %s%s%s\n", text(s["waiting"], "for").c_str(),
                text(s["waiting"], "detail").c_str(),
                text(s["waiting"], "release_at").empty() ? "" : ", until ",
                moment(s["waiting"], "release_at").c_str());
  if (const auto back = text(s, "compensated_by"); !back.empty())
    std::printf("The money went back with %s.\n", back.c_str());
}
}  // namespace

int settlement_list(const Context& context, const SettlementListOptions& o) {
  ApiClient client(context);
  std::string filter;
  const std::pair<const char*, const std::string*> filters[] = {{"status", &o.status},
                                                                {"from_bank", &o.from_bank},
                                                                {"to_bank", &o.to_bank},
                                                                {"currency", &o.currency},
                                                                {"obligation_id", &o.obligation_id}};
  for (const auto& [name, value] : filters)
    if (!value->empty()) filter += std::string("&") + name + '=' + percent_encoded(*value);
  Table table({"id", "status", ">amount", "", "from", "to", "obligation", "created"});
  std::string cursor;
  for (std::size_t left = o.limit; left > 0;) {
    auto path = "/api/v1/settlements?limit=" + std::to_string(std::min<std::size_t>(left, 200)) + filter;
    if (!cursor.empty()) path += "&cursor=" + percent_encoded(cursor);
    const auto page = fetch(client, path);
    for (const auto& s : page.value("data", json::array())) {
      if (left == 0) break;
      --left;
      if (context.json)
        std::puts(s.dump().c_str());
      else
        table.add({text(s, "id"), shown_status(text(s, "status")), grouped(text(s, "amount")),
                   text(s, "currency"), text(s, "from_bank"), text(s, "to_bank"), text(s, "obligation_id"),
                   text(s, "created_at")});
    }
    cursor = text(page, "next_cursor");
    if (cursor.empty()) break;
  }
  if (!context.json) table.print();
  return exit_ok;
}

int settlement_show(const Context& context, const std::string& id) {
  ApiClient client(context);
  const auto s = fetch(client, path_of(id));
  if (context.json) {
    std::puts(s.dump().c_str());
    return exit_ok;
  }
  print_head(s);
  Table table({"field", "value"});
  for (const char* field :
       {"obligation_id", "settlement_date", "priority", "method", "metadata", "debit_account",
        "credit_account", "connector", "reference", "bank_reference", "attempts", "outcome", "value_date",
        "next_cut_off", "trace_id", "created_at", "sent_at", "confirmed_at", "finalized_at"})
    if (const auto value = text(s, field); !value.empty() && value != "{}") table.add({field, value});
  for (const auto& checkpoint : s.value("checkpoints", json::array()))
    table.add({"✓ " + text(checkpoint, "name"), text(checkpoint, "at")});
  table.print();
  return exit_ok;
}

int settlement_status(const Context& context, const std::string& id) {
  ApiClient client(context);
  const auto s = fetch(client, path_of(id));
  if (context.json)
    std::puts(json{{"id", text(s, "id")}, {"status", text(s, "status")}}.dump().c_str());
  else
    print_head(s);
  return exit_of(text(s, "status"));
}

int timeline(const Context& context, const std::string& id) {
  ApiClient client(context);
  const auto s = fetch(client, path_of(id));
  const auto events = fetch(client, path_of(id) + "/timeline").value("data", json::array());
  if (context.json) {
    for (const auto& e : events) std::puts(e.dump().c_str());
    return exit_ok;
  }
  print_head(s);
  for (const auto& e : events) {
    std::string facts;
    if (const auto payload = e.find("payload"); payload != e.end() && payload->is_object())
      for (const auto& [name, value] : payload->items())
        facts += "  " + name + ' ' + (value.is_string() ? value.get<std::string>() : value.dump());
    std::printf("%s  %-8s %-24s%s\n", text(e, "at").c_str(), text(e, "id").c_str(), text(e, "kind").c_str(),
                facts.c_str());
  }
  return exit_ok;
}
}  // namespace settled::ctl
