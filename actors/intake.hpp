// INTAKE: takes orders in, has them written down, and supervises the actor of every settlement in flight.
//
// Spawned by   runtime/, one per process.
// Remembers    who is in flight; after a start it asks the ledger writer and spawns an actor for each.
// Limits       at most `in_flight_max` settlements; beyond it orders are refused as overloaded, unrecorded.
// Supervises   a settlement that ends with an error is spawned again from its row, which asks before it
//              sends; after `restarts_max` failures it is parked: it stays in flight, visible, and the next
//              start takes it up again. So is one whose connector is configured no more: only the bank that
//              has the order can say what became of it.
// On failure   the supervisor spawns it anew; the settlements of the old one end with it and are spawned
//              again from the books.
#pragma once
#include "actors/settlement.hpp"
#include "domain/routing.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace settled {

struct IntakeSettings {
  std::size_t in_flight_max = 20'000;
  int restarts_max = 3;
  Ids ids;
  LedgerActor ledger;
  std::vector<RailRule> rules;  // same order as `rails`
  std::vector<std::shared_ptr<const SettlementContext>> rails;
  /// Told when a settlement's actor failed: for the log and the metric.
  std::function<void(SettlementId, const std::string& why, bool parked)> on_failure =
      [](SettlementId, const std::string&, bool) {};
  /// Told of orders that were recorded as FAILED at once.
  std::function<void(const SettlementView&)> on_refused = [](const SettlementView&) {};
  /// Told when every settlement that was in flight at the start has been asked for, or had nothing to ask.
  std::function<void(std::size_t taken_up)> on_recovered = [](std::size_t) {};
};

struct IntakeState {
  struct InFlightOne {
    SettlementActor actor;
    int failures = 0;
  };
  IntakeSettings settings;
  std::unordered_map<SettlementId, InFlightOne> in_flight;
  std::unordered_map<caf::actor_addr, SettlementId> by_address;
  std::unordered_set<SettlementId> parked;
  std::unordered_set<SettlementId> recovering;  // taken up at the start, not asked for yet
  std::size_t being_written = 0;                // orders at the ledger writer
  std::size_t taken_up = 0;
  bool recovered = false;
  bool loaded = false;
  bool taking_up = false, take_up_again = false;
  static inline const char* name = "intake";
};

IntakeActor::behavior_type intake(IntakeActor::stateful_pointer<IntakeState> self, IntakeSettings settings);

}  // namespace settled
