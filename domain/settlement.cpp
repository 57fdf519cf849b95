#include "domain/settlement.hpp"

#include <algorithm>

namespace settled {
namespace {
constexpr std::array<std::string_view, 3> priorities{"NORMAL", "HIGH", "URGENT"};
constexpr std::array<std::string_view, 4> methods{"SWIFT", "SEPA", "LOCAL_ACH", "MOCK"};
constexpr std::array<std::string_view, status_count> statuses{
    "PENDING", "VALIDATING", "FUNDS_LOCKED", "EXECUTING", "CONFIRMING", "COMPLETED", "FAILED", "ROLLED_BACK"};
constexpr std::array<std::string_view, 3> wishes{"", "queue", "refuse"};
constexpr std::array<std::string_view, 4> waitings{"", "window", "liquidity", "compliance"};
constexpr std::array<std::string_view, 5> checkpoints{"Validation", "Lock", "Transfer", "Confirm",
                                                      "Finalize"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}
}  // namespace

std::string_view to_string(Priority p) { return priorities.at(static_cast<std::size_t>(p)); }
std::string_view to_string(Method m) { return methods.at(static_cast<std::size_t>(m)); }
std::string_view to_string(Status s) { return statuses.at(static_cast<std::size_t>(s)); }
std::string_view to_string(Otherwise w) { return wishes.at(static_cast<std::size_t>(w)); }
std::string_view to_string(Waiting w) { return waitings.at(static_cast<std::size_t>(w)); }
std::string_view to_string(Checkpoint c) { return checkpoints.at(static_cast<std::size_t>(c)); }
std::optional<Priority> priority_from(std::string_view text) { return find<Priority>(priorities, text); }
std::optional<Method> method_from(std::string_view text) { return find<Method>(methods, text); }
std::optional<Waiting> waiting_from(std::string_view text) { return find<Waiting>(waitings, text); }
std::optional<Otherwise> otherwise_from(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return find<Otherwise>(wishes, text);
}
std::optional<Status> status_from(std::string_view text) { return find<Status>(statuses, text); }

std::optional<Refusal> check_order(const SettlementOrder& order) {
  if (order.from_bank == order.to_bank)
    return Refusal{Errc::same_bank, "/to_bank", "to_bank is the same as from_bank (" + order.to_bank + ")",
                   "two different banks"};
  return std::nullopt;
}

bool valid_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int parts[3] = {0, 0, 0};
  for (std::size_t i = 0, part = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++part;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return false;
    parts[part] = parts[part] * 10 + (text[i] - '0');
  }
  const auto [year, month, day] = std::to_array(parts);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}
}  // namespace settled
