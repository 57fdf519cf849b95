// LEDGER WRITER: the one who writes the books of its shards.
//
// Spawned by   runtime/, detached (it blocks on the database), one per process; again after a failure.
// Remembers    nothing that the store does not: a fresh writer takes over under a new epoch and loads.
// Batches      what arrived while the last commit was under way becomes the next one. Nobody waits for a
//              timer: an idle writer commits at once. The next batch is decided, and its rows written, while
//              the last one is on its way to the disk; when that fails, what was decided upon it is decided
//              again.
// Answers      only what is durable. A database that is away is waited out; the answers wait with it.
// On failure   answers everything it holds with an error, and ends; the supervisor decides.
#pragma once
#include "domain/clock.hpp"
#include "messages/actors.hpp"
#include "storage/ledger_store.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <variant>

namespace settled {

struct LedgerWriterSettings {
  std::function<std::unique_ptr<LedgerStore>()> make_store;
  Clock clock;
  Ids ids;
  /// Why compliance holds an order that waited and would go now; empty: it does not.
  std::function<std::string(const SettlementOrder&)> held_because = [](const SettlementOrder&) {
    return std::string();
  };
  /// The books may be older than what the banks have seen; see LedgerBook.
  std::function<bool()> quarantined = [] { return false; };
  /// Told what was taken over, on the writer's thread, before anything is decided upon it. Where these books
  /// must not be written to it throws, and the writer ends.
  std::function<void(const LedgerSnapshot&)> on_take_over = [](const LedgerSnapshot&) {};
  /// How often an idle writer looks whether the books are still its own and where it left them: a database
  /// may have come back as an older copy, another process may have taken over. Zero: only when it writes.
  std::chrono::milliseconds prove_every{0};
  /// Decides the next batch while a commit is under way, on a thread of its own. Off: one after the other.
  bool beside_commit = false;
  /// Orders and steps in one commit, at most. More wait for the next.
  std::size_t batch_max = 4096;
  /// What one group commit was like.
  struct Commit {
    std::int64_t last_seq = 0;    // the event stream's end
    std::size_t settlements = 0;  // opened or moved
    double seconds = 0;           // it took
    double oldest_waited = 0;     // seconds that its oldest request had waited for it
    std::size_t waiting = 0;      // requests that wait for the next one
  };
  /// Told after each commit, on the writer's thread.
  std::function<void(const Commit&)> on_commit = [](const Commit&) {};
};

struct LedgerWriterState;
using LedgerWriterActor = LedgerActor::extend<caf::reacts_to<WriteBatch>, caf::reacts_to<ProveBooks>>;
LedgerWriterActor::behavior_type ledger_writer(LedgerWriterActor::stateful_pointer<LedgerWriterState> self,
                                               LedgerWriterSettings settings);

/// Complete here so that CAF can spawn it; for ledger_writer.cpp only.
class LedgerBook;
class LedgerRound;
struct LedgerWriterState {
  /// Where an answer goes. Whoever asks waits without a time limit: so everybody hears at the latest when
  /// the writer ends, whatever ended it.
  struct Promise {
    std::variant<caf::typed_response_promise<Submissions>, caf::typed_response_promise<SettlementFound>,
                 caf::typed_response_promise<AccountChanged>, caf::typed_response_promise<Released>,
                 caf::typed_response_promise<ActionAnswered>, caf::typed_response_promise<Count>,
                 caf::typed_response_promise<NettingBooked>, caf::typed_response_promise<RulesFound>>
        of;
    template <class Answer>
    Promise(caf::typed_response_promise<Answer> promise) : of(std::move(promise)) {}
    Promise(Promise&&) noexcept = default;
    Promise& operator=(Promise&&) noexcept = default;
    ~Promise();
  };
  struct Pending {  // one request and where its answer goes
    std::variant<OpenSettlements, AdvanceSettlement, OpenAccount, FundAccount, ChangeAccount, ReleaseWaiting,
                 ProposeAction, ApproveAction, CancelSettlement, CloseBreak, EscalateUnknowns, BookNetting,
                 ChangeRules>
        request;
    Promise promise;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    bool moved_on = false;  // to the round after the one that it stands in
  };
  LedgerWriterSettings settings;
  std::unique_ptr<LedgerStore> store;
  std::shared_ptr<LedgerBook> book;
  std::int64_t last_batch = 0;
  bool idle = false;  // nothing was written since the last proof that was due
  std::vector<Pending> pending;
  bool scheduled = false;
  std::deque<std::shared_ptr<LedgerRound>> under_way;  // decided, being written; two at most
  static inline const char* name = "ledger_writer";
};

}  // namespace settled
