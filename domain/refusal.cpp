#include "domain/refusal.hpp"

#include <array>
#include <stdexcept>

namespace settled {
namespace {
struct Name {
  Errc code;
  std::string_view text;
  bool transient;
};
constexpr std::array names{
    Name{Errc::ok, "ok", false},
    Name{Errc::malformed_body, "malformed_body", false},
    Name{Errc::unknown_field, "unknown_field", false},
    Name{Errc::missing_field, "missing_field", false},
    Name{Errc::wrong_type, "wrong_type", false},
    Name{Errc::invalid_value, "invalid_value", false},
    Name{Errc::amount_decimals, "amount_decimals", false},
    Name{Errc::amount_overflow, "amount_overflow", false},
    Name{Errc::amount_not_positive, "amount_not_positive", false},
    Name{Errc::unknown_currency, "unknown_currency", false},
    Name{Errc::currency_mismatch, "currency_mismatch", false},
    Name{Errc::unknown_bank, "unknown_bank", false},
    Name{Errc::unknown_account, "unknown_account", false},
    Name{Errc::account_exists, "account_exists", false},
    Name{Errc::account_closed, "account_closed", false},
    Name{Errc::insufficient_funds, "insufficient_funds", false},
    Name{Errc::idempotency_key_missing, "idempotency_key_missing", false},
    Name{Errc::idempotency_mismatch, "idempotency_mismatch", false},
    Name{Errc::idempotency_in_progress, "idempotency_in_progress", true},
    Name{Errc::same_bank, "same_bank", false},
    Name{Errc::not_found, "not_found", false},
    Name{Errc::unauthorized, "unauthorized", false},
    Name{Errc::method_not_allowed, "method_not_allowed", false},
    Name{Errc::unsupported_media_type, "unsupported_media_type", false},
    Name{Errc::body_too_large, "body_too_large", false},
    Name{Errc::too_many_requests, "too_many_requests", true},
    Name{Errc::overloaded, "overloaded", true},
    Name{Errc::database_unavailable, "database_unavailable", true},
    Name{Errc::internal, "internal", true},
    Name{Errc::bank_refused, "bank_refused", false},
    Name{Errc::expired, "expired", false},
    Name{Errc::not_allowed_here, "not_allowed_here", false},
    Name{Errc::shutting_down, "shutting_down", true},
    Name{Errc::no_rail, "no_rail", false},
    Name{Errc::illegal_transition, "illegal_transition", false},
    Name{Errc::amount_below_min, "amount_below_min", false},
    Name{Errc::amount_above_max, "amount_above_max", false},
    Name{Errc::window_closed, "window_closed", false},
    Name{Errc::date_past, "date_past", false},
    Name{Errc::blocked_party, "blocked_party", false},
    Name{Errc::cancelled, "cancelled", false},
    Name{Errc::already_resolved, "already_resolved", false},
    Name{Errc::same_person, "same_person", false},
    Name{Errc::digest_mismatch, "digest_mismatch", false},
    Name{Errc::resolved_not_executed, "resolved_not_executed", false},
    Name{Errc::bank_suspended, "bank_suspended", false},
    Name{Errc::netting_infeasible, "netting_infeasible", false},
    Name{Errc::nothing_to_net, "nothing_to_net", false},
};
constexpr bool in_order() {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (static_cast<std::size_t>(names[i].code) != i) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by the code");
}  // namespace

std::string_view to_string(Errc e) { return names.at(static_cast<std::size_t>(e)).text; }

std::optional<Errc> errc_from(std::string_view text) {
  for (const Name& n : names)
    if (n.text == text) return n.code;
  return std::nullopt;
}

bool transient(Errc e) { return names.at(static_cast<std::size_t>(e)).transient; }

void ensure(bool holds, std::string_view what) {
  if (!holds) throw std::logic_error("invariant broken: " + std::string(what));
}
}  // namespace settled
