#include "apps/bench/result.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace settled::bench {
namespace {
using nlohmann::ordered_json;

std::string number(double value) {
  char text[32];
  const double size = std::abs(value);
  std::snprintf(text, sizeof text, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  return text;
}

/// Four digits are more than such a figure is worth.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(rounded(*value)) : ordered_json(nullptr);
}

std::string limit_text(const Result& r, const std::optional<double>& limit) {
  if (!limit) return "-";
  return std::string(r.less_is_better ? "<= " : ">= ") + number(*limit) + (r.meets(*limit) ? " yes" : " NO");
}
}  // namespace

Result figure(const std::string& name, double value, const std::string& unit, std::optional<double> bar,
              std::optional<double> goal) {
  Result r;
  r.name = name;
  r.value = value;
  r.unit = unit;
  r.bar = bar;
  r.goal = goal;
  r.less_is_better = true;
  return r;
}

std::string whole(double value) { return std::to_string(std::lround(value)); }

bool Result::meets(double limit) const {
  if (!broken.empty()) return false;
  return less_is_better ? judged() <= limit : judged() >= limit;
}

Result& Result::settle() {
  if (!broken.empty()) {
    value = 0;
    if (ratio) ratio = Spread{};
  }
  return *this;
}

Machine this_machine() {
  Machine machine;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name") && machine.cpu.empty()) machine.cpu = line.substr(line.find(':') + 2);
  machine.cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  machine.memory_mib = ::sysconf(_SC_PHYS_PAGES) / 1024 * (::sysconf(_SC_PAGESIZE) / 1024);
  utsname names{};
  if (::uname(&names) == 0) machine.kernel = names.release;
  std::ifstream("/proc/loadavg") >> machine.load_before;
  return machine;
}

std::string json_of(const std::vector<Result>& results, const Machine& machine) {
  auto cases = ordered_json::array();
  for (const Result& r : results)
    cases.push_back({{"case", r.name},
                     {"value", rounded(r.value)},
                     {"unit", r.unit},
                     {"reference", or_null(r.reference)},
                     {"ratio", r.ratio ? ordered_json(rounded(r.ratio->median)) : ordered_json(nullptr)},
                     {"bar", or_null(r.bar)},
                     {"goal", or_null(r.goal)},
                     {"spread", r.ratio ? ordered_json{rounded(r.ratio->min), rounded(r.ratio->max)}
                                        : ordered_json(nullptr)},
                     {"cpu_us", or_null(r.cpu_us)}});
  const ordered_json out{{"cases", cases},
                         {"machine",
                          {{"cpu", machine.cpu},
                           {"cores", machine.cores},
                           {"memory_mib", machine.memory_mib},
                           {"kernel", machine.kernel},
                           {"postgres", machine.postgres},
                           {"rail", machine.rail},
                           {"load_before", machine.load_before},
                           {"seconds", std::round(machine.seconds)}}}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

std::string table_of(const std::vector<Result>& results) {
  std::vector<std::vector<std::string>> rows{
      {"case", "value", "unit", "reference", "ratio", "min..max", "bar", "goal", "cpu us", "driver us"}};
  std::string notes;
  for (const Result& r : results) {
    const auto or_dash = [](const std::optional<double>& v) { return v ? number(*v) : std::string("-"); };
    rows.push_back({r.name, number(r.value), r.unit, or_dash(r.reference),
                    r.ratio ? number(r.ratio->median) : "-",
                    r.ratio ? number(r.ratio->min) + ".." + number(r.ratio->max) : "-", limit_text(r, r.bar),
                    limit_text(r, r.goal), or_dash(r.cpu_us), or_dash(r.driver_cpu_us)});
    if (!r.broken.empty()) notes += r.name + " counts as 0: " + r.broken + '\n';
    if (!r.note.empty()) notes += r.name + ": " + r.note + '\n';
  }
  std::vector<std::size_t> width(rows[0].size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(width[i] - row[i].size(), ' ');
      const bool left = i == 0 || i == 2;
      out += left ? row[i] + space : space + row[i];
      out += i + 1 < row.size() ? "  " : "\n";
    }
  }
  return out + (notes.empty() ? "" : "\n" + notes);
}

}  // namespace settled::bench
