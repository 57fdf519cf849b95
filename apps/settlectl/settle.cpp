// settlectl settle FILE.
#include "apps/settlectl/commands.hpp"
#include "apps/settlectl/settle_run.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>

namespace settled::ctl {
namespace {
SettleRun* running = nullptr;
void on_interrupt(int) {
  if (running) running->stop();
}

/// Ctrl-C once ends the run in order; a second one ends the program at once.
class Interruptible {
 public:
  explicit Interruptible(SettleRun& run) {
    running = &run;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
  }
  ~Interruptible() {
    sigaction(SIGINT, &before_, nullptr);
    running = nullptr;
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  struct sigaction before_ {};
};

struct Counts {
  std::size_t completed = 0, failed = 0, refused = 0, duplicate = 0, pending = 0, unknown = 0;
};

Counts finish(std::vector<Row>& rows) {
  Counts counts;
  for (auto& row : rows) {
    if (row.status.empty()) {
      row.status = "UNKNOWN";
      row.code = "no_answer";
      row.detail = "No definite answer. Send the same file again: an order that arrived is not paid twice.";
    }
    if (row.duplicate_of != 0) {
      const auto& first = rows[row.duplicate_of - 1];
      row.id = first.id;
      row.bank_reference = first.bank_reference;
    }
    if (row.status == "COMPLETED")
      ++counts.completed;
    else if (row.status == "FAILED" || row.status == "ROLLED_BACK")
      ++counts.failed;
    else if (row.status == "REFUSED")
      ++counts.refused;
    else if (row.status == "DUPLICATE")
      ++counts.duplicate;
    else if (row.status == "UNKNOWN")
      ++counts.unknown;
    else
      ++counts.pending;
  }
  return counts;
}

void print_reasons(const std::vector<Row>& rows) {
  std::map<std::string, std::pair<std::size_t, const Row*>> by_code;
  for (const auto& row : rows)
    if (row.failed()) {
      auto& [n, example] = by_code[row.code];
      if (n++ == 0) example = &row;
    }
  if (by_code.empty()) return;
  Table table({">rows", "code", "first", "reason"});
  for (const auto& [code, entry] : by_code)
    table.add({std::to_string(entry.first), code, "row " + std::to_string(entry.second->number),
               entry.second->detail});
  table.print();
}

int exit_code(const Counts& counts, bool wait) {
  if (counts.unknown > 0) return exit_pending;
  if (counts.pending > 0 && wait) return exit_pending;
  return counts.failed + counts.refused > 0 ? exit_failed : exit_ok;
}
}  // namespace

int settle(const Context& context, const SettleOptions& options) {
  auto file = read_order_file(options.file, options.ignore_totals);
  for (const auto& warning : file.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  ResultFile result_file(!options.out.empty()
                             ? options.out
                             : std::filesystem::path(options.file).stem().string() + ".result.csv",
                         options.file);
  const auto& out = result_file.path();
  SettleRun run(context, {options.batch, options.connections, !options.no_wait}, file.rows);
  {
    const Interruptible interruptible(run);
    run.run();
  }
  const auto counts = finish(file.rows);
  result_file.write(file.rows);
  const int code = run.refused() ? run.refused()->code : exit_code(counts, !options.no_wait);
  if (context.json) {
    const nlohmann::json result{{"file", options.file},
                                {"format", file.format},
                                {"rows", file.rows.size()},
                                {"completed", counts.completed},
                                {"failed", counts.failed},
                                {"refused", counts.refused},
                                {"duplicate", counts.duplicate},
                                {"pending", counts.pending},
                                {"unknown", counts.unknown},
                                {"warnings", file.warnings},
                                {"result", out},
                                {"exit", code}};
    std::puts(result.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    const auto n = [](std::size_t value) { return grouped(static_cast<long long>(value)); };
    std::printf("%s (%s): %s orders · %s completed · %s failed · %s refused · %s duplicate",
                options.file.c_str(), file.format.c_str(), n(file.rows.size()).c_str(),
                n(counts.completed).c_str(), n(counts.failed).c_str(), n(counts.refused).c_str(),
                n(counts.duplicate).c_str());
    if (counts.pending > 0) std::printf(" · %s pending", n(counts.pending).c_str());
    if (counts.unknown > 0) std::printf(" · %s without an answer", n(counts.unknown).c_str());
    std::printf("\n");
    print_reasons(file.rows);
    std::printf("One row per order: %s\n", out.c_str());
  }
  if (run.refused()) std::fprintf(stderr, "%s\n", run.refused()->what());
  if (code == exit_pending)
    std::fprintf(
        stderr,
        "Not finished. Orders that were accepted go on without us. Run the same command again: nothing "
        "is paid twice.\n");
  return code;
}
}  // namespace settled::ctl
