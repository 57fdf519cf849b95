// INTAKE: takes orders in, has them written down, and supervises the actor of every settlement in flight.
//
// Spawned by   runtime/, one per process.
// Remembers    who is in flight; after a start it asks the ledger writer and spawns an actor for each.
// Limits       at most `in_flight_max` settlements; beyond it orders are refused as overloaded, unrecorded.
// Judges       each order by the house rules before the ledger sees it; the rules are the ledger writer's,
//              asked for at the start and again with every change, which all come through here.
// Lets wait    what the rules or the funds hold up: it asks the writer again and again to try them.
// Supervises   a settlement that ends with an error is spawned again from its row, which asks before it
//              sends; after `restarts_max` failures it is parked: it stays in flight, visible, and the next
//              start takes it up again. So is one whose connector is configured no more: only the bank that
//              has the order can say what became of it.
// Recovers     in portions: of what it takes up only so many ask their banks at once, so that a hundred
//              thousand do not keep everybody else waiting.
// On failure   the supervisor spawns it anew; the settlements of the old one end with it and are spawned
//              again from the books.
#pragma once
#include "actors/settlement.hpp"
#include "domain/routing.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace settled {

struct IntakeSettings {
  std::size_t in_flight_max = 20'000;
  /// How often the orders that wait are looked at.
  std::chrono::milliseconds look_every{500};
  std::shared_ptr<const Policy> policy = std::make_shared<const Policy>(Policy{.windows_always_open = true});
  /// Without the system's zone data only UTC is known.
  ZoneOffset zone_offset = [](std::string_view zone, std::int64_t) {
    return zone == "UTC" ? std::optional(std::chrono::seconds(0)) : std::nullopt;
  };
  Clock clock;  // of what is recorded
  int restarts_max = 3;
  Ids ids;
  LedgerActor ledger;
  std::vector<RailRule> rules;  // same order as `rails`
  std::vector<std::shared_ptr<const SettlementContext>> rails;
  /// Told when a settlement's actor failed: for the log and the metric.
  std::function<void(SettlementId, const std::string& why, bool parked)> on_failure =
      [](SettlementId, const std::string&, bool) {};
  /// Told of orders that ended without an actor: FAILED at once, or settled in our own books.
  std::function<void(const SettlementView&)> on_ended = [](const SettlementView&) {};
  /// Readiness waits so long at most for the banks' first answers. Nothing depends on it: an order is not
  /// sent before its own bank was asked.
  std::chrono::milliseconds recovery_wait{2'000};
  /// Settlements that were taken up and ask their banks, at the same time.
  std::size_t asking_at_once = 1'000;
  /// Told when that time is over, or everybody has been asked.
  std::function<void()> on_ready = [] {};
  /// Told when every settlement that was in flight at the start has been asked for, or had nothing to ask.
  std::function<void(const RecoveryReport&)> on_recovered = [](const RecoveryReport&) {};
};

struct IntakeState {
  struct InFlightOne {
    SettlementActor actor;
    int failures = 0;
  };
  IntakeState() = default;
  /// Whatever ended the intake, its settlements end too.
  ~IntakeState();
  IntakeState(const IntakeState&) = delete;
  IntakeState& operator=(const IntakeState&) = delete;

  IntakeSettings settings;
  std::unordered_map<SettlementId, InFlightOne> in_flight;
  std::unordered_map<caf::actor_addr, SettlementId> by_address;
  std::unordered_set<SettlementId> parked;
  std::unordered_set<SettlementId> recovering;  // taken up at the start, not asked for yet
  std::deque<SettlementId> to_wake;             // taken up; their actors have not begun
  std::unordered_set<SettlementId> asking;      // woken, and have not heard from their bank
  std::size_t being_written = 0;                // orders at the ledger writer
  RecoveryReport recovery;                      // of the start; what is left is counted when asked
  std::unordered_set<SettlementId> from_start;  // taken up at the start and not final yet
  Rules rules;
  Judge judge;
  bool rules_known = false;
  std::set<std::tuple<Currency, Method, std::string>> waiting_for;  // windows and settlement dates of orders
  // Orders that hold nothing yet. The writer answers in the order in which it decides, so each answer that
  // names them all (Released, InFlight) is the truth, and what comes after it is added.
  std::int64_t waiting = 0;
  bool looking = false;    // at the queue, or about to
  bool recovered = false;  // everybody has been asked
  bool ready = false;
  bool loaded = false;
  bool taking_up = false, take_up_again = false;
  static inline const char* name = "intake";
};

/// Intake and its own tick.
using IntakeWithQueue = IntakeActor::extend<caf::reacts_to<LookAtQueue>, caf::reacts_to<RecoveryWaited>>;
IntakeWithQueue::behavior_type intake(IntakeWithQueue::stateful_pointer<IntakeState> self,
                                      IntakeSettings settings);

}  // namespace settled
