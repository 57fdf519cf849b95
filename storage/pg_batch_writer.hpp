// One LedgerBatch as SQL: a fixed number of prepared statements, whatever the batch's size.
#pragma once
#include "storage/ledger_batch.hpp"
#include "storage/pg_connect.hpp"

#include <cstdint>

namespace settled {
void prepare_batch_statements(PgConnection& db);
/// The rows that depend on no other commit, in a transaction that stays open. Throws what libpqxx throws; the
/// transaction has ended then.
void write_batch_ahead(PgConnection& db, const LedgerBatch& batch, int writer, std::int64_t epoch);
/// All or nothing. Throws Fenced when (writer, epoch, batch number − 1) no longer stands; std::logic_error
/// when a row was not in the state that the book believed; and what libpqxx throws.
/// `ahead`: its first rows are written, and its transaction is open.
void write_batch(PgConnection& db, const LedgerBatch& batch, int writer, std::int64_t epoch, bool ahead);
}  // namespace settled
