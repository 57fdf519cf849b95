// What must be true of the books, of the bank, and of both together.
#pragma once
#include "storage/memory_ledger_store.hpp"
#include "tests/sim/sim_bank.hpp"

#include <string>

namespace settled::tests {

/// True after every commit. The first thing that is wrong, or nothing.
std::string wrong_in_books(const MemoryBooks& books);
/// True after every commit, and slow: every event with its hash, every settlement's walk.
std::string wrong_in_history(const MemoryBooks& books);
/// True when nothing is under way any more.
std::string wrong_at_the_end(const MemoryBooks& books, const SimBank& bank);

}  // namespace settled::tests
