// settlectl windows, calendars, banks: the rules that operators change while the service runs.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/command_line.hpp"
#include "apps/settlectl/terminal.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

namespace settled::ctl {
namespace {
struct Options {
  std::string file, name, currency, method, date, bic, status;
};
using Shared = std::shared_ptr<Options>;

/// "08:00", "21:00 −1 d".
std::string clock(const json& session, const std::string& name) {
  const auto day = session.value(name + "_day", 0);
  return text(session, name.c_str()) + (day < 0 ? " the day before" : day > 0 ? " the day after" : "");
}

std::string days(const json& window) {
  constexpr const char* names[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  std::string out;
  for (const auto& day : window.value("weekdays", json::array()))
    if (day.is_number_integer() && day.get<int>() >= 1 && day.get<int>() <= 7)
      out.append(out.empty() ? "" : " ").append(names[day.get<int>()]);
  return out;
}

void print_windows(const std::vector<json>& windows) {
  Table table({"window", "for", "zone", "days", "opens", "cut-off", "closes", "calendar", "in force"});
  for (const auto& w : windows) {
    const auto of = [&](const char* key) {
      return text(w, key).empty() ? "every " + std::string(key) : text(w, key);
    };
    auto force = text(w, "effective_from");
    if (!text(w, "effective_to").empty()) force += " to " + text(w, "effective_to");
    bool first = true;
    for (const auto& s : w.value("sessions", json::array())) {
      const auto once = [&](std::string value) { return first ? std::move(value) : std::string{}; };
      table.add({once(text(w, "name")), once(of("currency") + ", " + of("method")), once(text(w, "zone")),
                 once(days(w)), clock(s, "opens"), clock(s, "cut_off"), clock(s, "closes"),
                 once(text(w, "calendar")), once(force.empty() ? "always" : force)});
      first = false;
    }
  }
  table.print();
}

int list_windows(const Context& context) {
  ApiClient client(context);
  const auto windows = fetch(client, "/api/v1/windows").value("windows", json::array());
  if (context.json)
    print_json(windows.get<std::vector<json>>());
  else if (windows.empty())
    std::puts("No windows: no order can be sent. Set one: settlectl windows set FILE.json");
  else
    print_windows(windows.get<std::vector<json>>());
  return exit_ok;
}

int next_window(const Context& context, const Options& o) {
  ApiClient client(context);
  const auto next = fetch(
      client, "/api/v1/windows/next?currency=" + percent_encoded(o.currency) + filter("method", o.method));
  const auto state = text(next, "state");
  const int code = state == "open" ? exit_ok : state == "none" ? exit_failed : exit_pending;
  if (context.json) {
    std::puts(dumped(next).c_str());
    return code;
  }
  if (state == "none") {
    std::printf("Never: %s.\n", text(next, "reason").c_str());
  } else if (state == "open") {
    std::printf("%s is %s until the cut-off at %s UTC. Value date %s.\n", text(next, "window").c_str(),
                coloured("open", Colour::green).c_str(), moment(next, "next_cut_off").c_str(),
                text(next, "value_date").c_str());
  } else {
    std::printf("%s: %s. Opens at %s UTC, cut-off %s UTC, value date %s.\n",
                coloured("Shut", Colour::yellow).c_str(), text(next, "reason").c_str(),
                moment(next, "opens_at").c_str(), moment(next, "next_cut_off").c_str(),
                text(next, "value_date").c_str());
  }
  return code;
}

/// Discarded where it is no JSON.
json file_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Stop(exit_data, path + " cannot be read. Nothing was set.");
  const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return json::parse(content, nullptr, false);
}

/// A window, an array of them, or what `settlectl windows --json` and GET /api/v1/windows show.
std::vector<json> windows_of(const std::string& path) {
  auto file = file_of(path);
  std::vector<json> windows;
  if (file.is_object() && file.contains("windows")) file = file["windows"];
  if (file.is_object()) windows.push_back(std::move(file));
  if (file.is_array()) windows.assign(file.begin(), file.end());
  if (windows.empty())
    throw Stop(exit_data, path + " is not a window as JSON, nor an array of them. Nothing was set.");
  return windows;
}

int set_windows(const Context& context, const Options& o) {
  auto windows = windows_of(o.file);
  if (!o.name.empty() && windows.size() != 1)
    throw Stop(exit_usage, "--name is for a file with one window. Nothing was set.");
  for (auto& window : windows) {
    if (!o.name.empty() && window.is_object()) window["name"] = o.name;
    if (text(window, "name").empty())
      throw Stop(exit_data, "A window in " + o.file + " has no \"name\"; give --name. Nothing was set.");
  }
  ApiClient client(context);
  std::vector<json> set;
  for (const auto& window : windows) {
    const auto answer =
        client.send("PUT", "/api/v1/windows/" + percent_encoded(text(window, "name")), dumped(window));
    if (!answer.ok() && !set.empty())
      std::fprintf(stderr, "%zu of %zu windows are set; this one is not: %s\n", set.size(), windows.size(),
                   text(window, "name").c_str());
    set.push_back(parsed(answer, client.url()));
  }
  if (context.json)
    print_json(set);
  else
    print_windows(set);
  return exit_ok;
}

int drop_window(const Context& context, const Options& o) {
  ApiClient client(context);
  require(client.send("DELETE", "/api/v1/windows/" + percent_encoded(o.name), ""), client.url());
  if (!context.json)
    std::printf("%s is gone. Orders that wait for it wait for the next that fits.\n", o.name.c_str());
  return exit_ok;
}

void print_holidays(const std::vector<json>& calendars) {
  Table table({"calendar", "date", "holiday", ""});
  for (const auto& calendar : calendars)
    for (const auto& day : calendar.value("next", json::array()))
      table.add({text(calendar, "name"), text(day, "date"), text(day, "name"),
                 day.value("provisional", false)  ? coloured("provisional: look again", Colour::yellow)
                 : day.value("substitute", false) ? "given for a weekend"
                                                  : ""});
  table.print();
}

int list_calendars(const Context& context, const Options& o) {
  ApiClient client(context);
  const auto calendars = fetch(client, "/api/v1/calendars").value("calendars", json::array());
  std::vector<json> shown;
  for (const auto& calendar : calendars)
    if (o.name.empty() || text(calendar, "name") == o.name) shown.push_back(calendar);
  if (shown.empty() && !o.name.empty()) throw Stop(exit_data, "There is no calendar \"" + o.name + "\".");
  if (context.json)
    print_json(shown);
  else
    print_holidays(shown);
  return exit_ok;
}

/// One calendar as `settlectl calendars --name NAME --json` shows it, its rules alone, or the one of this
/// name among what GET /api/v1/calendars shows.
json rules_of(const std::string& path, const std::string& name) {
  auto file = file_of(path);
  if (file.is_object() && file.contains("calendars"))
    for (const auto& one : json(file["calendars"]))
      if (text(one, "name") == name) file = one;
  if (file.is_object() && file.contains("rules")) file = file["rules"];
  if (!file.is_array())
    throw Stop(exit_data, path + " has no rules of a calendar as JSON: {\"rules\":[…]}. Nothing was set.");
  return file;
}

int put_calendar(const Context& context, const Options& o) {
  const auto rules = rules_of(o.file, o.name);
  ApiClient client(context);
  const auto calendar =
      parsed(client.send("PUT", "/api/v1/calendars/" + percent_encoded(o.name), dumped({{"rules", rules}})),
             client.url());
  if (context.json) {
    std::puts(dumped(calendar).c_str());
    return exit_ok;
  }
  std::printf("%s has %zu rules. Its next holidays:\n", o.name.c_str(),
              calendar.value("rules", json::array()).size());
  print_holidays({calendar});
  return exit_ok;
}

int add_holiday(const Context& context, const Options& o, const std::string& name) {
  ApiClient client(context);
  const auto calendar = parsed(client.post("/api/v1/calendars/" + percent_encoded(o.name) + "/holidays",
                                           dumped({{"date", o.date}, {"name", name}})),
                               client.url());
  if (context.json)
    std::puts(dumped(calendar).c_str());
  else
    std::printf("%s is a holiday of %s.\n", o.date.c_str(), o.name.c_str());
  return exit_ok;
}

int drop_holiday(const Context& context, const Options& o) {
  ApiClient client(context);
  require(
      client.send(
          "DELETE",
          "/api/v1/calendars/" + percent_encoded(o.name) + "/holidays?date=" + percent_encoded(o.date), ""),
      client.url());
  if (!context.json) std::printf("%s is no single holiday of %s any more.\n", o.date.c_str(), o.name.c_str());
  return exit_ok;
}

void print_banks(const std::vector<json>& banks) {
  Table table({"bank", "status", "name"});
  for (const auto& b : banks) {
    const auto status = text(b, "status");
    table.add({text(b, "bic"), status == "active" ? status : coloured(status, Colour::red), text(b, "name")});
  }
  table.print();
}

int list_banks(const Context& context) {
  ApiClient client(context);
  const auto banks = fetch(client, "/api/v1/banks").value("banks", json::array());
  if (context.json)
    print_json(banks.get<std::vector<json>>());
  else if (banks.empty())
    std::puts("Nothing is noted about any bank: all are active.");
  else
    print_banks(banks.get<std::vector<json>>());
  return exit_ok;
}

int set_bank(const Context& context, const Options& o) {
  ApiClient client(context);
  auto name = o.name;
  // What is not said stays as it is.
  if (name.empty())
    for (const auto& bank : fetch(client, "/api/v1/banks").value("banks", json::array()))
      if (text(bank, "bic") == o.bic) name = text(bank, "name");
  const auto bank = parsed(client.send("PUT", "/api/v1/banks/" + percent_encoded(o.bic),
                                       dumped({{"name", name}, {"status", o.status}})),
                           client.url());
  if (context.json)
    std::puts(dumped(bank).c_str());
  else
    print_banks({bank});
  return exit_ok;
}

void add_calendars(CLI::App& app, Line& line) {
  const auto o = std::make_shared<Options>();
  const auto title = std::make_shared<std::string>();
  auto* calendars = command(app, "calendars", "Holidays of this and the next year; change them",
                            "  settlectl calendars --name UEMOA\n"
                            "  settlectl calendars put UEMOA uemoa.json\n"
                            "  settlectl calendars add UEMOA 2026-05-27 --title Tabaski\n"
                            "  settlectl calendars drop UEMOA 2026-05-27\n");
  calendars->require_subcommand(0, 1);
  calendars->add_option("--name", o->name, "Only this calendar");
  calendars->callback([&line, o, calendars] {
    if (calendars->get_subcommands().empty())
      line.run = [&line, o] { return list_calendars(line.context, *o); };
  });
  for (const char* word : {"list", "show"}) {
    const bool one = std::string_view(word) == "show";
    auto* c = one ? command(*calendars, word, "One calendar's holidays; with --json its rules too",
                            "  settlectl calendars show UEMOA --json >uemoa.json\n")
                  : command(*calendars, word, "The list (as without a word)",
                            "  settlectl calendars list --json\n");
    if (one) c->add_option("CALENDAR", o->name, "Its name")->required();
    c->callback([&line, o] { line.run = [&line, o] { return list_calendars(line.context, *o); }; });
  }
  auto* put = command(*calendars, "put", "Replace all rules of a calendar, or make a new one",
                      "  settlectl calendars put UEMOA uemoa.json\n\n"
                      "The file has what `settlectl calendars show NAME --json` prints, or the rules alone:\n"
                      "  {\"rules\":[{\"name\":\"New Year\",\"kind\":\"fixed\",\"month\":1,\"day\":1},\n"
                      "   {\"name\":\"Good Friday\",\"kind\":\"easter\",\"days\":-2}]}\n"
                      "Exit codes: 0 set, 65 refused (each field by name).\n");
  put->add_option("CALENDAR", o->name, "Its name")->required();
  put->add_option("FILE", o->file, "JSON")->required();
  put->callback([&line, o] { line.run = [&line, o] { return put_calendar(line.context, *o); }; });
  auto* add =
      command(*calendars, "add", "Add a holiday on one day",
              "  settlectl calendars add \"Federal Reserve\" 2026-12-24 --title 'Closed by decree'\n");
  auto* drop = command(*calendars, "drop", "Remove a holiday that was added on one day",
                       "  settlectl calendars drop UEMOA 2026-05-27\n");
  for (auto* c : {add, drop}) {
    c->add_option("CALENDAR", o->name, "Its name")->required();
    c->add_option("DATE", o->date, "YYYY-MM-DD")->required();
  }
  add->add_option("--title", *title, "What the holiday is called")->required();
  add->callback(
      [&line, o, title] { line.run = [&line, o, title] { return add_holiday(line.context, *o, *title); }; });
  drop->callback([&line, o] { line.run = [&line, o] { return drop_holiday(line.context, *o); }; });
}

void add_banks(CLI::App& app, Line& line) {
  const auto o = std::make_shared<Options>();
  auto* banks = command(app, "banks", "What is noted about banks; suspend one",
                        "  settlectl banks\n"
                        "  settlectl banks set DAKRSNDA --status suspended --name 'Banque de Dakar'\n");
  banks->require_subcommand(0, 1);
  banks->callback([&line, banks] {
    if (banks->get_subcommands().empty()) line.run = [&line] { return list_banks(line.context); };
  });
  auto* list = command(*banks, "list", "The list (as without a word)", "  settlectl banks list --json\n");
  list->callback([&line] { line.run = [&line] { return list_banks(line.context); }; });
  auto* set = command(*banks, "set", "Suspend a bank or let it take part again",
                      "  settlectl banks set DAKRSNDA --status suspended\n\n"
                      "New orders from or to a suspended bank are refused; orders on their way go on.\n");
  set->add_option("BIC", o->bic, "The bank")->required();
  set->add_option("--status", o->status, "active or suspended")->required();
  set->add_option("--name", o->name, "For people");
  set->callback([&line, o] { line.run = [&line, o] { return set_bank(line.context, *o); }; });
}
}  // namespace

void add_rules(CLI::App& app, Line& line) {
  const auto o = std::make_shared<Options>();
  auto* windows = command(app, "windows", "When rails take orders; change it while the service runs",
                          "  settlectl windows\n"
                          "  settlectl windows next --currency XOF --method SWIFT\n"
                          "  settlectl windows set star-uemoa.json\n");
  windows->require_subcommand(0, 1);
  windows->callback([&line, windows] {
    if (windows->get_subcommands().empty()) line.run = [&line] { return list_windows(line.context); };
  });
  auto* list = command(*windows, "list", "The list (as without a word)", "  settlectl windows list --json\n");
  list->callback([&line] { line.run = [&line] { return list_windows(line.context); }; });
  auto* next = command(*windows, "next", "Which session an order would go into now",
                       "  settlectl windows next --currency XOF\n\n"
                       "Exit codes: 0 open, 2 shut for now, 1 no window is defined.\n");
  next->add_option("--currency", o->currency, "Such as XOF")->required();
  next->add_option("--method", o->method, "LOCAL_ACH (default), SWIFT, SEPA or MOCK");
  next->callback([&line, o] { line.run = [&line, o] { return next_window(line.context, *o); }; });
  auto* set = command(
      *windows, "set", "Set windows from a file of JSON",
      "  settlectl windows set star-uemoa.json\n\n"
      "The file has one window or an array of them:\n"
      "  "
      "{\"name\":\"STAR-UEMOA\",\"currency\":\"XOF\",\"zone\":\"Africa/Abidjan\",\"weekdays\":[1,2,3,4,5],\n"
      "   "
      "\"calendar\":\"UEMOA\",\"sessions\":[{\"opens\":\"08:00\",\"closes\":\"15:30\",\"cut_off\":\"15:00\"}]"
      "}\n"
      "Exit codes: 0 set, 65 refused (each field by name).\n");
  set->add_option("FILE", o->file, "JSON")->required();
  set->add_option("--name", o->name, "The window's name, where the file has none");
  set->callback([&line, o] { line.run = [&line, o] { return set_windows(line.context, *o); }; });
  auto* drop = command(*windows, "drop", "Remove a window", "  settlectl windows drop STAR-UEMOA\n");
  drop->add_option("NAME", o->name, "The window")->required();
  drop->callback([&line, o] { line.run = [&line, o] { return drop_window(line.context, *o); }; });
  add_calendars(app, line);
  add_banks(app, line);
}
}  // namespace settled::ctl
