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
  const auto round = std::make_shared<LedgerRound>(state, std::move(requests), state.under_way.get());
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
