#include "domain/rules.hpp"

#include <algorithm>

namespace settled {
namespace {
constexpr std::int64_t second = 1'000'000;

std::optional<Refusal> check_amount(const SettlementOrder& order, const AmountLimits& limits) {
  const auto breach = limits.check(order.amount);
  if (!breach) return std::nullopt;
  const bool below = breach->side == LimitBreach::Side::below_min;
  return Refusal{
      below ? Errc::amount_below_min : Errc::amount_above_max, "/amount", breach->detail,
      (below ? "at least " : "at most ") + format_for_people(breach->limit, order.amount.currency)};
}

/// The surest hit among the names of the order; a bank may stand on the list by its BIC.
std::optional<ScreeningHit> screen(const SettlementOrder& order, const BlockedList& blocked) {
  if (blocked.size() == 0) return std::nullopt;
  std::optional<ScreeningHit> surest;
  const auto look = [&](const std::string& name) {
    const auto hits = blocked.screen(name);
    if (hits && !hits->empty() && (!surest || hits->front().kind < surest->kind)) surest = hits->front();
  };
  look(order.from_bank);
  look(order.to_bank);
  for (const auto& name : order.parties) look(name);
  return surest;
}

std::string words_of(const ScreeningHit& hit) {
  return "held for compliance: " + hit.why + " (entry \"" + hit.entry.name + "\", line " +
         std::to_string(hit.entry.line) + (hit.entry.reason.empty() ? "" : ": " + hit.entry.reason) + ")";
}
}  // namespace

std::string_view to_string(BankStatus status) {
  return status == BankStatus::active ? "active" : "suspended";
}
std::optional<BankStatus> bank_status_from(std::string_view text) {
  if (text == "active") return BankStatus::active;
  if (text == "suspended") return BankStatus::suspended;
  return std::nullopt;
}

bool suspended(const Rules& rules, const std::string& bic) {
  const auto profile = rules.banks.find(bic);
  return profile != rules.banks.end() && profile->second.status == BankStatus::suspended;
}

std::optional<Refusal> check_banks(const SettlementOrder& order, const Rules& rules) {
  for (const auto& [bic, field] : {std::pair{order.from_bank, "/from_bank"}, {order.to_bank, "/to_bank"}})
    if (suspended(rules, bic))
      return Refusal{Errc::bank_suspended, field, bic + " is suspended and takes no part.",
                     "a bank that is active"};
  return std::nullopt;
}

namespace {
WindowOutlook outlook(const SettlementOrder& order, const Rules& rules, const Policy& policy,
                      std::int64_t now_us, const ZoneOffset& zone_offset) {
  static const std::vector<WindowDefinition> open_always{always_open()};
  const auto& windows = policy.windows_always_open ? open_always : rules.windows;
  WindowOutlook out;
  out.window = decide(
      windows, rules.calendars,
      {order.amount.currency, order.method, now_us / second, date_from(order.settlement_date)}, zone_offset);
  // Without a window today's date is UTC's.
  const auto offset = zone_offset(out.window.zone, now_us / second).value_or(std::chrono::seconds{0});
  out.today = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds{std::chrono::seconds{now_us / second} + offset});
  return out;
}

Admission judge_within(const SettlementOrder& order, const Rules& rules, const Policy& policy,
                       const WindowOutlook& outlook) {
  Admission a;
  const auto refuse = [&](Refusal refusal) {
    a.refusal = std::move(refusal);
    return a;
  };
  const auto& [window, today] = outlook;
  a.settlement_date = order.settlement_date;
  if (a.settlement_date.empty())
    a.settlement_date =
        to_string(window.state == WindowState::open ? std::min(today, window.value_date) : today);
  if (auto refusal = check_amount(order, policy.limits)) return refuse(std::move(*refusal));
  if (auto refusal = check_banks(order, rules)) return refuse(std::move(*refusal));

  const auto asked_date = date_from(order.settlement_date);
  if (asked_date && *asked_date < today)
    return refuse({Errc::date_past, "/settlement_date",
                   order.settlement_date + " is past: today is " + to_string(today) + ".",
                   to_string(today) + " or later"});
  if (window.state == WindowState::none)
    return refuse({Errc::window_closed, "/currency", window.reason,
                   "a currency and method with a window: GET /api/v1/windows"});
  a.next_cut_off = window.next_cut_off * second;
  a.value_date = to_string(window.value_date);
  const auto wish =
      order.outside_window == Otherwise::by_policy ? policy.outside_window : order.outside_window;
  if (window.state != WindowState::open) {
    if (wish == Otherwise::refuse)
      return refuse({Errc::window_closed, "/outside_window", window.reason,
                     "\"queue\": it then goes with value date " + a.value_date});
    a.waiting = Waiting::window;
    a.waiting_detail = window.reason;
    a.release_at = window.opens_at * second;
  }
  const auto short_wish =
      order.insufficient_funds == Otherwise::by_policy ? policy.insufficient_funds : order.insufficient_funds;
  a.queue_if_short = short_wish == Otherwise::queue;
  if (const auto hit = screen(order, policy.blocked)) {
    a.waiting = Waiting::compliance;
    a.waiting_detail = words_of(*hit);
  }
  return a;
}
}  // namespace

Admission Judge::operator()(const SettlementOrder& order, const Rules& rules, const Policy& policy,
                            std::int64_t now_us, const ZoneOffset& zone_offset) {
  if (const auto now = now_us / second; now != second_) {
    known_.clear();
    second_ = now;
  }
  const Kind kind{order.amount.currency, order.method, order.settlement_date};
  auto known = known_.find(kind);
  if (known == known_.end())
    known = known_.emplace(kind, outlook(order, rules, policy, now_us, zone_offset)).first;
  return judge_within(order, rules, policy, known->second);
}
}  // namespace settled
