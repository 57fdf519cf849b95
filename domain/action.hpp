// A change that takes two people: who asked for what, what they were shown, and who approved exactly that.
#pragma once
#include "domain/digest.hpp"
#include "domain/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace settled {

enum class ActionKind : std::uint8_t {
  resolve,     // a doubt, or what the bank does not end: it did, or did not, execute it
  compensate,  // a completed settlement: the money goes back
  decide,      // an order held for compliance: release or reject
};
std::string_view to_string(ActionKind kind);

enum class ActionState : std::uint8_t { pending, approved, superseded };
std::string_view to_string(ActionState state);

struct OperatorAction {
  ActionId id;
  ActionKind kind = ActionKind::resolve;
  ActionState state = ActionState::pending;
  SettlementId settlement;
  std::string verdict;
  std::string reason;
  std::string bank_reference;
  std::string shown;  // one line per fact; what the second person reads
  Digest digest{};    // SHA-256 of `shown`
  std::string requested_by, approved_by;
  std::int64_t requested_at = 0, approved_at = 0;  // microseconds since 1970
};

/// The allowed verdicts of a kind, for an error text: "executed or not_executed"; empty where there is none.
std::string_view allowed_verdicts(ActionKind kind);
bool verdict_allowed(ActionKind kind, std::string_view verdict);

}  // namespace settled
