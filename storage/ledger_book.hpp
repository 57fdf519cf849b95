// The books in memory: the balances of every account we own and every settlement in flight. Decides each
// request and writes the rows that make the decision durable into a batch; does no I/O.
//
// What the book has decided but the database has not yet committed is ahead of the truth: whoever calls
// commits the batch before anybody hears of it, or throws the book away.
#pragma once
#include "domain/clock.hpp"
#include "storage/event_chain.hpp"
#include "storage/ledger_store.hpp"

#include <unordered_map>

namespace settled {

class LedgerBook {
 public:
  LedgerBook(const LedgerSnapshot& snapshot, Clock clock);

  /// Keys have been looked up before: this order is new. Accounts, funds, hold, intent; or FAILED; or a
  /// refusal that records nothing.
  Submission open(const std::string& caller, const OpenSettlements::Item& item, LedgerBatch& batch);
  /// Nothing when the settlement is not in flight (then the store knows it).
  std::optional<SettlementFound> advance(const AdvanceSettlement& step, LedgerBatch& batch);
  AccountChanged open_account(AccountId id, const OpenAccount& request, LedgerBatch& batch);
  AccountChanged fund(JournalId journal, AccountId clearing_id, const FundAccount& request,
                      LedgerBatch& batch);

  const Account* account(AccountId id) const;
  std::vector<SettlementView> open_settlements() const;
  std::size_t in_flight() const { return open_.size(); }
  const EventChain& chain() const { return chain_; }

 private:
  struct BankCurrency {
    std::string bank;
    Currency currency;
    bool operator==(const BankCurrency&) const = default;
  };
  struct BankCurrencyHash {
    std::size_t operator()(const BankCurrency& x) const noexcept {
      return std::hash<std::string>{}(x.bank) * 31 + x.currency.index();
    }
  };

  void index(const Account& account);
  Result<AccountId> vostro_of(const SettlementOrder& order) const;
  Result<AccountId> nostro_for(const SettlementOrder& order) const;
  void record_failed(SettlementView& s, const Refusal& refusal);
  void hold(const SettlementView& s, LedgerBatch& batch);
  void end_hold(const SettlementView& s, HoldEnd end, LedgerBatch& batch);
  void post(AccountId account, const Uuid& journal, std::int64_t amount, Micros at, LedgerBatch& batch);

  Clock clock_;
  EventChain chain_;
  std::unordered_map<AccountId, Account> accounts_;
  std::unordered_map<BankCurrency, AccountId, BankCurrencyHash> vostros_;
  std::unordered_map<BankCurrency, std::vector<AccountId>, BankCurrencyHash> nostros_;
  std::unordered_map<std::uint8_t, AccountId> default_nostros_, clearings_;  // by currency
  std::unordered_map<SettlementId, SettlementView> open_;
};

}  // namespace settled
