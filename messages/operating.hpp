// What operators do and see: changes that take two people, accounts, banks and windows, netting, jobs, and
// the work lists. Fronts ask actors/intake, storage/ledger_writer or actors/scheduler.
#pragma once
#include "domain/netting.hpp"
#include "domain/rules.hpp"
#include "messages/accounts.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/sec.hpp>

namespace settled {

/// One person asks for it; the settlement stays as it is until another one approves. `verdict`: resolve
/// takes executed or not_executed (executed also of what was rolled back while a late_success break is open),
/// decide (on an order held for compliance) release or reject, compensate none. A newer wish for the same
/// settlement takes the place of an open one. Answered with ActionAnswered; refusals: not_found,
/// already_resolved, illegal_transition, invalid_value.
struct ProposeAction {
  std::string caller;
  ActionKind kind = ActionKind::resolve;
  SettlementId settlement;
  std::string verdict;
  std::string reason;
  std::string bank_reference;  // of a resolve as executed, where the bank told one
};
/// `digest` is that of what was shown. Either the action or its settlement is named. Refusals: not_found,
/// already_resolved, same_person, digest_mismatch (also when the settlement has moved on since).
struct ApproveAction {
  std::string caller;
  ActionId action;
  SettlementId settlement;
  Digest digest{};
};
struct ActionAnswered {
  OperatorAction action;
  Recorded settlement;
  Refusal refusal;
};

/// Calls back an order that waits and holds nothing. Answered with ActionAnswered (without an action);
/// refusals: not_found, illegal_transition (also in quarantine).
struct CancelSettlement {
  std::string caller;
  SettlementId id;
  std::string reason;
};

/// Try every order that waits for its window or for funds, the most urgent and then the oldest first.
/// Sent by actors/intake to storage/ledger_writer; answered with Released.
struct ReleaseWaiting {
  /// How the windows are now, for every currency and method that an order waits in.
  struct Gate {
    Currency currency;
    Method method = Method::LOCAL_ACH;
    bool open = false;
    Micros opens_at = 0, next_cut_off = 0;
    std::string value_date, reason;
    std::string settlement_date;  // of a plan: what is said is for orders of this date
  };
  std::vector<Gate> gates;
  /// The windows have changed: nothing is tried, the orders are only told anew when they may go.
  bool plan = false;
};
struct Released {
  std::vector<Recorded> started;   // their intent is durable: they want an actor
  std::vector<Recorded> ended;     // FAILED now, or settled in our own books
  std::int64_t still_waiting = 0;  // all that hold nothing yet, those for compliance too
};

/// Opens a break for every doubt that began before `unknown_before`, and for every order that a bank has
/// accepted, was sent before it, and has not ended, where there is none. Sent by actors/scheduler
/// to storage/ledger_writer; answered with how many.
struct EscalateUnknowns {
  Micros unknown_before = 0;
};
/// Answered with ActionAnswered without an action.
struct CloseBreak {
  std::string caller;
  BreakId id;
  std::string reason;
};
struct Count {
  std::int64_t value = 0;
};

/// Changes what is given. Answered with AccountChanged; refusals: unknown_account, invalid_value (closing an
/// account with money or holds, a floor above what is available).
struct ChangeAccount {
  std::string caller;
  AccountId id;
  std::string status;  // "open", "closed", or empty: as it is
  bool set_floor = false, set_low = false, set_high = false;
  std::int64_t floor = 0, low = no_threshold, high = no_threshold;
};

/// Which of the orders that wait (PENDING) are netted: those of the currency whose banks are active and have
/// an open vostro here. What is empty narrows nothing down.
struct NettingWindow {
  Currency currency;
  std::string value_date;  // YYYY-MM-DD; empty: orders whose settlement date is not after today, in UTC
  bool one_method = false;
  Method method = Method::LOCAL_ACH;  // where `one_method`
  std::vector<std::string> banks;     // payer's and payee's are both among these
};
/// Books the net positions of a set of obligations between the vostros of their banks, all or nothing. Or,
/// by window: all its orders settle between the vostros, all or none, and need funds for their net only.
/// Sent over actors/intake, which looks at the blocked list and waits for the orders no more, to
/// storage/ledger_writer. Answered with NettingBooked. Refusals: unknown_bank, account_closed,
/// netting_infeasible, idempotency_mismatch, amount_overflow; of obligations: bank_suspended, blocked_party,
/// already_resolved (netted before); by window: nothing_to_net, illegal_transition (in quarantine).
struct BookNetting {
  std::string caller;
  std::string idempotency_key;
  Digest request_digest{};
  std::vector<Obligation> obligations;
  bool by_window = false;
  NettingWindow window;  // instead of `obligations`
  Refusal barred;        // by the blocked list; what was booked before is answered all the same
};
struct NettingBooked {
  JournalId journal;
  Micros at = 0;
  bool replayed = false;
  Refusal refusal;
  std::vector<Obligation> obligations;  // as they were booked, also in a replay
  std::vector<Recorded> ended;          // of a window: what this very request settled
};
/// What a window holds now, as obligations, and what every bank could pay. Changes nothing. Answered by
/// storage/ledger_writer with NettingWindowFound; refusal: nothing_to_net.
struct ReadNettingWindow {
  NettingWindow window;
};
struct NettingWindowFound {
  std::vector<Obligation> obligations;
  std::vector<Means> means;
  Refusal refusal;
};
/// What every bank could pay now. Answered by storage/ledger_writer with MeansFound.
struct ReadMeans {};
struct MeansFound {
  std::vector<Means> means;
};

// Rules stay within the process: the intake that applies them and the writer that keeps them are one node's.
/// Sent by actors/intake to storage/ledger_writer; answered with RulesFound.
struct ReadRules {};
struct RulesFound {
  Rules rules;
  Refusal refusal;  // of a change that was not made
};
/// Exactly one of the changes is given. Sent by http/ to actors/intake, which checks it, and from there to
/// storage/ledger_writer. Answered with RulesFound: the rules as they then are.
struct ChangeRules {
  std::string caller;
  std::optional<WindowDefinition> put_window;
  std::string drop_window;
  std::optional<BankProfile> put_bank;
  std::optional<Calendar> put_calendar;  // all its rules
  std::string calendar;                  // put_holiday and drop_holiday: whose
  std::optional<HolidayRule> put_holiday;
  std::optional<Date> drop_holiday;
};
/// Which session an order would go into now. Answered by actors/intake with WindowFound.
struct ReadWindow {
  Currency currency;
  Method method = Method::LOCAL_ACH;
};
struct WindowFound {
  WindowAnswer answer;
};

/// The recovery of the last start. Answered by actors/intake with RecoveryReport.
struct ReadRecovery {};
struct RecoveryReport {
  bool done = false;
  Micros started_at = 0, ended_at = 0;
  std::int64_t taken_up = 0;
  std::int64_t funds_locked = 0, executing = 0, confirming = 0, waiting = 0;  // states as they were found
  std::int64_t resolved = 0;  // final by now, of those taken up
  std::int64_t left = 0;      // not final yet
  std::int64_t parked = 0;
};

/// Takes up what nobody works on. Sent by actors/scheduler to actors/intake; answered with Count.
struct RetryParked {};
/// Takes up holds of before `locked_before` that nobody works on, where nothing has left (FUNDS_LOCKED): the
/// actor that each gets lets it expire. Sent by actors/scheduler to actors/intake; answered with Count.
struct LookAfterLocks {
  Micros locked_before = 0;
};
/// Asks the bank once more about orders that ended without its payment, in case it paid after all. Sent by
/// actors/scheduler to actors/intake; answered with Count: how many are asked.
struct WatchEnded {
  std::vector<SettlementView> settlements;
};

/// The jobs and their last runs. Answered by actors/scheduler.
struct ReadJobs {};
/// Run one now. Answered by actors/scheduler with JobsReport when it has run; `refusal` not_found otherwise.
struct RunJob {
  std::string caller;
  std::string name;
};
struct JobView {
  std::string name;
  std::string purpose;
  std::int64_t every_s = 0;
  Micros last_started = 0, last_ended = 0;
  std::string last_result;
  bool last_ok = true;
  std::int64_t runs = 0;
  bool running = false;
};
struct JobsReport {
  std::vector<JobView> jobs;
  Refusal refusal;
};

/// One rule of the books and whether it holds.
struct InvariantView {
  std::string name;
  std::int64_t violations = 0;
  std::string example;  // which, what was expected, what was found
};
/// Answered by storage/pg_keeper; a check of everything takes a while. An error that is `database_away` says
/// nothing about the books: nobody can write them either.
struct CheckInvariants {
  bool at_once = false;  // somebody waits for it; else it is spread over time, to leave the money its cores
};
inline constexpr auto database_away = caf::sec::cannot_connect_to_node;
/// The last check. Answered by actors/scheduler.
struct ReadInvariants {};
struct InvariantReport {
  bool checked = false;
  bool ok = false;
  Micros at = 0;
  double seconds = 0;
  std::vector<InvariantView> invariants;
  std::string failure;  // why the last check could not run; what stands above is then of the one before
  bool stale = false;   // three checks should have run since
};

/// Moves finished work out of the way. Answered by storage/pg_keeper with Count.
struct ArchiveFinished {
  Micros before = 0;
};
/// Ended orders that a bank might have paid: at most 200. Answered by storage/pg_keeper with WatchEnded.
struct ReadEnded {
  Micros since = 0;
};
/// A job ran. Sent by actors/scheduler to storage/pg_keeper, which keeps it; answered with Count.
struct KeepJob {
  JobView job;
};
/// What is known of the jobs' runs. Answered by storage/pg_keeper with JobsReport.
struct ReadKeptJobs {};

/// The work lists, as the database has them.
enum class RecordKind : std::uint8_t {
  fund_locks,
  unknowns,
  breaks,
  actions,
  compensations,
  nettings,
  held_orders,
};
std::string_view to_string(RecordKind kind);
/// Newest first. `state` and `subject` (a settlement or an account) narrow it down; empty ones do not.
struct ListRecords {  // → RecordPage, by storage/reader
  RecordKind kind = RecordKind::fund_locks;
  std::string state;
  Uuid subject;
  Uuid before;
  int limit = 50;
};
/// Each item is a JSON object.
struct RecordPage {
  std::vector<std::string> items;
  Uuid next;
};

template <class F>
typename F::result_type inspect(F& f, OperatorAction& x) {
  return f(caf::meta::type_name("OperatorAction"), x.id, x.kind, x.state, x.settlement, x.verdict, x.reason,
           x.bank_reference, x.shown, x.digest, x.requested_by, x.approved_by, x.requested_at, x.approved_at);
}
template <class F>
typename F::result_type inspect(F& f, ProposeAction& x) {
  return f(caf::meta::type_name("ProposeAction"), x.caller, x.kind, x.settlement, x.verdict, x.reason,
           x.bank_reference);
}
template <class F>
typename F::result_type inspect(F& f, ApproveAction& x) {
  return f(caf::meta::type_name("ApproveAction"), x.caller, x.action, x.settlement, x.digest);
}
template <class F>
typename F::result_type inspect(F& f, ActionAnswered& x) {
  return f(caf::meta::type_name("ActionAnswered"), x.action, x.settlement, x.refusal);
}
template <class F>
typename F::result_type inspect(F& f, CancelSettlement& x) {
  return f(caf::meta::type_name("CancelSettlement"), x.caller, x.id, x.reason);
}
template <class F>
typename F::result_type inspect(F& f, ReleaseWaiting::Gate& x) {
  return f(caf::meta::type_name("ReleaseWaiting::Gate"), x.currency, x.method, x.open, x.opens_at,
           x.next_cut_off, x.value_date, x.reason, x.settlement_date);
}
template <class F>
typename F::result_type inspect(F& f, ReleaseWaiting& x) {
  return f(caf::meta::type_name("ReleaseWaiting"), x.gates, x.plan);
}
template <class F>
typename F::result_type inspect(F& f, Released& x) {
  return f(caf::meta::type_name("Released"), x.started, x.ended, x.still_waiting);
}
template <class F>
typename F::result_type inspect(F& f, EscalateUnknowns& x) {
  return f(caf::meta::type_name("EscalateUnknowns"), x.unknown_before);
}
template <class F>
typename F::result_type inspect(F& f, CloseBreak& x) {
  return f(caf::meta::type_name("CloseBreak"), x.caller, x.id, x.reason);
}
template <class F>
typename F::result_type inspect(F& f, Count& x) {
  return f(caf::meta::type_name("Count"), x.value);
}
template <class F>
typename F::result_type inspect(F& f, ChangeAccount& x) {
  return f(caf::meta::type_name("ChangeAccount"), x.caller, x.id, x.status, x.set_floor, x.set_low,
           x.set_high, x.floor, x.low, x.high);
}
template <class F>
typename F::result_type inspect(F& f, Obligation& x) {
  return f(caf::meta::type_name("Obligation"), x.id, x.from, x.to, x.amount);
}
template <class F>
typename F::result_type inspect(F& f, NettingWindow& x) {
  return f(caf::meta::type_name("NettingWindow"), x.currency, x.value_date, x.one_method, x.method, x.banks);
}
template <class F>
typename F::result_type inspect(F& f, BookNetting& x) {
  return f(caf::meta::type_name("BookNetting"), x.caller, x.idempotency_key, x.request_digest, x.obligations,
           x.by_window, x.window, x.barred);
}
template <class F>
typename F::result_type inspect(F& f, NettingBooked& x) {
  return f(caf::meta::type_name("NettingBooked"), x.journal, x.at, x.replayed, x.refusal, x.obligations,
           x.ended);
}
template <class F>
typename F::result_type inspect(F& f, ReadNettingWindow& x) {
  return f(caf::meta::type_name("ReadNettingWindow"), x.window);
}
template <class F>
typename F::result_type inspect(F& f, ReadMeans&) {
  return f(caf::meta::type_name("ReadMeans"));
}
template <class F>
typename F::result_type inspect(F& f, ReadRecovery&) {
  return f(caf::meta::type_name("ReadRecovery"));
}
template <class F>
typename F::result_type inspect(F& f, RecoveryReport& x) {
  return f(caf::meta::type_name("RecoveryReport"), x.done, x.started_at, x.ended_at, x.taken_up,
           x.funds_locked, x.executing, x.confirming, x.waiting, x.resolved, x.left, x.parked);
}
template <class F>
typename F::result_type inspect(F& f, RetryParked&) {
  return f(caf::meta::type_name("RetryParked"));
}
template <class F>
typename F::result_type inspect(F& f, LookAfterLocks& x) {
  return f(caf::meta::type_name("LookAfterLocks"), x.locked_before);
}
template <class F>
typename F::result_type inspect(F& f, WatchEnded& x) {
  return f(caf::meta::type_name("WatchEnded"), x.settlements);
}
template <class F>
typename F::result_type inspect(F& f, ReadJobs&) {
  return f(caf::meta::type_name("ReadJobs"));
}
template <class F>
typename F::result_type inspect(F& f, RunJob& x) {
  return f(caf::meta::type_name("RunJob"), x.caller, x.name);
}
template <class F>
typename F::result_type inspect(F& f, JobView& x) {
  return f(caf::meta::type_name("JobView"), x.name, x.purpose, x.every_s, x.last_started, x.last_ended,
           x.last_result, x.last_ok, x.runs, x.running);
}
template <class F>
typename F::result_type inspect(F& f, JobsReport& x) {
  return f(caf::meta::type_name("JobsReport"), x.jobs, x.refusal);
}
template <class F>
typename F::result_type inspect(F& f, InvariantView& x) {
  return f(caf::meta::type_name("InvariantView"), x.name, x.violations, x.example);
}
template <class F>
typename F::result_type inspect(F& f, CheckInvariants& x) {
  return f(caf::meta::type_name("CheckInvariants"), x.at_once);
}
template <class F>
typename F::result_type inspect(F& f, ReadInvariants&) {
  return f(caf::meta::type_name("ReadInvariants"));
}
template <class F>
typename F::result_type inspect(F& f, InvariantReport& x) {
  return f(caf::meta::type_name("InvariantReport"), x.checked, x.ok, x.at, x.seconds, x.invariants, x.failure,
           x.stale);
}
template <class F>
typename F::result_type inspect(F& f, ArchiveFinished& x) {
  return f(caf::meta::type_name("ArchiveFinished"), x.before);
}
template <class F>
typename F::result_type inspect(F& f, ReadEnded& x) {
  return f(caf::meta::type_name("ReadEnded"), x.since);
}
template <class F>
typename F::result_type inspect(F& f, KeepJob& x) {
  return f(caf::meta::type_name("KeepJob"), x.job);
}
template <class F>
typename F::result_type inspect(F& f, ReadKeptJobs&) {
  return f(caf::meta::type_name("ReadKeptJobs"));
}
template <class F>
typename F::result_type inspect(F& f, ListRecords& x) {
  return f(caf::meta::type_name("ListRecords"), x.kind, x.state, x.subject, x.before, x.limit);
}
template <class F>
typename F::result_type inspect(F& f, RecordPage& x) {
  return f(caf::meta::type_name("RecordPage"), x.items, x.next);
}

}  // namespace settled

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::MeansFound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::NettingWindowFound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::ReadRules)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::RulesFound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::ChangeRules)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::ReadWindow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::WindowFound)
