// Our reference towards the bank: the bank's duplicate key, and so the last wall against paying twice.
//
// It is made of what the client chose, the caller and the idempotency key, and of nothing that we make up. So
// an order that the books have lost (an old backup was restored) and that its client sends again carries the
// reference of the first time, and the bank says what became of it instead of paying again
// (docs/decisions/0020-our-reference-is-made-of-the-key.md).
#pragma once
#include "domain/ids.hpp"

#include <string>
#include <string_view>

namespace settled {

std::string bank_reference_of(std::string_view caller, std::string_view idempotency_key);
/// As it was made of the settlement's id before: rows of that time keep theirs.
std::string bank_reference_of(SettlementId id);

}  // namespace settled
