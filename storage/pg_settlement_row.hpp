// One settlement_transactions row as a SettlementView: the columns and their reading, in one place.
#pragma once
#include "messages/views.hpp"

#include <pqxx/pqxx>

namespace settled {

/// A timestamptz as a session of ours writes it, in UTC and ISO style: "2026-11-21 10:02:31.5+00".
Micros micros_from(std::string_view text);

/// Select list of a settlement, readable by settlement_from_row.
extern const std::string settlement_columns;
SettlementView settlement_from_row(const pqxx::row& row);
extern const std::string account_columns;
Account account_from_row(const pqxx::row& row);

}  // namespace settled
