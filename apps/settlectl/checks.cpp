// settlectl invariants, jobs, recovery: how the service looks after itself.
#include "apps/settlectl/api_json.hpp"
#include "apps/settlectl/command_line.hpp"
#include "apps/settlectl/terminal.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace settled::ctl {
namespace {
int invariants(const Context& context) {
  ApiClient client(context);
  const auto report = fetch(client, "/api/v1/invariants");
  const auto ok = report.find("ok");
  const bool checked = ok != report.end() && ok->is_boolean();
  const auto failure = text(report, "failure");
  const bool now = checked && failure.empty() && !report.value("stale", false);
  const int code = now && ok->get<bool>() ? exit_ok : exit_failed;
  if (context.json) {
    std::puts(dumped(report).c_str());
    return code;
  }
  if (!checked) {
    std::printf("%s Check now: settlectl jobs run check_invariants\n",
                failure.empty() ? "The books were not checked yet."
                                : ("The books could not be checked: " + failure + '.').c_str());
    return code;
  }
  Table table({"invariant", ">violations", "example"});
  for (const auto& each : report.value("invariants", json::array())) {
    const bool holds = text(each, "violations") == "0";
    table.add({coloured(text(each, "name"), holds ? Colour::plain : Colour::red), text(each, "violations"),
               text(each, "example")});
  }
  table.print();
  std::printf(
      "%s Checked at %s UTC in %s s.\n",
      ok->get<bool>()
          ? coloured(now ? "All hold." : "All held then.", now ? Colour::green : Colour::yellow).c_str()
          : coloured("Broken: nothing is sent until they hold again.", Colour::red).c_str(),
      moment(report, "checked_at").c_str(), text(report, "seconds").c_str());
  if (!failure.empty())
    std::puts(coloured("The last check could not run: " + failure, Colour::red).c_str());
  else if (!now)
    std::puts(coloured("That is too old: checks should have run since.", Colour::red).c_str());
  return code;
}

void print_jobs(const json& jobs) {
  Table table({"job", ">every", "last run", "", ">runs", "result", "purpose"});
  for (const auto& job : jobs) {
    const auto ok = job.find("last_ok");
    const bool failed = ok != job.end() && ok->is_boolean() && !ok->get<bool>();
    table.add({text(job, "name"), age(job.value("every_seconds", json())),
               job.value("running", false)         ? "running"
               : moment(job, "last_ended").empty() ? "never"
                                                   : moment(job, "last_ended"),
               failed ? coloured("failed", Colour::red) : "", text(job, "runs"), text(job, "last_result"),
               text(job, "purpose")});
  }
  table.print();
}

int list_jobs(const Context& context) {
  ApiClient client(context);
  const auto jobs = fetch(client, "/api/v1/jobs").value("jobs", json::array());
  if (context.json)
    print_json(jobs.get<std::vector<json>>());
  else
    print_jobs(jobs);
  return exit_ok;
}

int run_job(const Context& context, const std::string& name) {
  ApiClient client(context);
  const auto job = parsed(client.post("/api/v1/jobs/" + percent_encoded(name) + "/run", "{}"), client.url());
  if (context.json)
    std::puts(dumped(job).c_str());
  else
    print_jobs(json::array({job}));
  return job.value("last_ok", json()).is_boolean() && !job["last_ok"].get<bool>() ? exit_failed : exit_ok;
}

int recovery(const Context& context) {
  ApiClient client(context);
  const auto report = fetch(client, "/api/v1/recovery");
  const bool done = report.value("done", false);
  if (context.json) {
    std::puts(dumped(report).c_str());
    return done ? exit_ok : exit_pending;
  }
  std::printf("%s. Started %s UTC%s%s\n",
              done ? coloured("Done", Colour::green).c_str() : coloured("Under way", Colour::yellow).c_str(),
              moment(report, "started_at").c_str(), done ? ", ended " : "",
              moment(report, "ended_at").c_str());
  Table table({"taken up at the start", ">settlements"});
  table.add({"in all", text(report, "taken_up")});
  const auto found = report.value("found", json::object());
  for (const auto& [state, count] : found.items()) table.add({"  " + state, count.dump()});
  table.add({"final by now", text(report, "resolved")});
  table.add({"still open", text(report, "left")});
  table.add({"parked: nobody works on them", text(report, "parked")});
  table.print();
  return done ? exit_ok : exit_pending;
}
}  // namespace

void add_checks(CLI::App& app, Line& line) {
  auto* books = command(app, "invariants", "The last check of the books by the service itself",
                        "  settlectl invariants\n\n"
                        "Exit codes: 0 all hold, 1 one is broken and nothing is sent, or the\n"
                        "last check is missing, too old or could not run.\n");
  books->callback([&line] { line.run = [&line] { return invariants(line.context); }; });

  auto* jobs = command(app, "jobs", "What the service does again and again, and its last runs",
                       "  settlectl jobs\n"
                       "  settlectl jobs run check_invariants\n");
  jobs->require_subcommand(0, 1);
  jobs->callback([&line, jobs] {
    if (jobs->get_subcommands().empty()) line.run = [&line] { return list_jobs(line.context); };
  });
  auto* list = command(*jobs, "list", "The list (as without a word)", "  settlectl jobs list --json\n");
  list->callback([&line] { line.run = [&line] { return list_jobs(line.context); }; });
  const auto name = std::make_shared<std::string>();
  auto* now = command(*jobs, "run", "Run one now and wait for it",
                      "  settlectl jobs run check_invariants\n\n"
                      "Exit codes: 0 it ran, 1 it ran and failed, 65 there is no such job.\n");
  now->add_option("NAME", *name, "A job of the list")->required();
  now->callback([&line, name] { line.run = [&line, name] { return run_job(line.context, *name); }; });

  auto* start = command(app, "recovery", "What the last start found unfinished, and what is left of it",
                        "  settlectl recovery --json\n\n"
                        "Exit codes: 0 done, 2 under way.\n");
  start->callback([&line] { line.run = [&line] { return recovery(line.context); }; });
}
}  // namespace settled::ctl
