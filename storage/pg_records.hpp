// The work lists as the database has them: each record a JSON object, made from its row alone.
#pragma once
#include "messages/operating.hpp"

#include <pqxx/pqxx>

namespace settled {
RecordPage read_records(pqxx::transaction_base& tx, const ListRecords& question);
}  // namespace settled
