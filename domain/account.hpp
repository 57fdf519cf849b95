// Accounts of the one double-entry ledger, and the arithmetic of balance, hold and floor.
#pragma once
#include "domain/ids.hpp"
#include "domain/money.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace settled {

enum class AccountKind : std::uint8_t { nostro, vostro, wallet, treasury, fee, suspense, clearing };
std::string_view to_string(AccountKind kind);
std::optional<AccountKind> account_kind_from(std::string_view text);

/// Debit-normal: what others hold for us (nostro, treasury, clearing). Credit-normal: what we owe or own
/// (vostro, wallet, fee, suspense). `balance` is positive in the normal direction.
constexpr bool debit_normal(AccountKind kind) {
  return kind == AccountKind::nostro || kind == AccountKind::treasury || kind == AccountKind::clearing;
}

enum class AccountStatus : std::uint8_t { open, closed };
std::string_view to_string(AccountStatus status);
std::optional<AccountStatus> account_status_from(std::string_view text);

/// A floor that never stops anybody: the outside world's own account.
inline constexpr std::int64_t no_floor = std::numeric_limits<std::int64_t>::min();

/// No balance and no credit line goes beyond this, so that sums and differences of two always fit: 4·10^18
/// minor units.
inline constexpr std::int64_t largest_balance = 4'000'000'000'000'000'000;

/// A threshold that nobody set.
inline constexpr std::int64_t no_threshold = std::numeric_limits<std::int64_t>::min();

/// All amounts in minor units of `currency`, positive in the normal direction.
struct Account {
  AccountId id;
  AccountKind kind = AccountKind::vostro;
  std::string bank;  // BIC; empty for accounts that belong to no bank
  Currency currency;
  std::string name;
  AccountStatus status = AccountStatus::open;
  bool is_default = false;  // the currency's nostro where we hold none at the payee's bank
  std::int64_t balance = 0;
  std::int64_t held = 0;   // sum of the open holds that would lower this account
  std::int64_t floor = 0;  // the limit below which available ends: 0, or minus a credit line
  /// A balance that comes below the low or above the high one is told as an event.
  std::int64_t low_threshold = no_threshold, high_threshold = no_threshold;
  std::int64_t version = 0;  // number of entries; the next entry gets version + 1
};

/// What may still be promised: balance − held − floor, never below zero.
std::int64_t available(std::int64_t balance, std::int64_t held, std::int64_t floor);
inline std::int64_t available(const Account& account) {
  return available(account.balance, account.held, account.floor);
}

/// Does a debit (or, with false, a credit) of this account lower its balance?
constexpr bool lowers(AccountKind kind, bool debit) { return debit != debit_normal(kind); }

/// The sentence that an operator needs: asked, available, balance, held.
Refusal insufficient_funds(const Account& account, std::int64_t asked);

}  // namespace settled
