// The house rules that an order meets before the ledger does: amount limits, the state of its banks, the
// compliance list, the settlement window. A pure judgement: whoever asks brings the rules and the time.
#pragma once
#include "domain/limits.hpp"
#include "domain/screening.hpp"
#include "domain/window.hpp"

#include <map>
#include <string>

namespace settled {

enum class BankStatus : std::uint8_t { active, suspended };
std::string_view to_string(BankStatus status);
std::optional<BankStatus> bank_status_from(std::string_view text);

/// What we know about a bank beyond its accounts. A bank without a profile is active.
struct BankProfile {
  std::string bic;
  std::string name;
  BankStatus status = BankStatus::active;
};

/// What operators change while the process runs.
struct Rules {
  std::vector<WindowDefinition> windows;
  std::vector<Calendar> calendars;
  std::map<std::string, BankProfile> banks;  // by BIC
};

bool suspended(const Rules& rules, const std::string& bic);
/// bank_suspended, where a bank of the order is.
std::optional<Refusal> check_banks(const SettlementOrder& order, const Rules& rules);

/// What the configuration says and the process keeps.
struct Policy {
  AmountLimits limits;
  BlockedList blocked;
  bool windows_always_open = false;  // the development profile's
  Otherwise outside_window = Otherwise::queue;
  Otherwise insufficient_funds = Otherwise::refuse;
};

/// Under which conditions an order is let in.
struct Admission {
  Refusal refusal;  // ok: it is let in
  Waiting waiting = Waiting::no;
  std::string waiting_detail;     // why, for people
  std::int64_t release_at = 0;    // microseconds since 1970: not before
  std::int64_t next_cut_off = 0;  // microseconds since 1970, of the session that it goes into; 0: none
  std::string value_date;         // YYYY-MM-DD
  std::string settlement_date;    // the order's own; where it has none, the day on which it comes, in its
                                  // window's zone, or the session's where that began the day before
  bool queue_if_short = false;    // waits for funds instead of failing
};

/// How the windows stand for one kind of order, in one second.
struct WindowOutlook {
  WindowAnswer window;
  Date today{};  // in the window's zone
};

/// Judges orders. What the windows say is worked out once a second for each kind of order; forget it when the
/// rules change.
class Judge {
 public:
  /// Refusals: amount_below_min, amount_above_max, date_past, bank_suspended, window_closed. A party on the
  /// blocked list is no refusal: the order waits for a person. An order without a settlement date has no
  /// earliest day: it goes into the next session.
  Admission operator()(const SettlementOrder& order, const Rules& rules, const Policy& policy,
                       std::int64_t now_us, const ZoneOffset& zone_offset);
  void rules_changed() { known_.clear(); }

 private:
  struct Kind {
    Currency currency;
    Method method = Method::LOCAL_ACH;
    std::string date;
    auto operator<=>(const Kind&) const = default;
  };
  std::int64_t second_ = 0;
  std::map<Kind, WindowOutlook> known_;
};

}  // namespace settled
