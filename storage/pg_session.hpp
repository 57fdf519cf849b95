// One of the ledger store's sessions with PostgreSQL.
#pragma once
#include "storage/pg_connect.hpp"

#include <pqxx/pqxx>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace settled {

/// A session that is made anew when it is lost.
struct PgSession {
  std::unique_ptr<PgConnection> db;
  std::size_t rows = 0, plan_again_at = 0;
  bool down = false;
  std::atomic<int> process{0};  // of the server
  std::int64_t ahead = 0;       // number of the batch whose first rows are written in its open transaction
  std::mutex busy;              // held by whoever writes: the first lane may have to do the second one's work

  void begin(std::unique_ptr<PgConnection> fresh) {
    db = std::move(fresh);
    process = db->backendpid();
    rows = 0;
    ahead = 0;
    plan_again_at = 64;
    pqxx::nontransaction setup(*db);
    // Every statement here finds its rows by key.
    setup.exec(
        "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; "
        "set enable_hashjoin = off; set enable_mergejoin = off; set enable_material = off");
  }
  /// What stood in its open transaction is gone with it.
  void lose() {
    db.reset();
    ahead = 0;
  }
  /// What was written ahead is given up; its batch is written once more.
  void forget_ahead() {
    if (std::exchange(ahead, 0) == 0) return;
    pqxx::nontransaction session(*db);
    session.exec0("rollback");
  }
  /// A plan that was made while a table was as good as empty reads all of it, and stays until somebody
  /// analyses the table: on a new installation's first day that may be a while.
  void plan_again_as_tables_grow(std::size_t more) {
    rows += more;
    if (rows < plan_again_at) return;
    plan_again_at *= 4;
    try {
      pqxx::nontransaction session(*db);
      session.exec("discard plans");
    } catch (const pqxx::failure&) {
      lose();  // what was done is done; the next statement finds a new session
    }
  }
};

}  // namespace settled
