// The conversation about accounts: fronts ask, storage/ledger_writer opens and funds.
#pragma once
#include "messages/settling.hpp"

namespace settled {

/// Open an account. `account` carries kind, bank, currency, name, floor and default; the writer gives the
/// id. Answered with AccountChanged; refusals: account_exists (with the existing account).
struct OpenAccount {
  std::string caller;
  Account account;
};

/// Development only: money from the outside world's clearing account of the currency. Answered with
/// AccountChanged; refusals: unknown_account, currency_mismatch, account_closed, amount_overflow,
/// idempotency_mismatch.
struct FundAccount {
  std::string caller;
  std::string idempotency_key;
  Digest request_digest{};
  AccountId account;
  Money amount;
};

/// Durable when it arrives. `refusal.code` is ok when the account was opened or funded.
struct AccountChanged {
  Account account;
  JournalId journal;      // of a funding
  bool replayed = false;  // the same idempotency key had done it before
  Refusal refusal;
};

template <class F>
typename F::result_type inspect(F& f, OpenAccount& x) {
  return f(caf::meta::type_name("OpenAccount"), x.caller, x.account);
}
template <class F>
typename F::result_type inspect(F& f, FundAccount& x) {
  return f(caf::meta::type_name("FundAccount"), x.caller, x.idempotency_key, x.request_digest, x.account,
           x.amount);
}
template <class F>
typename F::result_type inspect(F& f, AccountChanged& x) {
  return f(caf::meta::type_name("AccountChanged"), x.account, x.journal, x.replayed, x.refusal);
}

}  // namespace settled
