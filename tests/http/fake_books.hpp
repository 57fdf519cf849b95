// Small working intake, ledger, reader and health actors over books in memory: enough to see what the front
// asks and how it tells the answers.
#pragma once
#include "messages/actors.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace settled::tests {

/// Shared by the fakes and the test; one lock around everything.
struct FakeBooks {
  std::mutex mutex;
  std::map<std::string, std::pair<Digest, SettlementView>> by_key;  // caller/key
  std::map<SettlementId, SettlementView> settlements;
  std::map<AccountId, Account> accounts;
  std::vector<EntryView> entries;
  std::vector<EventView> events;
  std::uint64_t next_id = 1;
  Micros now = 1'795'168'800'000'000;  // 2026-11-20T10:00:00Z
  std::atomic<bool> silent{false};     // answer nothing
  std::atomic<bool> ready{true};
  std::string last_trace;
  Rules rules;
  OperatorAction action;  // the one that waits
  std::vector<Means> means{{"ABIDCIAB", *currency_from("XOF"), 1000, {}},
                           {"DAKRSNDA", *currency_from("XOF"), 50, {}}};
  ListRecords last_list;
  ChangeRules last_change;
  ReadWindow last_window;
  BookNetting last_netting;
  std::map<std::string, std::pair<Digest, JournalId>> nettings;
  std::map<std::string, int> job_runs{{"retry", 0}};

  Uuid fresh() {
    ++next_id;
    return make_uuid_v7(now / 1000, next_id, next_id);
  }
  void note(std::string kind, std::string subject, std::string payload = "{}") {
    events.push_back({0, static_cast<std::int64_t>(events.size()) + 1, now, std::move(kind),
                      std::move(subject), std::move(payload)});
  }
  Submission submit(const std::string& caller, const NewSettlement& in) {
    const auto key = caller + '/' + in.idempotency_key;
    last_trace = in.trace_id;
    if (const auto at = by_key.find(key); at != by_key.end()) {
      const auto& [digest, first] = at->second;
      if (digest == in.request_digest) return {Submission::Kind::replayed, settlements.at(first.id), {}};
      return {Submission::Kind::refused,
              first,
              {Errc::idempotency_mismatch, "", "this key was used for another order", ""}};
    }
    if (in.order.to_bank == "NOBKSNDA")
      return {
          Submission::Kind::refused, {}, {Errc::unknown_bank, "/to_bank", "no account serves NOBKSNDA", ""}};
    SettlementView view;
    view.id = SettlementId{fresh()};
    view.order = in.order;
    if (view.order.settlement_date.empty()) view.order.settlement_date = "2026-11-20";  // as intake does
    view.trace_id = in.trace_id;
    view.reference = reference_text(view.id.uuid);
    view.created_at = now;
    if (in.order.outside_window == Otherwise::queue) {
      view.status = view.opened_as = Status::PENDING;
      view.waiting = Waiting::window;
      view.waiting_detail = "STAR-UEMOA has closed for today";
      view.release_at = view.next_cut_off = now + 1'000'000;
      view.value_date = "2026-11-23";
      view.opened_note =
          R"("value_date":"2026-11-23","next_cut_off":null,"waiting":{"for":"window","detail":"shut"})";
    } else if (in.order.amount.minor > 1'000'000) {
      view.status = view.opened_as = Status::FAILED;
      view.failure_code = "insufficient_funds";
      view.failure_detail = "vostro: not enough";
      view.finalized_at = now;
    } else {
      view.status = Status::EXECUTING;
      view.locked_at = view.sent_at = now;
    }
    settlements[view.id] = view;
    by_key[key] = {in.request_digest, view};
    note(view.status == Status::FAILED ? "settlement.failed" : "settlement.executing", view.id.text());
    return {Submission::Kind::accepted, view, {}};
  }
  // The books' own answers to what operators ask, in small.
  ActionAnswered propose(const ProposeAction& request) {
    const auto at = settlements.find(request.settlement);
    if (at == settlements.end())
      return {{}, {}, {Errc::not_found, "path:id", "there is no settlement with this id", ""}};
    if (final_status(at->second.status) && request.kind != ActionKind::compensate)
      return {{}, at->second, {Errc::already_resolved, "path:id", "it is COMPLETED already.", ""}};
    action = {ActionId{fresh()},
              request.kind,
              ActionState::pending,
              request.settlement,
              request.verdict,
              request.reason,
              request.bank_reference,
              "resolve it\nas asked",
              Digest{0xab},
              request.caller,
              "",
              now,
              0};
    return {action, at->second, {}};
  }
  ActionAnswered approve(const ApproveAction& request) {
    if (!action.id || (request.action != action.id && request.settlement != action.settlement))
      return {{}, {}, {Errc::not_found, "path:id", "nothing waits for a second person here.", ""}};
    if (request.caller == action.requested_by)
      return {action, {}, {Errc::same_person, "", "you asked for this yourself.", "another API key"}};
    if (request.digest != action.digest)
      return {
          action, {}, {Errc::digest_mismatch, "/digest", "this is not the digest of what was shown.", ""}};
    action.state = ActionState::approved;
    action.approved_by = request.caller;
    action.approved_at = now;
    return {action, complete(action.settlement), {}};
  }
  ActionAnswered cancel(const CancelSettlement& request) {
    const auto at = settlements.find(request.id);
    if (at == settlements.end())
      return {{}, {}, {Errc::not_found, "path:id", "there is no such settlement.", ""}};
    if (at->second.status != Status::PENDING)
      return {{}, at->second, {Errc::illegal_transition, "path:id", "its funds are held already.", ""}};
    at->second.status = Status::FAILED;
    at->second.waiting = Waiting::no;
    at->second.failure_code = "cancelled";
    at->second.failure_detail = "called back by " + request.caller + ": " + request.reason;
    return {{}, at->second, {}};
  }
  RulesFound change(const ChangeRules& change) {
    last_change = change;
    if (change.put_window) {
      if (change.put_window->zone == "Atlantis")
        return {rules,
                {Errc::invalid_value, "/zone", "\"Atlantis\" is not in the zone data", "an IANA name"}};
      rules.windows.push_back(*change.put_window);
    } else if (!change.drop_window.empty()) {
      if (std::erase_if(rules.windows, [&](const auto& w) { return w.name == change.drop_window; }) == 0)
        return {rules, {Errc::not_found, "path:id", "there is no such window.", ""}};
    } else if (change.put_calendar) {
      const auto wrong = problems(*change.put_calendar);
      if (!wrong.empty()) return {rules, wrong.front()};
      std::erase_if(rules.calendars, [&](const auto& c) { return c.name == change.put_calendar->name; });
      rules.calendars.push_back(*change.put_calendar);
    } else if (change.put_bank) {
      rules.banks[change.put_bank->bic] = *change.put_bank;
    } else {
      for (auto& calendar : rules.calendars)
        if (calendar.name == change.calendar) {
          if (change.put_holiday) calendar.rules.push_back(*change.put_holiday);
          return {rules, {}};
        }
      return {rules, {Errc::not_found, "path:id", "there is no such calendar.", ""}};
    }
    return {rules, {}};
  }
  NettingBooked book(const BookNetting& netting) {
    last_netting = netting;
    const auto plan = dry_run(obligations_of(netting), means);
    if (!plan) return {{}, 0, false, plan.refusal()};
    if (const auto at = nettings.find(netting.idempotency_key); at != nettings.end()) {
      if (at->second.first == netting.request_digest)
        return {at->second.second, 0, true, {}, obligations_of(netting)};
      return {at->second.second, 0, true, {Errc::idempotency_mismatch, "", "used for another netting", ""}};
    }
    if (!plan->feasible)
      return {{}, 0, false, {Errc::netting_infeasible, "/obligations", "DAKRSNDA would pay too much.", ""}};
    const JournalId journal{fresh()};
    nettings[netting.idempotency_key] = {netting.request_digest, journal};
    return {journal, now, false, {}, obligations_of(netting)};
  }
  /// One order waits in francs, nothing in other currencies.
  static std::vector<Obligation> waiting_in(const NettingWindow& window) {
    if (window.currency != *currency_from("XOF")) return {};
    return {{"set_01j9", "ABIDCIAB", "DAKRSNDA", {100, window.currency}}};
  }
  static std::vector<Obligation> obligations_of(const BookNetting& netting) {
    return netting.by_window ? waiting_in(netting.window) : netting.obligations;
  }

  SettlementView complete(SettlementId id) {
    auto& view = settlements.at(id);
    if (view.order.obligation_id != "SLOW") {
      view.status = Status::COMPLETED;
      view.bank_reference = "BANK-1";
      view.last_outcome = "completed";
      view.confirmed_at = view.finalized_at = now + 1000;
      note("settlement.completed", id.text());
    }
    return view;
  }
};
using Books = std::shared_ptr<FakeBooks>;

// A promise that nobody keeps: the asker runs into his time-out.
template <class T>
struct Kept {
  std::vector<caf::typed_response_promise<T>> promises;
};

struct FakeIntakeState {
  Kept<Submissions> unanswered;
  static inline const char* name = "fake_intake";
};
inline IntakeActor::behavior_type fake_intake(IntakeActor::stateful_pointer<FakeIntakeState> self,
                                              const Books& books) {
  return {[=](const SubmitSettlements& in) -> caf::result<Submissions> {
            if (books->silent) {
              self->state.unanswered.promises.push_back(self->make_response_promise<Submissions>());
              return self->state.unanswered.promises.back();
            }
            const std::lock_guard lock(books->mutex);
            Submissions out;
            for (const auto& order : in.orders) out.results.push_back(books->submit(in.caller, order));
            return out;
          },
          [=](const AwaitSettlement& wait) -> SettlementFound {
            const std::lock_guard lock(books->mutex);
            return {true, books->complete(wait.id)};
          },
          [](const AskedOnce&) {},
          [=](const ApproveAction& q) -> ActionAnswered {
            const std::lock_guard lock(books->mutex);
            return books->approve(q);
          },
          [=](const ChangeRules& q) -> RulesFound {
            const std::lock_guard lock(books->mutex);
            return books->change(q);
          },
          [=](const ReadWindow& q) -> WindowFound {
            const std::lock_guard lock(books->mutex);
            books->last_window = q;
            if (q.method == Method::SWIFT) return {};
            const auto at = books->now / 1'000'000;
            return {{WindowState::after_cut_off, "STAR-UEMOA", "Africa/Abidjan", at, at + 60, at + 30,
                     *date_from("2026-11-23"), "the cut-off of STAR-UEMOA has passed"}};
          },
          [](const RetryParked&) { return Count{}; },
          [](const LookAfterLocks&) { return Count{}; },
          [](const WatchEnded&) { return Count{}; },
          [=](const ReadRecovery&) -> RecoveryReport {
            return {true, books->now, books->now + 5, 7, 1, 2, 3, 1, 4, 3, 0};
          },
          [=](const BookNetting& q) -> NettingBooked {
            const std::lock_guard lock(books->mutex);
            return books->book(q);
          },
          [](const ReadHealth&) { return HealthReport{}; }};
}

inline LedgerActor::behavior_type fake_ledger(LedgerActor::pointer, const Books& books) {
  return {
      [](const OpenSettlements&) { return Submissions{}; },
      [](const AdvanceSettlement&) { return SettlementFound{}; },
      [=](const OpenAccount& open) -> AccountChanged {
        const std::lock_guard lock(books->mutex);
        for (const auto& [id, a] : books->accounts)
          if (a.bank == open.account.bank && a.currency == open.account.currency)
            return {a, {}, false, {Errc::account_exists, "/bank", "there is such an account", ""}};
        Account account = open.account;
        account.id = AccountId{books->fresh()};
        books->accounts[account.id] = account;
        books->note("account.opened", account.id.text());
        return {account, {}, false, {Errc::ok, "", "", ""}};
      },
      [=](const FundAccount& fund) -> AccountChanged {
        const std::lock_guard lock(books->mutex);
        const auto at = books->accounts.find(fund.account);
        if (at == books->accounts.end())
          return {{}, {}, false, {Errc::unknown_account, "path:id", "there is no such account", ""}};
        auto& account = at->second;
        account.balance += fund.amount.minor;
        ++account.version;
        books->entries.push_back({account.version, "jrn_x", -fund.amount.minor, account.balance, books->now});
        return {account, JournalId{books->fresh()}, false, {Errc::ok, "", "", ""}};
      },
      [=](const ChangeAccount& change) -> AccountChanged {
        const std::lock_guard lock(books->mutex);
        auto& account = books->accounts.at(change.id);
        if (change.status == "closed" && account.balance != 0)
          return {{}, {}, false, {Errc::invalid_value, "/status", "the account has a balance of 5 GHS.", ""}};
        if (change.set_floor) account.floor = change.floor;
        if (change.set_low) account.low_threshold = change.low;
        if (change.set_high) account.high_threshold = change.high;
        if (change.status == "closed") account.status = AccountStatus::closed;
        return {account, {}, false, {}};
      },
      [](const ReleaseWaiting&) { return Released{}; },
      [=](const ProposeAction& q) -> ActionAnswered {
        const std::lock_guard lock(books->mutex);
        return books->propose(q);
      },
      [](const ApproveAction&) { return ActionAnswered{}; },
      [=](const CancelSettlement& q) -> ActionAnswered {
        const std::lock_guard lock(books->mutex);
        return books->cancel(q);
      },
      [](const CloseBreak& q) -> ActionAnswered {
        if (q.reason == "again")
          return {{}, {}, {Errc::already_resolved, "path:id", "there is no open break here.", ""}};
        return {};
      },
      [](const EscalateUnknowns&) { return Count{}; },
      [=](const BookNetting& q) -> NettingBooked {
        const std::lock_guard lock(books->mutex);
        return books->book(q);
      },
      [=](const ReadMeans&) -> MeansFound {
        const std::lock_guard lock(books->mutex);
        return {books->means};
      },
      [=](const ReadNettingWindow& q) -> NettingWindowFound {
        const std::lock_guard lock(books->mutex);
        auto waiting = FakeBooks::waiting_in(q.window);
        if (!waiting.empty()) return {std::move(waiting), books->means, {}};
        return {{}, {}, {Errc::nothing_to_net, "/window", "no order in GHS that fits waits here.", ""}};
      },
      [=](const ReadRules&) -> RulesFound {
        const std::lock_guard lock(books->mutex);
        return {books->rules, {}};
      },
      [](const ChangeRules&) { return RulesFound{}; },
      [](const ReadInFlight&) { return InFlight{}; }};
}

inline SchedulerActor::behavior_type fake_scheduler(SchedulerActor::pointer, const Books& books) {
  const auto report = [books] {
    JobsReport all;
    for (const auto& [name, runs] : books->job_runs)
      all.jobs.push_back({name, "asks again", 300, runs > 0 ? books->now : 0, runs > 0 ? books->now : 0,
                          "2 asked", true, runs, false});
    return all;
  };
  return {
      [=](const ReadJobs&) -> JobsReport {
        const std::lock_guard lock(books->mutex);
        return report();
      },
      [=](const RunJob& q) -> JobsReport {
        const std::lock_guard lock(books->mutex);
        const auto at = books->job_runs.find(q.name);
        if (at == books->job_runs.end())
          return {{}, {Errc::not_found, "path:id", "there is no job of this name", "retry"}};
        ++at->second;
        return report();
      },
      [=](const ReadInvariants&) -> InvariantReport {
        return {
            true, false, books->now, 0.25, {{"sum", 0, ""}, {"balance", 1, "acc_x: 5 expected, 6 found"}}};
      }};
}

inline ReaderActor::behavior_type fake_reader(ReaderActor::pointer, const Books& books) {
  return {[=](const ReadSettlement& q) -> SettlementFound {
            const std::lock_guard lock(books->mutex);
            const auto at = books->settlements.find(q.id);
            if (at == books->settlements.end()) return {};
            return {true, at->second};
          },
          [=](const ListSettlements& q) -> SettlementPage {
            const std::lock_guard lock(books->mutex);
            SettlementPage page;
            for (auto at = books->settlements.rbegin(); at != books->settlements.rend(); ++at) {
              const auto& view = at->second;
              if (q.before && !(view.id.uuid < q.before)) continue;
              if (!q.status.empty() && q.status != to_string(view.status)) continue;
              if (page.settlements.size() == static_cast<std::size_t>(q.limit)) {
                page.next = page.settlements.back().id.uuid;
                break;
              }
              page.settlements.push_back(view);
            }
            return page;
          },
          [=](const ReadTimeline& q) -> EventPage {
            const std::lock_guard lock(books->mutex);
            EventPage page;
            for (const auto& e : books->events)
              if (e.subject.ends_with(base32(q.subject))) page.events.push_back(e);
            return page;
          },
          [=](const ReadAccount& q) -> AccountPage {
            const std::lock_guard lock(books->mutex);
            const auto at = books->accounts.find(q.id);
            if (at == books->accounts.end()) return {};
            return {{at->second}, {}};
          },
          [=](const ListAccounts& q) -> AccountPage {
            const std::lock_guard lock(books->mutex);
            AccountPage page;
            for (const auto& [id, a] : books->accounts)
              if (q.kind.empty() || q.kind == to_string(a.kind)) page.accounts.push_back(a);
            return page;
          },
          [=](const ReadEntries&) -> EntryPage {
            const std::lock_guard lock(books->mutex);
            return {books->entries, 0};
          },
          [=](const ListRecords& q) -> RecordPage {
            const std::lock_guard lock(books->mutex);
            books->last_list = q;
            return {{R"({"settlement":"set_x","age_s":7})", R"({"settlement":"set_y","age_s":9})"},
                    books->fresh()};
          },
          [=](const ReadEvents& q) -> EventPage {
            const std::lock_guard lock(books->mutex);
            EventPage page;
            for (const auto& e : books->events)
              if (e.seq > q.after && page.events.size() < static_cast<std::size_t>(q.limit))
                page.events.push_back(e);
            return page;
          },
          [=](const ReadLastEvent&) -> EventsCommitted {
            const std::lock_guard lock(books->mutex);
            return {0, static_cast<std::int64_t>(books->events.size())};
          }};
}

inline HealthActor::behavior_type fake_health(HealthActor::pointer, const Books& books) {
  return {[=](const ReadHealth&) -> HealthReport {
    HealthReport report;
    report.ready = books->ready;
    report.items = {{"database", true, "here"}, {"recovery", books->ready, "3 settlements left"}};
    report.recovering = books->ready ? 0 : 3;
    return report;
  }};
}

}  // namespace settled::tests
