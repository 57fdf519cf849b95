// settlectl verify: prints the verdict of storage/verify.hpp.
#include "storage/verify.hpp"

#include "apps/settlectl/api_client.hpp"
#include "apps/settlectl/commands.hpp"
#include "apps/settlectl/terminal.hpp"
#include "formats/csv.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

namespace settled::ctl {
namespace {
using nlohmann::json;

/// Reads the sandbox's log page by page; each call goes on behind the last line of the call before.
class SandboxLog {
 public:
  explicit SandboxLog(std::string url) : url_(std::move(url)) {}

  std::vector<BankEffect> read() {
    constexpr std::int64_t page = 5'000;
    std::vector<BankEffect> effects;
    for (;;) {
      const auto answer =
          get_url(url_, "/sandbox/log?after=" + std::to_string(last_) + "&limit=" + std::to_string(page));
      if (!answer.ok())
        throw Stop(exit_away,
                   "The bank's log at " + url_ + " cannot be read (" +
                       (answer.status == 0 ? answer.error : std::to_string(answer.status)) +
                       "). It is the sandbox of a running settled; to check the books alone: --sandbox none");
      const auto before = last_;
      std::int64_t lines = 0;
      for (std::size_t at = 0; at < answer.body.size();) {
        const auto end = std::min(answer.body.find('\n', at), answer.body.size());
        if (end > at) {
          take(answer.body.substr(at, end - at), effects);
          ++lines;
        }
        at = end + 1;
      }
      if (lines == 0) return effects;
      if (last_ <= before)
        throw Stop(exit_data, "The bank's log does not count on from line " + std::to_string(before) + '.');
    }
  }

 private:
  void take(const std::string& text, std::vector<BankEffect>& effects) {
    const auto line = json::parse(text, nullptr, false);
    try {
      last_ = std::max(last_, line.at("n").get<std::int64_t>());
      // A line that moved no money may have no order in it: an inquiry, a request that was refused.
      if (!line.at("effect").get<bool>()) return;
      effects.push_back({line.at("e2e").get<std::string>(), line.at("amount").get<std::int64_t>(),
                         line.at("ccy").get<std::string>(), line.at("creditor").get<std::string>()});
    } catch (const json::exception&) {
      throw Stop(exit_data, "The bank's log has a line that cannot be read, after line " +
                                std::to_string(last_) + ": " + text.substr(0, 120));
    }
  }
  std::string url_;
  std::int64_t last_ = 0;
};

/// One id per line, or a result file of `settlectl settle`, whose column `id` is taken.
std::vector<std::string> read_acknowledged(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Stop(exit_data, path + " cannot be read.");
  CsvReader csv(in);
  std::vector<std::string> ids;
  std::size_t column = 0;
  bool first = true;
  while (auto row = csv.next()) {
    if (!row->problem.empty())
      throw Stop(exit_data, path + " row " + std::to_string(row->number) + ' ' + row->problem + '.');
    if (first) {
      first = false;
      const auto id = std::find(row->fields.begin(), row->fields.end(), "id");
      if (id != row->fields.end()) {
        column = static_cast<std::size_t>(id - row->fields.begin());
        continue;
      }
    }
    if (column < row->fields.size() && !row->fields[column].empty()) ids.push_back(row->fields[column]);
  }
  return ids;
}

std::string sums_of(const Verdict& v) {
  std::string out;
  for (const auto& sum : v.sums)
    out += (out.empty() ? "" : ", ") + grouped(sum.minor_units) + ' ' + sum.currency;
  return out.empty() ? "0" : out;
}

std::int64_t completed(const Verdict& v) {
  const auto at = v.settlements.find("COMPLETED");
  return at == v.settlements.end() ? 0 : at->second;
}

bool events_broken(const Verdict& v) {
  return std::any_of(v.wrong_by_check.begin(), v.wrong_by_check.end(),
                     [](const auto& entry) { return entry.second > 0 && entry.first.starts_with("event "); });
}

void print_numbers(const Verdict& v) {
  const auto n = [](std::int64_t value) { return grouped(static_cast<long long>(value)); };
  const auto same = [](std::int64_t a, std::int64_t b) { return a == b ? " = " : " ≠ "; };
  std::string line;
  if (v.acknowledged)
    line += "acknowledged " + n(*v.acknowledged) + same(*v.acknowledged, *v.acknowledged_recorded) +
            "recorded " + n(*v.acknowledged_recorded) + " · ";
  else
    line += "recorded " + n(v.recorded) + " · ";
  if (v.bank) {
    const auto told = v.bank->executed_told_open + v.bank->executed_told_closed;
    const auto known = v.bank->executed_completed + v.bank->executed_open + told;
    line += "executed " + n(v.bank->effects) +
            (v.bank->completed_here > 0 ? " + in our own books " + n(v.bank->completed_here) : "") +
            (v.bank->effects == known && v.bank->executed_completed + v.bank->completed_here == completed(v)
                 ? " = "
                 : " ≠ ") +
            "completed " + n(completed(v));
    if (v.bank->executed_open > 0) line += " + pending " + n(v.bank->executed_open);
    // Executed there, ended unpaid here: no money was booked.
    if (const auto open = v.bank->executed_told_open; open > 0)
      line += " + " + n(open) + " told by " + (open == 1 ? "an open break" : "open breaks");
    if (const auto closed = v.bank->executed_told_closed; closed > 0)
      line += " + " + n(closed) + " told by " + (closed == 1 ? "a closed break" : "closed breaks");
  } else {
    line += "completed " + n(completed(v)) + " (bank not asked)";
  }
  line += " · sum " + sums_of(v) + " · orphan holds " + n(v.orphan_holds) + " · events " + n(v.events) +
          (events_broken(v) ? " BROKEN" : " unbroken");
  std::puts(line.c_str());
  std::string second = n(v.accounts) + " accounts, " + n(v.entries) + " entries, " + n(v.journals) +
                       " journals, " + n(v.open_holds) +
                       " open holds; settlements:" + (v.settlements.empty() ? " none" : "");
  for (const auto& [status, count] : v.settlements) second += ' ' + n(count) + ' ' + status;
  std::puts(coloured(second, Colour::dim).c_str());
}

void print_findings(const Verdict& v) {
  Table table({"check", "subject", "expected", "found"});
  for (const auto& f : v.findings)
    table.add({coloured(f.check, Colour::red), f.subject, f.expected, f.found});
  table.print();
  if (v.wrong > static_cast<std::int64_t>(v.findings.size()))
    std::printf("… and %lld more.\n",
                static_cast<long long>(v.wrong) - static_cast<long long>(v.findings.size()));
}

json as_json(const Verdict& v) {
  json out{{"ok", v.ok()},
           {"wrong", v.wrong},
           {"accounts", v.accounts},
           {"entries", v.entries},
           {"journals", v.journals},
           {"events", v.events},
           {"recorded", v.recorded},
           {"settlements", v.settlements},
           {"open_holds", v.open_holds},
           {"orphan_holds", v.orphan_holds},
           {"wrong_by_check", v.wrong_by_check}};
  for (const auto& sum : v.sums) out["sums"][sum.currency] = sum.minor_units;
  if (v.acknowledged)
    out["acknowledged"] = {{"given", *v.acknowledged}, {"recorded", *v.acknowledged_recorded}};
  if (v.bank)
    out["bank"] = {{"effects", v.bank->effects},
                   {"executed_completed", v.bank->executed_completed},
                   {"executed_open", v.bank->executed_open},
                   {"completed_here", v.bank->completed_here},
                   {"executed_told_open", v.bank->executed_told_open},
                   {"executed_told_closed", v.bank->executed_told_closed}};
  out["findings"] = json::array();
  for (const auto& f : v.findings)
    out["findings"].push_back(
        {{"check", f.check}, {"subject", f.subject}, {"expected", f.expected}, {"found", f.found}});
  return out;
}
}  // namespace

int verify_books(const Context& context, const VerifyOptions& options) {
  const auto endpoint = read_endpoint(context).value_or(Endpoint{});
  VerifyInput input;
  input.database_url = options.database_url.empty() ? endpoint.database_url : options.database_url;
  if (input.database_url.empty())
    throw Stop(exit_away, "No database named: " + context.data_dir +
                              "/endpoint.json is not there. Start settled, or give --database-url.");
  // The sandbox of the data folder belongs to its own database only.
  auto sandbox = options.sandbox;
  if (sandbox.empty() && input.database_url == endpoint.database_url) sandbox = endpoint.sandbox;
  if (!sandbox.empty() && sandbox != "none")
    input.bank_log = [log = std::make_shared<SandboxLog>(sandbox)] { return log->read(); };
  if (!options.acknowledged.empty()) input.acknowledged = read_acknowledged(options.acknowledged);

  Verdict verdict;
  try {
    verdict = verify(input);
  } catch (const CannotVerify& e) {
    throw Stop(
        exit_away,
        std::string(e.what()) +
            "\nA private PostgreSQL runs only while its settled runs; start it, or give --database-url.");
  }
  if (context.json) {
    std::puts(as_json(verdict).dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    return verdict.ok() ? exit_ok : exit_failed;
  }
  print_numbers(verdict);
  if (verdict.ok()) {
    std::puts(coloured("The books are right.", Colour::green).c_str());
    return exit_ok;
  }
  std::puts(coloured("Wrong: " + grouped(static_cast<long long>(verdict.wrong)), Colour::red).c_str());
  print_findings(verdict);
  return exit_failed;
}
}  // namespace settled::ctl
