// What was asked, as a digest.
#pragma once
#include "domain/netting.hpp"
#include "http/json_in.hpp"
#include "messages/operating.hpp"
#include "security/digest.hpp"

namespace settled {

/// What makes two requests under one idempotency key the same request: SHA-256 over the route's kind and
/// the values of all fields, one per line in a fixed order. So blanks, the order of fields, "150.5" or
/// 150.50, and defaults left out or written make no difference; nor does it matter whether an order came
/// alone or in a batch. A settlement_date that was left out stays left out (an empty line), and one that is
/// past by now is still the one that was asked for: a retry after midnight is the same request.
Digest order_digest(const OrderIn& in);
/// As order_digest; the account is part of the request.
Digest funding_digest(AccountId account, Money amount);
Digest netting_digest(const std::vector<Obligation>& obligations);
/// Of the window as it was asked for; in which order it names its banks makes no difference.
Digest netting_digest(const NettingWindow& window);

}  // namespace settled
