#include "domain/account.hpp"

#include <array>

namespace settled {
namespace {
constexpr std::array<std::string_view, 7> kinds{"nostro", "vostro",   "wallet",  "treasury",
                                                "fee",    "suspense", "clearing"};
}

std::string_view to_string(AccountKind kind) { return kinds.at(static_cast<std::size_t>(kind)); }

std::optional<AccountKind> account_kind_from(std::string_view text) {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i] == text) return static_cast<AccountKind>(i);
  return std::nullopt;
}

std::string_view to_string(AccountStatus status) { return status == AccountStatus::open ? "open" : "closed"; }

std::optional<AccountStatus> account_status_from(std::string_view text) {
  if (text == "open") return AccountStatus::open;
  if (text == "closed") return AccountStatus::closed;
  return std::nullopt;
}

std::int64_t available(std::int64_t balance, std::int64_t held, std::int64_t floor) {
  if (floor == no_floor) return std::numeric_limits<std::int64_t>::max();
  std::int64_t free = 0;
  // Too far above the floor to count is more than anybody can ask for.
  if (__builtin_sub_overflow(balance - held, floor, &free)) return std::numeric_limits<std::int64_t>::max();
  return free;
}

Refusal insufficient_funds(const Account& account, std::int64_t asked) {
  const auto show = [&](std::int64_t minor) { return format_for_people(minor, account.currency); };
  return {Errc::insufficient_funds, "/amount",
          std::string(to_string(account.kind)) + ' ' + (account.bank.empty() ? account.name : account.bank) +
              ": " + show(asked) + " asked, " + show(available(account)) + " available (balance " +
              show(account.balance) + ", held " + show(account.held) + "). No hold was placed.",
          ""};
}
}  // namespace settled
