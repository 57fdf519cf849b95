// Books in memory for the case `core`: no more than what guards the money (unique keys, versions without
// gaps, nothing below the floor), so that what is measured is the actors and the ledger's own book.
#pragma once
#include "storage/ledger_store.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <memory>
#include <string>

namespace settled::bench {

struct CoreBooks {
  struct Entered {
    std::int64_t sum = 0, last_version = 0;  // of its entries
  };
  boost::unordered_flat_map<AccountId, Account, std::hash<AccountId>> accounts;
  boost::unordered_flat_map<AccountId, Entered, std::hash<AccountId>> entered;
  boost::unordered_flat_set<std::size_t> keys;  // hashes of caller and key
  std::int64_t batch = 0, completed = 0;

  void write(const LedgerBatch& batch);
  /// What is wrong with them, when nothing is in flight and `accepted` orders were taken; empty: nothing.
  std::string check(std::uint64_t accepted) const;
};

std::unique_ptr<LedgerStore> make_core_store(std::shared_ptr<CoreBooks> books);

}  // namespace settled::bench
