#include "storage/ledger_writer.hpp"

#include "storage/ledger_round.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace settled {
namespace {
using Self = LedgerWriterActor::stateful_pointer<LedgerWriterState>;
using Pending = LedgerWriterState::Pending;

/// A smaller one is sooner written than another thread is awake, and what comes meanwhile is soon decided.
constexpr std::size_t beside_from = 64;
/// Two of them at once keep the server's two cores busy; of smaller ones there would only be more.
constexpr std::size_t second_lane_from = 512;

void load(Self self) {
  auto& state = self->state;
  state.store = state.settings.make_store();
  auto snapshot = state.store->take_over();
  state.settings.on_take_over(snapshot);
  state.last_batch = snapshot.batch;
  state.book = std::make_shared<LedgerBook>(std::move(snapshot), state.settings.clock,
                                            state.settings.quarantined, state.settings.held_because);
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
      answer.results.push_back(LedgerRound(self->state, {}).open_alone(request.caller, item));
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
    LedgerRound round(self->state, std::move(alone));
    try {
      round.decide();
      round.write();
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

/// Back to the head of the queue, behind so many that came before them: they were decided upon what was not
/// written.
void decide_again(LedgerWriterState& state, LedgerRound& round, std::size_t behind = 0) {
  auto requests = round.take_requests();
  state.pending.insert(state.pending.begin() + static_cast<std::ptrdiff_t>(behind),
                       std::make_move_iterator(requests.begin()), std::make_move_iterator(requests.end()));
}

/// Waits for the oldest commit that is under way, which is to be answered now. None when it failed: then
/// the books are loaded again, and its requests written one by one.
std::shared_ptr<LedgerRound> written(Self self) {
  auto& state = self->state;
  auto round = std::move(state.under_way.front());
  state.under_way.pop_front();
  try {
    round->wait();
    return round;
  } catch (const Fenced&) {
    throw;
  } catch (const std::exception&) {
  }
  auto requests = round->take_requests();
  while (!state.under_way.empty()) {
    decide_again(state, *state.under_way.back());
    state.under_way.pop_back();
  }
  load(self);  // what the book had decided was not written: it must not be used again
  one_by_one(self, std::move(requests));
  return nullptr;
}

/// Until no more than so many are under way. What is written is answered, but for the last, which is
/// returned: the server shall have work before that goes out.
std::shared_ptr<LedgerRound> all_but(Self self, std::size_t left,
                                     std::shared_ptr<LedgerRound> last = nullptr) {
  while (self->state.under_way.size() > left) {
    if (last) last->answer();
    last = written(self);
  }
  return last;
}

void finish(Self self, std::size_t left = 0) {
  if (const auto last = all_but(self, left)) last->answer();
}

/// Until `round` can begin beside what is under way; see all_but.
std::shared_ptr<LedgerRound> make_room(Self self, const LedgerRound& round) {
  auto& state = self->state;
  auto last = all_but(self, 1);
  const bool room = state.under_way.empty() ||
                    (round.size() >= second_lane_from &&
                     state.store->lane_ready(LedgerRound::lane_behind(state.under_way.back().get())));
  return room ? last : all_but(self, 0, last);
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
  const auto round = std::make_shared<LedgerRound>(state, std::move(requests));
  bool decided = true;
  try {
    round->decide();
  } catch (const Fenced&) {
    throw;
  } catch (const std::exception&) {
    decided = false;
  }
  const bool beside = state.settings.beside_commit && decided && round->size() >= beside_from;
  const auto waiting = state.pending.size();
  if (!beside) finish(self);
  const auto before = make_room(self, *round);
  if (state.book != book) return decide_again(state, *round, state.pending.size() - waiting);
  try {
    if (beside) {
      round->begin(state.under_way.empty() ? nullptr : state.under_way.back().get(),
                   [to = caf::actor_cast<LedgerWriterActor>(self), number = round->number()] {
                     caf::anon_send(to, WriteBatch{number});
                   });
      state.under_way.push_back(round);
    } else if (decided) {
      round->write();
      round->wait();
    }
  } catch (const Fenced&) {
    throw;
  } catch (const std::exception&) {
    decided = false;
  }
  // The server has work while the answers go out.
  if (before) before->answer();
  if (!decided) {
    finish(self);
    load(self);
    return one_by_one(self, round->take_requests());
  }
  if (!beside) round->answer();
}

/// Everybody who waits hears why, and the writer ends.
caf::error end(Self self, const std::exception& e) {
  auto& state = self->state;
  auto why = caf::make_error(caf::sec::runtime_error, e.what());
  for (; !state.under_way.empty(); state.under_way.pop_front()) {
    auto requests = state.under_way.front()->take_requests();
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
    while (!state.under_way.empty() && state.under_way.front()->number() <= written)
      finish(self, state.under_way.size() - 1);
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
  if (!std::exchange(state.idle, true) || !state.book || !state.under_way.empty() || !state.pending.empty())
    return;
  try {
    if (!state.store->end_with(state.last_batch)) load(self);
  } catch (const std::exception& e) {
    end(self, e);
  }
}

/// Nothing is decided that is not written.
caf::error all_written(Self self) {
  auto& state = self->state;
  while (!state.book || !state.pending.empty() || !state.under_way.empty())
    if (auto why = write(self, state.under_way.empty() ? 0 : state.under_way.back()->number())) return why;
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
      self->state.under_way.clear();  // its requests hear that we are gone
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
