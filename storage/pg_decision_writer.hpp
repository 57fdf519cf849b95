// Writes what people decided: few rows at a time, one statement each, in the batch's own transaction.
#pragma once
#include "storage/ledger_batch.hpp"

#include <pqxx/pqxx>

namespace settled {
/// Whether this batch has any: most have none.
bool has_decisions(const LedgerBatch& batch);
void write_decisions(pqxx::transaction_base& tx, const LedgerBatch& batch);
/// The windows, calendars and banks of a fresh installation.
void write_default_rules(pqxx::transaction_base& tx);
}  // namespace settled
