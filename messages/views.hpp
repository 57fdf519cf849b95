// What the readers show: settlements, accounts, entries and events as the database has them.
#pragma once
#include "domain/account.hpp"
#include "domain/rail.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace settled {

/// Microseconds since 1970, UTC; 0 where the thing has not happened.
using Micros = std::int64_t;

struct SettlementView {
  SettlementId id;
  SettlementOrder order;
  Status status = Status::PENDING;
  AccountId debit_account, credit_account;  // the payer's vostro, the nostro that pays
  std::string connector;
  std::string reference;       // ours towards the bank
  std::string bank_reference;  // the bank's own; empty until known
  int attempts = 0;            // sends, not inquiries
  std::string last_outcome;    // of the last send or inquiry; empty before
  std::string failure_code, failure_detail;
  std::string trace_id;
  Status opened_as = Status::EXECUTING;  // as the first commit recorded it
  /// Of an order that waited at first: members of the receipt as JSON, so that a replay repeats them.
  std::string opened_note;
  Waiting waiting = Waiting::no;
  std::string waiting_detail;
  bool queue_if_short = false;  // waits for funds instead of failing
  std::string value_date;       // YYYY-MM-DD; the day that it counts for
  JournalId compensated_by;     // the entry that gave the money back; none: it stands
  Micros release_at = 0;        // waits at least until then
  Micros next_cut_off = 0;      // of its session
  Micros created_at = 0, locked_at = 0, sent_at = 0, last_sent_at = 0, confirmed_at = 0, finalized_at = 0,
         unknown_since = 0;
};

/// A settlement as it was recorded. The books, its actor and every answer share the one row, which nobody
/// changes: a step makes a new one.
class Recorded {
 public:
  Recorded() : row_(nobody()) {}
  Recorded(SettlementView row) : row_(std::make_shared<const SettlementView>(std::move(row))) {}
  const SettlementView& operator*() const { return *row_; }
  const SettlementView* operator->() const { return row_.get(); }
  operator const SettlementView&() const { return *row_; }

 private:
  static const std::shared_ptr<const SettlementView>& nobody();
  std::shared_ptr<const SettlementView> row_;
};

/// What goes to the bank for this settlement: the same after every restart.
PaymentInstruction instruction_of(const SettlementView& settlement);
/// "2026-11-21T10:02:31.000000Z".
std::string rfc3339(Micros at);
/// "10:02:31 UTC", for sentences.
std::string clock_time(Micros at);

struct EntryView {
  std::int64_t version = 0;
  std::string journal;      // "set_…" or "jrn_…"
  std::int64_t amount = 0;  // minor units; debit positive, credit negative
  std::int64_t balance_after = 0;
  Micros at = 0;
};

struct EventView {
  int stream = 0;
  std::int64_t seq = 0;
  Micros at = 0;
  std::string kind;     // "settlement.executing", "account.opened", …
  std::string subject;  // TypeID
  std::string payload;  // a JSON object
};

}  // namespace settled
