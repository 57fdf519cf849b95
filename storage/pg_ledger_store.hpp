// The ledger writer's memory in PostgreSQL: one statement per table and batch, one commit, an epoch that
// must still stand, and a batch number that settles what became of a lost COMMIT.
#pragma once
#include "storage/ledger_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace settled {

struct PgLedgerSettings {
  std::string database_url;
  std::string owner;  // who holds the lease: node name and process id
  int writer = 0;     // number of this writer, and of its event stream
  int shards = 64;    // of the accounts; fixed when the database is created
  /// Another process that holds the lease may be on its way out (a killed predecessor): wait this long
  /// before giving up with Fenced.
  std::chrono::milliseconds lease_patience{15'000};
  /// Told when the database goes away and when it is back.
  std::function<void(bool up, const std::string& why)> on_database = [](bool, const std::string&) {};
  /// Told with every commit and every taking over: this writer's epoch stood at some moment after `since`,
  /// which is a reading of `steady`. From the thread that writes.
  std::function<std::int64_t()> steady = [] { return 0; };
  std::function<void(std::int64_t since)> on_proved = [](std::int64_t) {};
  /// Asked while waiting for the database: false ends the waiting with an exception (shutdown).
  std::function<bool()> keep_waiting = [] { return true; };
  /// Told when another process writes to this database, now or since: this one must not any more.
  std::function<void(const std::string& why)> on_fenced = [](const std::string&) {};
};

std::unique_ptr<LedgerStore> make_pg_ledger_store(PgLedgerSettings settings);

}  // namespace settled
