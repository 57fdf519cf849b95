#include "formats/order_row.hpp"

#include "domain/bank.hpp"
#include "domain/plain_text.hpp"
#include "formats/text.hpp"

#include <cstdint>

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
/// FNV-1a, as 16 hex digits.
template <class Iterator>
std::string hash_text(Iterator at, Iterator end) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (; at != end; ++at) hash = (hash ^ static_cast<unsigned char>(*at)) * 0x100000001b3U;
  std::string text(16, '0');
  for (auto it = text.rbegin(); it != text.rend(); ++it, hash >>= 4) *it = "0123456789abcdef"[hash & 15];
  return text;
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
  constexpr const char* printable = "1 to 64 printable characters";
  if (const auto characters = character_count(text.obligation_id); characters > 64)
    return wrong(Errc::invalid_value, "obligation_id",
                 quoted(text.obligation_id) + " has " + std::to_string(characters) + " characters",
                 printable);
  if (const auto hidden = hidden_in(text.obligation_id); !hidden.empty())
    return wrong(Errc::invalid_value, "obligation_id", quoted(text.obligation_id) + ' ' + hidden, printable);
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
  constexpr std::size_t longest = 255;
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
  if (key.size() <= longest) return key;
  // Many letters that are not ASCII: a beginning that people recognise, and a number for the whole. No other
  // key has "%~" in it. Should two ever meet, the second order is refused, not paid.
  const auto number = hash_text(order.obligation_id.begin(), order.obligation_id.end()) +
                      hash_text(order.obligation_id.rbegin(), order.obligation_id.rend());
  auto head = key.substr(0, longest - number.size() - 2);
  if (const auto cut = head.find('%', head.size() - 2); cut != std::string::npos) head.resize(cut);
  return head + "%~" + number;
}
}  // namespace settled
