// The books in memory: the balances of every account we own and every settlement in flight. Decides each
// request and writes the rows that make the decision durable into a batch; does no I/O.
//
// What the book has decided but the database has not yet committed is ahead of the truth: whoever calls
// commits the batch before anybody hears of it, or throws the book away.
#pragma once
#include "domain/clock.hpp"
#include "storage/account_table.hpp"
#include "storage/event_chain.hpp"
#include "storage/ledger_store.hpp"

#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace settled {

/// "settlement.completed".
std::string event_kind(Status status);

class LedgerBook {
 public:
  /// Why compliance holds an order; empty: it does not.
  using HeldBecause = std::function<std::string(const SettlementOrder&)>;
  /// `quarantined`: these books may be older than what the banks have seen. Then no order ends that its bank
  /// was not asked about.
  LedgerBook(
      LedgerSnapshot snapshot, Clock clock, std::function<bool()> quarantined = [] { return false; },
      HeldBecause held_because = [](const SettlementOrder&) { return std::string(); });

  /// Keys have been looked up before: this order is new. Accounts, funds, hold, intent; or FAILED; or a
  /// refusal that records nothing.
  Submission open(const std::string& caller, const OpenSettlements::Item& item, LedgerBatch& batch);
  /// Nothing when the settlement is not in flight (then the store knows it).
  std::optional<SettlementFound> advance(const AdvanceSettlement& step, LedgerBatch& batch);
  /// Tries the orders that wait, the most urgent and then the oldest first. Where an account cannot pay the
  /// first one, those behind it on that account wait too: nobody overtakes.
  Released release_waiting(const ReleaseWaiting& request, LedgerBatch& batch);
  /// Tells the orders whose window is still to open when that is, as the windows now are.
  Released plan_waiting(const ReleaseWaiting& request, LedgerBatch& batch);
  ActionAnswered cancel(const CancelSettlement& request, LedgerBatch& batch);
  /// `settlement` is the recorded one, which need not be in flight.
  ActionAnswered propose(ActionId id, const ProposeAction& request, const Recorded& settlement,
                         LedgerBatch& batch);
  ActionAnswered approve(JournalId journal, const ApproveAction& request, const Recorded& settlement,
                         LedgerBatch& batch);
  /// The pending action that a request means.
  const OperatorAction* pending_action(const ApproveAction& request) const;
  const Recorded* in_flight(SettlementId id) const;
  /// A settlement that has ended, and what a bank says of it since: a break where the two disagree. Not where
  /// that was `told_before`: a person has closed it, and the bank says nothing new.
  void compare_late_answer(
      BreakId id, const Recorded& settlement, const Attempt& attempt,
      const std::function<bool(const std::string& kind, const std::string& detail)>& told_before,
      LedgerBatch& batch);
  std::int64_t escalate_unknowns(const EscalateUnknowns& request, const std::function<BreakId()>& next_id,
                                 LedgerBatch& batch);
  ActionAnswered close_break(const CloseBreak& request, LedgerBatch& batch);
  AccountChanged change_account(const ChangeAccount& request, LedgerBatch& batch);
  MeansFound means() const;
  NettingBooked book_netting(JournalId journal, const BookNetting& request, LedgerBatch& batch);
  NettingWindowFound netting_window(const NettingWindow& window) const;
  RulesFound change_rules(const ChangeRules& request, LedgerBatch& batch);
  const Rules& rules() const { return rules_; }
  AccountChanged open_account(AccountId id, const OpenAccount& request, LedgerBatch& batch);
  AccountChanged fund(JournalId journal, AccountId clearing_id, const FundAccount& request,
                      LedgerBatch& batch);

  std::optional<Account> account(AccountId id) const;
  std::vector<Recorded> open_settlements() const;
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

  void add(const Account& account);
  void index(const AccountRow& account);
  Result<AccountId> vostro_of(const SettlementOrder& order) const;
  /// Of a bank that is known to have one.
  const AccountRow& vostro_of(std::string_view bank, Currency currency) const;
  Result<AccountId> nostro_for(const SettlementOrder& order) const;
  Result<AccountId> payee_vostro(const SettlementOrder& order) const;
  static std::optional<Refusal> too_much_for(const AccountRow& payee, const Money& amount);
  /// What has changed since an order was let in, and ends it now that its turn has come.
  std::optional<Refusal> barred(const SettlementView& s) const;
  /// Nothing leaves: both banks have their accounts here.
  bool on_us(const SettlementView& s) const;
  /// Accounts that the order lowers: where funds may be lacking.
  std::vector<AccountId> scarce(const SettlementView& s) const;
  /// In quarantine: why nobody ends an order that waits.
  std::optional<Refusal> ends_blindly() const;
  void record_failed(SettlementView& s, const Refusal& refusal);
  const AccountRow* short_account(const SettlementView& s) const;
  Refusal insufficient(const AccountRow& account, std::int64_t asked) const {
    return insufficient_funds(accounts_.whole(account), asked);
  }
  bool must_queue_behind(const SettlementView& s) const;
  /// Holds the funds and records the intent; on us, also its end.
  void lock_and_send(SettlementView& s, Micros at, LedgerBatch& batch);
  void settle_on_us(SettlementView& s, Micros at, LedgerBatch& batch);
  /// All its steps and its hold, without the entries.
  void walk_on_us(SettlementView& s, Micros at, LedgerBatch& batch);
  /// Oldest first; without those that `batch` opens, of which nobody has heard yet.
  std::vector<SettlementView> waiting_in(const NettingWindow& window, const LedgerBatch& batch) const;
  std::vector<Recorded> settle_netted(JournalId journal, std::vector<SettlementView> orders, Micros at,
                                      LedgerBatch& batch);
  /// Does a house rule forbid the netting?
  std::optional<Refusal> barred(const BookNetting& request) const;
  /// Is an account missing or closed, or does a position break funds, or the range of an account?
  std::optional<Refusal> why_infeasible(const DryRun& plan, bool by_window) const;
  void keep_open(const Recorded& s);
  /// The list has become longer while the order waited.
  bool hold_for_compliance(SettlementView& s, LedgerBatch& batch);
  Recorded fail_waiting(const SettlementView& waiting, const Refusal& refusal, LedgerBatch& batch);
  /// On which side of its thresholds an account is.
  struct Standing {
    bool below_low = false, above_high = false;
  };
  Standing standing(const AccountRow& row) const;
  void tell_crossing(const AccountRow& row, Standing before, Micros at, LedgerBatch& batch);
  /// What waited for the end of a settlement: its break for the doubt, a pending action.
  void end_doubt(const SettlementView& s, LedgerBatch& batch);
  /// Nothing when this kind of action fits where the settlement stands.
  std::optional<Refusal> does_not_fit(const OperatorAction& action, const SettlementView& s) const;
  void end_action(const OperatorAction& action, ActionState state, LedgerBatch& batch);
  /// The entries of what the bank paid after the end; closes the break that told it.
  Recorded book_late(const OperatorAction& action, const SettlementView& s, LedgerBatch& batch);
  void open_break(BreakId id, std::string kind, const Recorded& s, std::string detail, LedgerBatch& batch);
  void hold(const SettlementView& s, LedgerBatch& batch);
  void end_hold(const SettlementView& s, HoldEnd end, LedgerBatch& batch);
  void post(AccountId account, const Uuid& journal, std::int64_t amount, Micros at, LedgerBatch& batch);
  /// The same, but nobody is told which thresholds it crosses.
  void enter(AccountId account, const Uuid& journal, std::int64_t amount, Micros at, LedgerBatch& batch);

  Clock clock_;
  std::function<bool()> quarantined_;
  HeldBecause held_because_;
  EventChain chain_;
  AccountTable accounts_;
  std::unordered_map<BankCurrency, std::vector<AccountId>, BankCurrencyHash> nostros_;
  std::unordered_map<std::uint8_t, AccountId> default_nostros_, clearings_;  // by currency
  std::unordered_map<SettlementId, Recorded> open_;
  struct QueuePlace {  // the most urgent first, then the oldest
    int rank = 0;
    SettlementId id;
    auto operator<=>(const QueuePlace&) const = default;
  };
  static QueuePlace place_of(const SettlementView& s) { return {-static_cast<int>(s.order.priority), s.id}; }
  std::set<QueuePlace> queue_;                                      // of PENDING orders
  std::unordered_set<SettlementId> passed_;                         // in flight: two people released it
  std::unordered_set<SettlementId> held_;                           // for compliance: VALIDATING
  std::unordered_map<SettlementId, OperatorAction> actions_;        // pending ones
  std::map<std::pair<std::string, SettlementId>, BreakId> breaks_;  // open ones, by kind
  Rules rules_;
};

}  // namespace settled
