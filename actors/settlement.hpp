// SETTLEMENT: walks one settlement from its durable intent to a final state.
//
// Spawned by   actors/intake, when commit 1 (hold and intent) is durable; and again, from the same row,
//              after a restart of the process, of the ledger writer or of this actor.
// Remembers    nothing that its row does not. Every step is recorded before the next one is taken.
// Waits for    the rail, at most `answer_max`; then the outcome is unknown, and it asks.
// The rule     sends only what the state machine lets it send: a first time after the intent, again only
//              after `not_sent` (nothing left) or after the bank's final word that it never had the order;
//              and only while the proof is fresh that the books are ours. A process that slept asks.
// On failure   ends with the error; intake spawns it from the row, and it asks before it sends. It also ends
//              with its intake, which takes all of them up again: one settlement never has two actors.
#pragma once
#include "domain/backoff.hpp"
#include "domain/clock.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>

namespace settled {

struct SettlementSettings {
  /// An order that has not left within this time is given up (TRANSACTION_TIMEOUT_SECONDS). Never applies
  /// to what may have reached a bank.
  std::chrono::milliseconds transaction_timeout{300'000};
  /// After the last proof that the books are ours the first byte of a payment leaves within this time or
  /// never: whoever takes the books over counts on it. The first half lasts until the connector begins with
  /// it (`not_after`), the second are the HTTP client's queue and its connecting.
  std::chrono::milliseconds send_begins_max{10'000};
  /// Silence of the connector actor longer than this (after send_begins_max) is a doubt. Longer than the
  /// rail's own time-out.
  std::chrono::milliseconds answer_max{40'000};
  /// From the first byte of a send to its last, at most: the rail's own time-out.
  std::chrono::milliseconds send_lasts_max{15'000};
  BackoffSettings resend{.initial = std::chrono::milliseconds(250), .max = std::chrono::milliseconds(10'000)};
  BackoffSettings inquiry{.initial = std::chrono::milliseconds(500),
                          .max = std::chrono::milliseconds(30'000)};
};

/// What all settlements of one rail share.
struct SettlementContext {
  LedgerActor ledger;
  RailActor rail;
  Capability capability;
  SettlementSettings settings;
  Clock clock;   // of what is recorded
  Clock steady;  // of what is waited for: never set back or forward
  Clock proven;  // steady: the books were still ours at some moment after this, as their last commit proved
  std::function<std::uint64_t()> chance;
  /// The books may be older than what the bank has seen: then nothing is sure that was not asked.
  std::function<bool()> quarantined = [] { return false; };
  /// Told once per settlement, when its end is durable.
  std::function<void(const SettlementView&)> on_final = [](const SettlementView&) {};
};

enum class Start : std::uint8_t { fresh, recovered };

struct SettlementState {
  std::shared_ptr<const SettlementContext> context;
  IntakeActor intake;
  Recorded settlement;
  bool asked = true;         // false: in flight at a start, and the bank was not asked yet
  bool untold = false;       // that there is nobody to ask about it
  int tries = 0;             // since the last progress; sets the back-off
  bool busy = false;         // a call or a step is under way
  Micros began_at = 0;       // steady: when this actor did
  Micros send_ended_at = 0;  // steady: of the last send, when this actor made it itself
  int record_failures = 0;   // in a row
  std::unique_ptr<AdvanceSettlement> unrecorded;  // a step whose recording failed: before anything else
  std::uint64_t next_waiter = 0;
  std::map<std::uint64_t, caf::typed_response_promise<SettlementFound>> waiters;
  static inline const char* name = "settlement";
};

SettlementActor::behavior_type settlement(SettlementActor::stateful_pointer<SettlementState> self,
                                          std::shared_ptr<const SettlementContext> context,
                                          IntakeActor intake, Recorded row, Start start);

}  // namespace settled
