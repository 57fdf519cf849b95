#include "http/digest.hpp"

#include <algorithm>
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
  auto text = lines({"order/1", o.obligation_id, o.from_bank, o.to_bank, std::to_string(o.amount.minor),
                     o.amount.currency.code(), in.asked_date, to_string(o.priority), to_string(o.method),
                     o.metadata});
  // A wish that is not given leaves no line, so that older requests keep their digests.
  if (o.outside_window != Otherwise::by_policy)
    text += lines({"outside_window", to_string(o.outside_window)});
  if (o.insufficient_funds != Otherwise::by_policy)
    text += lines({"insufficient_funds", to_string(o.insufficient_funds)});
  return sha256(text);
}

Digest funding_digest(AccountId account, Money amount) {
  return sha256(lines({"funding/1", account.text(), std::to_string(amount.minor), amount.currency.code()}));
}

Digest netting_digest(const std::vector<Obligation>& obligations) {
  auto text = lines({"netting/1"});
  for (const Obligation& o : obligations)
    text += lines({o.id, o.from, o.to, std::to_string(o.amount.minor), o.amount.currency.code()});
  return sha256(text);
}

Digest netting_digest(const NettingWindow& window) {
  auto text = lines({"netting-window/1", window.currency.code(), window.value_date,
                     window.one_method ? to_string(window.method) : std::string_view()});
  auto banks = window.banks;
  std::sort(banks.begin(), banks.end());
  for (const auto& bank : banks) text += lines({bank});
  return sha256(text);
}
}  // namespace settled
