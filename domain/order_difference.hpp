// In what two orders under one idempotency key differ, for people who look for it.
#pragma once
#include "domain/settlement.hpp"

#include <string>

namespace settled {

/// "/amount", "/to_bank and /amount": pointers into the body of an order. Where all that is recorded is the
/// same, the request differed in what is not: in the day as it was asked for, or in a wish.
std::string order_difference(const SettlementOrder& recorded, const SettlementOrder& asked);

}  // namespace settled
