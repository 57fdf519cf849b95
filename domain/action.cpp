#include "domain/action.hpp"

#include <array>

namespace settled {
namespace {
struct KindRow {
  std::string_view name, yes, no, allowed;
};
constexpr std::array<KindRow, 3> kinds{{
    {"resolve", "executed", "not_executed", "executed or not_executed"},
    {"compensate", "", "", ""},
    {"decide", "release", "reject", "release or reject"},
}};
constexpr std::array<std::string_view, 3> states{"pending", "approved", "superseded"};
const KindRow& row(ActionKind kind) { return kinds.at(static_cast<std::size_t>(kind)); }
}  // namespace

std::string_view to_string(ActionKind kind) { return row(kind).name; }
std::string_view to_string(ActionState state) { return states.at(static_cast<std::size_t>(state)); }
std::string_view allowed_verdicts(ActionKind kind) { return row(kind).allowed; }
bool verdict_allowed(ActionKind kind, std::string_view verdict) {
  return verdict == row(kind).yes || verdict == row(kind).no;
}
}  // namespace settled
