// The checker: are the books right, and did the bank do exactly what they say? It reads the database and the
// bank's own log, nothing of the running program's memory, so it judges the program from outside.
//
// May run at any time: the database is read in one snapshot, and the bank's log once before it and once
// after it, so that what happens meanwhile is never mistaken for a fault.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace settled {

/// One thing that is wrong.
struct Finding {
  std::string check;    // stable name: "balance", "event chain", "executed twice" …
  std::string subject;  // "acc_…", "set_…", "stream 0 event 17", a currency
  std::string expected, found;
};

/// One line of the bank's log with effect: money moved there.
struct BankEffect {
  std::string reference;  // ours
  std::int64_t amount = 0;
  std::string currency;
  std::string creditor_bank;
};

struct VerifyInput {
  std::string database_url;
  /// The effects that the bank's log has gained since the last call; the first call starts at the beginning.
  /// Empty: the bank is not compared.
  std::function<std::vector<BankEffect>()> bank_log;
  /// Ids that a caller was given ("set_…"): each must be recorded.
  std::optional<std::vector<std::string>> acknowledged;
};

struct Verdict {
  struct Sum {
    std::string currency;
    std::string minor_units;  // debits minus credits: "0" in every right book
  };
  std::vector<Sum> sums;
  std::int64_t accounts = 0, entries = 0, journals = 0, events = 0;
  std::map<std::string, std::int64_t> settlements;  // by status
  std::int64_t recorded = 0;                        // settlements in all
  std::int64_t open_holds = 0, orphan_holds = 0;
  std::optional<std::int64_t> acknowledged, acknowledged_recorded;
  struct Bank {
    std::int64_t effects = 0;             // lines with effect
    std::int64_t executed_completed = 0;  // COMPLETED settlements that the bank executed
    std::int64_t executed_open = 0;       // executed there, visibly pending here
    std::int64_t completed_here = 0;      // COMPLETED in our own books alone: on us, or netted
    /// Executed there and ended unpaid here: told by a break that is open, or that a person has closed.
    std::int64_t executed_told_open = 0, executed_told_closed = 0;
  };
  std::optional<Bank> bank;
  /// At most `findings_per_check` of each check; `wrong` counts them all.
  std::vector<Finding> findings;
  std::int64_t wrong = 0;
  std::map<std::string, std::int64_t> wrong_by_check;
  bool ok() const { return wrong == 0; }
};
inline constexpr std::int64_t findings_per_check = 50;

/// The database cannot be read: away, refused, or without our schema.
struct CannotVerify : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws CannotVerify, and whatever `bank_log` throws.
Verdict verify(const VerifyInput& input);

/// Counts the finding and keeps it while its check has room.
void report(Verdict& verdict, Finding finding, std::int64_t times = 1);

}  // namespace settled
