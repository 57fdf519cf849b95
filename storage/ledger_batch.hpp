// The rows of one group commit: what the book decided in memory, ready to be written set-wise.
#pragma once
#include "messages/operating.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace settled {

struct OpenedRow {
  Recorded settlement;
  std::string caller, idempotency_key;
  Digest request_digest{};
  Digest order_digest{};
};

/// The settlement as it stands after the change, and the state that it must still be in.
struct ChangedRow {
  Recorded settlement;
  Status from = Status::PENDING;
};

struct HoldRow {
  SettlementId settlement;
  AccountId debit_account, credit_account;
  Money amount;
  Micros at = 0;
  bool posted = false;  // placed and posted in the same commit
};
enum class HoldEnd : std::uint8_t { posted, released, expired };
std::string_view to_string(HoldEnd end);
struct HoldEndRow {
  SettlementId settlement;
  HoldEnd end = HoldEnd::released;
  Micros at = 0;
};

struct EntryRow {
  AccountId account;
  std::int64_t version = 0;
  Uuid journal;
  std::int64_t amount = 0;  // debit positive, credit negative
  std::int64_t balance_after = 0;
  Micros at = 0;
};

struct AttemptRow {
  SettlementId settlement;
  Attempt attempt;
  std::string proof;
};

struct FundingRow {
  JournalId journal;
  std::string caller, idempotency_key;
  Digest request_digest{};
  AccountId account;
  Money amount;
  Micros at = 0;
};

struct CompensationRow {
  JournalId id;
  Recorded settlement;
  ActionId action;
  std::string reason;
  Micros at = 0;
};

struct OpenBreakRow {
  BreakId id;
  std::string kind;  // "unknown_outcome", "late_success", "late_refusal"
  Recorded settlement;
  std::string detail;
  Micros at = 0;
};
struct ClosedBreakRow {
  BreakId id;
  std::string by, reason;
  Micros at = 0;
};

struct NettingRow {
  JournalId id;
  std::string caller, idempotency_key;
  Digest request_digest{};
  std::vector<Obligation> obligations;
  std::string positions;  // JSON
  Micros at = 0;
  /// What was settled, as its banks call it: none of it is netted by obligation again. Of a window these are
  /// the obligations of its orders, of which two may have the same.
  bool by_window = false;
  std::vector<Obligation> owed;
};
/// The connector of orders that were settled by netting.
inline constexpr std::string_view netting_connector = "netting";
/// An order that was settled by netting: from now on its payee's side is a vostro, and nobody carries it.
struct NettedRow {
  SettlementId settlement;
  AccountId credit_account;
};

/// What was given back and is posted after all: the bank paid after the end.
struct BookedLateRow {
  SettlementId settlement;
  Micros at = 0;
};

struct EventRow {
  std::int64_t seq = 0;
  Micros at = 0;
  std::string kind;
  Uuid subject;
  std::string payload;
  Digest hash{};
};

/// What one batch changes on one account, as deltas, so that credits of other writers are kept.
struct AccountDelta {
  std::int64_t balance = 0, held = 0, entries = 0;
};

struct LedgerBatch {
  std::int64_t number = 0;  // one more than the last commit's
  /// 0 or 1: another one than that of the batch before, while that is not durable.
  int lane = 0;
  std::vector<Account> new_accounts;
  std::vector<OpenedRow> opened;
  std::vector<ChangedRow> changed;
  std::vector<HoldRow> holds;
  std::vector<HoldEndRow> hold_ends;
  std::vector<EntryRow> entries;
  std::vector<AttemptRow> attempts;
  std::vector<FundingRow> fundings;
  std::vector<Account> changed_accounts;  // status, floor and thresholds
  std::vector<OperatorAction> new_actions;
  std::vector<OperatorAction> ended_actions;  // approved or superseded
  std::vector<CompensationRow> compensations;
  std::vector<OpenBreakRow> opened_breaks;
  std::vector<ClosedBreakRow> closed_breaks;
  std::vector<NettingRow> nettings;
  std::vector<NettedRow> netted;           // among `changed` as well
  std::vector<BookedLateRow> booked_late;  // among `changed` as well
  std::vector<ChangeRules> rule_changes;
  std::vector<EventRow> events;
  boost::unordered_flat_map<AccountId, AccountDelta, std::hash<AccountId>> deltas;

  /// Room for so many new orders.
  void reserve(std::size_t orders) {
    opened.reserve(orders);
    holds.reserve(orders);
    entries.reserve(2 * orders);
    events.reserve(orders + 1);
  }
  bool empty() const { return events.empty(); }  // every change has its event
};

}  // namespace settled
