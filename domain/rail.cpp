#include "domain/rail.hpp"

#include <array>

namespace settled {
std::string canonical_text(const PaymentInstruction& o) {
  std::string text = o.reference;
  for (const std::string_view part :
       {std::string_view(o.debtor_bank), std::string_view(o.creditor_bank), o.amount.currency.code(),
        std::string_view(o.settlement_date), to_string(o.method)}) {
    text += '|';
    text += part;
  }
  return text + '|' + std::to_string(o.amount.minor);
}

std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, 6> names{"accepted", "completed", "rejected",
                                                  "not_sent", "not_found", "unknown"};
  return names.at(static_cast<std::size_t>(outcome));
}
}  // namespace settled
