#include "http/front_actor.hpp"

#include "http/answers.hpp"
#include "http/answers_operating.hpp"
#include "http/json_out.hpp"
#include "telemetry/failpoint.hpp"

#include <caf/send.hpp>

namespace settled {
namespace {
using Self = FrontActor::stateful_pointer<FrontState>;

constexpr std::chrono::seconds poll_every{1};
constexpr int keep_alive_ticks = 15;

// What a handler throws is our fault, and the client hears so; the front lives on.
template <class F>
void guarded(const TicketPtr& ticket, F f) {
  try {
    f();
  } catch (const std::exception&) {
    Problem problem;
    problem.errors.push_back({Errc::internal, "", "the answer could not be made", ""});
    problem.money = doubt_of(ticket->route);
    ticket->refuse(problem);
  }
}

template <class Answer, class Handle, class Question, class F>
void ask(Self self, const Handle& whom, std::chrono::milliseconds most, const TicketPtr& ticket,
         Question question, F f) {
  if (!whom) return answer_unavailable(*ticket, false);
  self->request(whom, most, std::move(question))
      .then([ticket, f](Answer& answer) { guarded(ticket, [&] { f(*ticket, answer); }); },
            [ticket](caf::error& error) { answer_unavailable(*ticket, error == caf::sec::request_timeout); });
}

void submitted(Self self, const TicketPtr& ticket, SubmitAsk& asked, Submissions& answer) {
  if (asked.batch) return answer_batch(*ticket, asked, answer.results);
  const Submission& one = answer.results.at(0);
  const bool replayed = one.kind == Submission::Kind::replayed;
  if (one.kind == Submission::Kind::refused) return answer_submission(*ticket, one);
  auto again = receipt(one, ticket->lang);
  auto first = asked.wait ? Response{} : again;
  if (!replayed) mark_replayed(again);
  self->state.replays->keep(asked.key, std::move(again));
  if (!asked.wait) return ticket->answer(std::move(first));
  const auto wait = *asked.wait;
  if (final_status(one.settlement->status)) return answer_waited(*ticket, one.settlement, replayed, wait);
  // The order is durable: whatever happens to the waiting, the answer is a success.
  const auto view = one.settlement;
  // Not in flight any more, or silence: the database has the last word.
  const auto look_up = [=] {
    self->request(self->state.actors.reader, self->state.limits.answer_max, ReadSettlement{view->id})
        .then(
            [=](SettlementFound& found) {
              guarded(ticket,
                      [&] { answer_waited(*ticket, found.found ? found.settlement : view, replayed, wait); });
            },
            [=](caf::error&) { guarded(ticket, [&] { answer_waited(*ticket, view, replayed, wait); }); });
  };
  self->request(self->state.actors.intake, wait + self->state.limits.answer_max,
                AwaitSettlement{view->id, wait})
      .then(
          [=](SettlementFound& found) {
            if (!found.found) return look_up();
            guarded(ticket, [&] { answer_waited(*ticket, found.settlement, replayed, wait); });
          },
          [=](caf::error&) { look_up(); });
}

/// Everybody gets their own part of the answer.
void distribute(Self self, GatheredOrders& asked, Submissions& all) {
  auto next = all.results.begin();
  for (auto& [ticket, orders] : asked.calls) {
    Submissions own;
    const auto end = next + static_cast<std::ptrdiff_t>(orders);
    own.results.assign(std::make_move_iterator(next), std::make_move_iterator(end));
    next = end;
    guarded(ticket, [&, &t = ticket] { submitted(self, t, std::get<SubmitAsk>(t->ask), own); });
    // The answer is given: whatever happens now must not give another one.
    static_cast<void>(failpoint_fails("after_ack"));
  }
}

void tell_turn(FrontState& state) {
  state.turn->waits_since(state.gathered.empty() ? std::nullopt
                                                 : std::optional(state.gathered.front().since));
}

// Self-clocking: an idle service hands a call on at once, a busy one gathers while it writes.
void hand_gathered(Self self) {
  auto& state = self->state;
  state.handing = false;
  while (!state.gathered.empty() && state.asked.size() < state.limits.submissions_max) {
    const auto asked = std::make_shared<GatheredOrders>(std::move(state.gathered.front()));
    state.gathered.pop_front();
    if (!state.actors.intake) {
      for (const auto& call : asked->calls) answer_unavailable(*call.ticket, false);
      continue;
    }
    for (const auto& call : asked->calls) call.ticket->place.reset();
    asked->since = std::chrono::steady_clock::now();
    state.asked.push_back(asked);
    // The time limit is `give_up_waiting`: one look a second at all of them.
    self->request(state.actors.intake, caf::infinite, std::move(asked->question))
        .then(
            [=](Submissions& answer) {
              std::erase(self->state.asked, asked);
              hand_gathered(self);
              distribute(self, *asked, answer);
            },
            [=](caf::error&) {
              std::erase(self->state.asked, asked);
              hand_gathered(self);
              for (const auto& call : asked->calls) answer_unavailable(*call.ticket, false);
            });
  }
  tell_turn(state);
}

void gather(Self self, const TicketPtr& ticket, SubmitAsk& asked) {
  auto& state = self->state;
  const auto count = asked.orders.orders.size();
  auto* open = state.gathered.empty() ? nullptr : &state.gathered.back();
  if (!open || open->question.caller != asked.orders.caller ||
      open->question.orders.size() + count > state.limits.gathered_max) {
    open = &state.gathered.emplace_back();
    open->question.caller = asked.orders.caller;
    open->since = std::chrono::steady_clock::now();
    tell_turn(state);
  }
  open->calls.push_back({ticket, count});
  auto& orders = open->question.orders;
  orders.insert(orders.end(), std::make_move_iterator(asked.orders.orders.begin()),
                std::make_move_iterator(asked.orders.orders.end()));
  asked.orders.orders.clear();
  // Behind the calls that have come in already.
  if (!std::exchange(state.handing, true)) self->send(self, HandGathered{});
}

/// Longer than `answer_max` nobody waits. What was only gathered nobody has yet.
void give_up_waiting(Self self) {
  auto& state = self->state;
  const auto limit = std::chrono::steady_clock::now() - state.limits.answer_max;
  const auto too_long = [](GatheredOrders& orders) {
    for (const auto& call : orders.calls) answer_unavailable(*call.ticket, true);
    orders.calls.clear();  // their places are free; should an answer still come, nobody waits for it
  };
  while (!state.gathered.empty() && state.gathered.front().since < limit) {
    too_long(state.gathered.front());
    state.gathered.pop_front();
  }
  while (!state.asked.empty() && state.asked.front()->since < limit) {
    too_long(*state.asked.front());
    state.asked.pop_front();
  }
  hand_gathered(self);
}

// The amounts of a change, now that the account tells their currency.
void account_change(Self self, const TicketPtr& ticket, const Account& account) {
  auto& asked = std::get<ChangeAccountAsk>(ticket->ask);
  std::vector<Refusal> errors;
  const auto read = [&](const std::optional<std::string>& text, std::string_view field, std::int64_t& value) {
    if (!text) return;
    auto minor = parse_signed_amount(*text, account.currency);
    if (minor) {
      value = *minor;
      return;
    }
    minor.refusal().field = field;
    errors.push_back(std::move(minor.refusal()));
  };
  read(asked.floor, "/floor", asked.change.floor);
  read(asked.low, "/low_threshold", asked.change.low);
  read(asked.high, "/high_threshold", asked.change.high);
  if (!errors.empty()) return ticket->refuse(problem_of(std::move(errors), MoneyState::untouched));
  ask<AccountChanged>(self, self->state.actors.ledger, self->state.limits.answer_max, ticket, asked.change,
                      answer_account_changed);
}

// Of books that this client has seen and we have not: restored from a backup, or another server's.
Problem beyond_the_log(const EventsAsk& asked, std::int64_t last) {
  return problem_of(
      {Errc::invalid_value, asked.after_from,
       "event " + event_id(0, *asked.after) + " is beyond the log, which ends with " + event_id(0, last),
       "an id up to " + event_id(0, last)},
      MoneyState::none);
}

struct Dispatch {
  Self self;
  const TicketPtr& ticket;
  const FrontActors& actors = self->state.actors;
  std::chrono::milliseconds most = self->state.limits.answer_max;

  void operator()(SubmitAsk& asked) const {
    failpoint("after_parse");
    if (asked.orders.orders.empty()) return answer_batch(*ticket, asked, {});
    gather(self, ticket, asked);
  }
  void operator()(const ReadSettlement& q) const {
    ask<SettlementFound>(self, actors.reader, most, ticket, q, answer_settlement);
  }
  void operator()(const ListSettlements& q) const {
    ask<SettlementPage>(self, actors.reader, most, ticket, q, answer_settlements);
  }
  void operator()(const TimelineAsk& q) const {
    ask<EventPage>(self, actors.reader, most, ticket, q.subject, answer_timeline);
  }
  void operator()(const OpenAccount& q) const {
    ask<AccountChanged>(self, actors.ledger, most, ticket, q, answer_opened);
  }
  void operator()(const FundAccount& q) const {
    ask<AccountChanged>(
        self, actors.ledger, most, ticket, q,
        [amount = q.amount](Ticket& t, const AccountChanged& changed) { answer_funded(t, changed, amount); });
  }
  void operator()(const ReadAccount& q) const {
    ask<AccountPage>(self, actors.reader, most, ticket, q, answer_account);
  }
  void operator()(const ListAccounts& q) const {
    ask<AccountPage>(self, actors.reader, most, ticket, q, answer_accounts);
  }
  // Entries are bare numbers; the account knows their currency, and whether there is such an account.
  void operator()(const EntriesAsk& q) const {
    ask<AccountPage>(self, actors.reader, most, ticket, ReadAccount{q.page.account},
                     [self = self, ticket = ticket](Ticket& t, const AccountPage& found) {
                       if (found.accounts.empty()) return answer_account(t, found);
                       const auto currency = found.accounts.front().currency;
                       ask<EntryPage>(self, self->state.actors.reader, self->state.limits.answer_max, ticket,
                                      std::get<EntriesAsk>(t.ask).page,
                                      [currency](Ticket& there, const EntryPage& page) {
                                        answer_entries(there, page, currency);
                                      });
                     });
  }
  void operator()(const ListRecords& q) const {
    ask<RecordPage>(self, actors.reader, most, ticket, q, answer_records);
  }
  void operator()(const ProposeAction& q) const {
    ask<ActionAnswered>(self, actors.ledger, most, ticket, q, answer_proposed);
  }
  // Over the intake, which has to wake the settlement that goes on.
  void operator()(const ApproveAction& q) const {
    ask<ActionAnswered>(self, actors.intake, most, ticket, q, answer_approved);
  }
  void operator()(const CancelSettlement& q) const {
    ask<ActionAnswered>(self, actors.ledger, most, ticket, q, answer_cancelled);
  }
  void operator()(const CloseBreak& q) const {
    ask<ActionAnswered>(
        self, actors.ledger, most, ticket, q,
        [id = q.id](Ticket& t, const ActionAnswered& answered) { answer_break_closed(t, answered, id); });
  }
  void operator()(const ChangeAccountAsk& q) const {
    ask<AccountPage>(self, actors.reader, most, ticket, ReadAccount{q.change.id},
                     [self = self, ticket = ticket](Ticket& t, const AccountPage& found) {
                       if (found.accounts.empty()) return answer_account(t, found);
                       account_change(self, ticket, found.accounts.front());
                     });
  }
  void operator()(const NettingAsk& q) const {
    const auto booked = [](Ticket& t, const NettingBooked& done) { answer_netting(t, done); };
    if (q.booking.by_window && q.dry_run)
      return ask<NettingWindowFound>(self, actors.ledger, most, ticket, ReadNettingWindow{q.booking.window},
                                     [](Ticket& t, const NettingWindowFound& found) {
                                       answer_window_dry_run(t, std::get<NettingAsk>(t.ask), found);
                                     });
    if (q.dry_run)
      return ask<MeansFound>(
          self, actors.ledger, most, ticket, ReadMeans{},
          [](Ticket& t, const MeansFound& found) { answer_dry_run(t, std::get<NettingAsk>(t.ask), found); });
    // Over the intake, which knows the blocked list, and waits for the orders of a window no more.
    ask<NettingBooked>(self, actors.intake, most, ticket, q.booking, booked);
  }
  void operator()(const RulesAsk& q) const {
    ask<RulesFound>(self, actors.ledger, most, ticket, ReadRules{},
                    [year = q.year](Ticket& t, const RulesFound& found) { answer_rules(t, found, year); });
  }
  void operator()(const ChangeRulesAsk& q) const {
    ask<RulesFound>(self, actors.intake, most, ticket, q.change, [](Ticket& t, const RulesFound& found) {
      const auto& asked = std::get<ChangeRulesAsk>(t.ask);
      answer_rule_changed(t, found, asked.change, asked.year);
    });
  }
  void operator()(const ReadWindow& q) const {
    ask<WindowFound>(self, actors.intake, most, ticket, q, answer_next_window);
  }
  void operator()(const ReadRecovery& q) const {
    ask<RecoveryReport>(self, actors.intake, most, ticket, q, answer_recovery);
  }
  void operator()(const ReadJobs& q) const {
    ask<JobsReport>(self, actors.scheduler, most, ticket, q, answer_jobs);
  }
  void operator()(const RunJob& q) const {
    ask<JobsReport>(
        self, actors.scheduler, self->state.limits.job_max, ticket, q,
        [name = q.name](Ticket& t, const JobsReport& report) { answer_job_ran(t, report, name); });
  }
  void operator()(const ReadInvariants& q) const {
    ask<InvariantReport>(self, actors.scheduler, most, ticket, q, answer_invariants);
  }
  void operator()(const HealthAsk&) const {
    if (!actors.health) return answer_health(*ticket, nullptr);
    self->request(actors.health, self->state.limits.health_max, ReadHealth{})
        .then([t = ticket](const HealthReport& report) { guarded(t, [&] { answer_health(*t, &report); }); },
              [t = ticket](caf::error&) { guarded(t, [&] { answer_health(*t, nullptr); }); });
  }
  void operator()(const EventsAsk&) const {
    if (self->state.streams >= self->state.limits.streams_max) {
      Problem problem;
      problem.code = Errc::overloaded;
      problem.errors.push_back({Errc::overloaded, "", "all event streams are in use", ""});
      return ticket->refuse(problem);
    }
    ask<EventsCommitted>(self, actors.reader, most, ticket, ReadLastEvent{0},
                         [self = self](Ticket& t, const EventsCommitted& newest) {
                           const auto& asked = std::get<EventsAsk>(t.ask);
                           // There will be such an event one day, and it will be another one.
                           if (asked.after.value_or(0) > newest.last_seq)
                             return t.refuse(beyond_the_log(asked, newest.last_seq));
                           auto& state = self->state;
                           const auto reader = ++state.last_reader;
                           ++state.streams;
                           Response head;
                           head.content_type = "text/event-stream";
                           head.body = "retry: 2000\n\n";
                           const auto front = caf::actor_cast<FrontActor>(self);
                           auto writer =
                               t.stream(std::move(head), {[front, reader] {
                                                            caf::anon_send(front, FeedSignal{reader, false});
                                                          },
                                                          [front, reader] {
                                                            caf::anon_send(front, FeedSignal{reader, true});
                                                          }});
                           state.feed->open(reader, std::move(writer), asked.after.value_or(newest.last_seq),
                                            newest.last_seq, asked.kind);
                         });
  }
};
}  // namespace

FrontActor::behavior_type front_actor(Self self, const FrontLimits& limits, std::shared_ptr<Replays> replays,
                                      std::shared_ptr<Turn> turn) {
  self->state.limits = limits;
  self->state.replays = std::move(replays);
  self->state.turn = std::move(turn);
  self->state.feed = std::make_unique<EventFeed>([self](std::uint64_t reader, std::int64_t after, int limit) {
    self->request(self->state.actors.reader, self->state.limits.answer_max, ReadEvents{0, after, limit})
        .then([self, reader](const EventPage& page) { self->state.feed->page(reader, page.events); },
              [self, reader](caf::error&) { self->state.feed->page_failed(reader); });
  });
  self->delayed_send(self, poll_every, FrontTick{});
  return {
      [self](const TicketPtr& ticket) {
        guarded(ticket, [&] { std::visit(Dispatch{self, ticket}, ticket->ask); });
      },
      [self](const EventsCommitted& news) { self->state.feed->committed(news.last_seq); },
      [self](const FrontConnected& connected) { self->state.actors = connected.actors; },
      [self](const FeedSignal& signal) {
        if (!signal.closed) return self->state.feed->drained(signal.reader);
        self->state.feed->close(signal.reader);
        --self->state.streams;
      },
      [self](const HandGathered&) { hand_gathered(self); },
      [self](const FrontTick&) {
        give_up_waiting(self);
        self->state.feed->tick();
        if (++self->state.ticks % keep_alive_ticks == 0) self->state.feed->keep_alive();
        self->delayed_send(self, poll_every, FrontTick{});
      },
  };
}
}  // namespace settled
