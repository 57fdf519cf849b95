#include "formats/order_row.hpp"

#include "domain/bank.hpp"
#include "formats/text.hpp"

namespace settled {
namespace {
constexpr std::size_t metadata_bytes_max = 4096;

Refusal wrong(Errc code, std::string field, std::string detail, std::string allowed = {}) {
  return {code, std::move(field), std::move(detail), std::move(allowed)};
}
Refusal in(std::string_view field, Refusal refusal) {
  refusal.field = field;
  return refusal;
}
std::optional<Refusal> check_text(std::string_view field, const std::string& value) {
  if (!valid_utf8(value)) return wrong(Errc::invalid_value, std::string(field), "is not UTF-8", "UTF-8 text");
  return std::nullopt;
}
}  // namespace

Result<SettlementOrder> order_from(const OrderText& text) {
  const std::pair<std::string_view, const std::string*> required[] = {{"obligation_id", &text.obligation_id},
                                                                      {"from_bank", &text.from_bank},
                                                                      {"to_bank", &text.to_bank},
                                                                      {"amount", &text.amount},
                                                                      {"currency", &text.currency}};
  for (const auto& [field, value] : required)
    if (value->empty()) return wrong(Errc::missing_field, std::string(field), "is empty");

  SettlementOrder order;
  if (auto refusal = check_text("obligation_id", text.obligation_id)) return *refusal;
  if (text.obligation_id.size() > 64 || has_control(text.obligation_id))
    return wrong(Errc::invalid_value, "obligation_id",
                 quoted(text.obligation_id) + " has " + std::to_string(text.obligation_id.size()) +
                     " bytes or a control character",
                 "1 to 64 printable characters");
  order.obligation_id = text.obligation_id;

  const auto bank = [](std::string_view field, const std::string& value) -> Result<std::string> {
    if (auto bic = bic_from(value)) return *bic;
    return wrong(Errc::invalid_value, std::string(field), quoted(value) + " is not a BIC",
                 "8 or 11 capital letters and digits such as ABIDCIAB");
  };
  auto from = bank("from_bank", text.from_bank);
  if (!from) return from.refusal();
  auto to = bank("to_bank", text.to_bank);
  if (!to) return to.refusal();
  order.from_bank = *from;
  order.to_bank = *to;

  if (auto refusal = check_text("currency", text.currency)) return *refusal;
  auto currency = currency_from(text.currency);
  if (!currency) return in("currency", currency.refusal());
  if (auto refusal = check_text("amount", text.amount)) return *refusal;
  auto amount = positive_amount(text.amount, *currency);
  if (!amount) return in("amount", amount.refusal());
  order.amount = *amount;

  if (!text.settlement_date.empty() && !valid_date(text.settlement_date))
    return wrong(Errc::invalid_value, "settlement_date", quoted(text.settlement_date) + " is not a day",
                 "YYYY-MM-DD");
  order.settlement_date = text.settlement_date;
  if (!text.priority.empty()) {
    const auto priority = priority_from(text.priority);
    if (!priority)
      return wrong(Errc::invalid_value, "priority", quoted(text.priority) + " is not a priority",
                   "NORMAL, HIGH or URGENT");
    order.priority = *priority;
  }
  if (!text.method.empty()) {
    const auto method = method_from(text.method);
    if (!method)
      return wrong(Errc::invalid_value, "method", quoted(text.method) + " is not a method",
                   "SWIFT, SEPA, LOCAL_ACH or MOCK");
    order.method = *method;
  }
  if (auto refusal = check_text("metadata", text.metadata)) return *refusal;
  if (text.metadata.size() > metadata_bytes_max)
    return wrong(Errc::invalid_value, "metadata",
                 "has " + std::to_string(text.metadata.size()) + " bytes; at most 4096 are allowed",
                 "a JSON object of at most 4096 bytes");
  order.metadata = text.metadata;
  if (auto refusal = check_order(order)) return in("to_bank", *refusal);
  return order;
}

std::string idempotency_key_of(const SettlementOrder& order) {
  constexpr char hex[] = "0123456789ABCDEF";
  std::string key = "obl:" + order.from_bank + ':';
  for (const char c : order.obligation_id) {
    const auto byte = static_cast<unsigned char>(c);
    // '"' would make the header form of the key ambiguous, '%' is our own escape.
    if (byte > 0x20 && byte < 0x7F && c != '%' && c != '"') {
      key += c;
    } else {
      key += '%';
      key += hex[byte >> 4];
      key += hex[byte & 15];
    }
  }
  return key;
}
}  // namespace settled
