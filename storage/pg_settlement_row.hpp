// One settlement_transactions row as a SettlementView: the columns and their reading, in one place.
#pragma once
#include "messages/views.hpp"

#include <pqxx/pqxx>

namespace settled {

/// Select list of a settlement, readable by settlement_from_row. Times come as microseconds since 1970.
extern const std::string settlement_columns;
SettlementView settlement_from_row(const pqxx::row& row);
extern const std::string account_columns;
Account account_from_row(const pqxx::row& row);

}  // namespace settled
