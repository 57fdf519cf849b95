#include "http/digest.hpp"

#include <initializer_list>
#include <string>

namespace settled {
namespace {
// No value can hold a line feed: texts are checked for control characters, metadata is escaped JSON.
std::string lines(std::initializer_list<std::string_view> values) {
  std::string text;
  for (const auto value : values) text.append(value).append("\n");
  return text;
}
}  // namespace

Digest order_digest(const OrderIn& in) {
  const SettlementOrder& o = in.order;
  return sha256(lines({"order/1", o.obligation_id, o.from_bank, o.to_bank, std::to_string(o.amount.minor),
                       o.amount.currency.code(), in.date_given ? o.settlement_date : std::string_view(),
                       to_string(o.priority), to_string(o.method), o.metadata}));
}

Digest funding_digest(AccountId account, Money amount) {
  return sha256(lines({"funding/1", account.text(), std::to_string(amount.minor), amount.currency.code()}));
}
}  // namespace settled
