#include "messages/views.hpp"

#include <chrono>
#include <cstdio>

namespace settled {

const std::shared_ptr<const SettlementView>& Recorded::nobody() {
  static const auto empty = std::make_shared<const SettlementView>();
  return empty;
}

PaymentInstruction instruction_of(const SettlementView& s) {
  return {.reference = s.reference,
          .debtor_bank = s.order.from_bank,
          .creditor_bank = s.order.to_bank,
          .amount = s.order.amount,
          .settlement_date = s.order.settlement_date,
          .method = s.order.method,
          .trace_id = s.trace_id};
}

std::string rfc3339(Micros at) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{at}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[40];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

std::string clock_time(Micros at) {
  const auto of_day = at / 1'000'000 % 86'400;
  const auto two = [](std::int64_t n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
  return two(of_day / 3600) + ':' + two(of_day / 60 % 60) + ':' + two(of_day % 60) + " UTC";
}

}  // namespace settled
