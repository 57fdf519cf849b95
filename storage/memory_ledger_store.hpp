// The ledger store without a database, for tests and simulation. It remembers what PostgreSQL would and keeps
// the same rules: unique keys, one epoch at a time, a hold that ends once, available never below zero. A
// writer that starts again takes over from the same books.
//
// Everything is written or nothing, as in a transaction. What the rules are for the database stands in
// storage/migrations; tests/storage/ledger_store_test.cpp runs the same tests over both stores.
#pragma once
#include "storage/ledger_store.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace settled {

/// A rule of the database said no: nothing of the batch was written.
struct RuleBroken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What is on the disk. Outlives every store that writes to it; for whoever checks the books.
struct MemoryBooks {
  using Key = std::pair<std::string, std::string>;  // caller, idempotency key
  struct Hold {
    HoldRow row;
    bool ended = false;
    HoldEnd end = HoldEnd::released;
  };
  struct StoredAttempt {
    AttemptRow row;
    int n = 0;  // 1, 2, 3 … per settlement
    std::int64_t epoch = 0;
  };
  struct StoredEvent {
    EventRow row;
    std::int64_t epoch = 0;
  };
  struct Commit {
    std::int64_t number = 0;
    std::int64_t epoch = 0;        // of who wrote
    std::int64_t epoch_valid = 0;  // that stood when it was written
  };

  std::int64_t epoch = 0, batch = 0, last_seq = 0;
  Digest last_hash{};
  bool chain_started = false;
  std::map<AccountId, Account> accounts;
  std::map<SettlementId, OpenedRow> settlements;  // as they stand now
  std::map<Key, SettlementId> settlement_keys;
  std::map<SettlementId, Hold> holds;
  std::map<std::pair<AccountId, std::int64_t>, EntryRow> entries;  // by account and version
  std::vector<StoredAttempt> attempts;
  std::map<Key, FundingRow> fundings;
  std::map<ActionId, OperatorAction> actions;
  std::map<SettlementId, CompensationRow> compensations;
  struct StoredBreak {
    OpenBreakRow row;
    bool open = true;
  };
  std::map<BreakId, StoredBreak> breaks;
  std::map<Key, NettingRow> nettings;
  using Owed = std::array<std::string, 3>;  // obligation, payer, payee
  std::map<Owed, JournalId> netted_obligations;
  Rules rules;
  std::map<std::int64_t, StoredEvent> events;  // by sequence number
  std::vector<Commit> commits;

  /// Throws RuleBroken when the database would refuse the batch.
  void check(const LedgerBatch& batch) const;
  void write(const LedgerBatch& by, std::int64_t writer_epoch);

 private:
  void check_accounts(const LedgerBatch& batch) const;
  void check_settlements(const LedgerBatch& batch) const;
  void check_holds(const LedgerBatch& batch) const;
  void check_rows(const LedgerBatch& batch) const;
  void check_decisions(const LedgerBatch& batch) const;
  void write_decisions(const LedgerBatch& batch);
};

/// What happens to a commit.
enum class CommitFault : std::uint8_t {
  none,
  refused,       // the database says no: nothing is written
  request_lost,  // the session dies before COMMIT arrives: the store finds out and writes again
  answer_lost,   // the session dies after COMMIT arrived: the store finds out and writes nothing more
  deposed,       // another writer takes over before the commit
};
std::string_view to_string(CommitFault fault);

struct MemoryLedgerSettings {
  std::shared_ptr<MemoryBooks> books;
  /// Asked before each commit, also before the repetition of a lost one.
  std::function<CommitFault(const LedgerBatch&)> fault = [](const LedgerBatch&) { return CommitFault::none; };
  /// Called when a batch is on the disk and nobody knows. What it throws passes on: a death at this point.
  std::function<void()> on_durable = [] {};
  /// Called before each read and each taking over. May throw, as a database that refuses.
  std::function<void()> on_read = [] {};
  /// As of the PostgreSQL store.
  std::function<std::int64_t()> steady = [] { return 0; };
  std::function<void(std::int64_t since)> on_proved = [](std::int64_t) {};
  /// Told when another writer has taken over.
  std::function<void(const std::string& why)> on_fenced = [](const std::string&) {};
};

std::unique_ptr<LedgerStore> make_memory_ledger_store(MemoryLedgerSettings settings);

}  // namespace settled
