// What the ledger writer must know of people's decisions when it takes over: pending actions, open breaks,
// windows, calendars and banks.
#pragma once
#include "storage/ledger_store.hpp"

#include <pqxx/pqxx>

namespace settled {
/// A database that never had rules gets those of default_windows.
void read_decisions(pqxx::transaction_base& tx, LedgerSnapshot& snapshot);
std::optional<NettedBefore> read_netted(pqxx::transaction_base& tx,
                                        const std::vector<Obligation>& obligations);
/// A netting that was booked under this key.
std::optional<KnownNetting> read_netting(pqxx::transaction_base& tx, const std::string& caller,
                                         const std::string& key);
}  // namespace settled
