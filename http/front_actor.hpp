// FRONT: turns one request into one question to the actor that knows, and its answer into a response.
//
// Spawned by   http/front.cpp, one per process, before anybody else needs its handle.
// Remembers    the event streams that are open; nothing that a restart must rebuild.
// Gathers      orders while earlier ones are being written down: one question to the intake for many clients.
// Waits for    an answer at most `answer_max` (with Prefer: wait, that plus the caller's patience); then
//              the client gets a 503 and its key finds out what happened.
// On failure   it catches what a handler throws and answers 500; tickets that die unanswered become 500s.
#pragma once
#include "http/event_feed.hpp"
#include "http/ticket.hpp"
#include "messages/actors.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <memory>

namespace settled {

/// Whom the front asks.
struct FrontActors {
  IntakeActor intake;
  LedgerActor ledger;
  ReaderActor reader;
  HealthActor health;
  SchedulerActor scheduler;
};

struct FrontLimits {
  /// Longest wait for an actor's answer. Longer than a database restart takes, shorter than clients' own
  /// time-outs.
  std::chrono::milliseconds answer_max{10'000};
  /// A job that somebody runs by hand is answered when it has run; a check of all the books takes a
  /// while. Shorter than clients usually wait.
  std::chrono::milliseconds job_max{50'000};
  /// Health must answer while everything else hangs.
  std::chrono::milliseconds health_max{1'000};
  /// Requests under way. Beyond: 503 at once.
  std::size_t tickets_max = 20'000;
  /// Questions about orders that are at the intake at a time: one is being written, one waits behind it.
  std::size_t submissions_max = 2;
  /// Orders in one such question, unless a single call has more.
  std::size_t gathered_max = 1'000;
  /// Orders that are gathered and wait for their turn. When the oldest has waited so long, new ones are told
  /// at once to come again: more would only wait longer, and many of them for nothing.
  std::chrono::milliseconds turn_max{1'000};
  /// The same when so many wait: half a second's work. That the oldest one waits long shows too late how many
  /// stand behind it.
  std::size_t turn_orders_max = 12'000;
  /// Receipts that are answered again from memory, of single orders.
  std::size_t replays_max = 10'000;
  /// Open event streams.
  std::size_t streams_max = 1'000;
};

// Messages that never leave the process.
struct FrontConnected {
  FrontActors actors;
};
struct FeedSignal {
  std::uint64_t reader = 0;
  bool closed = false;  // else: drained
};
struct FrontTick {};
struct HandGathered {};

using FrontActor = caf::typed_actor<caf::reacts_to<TicketPtr>, caf::reacts_to<EventsCommitted>,
                                    caf::reacts_to<FrontConnected>, caf::reacts_to<FeedSignal>,
                                    caf::reacts_to<FrontTick>, caf::reacts_to<HandGathered>>;

/// Calls of one client that will be one question.
struct GatheredOrders {
  SubmitSettlements question;
  struct Call {
    TicketPtr ticket;
    std::size_t orders = 0;
  };
  std::vector<Call> calls;
  std::chrono::steady_clock::time_point since;  // gathered; then: asked
};

struct FrontState {
  FrontActors actors;
  FrontLimits limits;
  std::shared_ptr<Replays> replays;
  std::unique_ptr<EventFeed> feed;
  std::deque<GatheredOrders> gathered;
  std::shared_ptr<Turn> turn;                         // of the oldest of these
  bool handing = false;                               // a HandGathered is on its way
  std::deque<std::shared_ptr<GatheredOrders>> asked;  // at the intake, the oldest first
  std::uint64_t last_reader = 0;
  std::size_t streams = 0;
  int ticks = 0;
  static inline const char* name = "front";
};

FrontActor::behavior_type front_actor(FrontActor::stateful_pointer<FrontState> self,
                                      const FrontLimits& limits, std::shared_ptr<Replays> replays,
                                      std::shared_ptr<Turn> turn);

}  // namespace settled

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::TicketPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::FrontConnected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::FeedSignal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::FrontTick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::HandGathered)
