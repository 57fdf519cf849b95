// Where the ledger writer remembers: PostgreSQL (pg_ledger_store) or memory (tests, simulation).
#pragma once
#include "storage/account_table.hpp"
#include "storage/ledger_batch.hpp"

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>

namespace settled {

/// Another writer has taken over: nothing was written, and nothing may be written again.
struct Fenced : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A break that nobody has closed.
struct OpenBreak {
  BreakId id;
  std::string kind;
  SettlementId settlement;
};

/// Everything a writer needs to decide in memory.
struct LedgerSnapshot {
  std::int64_t epoch = 0, batch = 0, last_seq = 0;
  Digest last_hash{};
  bool chain_started = false;  // false: last_hash is the empty string
  AccountTable accounts;
  std::vector<Recorded> open;
  std::vector<OperatorAction> pending_actions;
  std::vector<OpenBreak> open_breaks;
  std::vector<SettlementId> released;  // of `open`: two people let it pass although compliance held it
  Rules rules;
};

struct KnownSettlement {
  std::string idempotency_key;
  Digest request_digest{};
  Recorded settlement;
};
struct KnownFunding {
  Digest request_digest{};
  JournalId journal;
};
struct KnownNetting {
  Digest request_digest{};
  JournalId journal;
  std::vector<Obligation> obligations;
};

struct NettedBefore {
  std::size_t place = 0;  // among the obligations that were asked about
  JournalId journal;
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;
  /// Takes the books over under a new epoch and loads them.
  virtual LedgerSnapshot take_over() = 0;
  /// Which of these keys of one caller are recorded already. One statement, whatever their number.
  virtual std::vector<KnownSettlement> find_keys(const std::string& caller,
                                                 std::span<const std::string_view> keys) = 0;
  virtual std::optional<KnownFunding> find_funding(const std::string& caller, const std::string& key) = 0;
  virtual std::optional<KnownNetting> find_netting(const std::string& caller, const std::string& key) = 0;
  /// The first of these obligations that a netting has settled: the same id between the same banks.
  virtual std::optional<NettedBefore> find_netted(const std::vector<Obligation>& obligations) = 0;
  /// Was this break ever opened, with these words?
  virtual bool break_was_told(const std::string& kind, SettlementId settlement,
                              const std::string& detail) = 0;
  virtual std::optional<Recorded> find(SettlementId id) = 0;
  /// May a batch go there now? Asked when none is in that lane; lane 0 is always there for one that is alone.
  virtual bool lane_ready(int /*lane*/) { return true; }
  /// Writes what stands by itself of a batch (new orders, entries, events) while the batch before it may
  /// still be under way in the other lane. Nothing of it is there before `commit`, which need not find it
  /// done: what cannot be written here, it finds out. Both are called from the thread of the batch.
  virtual void write_ahead(const LedgerBatch&) {}
  /// Writes the batch, all or nothing; returns when it is durable. Waits out a database that is away and
  /// resolves a lost COMMIT by the batch number. Throws Fenced; any other exception means that nothing was
  /// written and the book in memory can no longer be trusted.
  virtual void commit(const LedgerBatch& batch) = 0;
  /// Do the books end with this batch? Asked when nothing is being written. Waits out a database that is
  /// away. Throws Fenced.
  virtual bool end_with(std::int64_t batch) = 0;
};

}  // namespace settled
