// A rule that said no: which rule, about which field, in a sentence for the person who asked.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace settled {

/// Why a request was refused. Stored with failed settlements and sent as problem+json `code`:
/// append only, never renumber, never reuse. http/problem.cpp gives each its HTTP status and title.
enum class Errc : std::uint8_t {
  ok = 0,
  malformed_body = 1,  // not JSON, not UTF-8, a key twice, nested too deep
  unknown_field = 2,
  missing_field = 3,
  wrong_type = 4,
  invalid_value = 5,    // well formed, outside what is allowed
  amount_decimals = 6,  // more decimals than the currency has
  amount_overflow = 7,
  amount_not_positive = 8,
  unknown_currency = 9,
  currency_mismatch = 10,
  unknown_bank = 11,  // no account of ours serves this bank in this currency
  unknown_account = 12,
  account_exists = 13,
  account_closed = 14,
  insufficient_funds = 15,
  idempotency_key_missing = 16,
  idempotency_mismatch = 17,
  idempotency_in_progress = 18,
  same_bank = 19,
  not_found = 20,
  unauthorized = 21,
  method_not_allowed = 22,
  unsupported_media_type = 23,
  body_too_large = 24,
  too_many_requests = 25,
  overloaded = 26,
  database_unavailable = 27,
  internal = 28,
  bank_refused = 29,      // the bank said no; its reason is in the detail
  expired = 30,           // nothing was sent within TRANSACTION_TIMEOUT_SECONDS
  not_allowed_here = 31,  // a development route in production
  shutting_down = 32,
  no_rail = 33,  // no connector serves this bank and method
  illegal_transition = 34,
  amount_below_min = 35,       // the amount is under the currency's smallest order
  amount_above_max = 36,       // the amount is over the currency's largest order
  window_closed = 37,          // the rail takes no orders now, and the order does not wait
  date_past = 38,              // the settlement date is over
  blocked_party = 39,          // a person decided that a party of the order is blocked
  cancelled = 40,              // the order was called back before anything was held
  already_resolved = 41,       // there is nothing left to decide
  same_person = 42,            // who asked for it cannot approve it
  digest_mismatch = 43,        // what is approved is not what was shown
  resolved_not_executed = 44,  // two people decided that the bank did not execute it
  bank_suspended = 45,         // a bank of the order takes no part for the time being
  netting_infeasible = 46,     // somebody's cap or liquidity would break
  nothing_to_net = 47,         // no order that waits is in the window
};
std::string_view to_string(Errc e);
std::optional<Errc> errc_from(std::string_view text);
/// May the same request, unchanged, succeed later?
bool transient(Errc e);

struct Refusal {
  Errc code = Errc::ok;  // ok: nothing was refused
  std::string field;     // JSON pointer or column ("/amount"); empty when no single field is to blame
  std::string detail;    // what happened, which value, what is allowed
  std::string allowed;   // the allowed values or form; may be empty
};

/// A value or the refusal that took its place.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::move(value)) {}
  Result(Refusal refusal) : v_(std::move(refusal)) {}
  explicit operator bool() const { return v_.index() == 0; }
  T& operator*() { return std::get<0>(v_); }
  const T& operator*() const { return std::get<0>(v_); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }
  const Refusal& refusal() const { return std::get<1>(v_); }
  Refusal& refusal() { return std::get<1>(v_); }

 private:
  std::variant<T, Refusal> v_;
};

/// Thrown when we were wrong: an invariant of ours is broken. Stops the actor before money moves,
/// in release builds too.
void ensure(bool holds, std::string_view what);

}  // namespace settled
