// One LedgerBatch as SQL: a fixed number of prepared statements, whatever the batch's size.
#pragma once
#include "storage/ledger_batch.hpp"
#include "storage/pg_connect.hpp"

#include <cstdint>

namespace settled {
void prepare_batch_statements(PgConnection& db);
/// All or nothing. Throws Fenced when (writer, epoch, batch number − 1) no longer stands; std::logic_error
/// when a row was not in the state that the book believed; and what libpqxx throws.
void write_batch(PgConnection& db, const LedgerBatch& batch, int writer, std::int64_t epoch);
}  // namespace settled
