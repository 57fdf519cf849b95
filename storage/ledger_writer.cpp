#include "storage/ledger_writer.hpp"

#include "domain/order_difference.hpp"
#include "storage/ledger_book.hpp"
#include "telemetry/failpoint.hpp"
#include "telemetry/mutant.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace settled {
namespace {
using Self = LedgerWriterActor::stateful_pointer<LedgerWriterState>;
using Pending = LedgerWriterState::Pending;

/// The answers of a batch: given only when it is durable.
using Answers = std::vector<std::function<void()>>;

Submission replay_or_mismatch(const KnownSettlement& known, const NewSettlement& order) {
  const SettlementView& s = known.settlement;
  if (known.request_digest == order.request_digest)
    return {.kind = Submission::Kind::replayed, .settlement = known.settlement, .refusal = {}};
  return {.kind = Submission::Kind::refused,
          .settlement = known.settlement,
          .refusal = {Errc::idempotency_mismatch, "",
                      "This key was used on " + rfc3339(s.created_at).substr(0, 10) + " at " +
                          clock_time(s.created_at) + " for " + s.id.text() + " (" +
                          format_for_people(s.order.amount.minor, s.order.amount.currency) + " from " +
                          s.order.from_bank + " to " + s.order.to_bank + "). This body differs in " +
                          order_difference(s.order, order.order) +
                          ". To read the first: GET /api/v1/settlements/" + s.id.text() +
                          ". Use a new key for a new order.",
                      "the same order as before, or a new key"}};
}

}  // namespace

/// One round: decides its requests in memory, commits once, then answers. Its commit may run beside the
/// next round's decisions.
class LedgerRound {
 public:
  /// `before`: the round that is still being written, if there is one.
  LedgerRound(Self self, std::vector<Pending> requests, const LedgerRound* before = nullptr)
      : self_(self),
        state_(self->state),
        book_(*self->state.book),
        requests_(std::move(requests)),
        before_(before) {
    batch_.number =
        (before ? before->batch_.number : state_.last_batch) + (before && before->batch_.empty() ? 0 : 1);
  }

  void decide() {
    if (!requests_.empty()) oldest_ = requests_.front().since;
    KeysOfCallers keys;
    std::size_t orders = 0;
    for (const Pending& p : requests_)
      if (const auto* open = std::get_if<OpenSettlements>(&p.request)) {
        orders += open->items.size();
        auto& of_caller = keys[open->caller];
        for (const auto& item : open->items) of_caller.push_back(item.order.idempotency_key);
      }
    batch_.reserve(orders);
    opened_.reserve(orders);
    find_known(keys);
    for (Pending& p : requests_) std::visit([&](auto& request) { decide(request, p); }, p.request);
    for (Pending* p : again_) {
      state_.pending.push_back(std::move(*p));
      p->moved_on = true;
    }
    before_ = nullptr;
  }

  std::int64_t number() const { return batch_.number; }
  /// So many that who waits for the commit before comes with new ones while this is being written.
  bool large() const { return batch_.opened.size() + batch_.changed.size() >= 64; }

  /// Begins to write what was decided. With `written`: on a thread of its own, which calls it at the end.
  void begin(const std::function<void()>& written = {}) {
    if (batch_.empty()) return;
    if (mutant("ack_before_commit"))
      for (auto& answer : std::exchange(answers_, {})) answer();
    if (!batch_.opened.empty()) failpoint("before_commit1");
    if (!batch_.changed.empty()) failpoint("before_commit2");
    if (!written) return state_.store->commit(batch_);
    writing_ = std::async(std::launch::async, [this, written] {
      try {
        state_.store->commit(batch_);
      } catch (const std::exception&) {
        written();
        throw;
      }
      written();
    });
  }

  /// Returns when it is written. Throws what the commit threw.
  void wait() {
    if (batch_.empty()) return;
    if (writing_.valid()) writing_.get();
    state_.last_batch = batch_.number;
    state_.idle = false;
    if (!batch_.opened.empty()) failpoint("after_commit1_before_ack");
    if (!batch_.changed.empty()) failpoint("after_commit2_before_event_read");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
    const std::chrono::duration<double> waited = started_ - oldest_;
    state_.settings.on_commit({.last_seq = batch_.events.back().seq,
                               .settlements = batch_.opened.size() + batch_.changed.size(),
                               .seconds = took.count(),
                               .oldest_waited = waited.count(),
                               .waiting = state_.pending.size()});
  }
  /// Everybody hears what is written.
  void answer() {
    for (auto& answer : std::exchange(answers_, {})) answer();
  }

  /// What it was asked; for when its answers will not come from here.
  std::vector<Pending> take_requests() {
    answers_.clear();
    std::erase_if(requests_, [](const Pending& p) { return p.moved_on; });
    return std::move(requests_);
  }

  /// One order in a commit of its own.
  Submission open_alone(const std::string& caller, OpenSettlements::Item item) {
    find_known({{caller, {item.order.idempotency_key}}});
    OpenSettlements one{.caller = caller, .items = {}};
    one.items.push_back(std::move(item));
    auto answer = open(one);
    begin();
    wait();
    return std::move(answer.results.front());
  }

 private:
  using KeysOfCallers = std::unordered_map<std::string, std::vector<std::string_view>>;
  void find_known(const KeysOfCallers& wanted) {
    for (const auto& [caller, keys] : wanted)
      for (auto& known : state_.store->find_keys(caller, keys))
        known_.emplace(key_of(caller, known.idempotency_key), std::move(known));
  }

  void decide(OpenSettlements& request, Pending& p) { deliver(p, open(request)); }

  Submissions open(OpenSettlements& request) {
    Submissions answer;
    answer.results.reserve(request.items.size());
    for (auto& item : request.items) {
      const CallerKey key{request.caller, item.order.idempotency_key};
      if (const auto* known = recorded_before(key); known && !mutant("no_unique_idempotency")) {
        answer.results.push_back(replay_or_mismatch(*known, item.order));
        continue;
      }
      const OpenedRow* earlier = opened(key);
      if (!earlier && before_) earlier = before_->opened(key);
      if (earlier && !mutant("no_unique_idempotency")) {
        answer.results.push_back(replay_or_mismatch(
            {earlier->idempotency_key, earlier->request_digest, earlier->settlement}, item.order));
        continue;
      }
      auto result = book_.open(request.caller, item, batch_);
      // Further requests with this key, in this batch, get what this one gets.
      if (result.kind == Submission::Kind::accepted) opened_.emplace(key, batch_.opened.size() - 1);
      answer.results.push_back(std::move(result));
    }
    return answer;
  }

  void decide(AdvanceSettlement& request, Pending& p) {
    if (!one_step(request.id, p)) return;
    auto answer = book_.advance(request, batch_);
    if (!answer) {
      auto settlement = state_.store->find(request.id);
      answer = SettlementFound{.found = settlement.has_value()};
      if (settlement) {
        const auto told_before = [&](const std::string& kind, const std::string& detail) {
          return state_.store->break_was_told(kind, request.id, detail);
        };
        book_.compare_late_answer({state_.settings.ids()}, *settlement, request.attempt, told_before, batch_);
        answer->settlement = std::move(*settlement);
      }
    }
    deliver(p, std::move(*answer));
  }

  void decide(OpenAccount& request, Pending& p) {
    deliver(p, book_.open_account({state_.settings.ids()}, request, batch_));
  }

  void decide(ChangeAccount& request, Pending& p) { deliver(p, book_.change_account(request, batch_)); }
  void decide(ReleaseWaiting& request, Pending& p) {
    deliver(p, request.plan ? book_.plan_waiting(request, batch_) : book_.release_waiting(request, batch_));
  }
  void decide(CancelSettlement& request, Pending& p) {
    if (one_step(request.id, p)) deliver(p, book_.cancel(request, batch_));
  }
  void decide(CloseBreak& request, Pending& p) { deliver(p, book_.close_break(request, batch_)); }
  void decide(EscalateUnknowns& request, Pending& p) {
    deliver(p, Count{book_.escalate_unknowns(
                   request, [&] { return BreakId{state_.settings.ids()}; }, batch_)});
  }
  void decide(ChangeRules& request, Pending& p) { deliver(p, book_.change_rules(request, batch_)); }

  void decide(ProposeAction& request, Pending& p) {
    if (!one_step(request.settlement, p)) return;
    const auto s = recorded(request.settlement);
    if (!s) return deliver(p, nothing_there(request.settlement.text()));
    deliver(p, book_.propose({state_.settings.ids()}, request, *s, batch_));
  }

  void decide(ApproveAction& request, Pending& p) {
    const auto* action = book_.pending_action(request);
    if (!action) {
      const auto name = request.action ? request.action.text() : request.settlement.text();
      return deliver(p, ActionAnswered{.refusal = {Errc::already_resolved, "path:id",
                                                   "nothing waits for an approval at " + name +
                                                       ": it was approved, superseded, or never asked for.",
                                                   "a pending one of GET /api/v1/actions"}});
    }
    if (!one_step(action->settlement, p)) return;
    const auto s = recorded(action->settlement);
    ensure(s.has_value(), "an action is about a recorded settlement");
    deliver(p, book_.approve({state_.settings.ids()}, request, *s, batch_));
  }

  void decide(BookNetting& request, Pending& p) {
    const auto key = key_of(request.caller, request.idempotency_key);
    auto known = nettings_.find(key);
    if (known == nettings_.end())
      if (auto stored = state_.store->find_netting(request.caller, request.idempotency_key))
        known = nettings_.emplace(key, *stored).first;
    if (known != nettings_.end()) {
      NettingBooked answer{.journal = known->second.journal,
                           .replayed = true,
                           .refusal = {},
                           .obligations = known->second.obligations};
      if (known->second.request_digest != request.request_digest)
        answer.refusal = {Errc::idempotency_mismatch, "",
                          "This key was used for another netting (" + answer.journal.text() + ").",
                          "the same netting as before, or a new key"};
      return deliver(p, std::move(answer));
    }
    if (auto refusal = netted_before(request); refusal.code != Errc::ok)
      return deliver(p, NettingBooked{.refusal = std::move(refusal)});
    auto answer = book_.book_netting({state_.settings.ids()}, request, batch_);
    if (answer.refusal.code == Errc::ok)
      nettings_.emplace(key, KnownNetting{request.request_digest, answer.journal, answer.obligations});
    for (const SettlementView& s : answer.ended) stepped_.insert(s.id);
    deliver(p, std::move(answer));
  }

  /// An obligation that was netted, under whatever key, in these books or earlier in this batch.
  Refusal netted_before(const BookNetting& request) {
    if (request.by_window) return {};
    const auto refuse = [&](std::size_t i, JournalId journal) {
      const auto& o = request.obligations[i];
      return Refusal{Errc::already_resolved, "/obligations/" + std::to_string(i) + "/obligation_id",
                     "the obligation \"" + o.id + "\" of " + o.from + " to " + o.to + " was netted by " +
                         journal.text() + ".",
                     "obligations that were not netted before"};
    };
    for (const NettingRow& row : batch_.nettings) {
      std::set<std::array<std::string_view, 3>> owed;
      for (const auto& o : row.owed) owed.insert({o.id, o.from, o.to});
      for (std::size_t i = 0; i < request.obligations.size(); ++i)
        if (const auto& o = request.obligations[i]; owed.contains({o.id, o.from, o.to}))
          return refuse(i, row.id);
    }
    if (const auto found = state_.store->find_netted(request.obligations))
      return refuse(found->place, found->journal);
    return {};
  }

  /// The book's own where it is in flight, else the database's.
  std::optional<Recorded> recorded(SettlementId id) {
    if (const auto* s = book_.in_flight(id)) return *s;
    return state_.store->find(id);
  }
  static ActionAnswered nothing_there(const std::string& id) {
    return {.refusal = {Errc::not_found, "path:id", "there is no settlement " + id + ".", ""}};
  }

  /// One step of a settlement per commit: its row is written once, and what the store finds is committed.
  bool one_step(SettlementId id, Pending& p) {
    if (!(before_ && before_->stepped_.contains(id)) && stepped_.insert(id).second) return true;
    again_.push_back(&p);
    return false;
  }

  void decide(FundAccount& request, Pending& p) {
    const auto key = key_of(request.caller, request.idempotency_key);
    auto known = fundings_.find(key);
    if (known == fundings_.end())
      if (auto stored = state_.store->find_funding(request.caller, request.idempotency_key))
        known = fundings_.emplace(key, *stored).first;
    if (known != fundings_.end()) {
      AccountChanged answer{.journal = known->second.journal, .replayed = true};
      if (const Account* a = book_.account(request.account)) answer.account = *a;
      if (known->second.request_digest != request.request_digest)
        answer.refusal = {Errc::idempotency_mismatch, "",
                          "This key was used for another funding (" + answer.journal.text() +
                              "). Use a new key for a new funding.",
                          "the same funding as before, or a new key"};
      return deliver(p, std::move(answer));
    }
    auto answer = book_.fund({state_.settings.ids()}, {state_.settings.ids()}, request, batch_);
    if (answer.refusal.code == Errc::ok)
      fundings_.emplace(key, KnownFunding{request.request_digest, answer.journal});
    deliver(p, std::move(answer));
  }

  template <class Answer>
  void deliver(Pending& p, Answer answer) {
    auto& promise = std::get<caf::typed_response_promise<Answer>>(p.promise.of);
    answers_.push_back(
        [&promise, answer = std::move(answer)]() mutable { promise.deliver(std::move(answer)); });
  }

  static std::string key_of(const std::string& caller, const std::string& key) { return caller + '\n' + key; }

  /// Of a request of this round, which lives as long as the round.
  struct CallerKey {
    std::string_view caller, key;
    bool operator==(const CallerKey&) const = default;
  };
  struct CallerKeyHash {
    std::size_t operator()(const CallerKey& x) const noexcept {
      return std::hash<std::string_view>{}(x.caller) * 31 + std::hash<std::string_view>{}(x.key);
    }
  };
  const KnownSettlement* recorded_before(const CallerKey& key) const {
    if (known_.empty()) return nullptr;
    const auto at = known_.find(key_of(std::string(key.caller), std::string(key.key)));
    return at == known_.end() ? nullptr : &at->second;
  }
  /// The row that this round writes for a key.
  const OpenedRow* opened(const CallerKey& key) const {
    const auto at = opened_.find(key);
    return at == opened_.end() ? nullptr : &batch_.opened.at(at->second);
  }

  Self self_;
  LedgerWriterState& state_;
  LedgerBook& book_;
  std::vector<Pending> requests_;
  const LedgerRound* before_;
  LedgerBatch batch_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point oldest_ = std::chrono::steady_clock::now();
  Answers answers_;
  std::unordered_set<SettlementId> stepped_;
  std::vector<Pending*> again_;                                              // for the next round
  std::unordered_map<std::string, KnownSettlement> known_;                   // recorded before
  boost::unordered_flat_map<CallerKey, std::size_t, CallerKeyHash> opened_;  // place among the batch's rows
  std::unordered_map<std::string, KnownFunding> fundings_;
  std::unordered_map<std::string, KnownNetting> nettings_;
  std::future<void> writing_;  // the last member: its end is waited for before anything else goes
};

namespace {

void load(Self self) {
  auto& state = self->state;
  state.store = state.settings.make_store();
  const auto snapshot = state.store->take_over();
  state.settings.on_take_over(snapshot);
  state.last_batch = snapshot.batch;
  state.book = std::make_shared<LedgerBook>(snapshot, state.settings.clock, state.settings.quarantined,
                                            state.settings.held_because);
}

void fail_all(std::vector<Pending>& requests, const caf::error& why) {
  for (auto& p : requests) std::visit([&](auto& promise) { promise.deliver(why); }, p.promise.of);
  requests.clear();
}

/// The orders of many clients come in one request: the culprit among them is found and refused alone.
Submissions open_one_by_one(Self self, OpenSettlements& request) {
  Submissions answer;
  for (auto& item : request.items) {
    try {
      answer.results.push_back(LedgerRound(self, {}).open_alone(request.caller, item));
    } catch (const Fenced&) {
      throw;
    } catch (const std::exception&) {
      answer.results.push_back(
          {.refusal = {Errc::internal, "", "this order could not be written down; nothing was recorded",
                       ""}});
      load(self);
    }
  }
  return answer;
}

/// One bad request never fails its neighbours: when a batch cannot be written, each of its requests gets a
/// batch of its own, and only the culprit an error. Throws when the books cannot be written at all.
void one_by_one(Self self, std::vector<Pending> requests) {
  for (Pending& p : requests) {
    if (auto* open = std::get_if<OpenSettlements>(&p.request); open && open->items.size() > 1) {
      auto answer = open_one_by_one(self, *open);
      std::get<caf::typed_response_promise<Submissions>>(p.promise.of).deliver(std::move(answer));
      continue;
    }
    std::vector<Pending> alone;
    alone.push_back(std::move(p));
    LedgerRound round(self, std::move(alone));
    try {
      round.decide();
      round.begin();
      round.wait();
      round.answer();
    } catch (const Fenced&) {
      throw;
    } catch (const std::exception& e) {
      auto culprit = round.take_requests();
      fail_all(culprit, caf::make_error(caf::sec::runtime_error, e.what()));
      load(self);
    }
  }
}

/// Waits for the commit that is under way; what was written and is to be answered now. When it failed, the
/// books are loaded again, and its requests written one by one.
std::shared_ptr<LedgerRound> written(Self self) {
  auto round = std::exchange(self->state.under_way, nullptr);
  if (!round) return nullptr;
  try {
    round->wait();
    return round;
  } catch (const Fenced&) {
    throw;
  } catch (const std::exception&) {
    load(self);  // what the book had decided was not written: it must not be used again
  }
  one_by_one(self, round->take_requests());
  return nullptr;
}

void finish(Self self) {
  if (const auto round = written(self)) round->answer();
}

/// Orders and steps of settlements can be decided while others are being written; whatever else there is
/// looks things up that may just be on their way.
bool decided_beside(const std::vector<Pending>& requests) {
  return std::all_of(requests.begin(), requests.end(), [](const Pending& p) {
    return std::holds_alternative<OpenSettlements>(p.request) ||
           std::holds_alternative<AdvanceSettlement>(p.request);
  });
}

std::vector<Pending> next_requests(LedgerWriterState& state) {
  std::size_t size = 0;
  auto end = state.pending.begin();
  for (; end != state.pending.end() && size < state.settings.batch_max; ++end) {
    const auto* open = std::get_if<OpenSettlements>(&end->request);
    size += open ? open->items.size() : 1;
  }
  std::vector<Pending> requests(std::make_move_iterator(state.pending.begin()), std::make_move_iterator(end));
  state.pending.erase(state.pending.begin(), end);
  return requests;
}

void write_round(Self self, std::vector<Pending> requests) {
  auto& state = self->state;
  if (!state.book) load(self);
  if (requests.empty()) return;
  if (!decided_beside(requests)) finish(self);
  const auto book = state.book;
  const auto round = std::make_shared<LedgerRound>(self, std::move(requests), state.under_way.get());
  bool decided = true;
  try {
    round->decide();
  } catch (const Fenced&) {
    throw;
  } catch (const std::exception&) {
    decided = false;
  }
  const auto before = written(self);
  if (state.book != book) {  // decided upon what was not written
    auto again = round->take_requests();
    state.pending.insert(state.pending.begin(), std::make_move_iterator(again.begin()),
                         std::make_move_iterator(again.end()));
    return;
  }
  // A small one is sooner written than another thread is awake, and what comes meanwhile is soon decided.
  const bool beside = state.settings.beside_commit && decided && round->large();
  if (before && !beside) before->answer();
  if (!decided) {
    load(self);
    return one_by_one(self, round->take_requests());
  }
  state.under_way = round;
  try {
    if (!beside) {
      round->begin();
      return finish(self);
    }
    round->begin([to = caf::actor_cast<LedgerWriterActor>(self), number = round->number()] {
      caf::anon_send(to, WriteBatch{number});
    });
  } catch (const Fenced&) {
    throw;
  } catch (const std::exception&) {
    state.under_way = nullptr;
    load(self);
    one_by_one(self, round->take_requests());
  }
  // The server has work while the answers go out.
  if (before) before->answer();
}

/// Everybody who waits hears why, and the writer ends.
caf::error end(Self self, const std::exception& e) {
  auto& state = self->state;
  auto why = caf::make_error(caf::sec::runtime_error, e.what());
  if (const auto round = std::exchange(state.under_way, nullptr)) {
    auto requests = round->take_requests();
    fail_all(requests, why);
  }
  fail_all(state.pending, why);
  self->quit(why);
  return why;
}

/// `written`: number of the commit that is to be answered now; none: 0.
caf::error write(Self self, std::int64_t written) {
  auto& state = self->state;
  try {
    if (state.under_way && state.under_way->number() == written) finish(self);
    write_round(self, next_requests(state));
  } catch (const std::exception& e) {
    return end(self, e);
  }
  if (!state.pending.empty() && !state.scheduled) {
    state.scheduled = true;
    self->send(self, WriteBatch{});
  }
  return {};
}

/// What a commit proves by the way, an idle writer asks for.
void prove(Self self) {
  auto& state = self->state;
  self->delayed_send(self, state.settings.prove_every, ProveBooks{});
  if (!std::exchange(state.idle, true) || !state.book || state.under_way || !state.pending.empty()) return;
  try {
    if (!state.store->end_with(state.last_batch)) load(self);
  } catch (const std::exception& e) {
    end(self, e);
  }
}

/// Nothing is decided that is not written.
caf::error all_written(Self self) {
  auto& state = self->state;
  while (!state.book || !state.pending.empty() || state.under_way)
    if (auto why = write(self, state.under_way ? state.under_way->number() : 0)) return why;
  return {};
}

template <class Answer, class Request>
caf::result<Answer> enqueue(Self self, Request& request) {
  auto promise = self->make_response_promise<Answer>();
  auto& state = self->state;
  state.pending.push_back({.request = std::move(request), .promise = promise});
  if (!state.scheduled) {
    state.scheduled = true;
    self->send(self, WriteBatch{});
  }
  return promise;
}
}  // namespace

LedgerWriterState::Promise::~Promise() {
  const auto tell = [](auto& promise) {
    if (promise.pending()) promise.deliver(caf::make_error(caf::sec::request_receiver_down));
  };
  std::visit(tell, of);
}

LedgerWriterActor::behavior_type ledger_writer(Self self, LedgerWriterSettings settings) {
  self->state.settings = std::move(settings);
  self->set_exit_handler([=](const caf::exit_msg& why) {
    try {
      finish(self);  // who is waiting for it hears that it was written
    } catch (const std::exception&) {
      self->state.under_way = nullptr;  // its requests hear that we are gone
    }
    self->quit(why.reason);
  });
  self->state.scheduled = true;
  self->send(self, WriteBatch{});  // takes over and loads before the first request
  if (const auto every = self->state.settings.prove_every; every.count() > 0)
    self->delayed_send(self, every, ProveBooks{});
  return {
      [=](OpenSettlements& request) { return enqueue<Submissions>(self, request); },
      [=](AdvanceSettlement& request) { return enqueue<SettlementFound>(self, request); },
      [=](OpenAccount& request) { return enqueue<AccountChanged>(self, request); },
      [=](FundAccount& request) { return enqueue<AccountChanged>(self, request); },
      [=](ChangeAccount& request) { return enqueue<AccountChanged>(self, request); },
      [=](ReleaseWaiting& request) { return enqueue<Released>(self, request); },
      [=](ProposeAction& request) { return enqueue<ActionAnswered>(self, request); },
      [=](ApproveAction& request) { return enqueue<ActionAnswered>(self, request); },
      [=](CancelSettlement& request) { return enqueue<ActionAnswered>(self, request); },
      [=](CloseBreak& request) { return enqueue<ActionAnswered>(self, request); },
      [=](EscalateUnknowns& request) { return enqueue<Count>(self, request); },
      [=](BookNetting& request) { return enqueue<NettingBooked>(self, request); },
      [=](ChangeRules& request) { return enqueue<RulesFound>(self, request); },
      [=](const ReadMeans&) -> caf::result<MeansFound> {
        if (auto why = all_written(self)) return why;
        return self->state.book->means();
      },
      [=](const ReadNettingWindow& question) -> caf::result<NettingWindowFound> {
        if (auto why = all_written(self)) return why;
        return self->state.book->netting_window(question.window);
      },
      [=](const ReadRules&) -> caf::result<RulesFound> {
        if (auto why = all_written(self)) return why;
        return RulesFound{self->state.book->rules(), {}};
      },
      [=](const ReadInFlight&) -> caf::result<InFlight> {
        // What was asked before this question is part of the answer.
        if (auto why = all_written(self)) return why;
        return InFlight{self->state.book->open_settlements()};
      },
      [=](const WriteBatch& due) {
        if (due.written == 0) self->state.scheduled = false;
        static_cast<void>(write(self, due.written));
      },
      [=](const ProveBooks&) { prove(self); },
  };
}
}  // namespace settled
