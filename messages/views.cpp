#include "messages/views.hpp"

namespace settled {

PaymentInstruction instruction_of(const SettlementView& s) {
  return {.reference = s.reference,
          .debtor_bank = s.order.from_bank,
          .creditor_bank = s.order.to_bank,
          .amount = s.order.amount,
          .settlement_date = s.order.settlement_date,
          .method = s.order.method,
          .trace_id = s.trace_id};
}

std::string clock_time(Micros at) {
  const auto of_day = at / 1'000'000 % 86'400;
  const auto two = [](std::int64_t n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
  return two(of_day / 3600) + ':' + two(of_day / 60 % 60) + ':' + two(of_day % 60) + " UTC";
}

}  // namespace settled
