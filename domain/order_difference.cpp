#include "domain/order_difference.hpp"

#include <vector>

namespace settled {

std::string order_difference(const SettlementOrder& recorded, const SettlementOrder& asked) {
  std::vector<std::string> fields;
  const auto compare = [&](const char* pointer, const auto& a, const auto& b) {
    if (!(a == b)) fields.emplace_back(pointer);
  };
  compare("/obligation_id", recorded.obligation_id, asked.obligation_id);
  compare("/from_bank", recorded.from_bank, asked.from_bank);
  compare("/to_bank", recorded.to_bank, asked.to_bank);
  // 150 XOF and 1.50 EUR are both 150 of something: the currency alone tells them apart.
  compare("/amount", recorded.amount.minor, asked.amount.minor);
  compare("/currency", recorded.amount.currency, asked.amount.currency);
  compare("/priority", recorded.priority, asked.priority);
  compare("/method", recorded.method, asked.method);
  compare("/metadata", recorded.metadata, asked.metadata);
  // A day that was left out is another one tomorrow, and no difference: it cannot be told from one that was
  // asked for.
  if (fields.empty()) return "/settlement_date, /outside_window or /insufficient_funds";
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i)
    text.append(i == 0 ? "" : i + 1 == fields.size() ? " and " : ", ").append(fields[i]);
  return text;
}
}  // namespace settled
