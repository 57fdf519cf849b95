// One order as a file had it: the row, and either the order or why it cannot be one.
#pragma once
#include "domain/refusal.hpp"
#include "domain/settlement.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace settled {

/// The fields of an order as texts. An absent optional field is empty.
struct OrderText {
  std::string obligation_id, from_bank, to_bank, amount, currency, settlement_date, priority, method,
      metadata;
};

struct OrderRow {
  std::size_t number = 0;     // the row of the CSV, or the place of the transfer in the XML, from 1
  std::string obligation_id;  // as far as it could be read
  SettlementOrder order;  // meaningful without `refusal`; settlement_date may be empty (the server's today)
  std::optional<Refusal> refusal;  // `field` is the column's or element's name
};

/// Checks the form of each field; the first that is wrong is named in `field`.
Result<SettlementOrder> order_from(const OrderText& text);

/// "obl:<from_bank>:<obligation_id>": an order is known by what it pays, so a file that is sent again pays
/// nothing twice. Whatever is not visible ASCII is percent-encoded, and what gets too long
/// for a key is shortened to a hash; two obligations do not share a key.
std::string idempotency_key_of(const SettlementOrder& order);

}  // namespace settled
