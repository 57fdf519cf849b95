// What operators send: reasons, verdicts, approvals, changes of accounts, banks and calendars, obligations to
// net. Everything that is wrong with a body is told at once. Windows: json_in_window.hpp.
#pragma once
#include "domain/action.hpp"
#include "domain/netting.hpp"
#include "domain/rules.hpp"
#include "http/json_in.hpp"
#include "messages/operating.hpp"

namespace settled {

/// What one person asks for; `kind` decides which fields there are.
struct ProposalIn {
  std::string verdict, reason, bank_reference;
};
Parsed<ProposalIn> parse_proposal(std::string& body, ActionKind kind);
/// {"reason": …} of a cancellation or of a break that is closed.
Parsed<std::string> parse_reason(std::string& body);
/// {"digest": 64 hex digits}.
Parsed<Digest> parse_approval(std::string& body);

/// Amounts are still text: their currency is the account's.
struct AccountChangeIn {
  std::string status;  // "open", "closed" or empty
  std::optional<std::string> floor;
  bool low_given = false, high_given = false;
  std::optional<std::string> low, high;  // given and nothing: no threshold
};
Parsed<AccountChangeIn> parse_account_change(std::string& body);

Parsed<BankProfile> parse_bank(std::string& body, std::string bic);
/// A holiday on one day.
Parsed<HolidayRule> parse_holiday(std::string& body);

inline constexpr std::size_t netting_obligations_max = 10'000;
inline constexpr std::size_t netting_banks_max = 1'000;
struct NettingIn {
  std::vector<Obligation> obligations;
  std::optional<NettingWindow> window;  // instead of them
  bool dry_run = false;
  std::vector<std::string> without;  // of a dry run: compare with these banks left out
};
Parsed<NettingIn> parse_netting(std::string& body);

/// A body that says nothing: absent, or an object without fields. What is wrong otherwise.
std::vector<Refusal> check_no_body(std::string& body);

/// 64 lower-case hex digits, and back.
std::string hex_of(const Digest& digest);
std::optional<Digest> digest_from(std::string_view hex);

}  // namespace settled
