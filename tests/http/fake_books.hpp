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
    view.trace_id = in.trace_id;
    view.reference = bank_reference_of(view.id);
    view.created_at = now;
    if (in.order.amount.minor > 1'000'000) {
      view.status = Status::FAILED;
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
                                              Books books) {
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
          [](const AskedOnce&) {}, [](const ReadHealth&) { return HealthReport{}; }};
}

inline LedgerActor::behavior_type fake_ledger(LedgerActor::pointer, Books books) {
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
      [](const ReadInFlight&) { return InFlight{}; }};
}

inline ReaderActor::behavior_type fake_reader(ReaderActor::pointer, Books books) {
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

inline HealthActor::behavior_type fake_health(HealthActor::pointer, Books books) {
  return {[=](const ReadHealth&) -> HealthReport {
    HealthReport report;
    report.ready = books->ready;
    report.items = {{"database", true, "here"}, {"recovery", books->ready, "3 settlements left"}};
    report.recovering = books->ready ? 0 : 3;
    return report;
  }};
}

}  // namespace settled::tests
