// One settled process without its port: the actors that runtime/system.cpp starts, with their supervisors,
// over books in memory and a simulated bank. Can be killed and started again.
#pragma once
#include "actors/circuit_breaker.hpp"
#include "actors/connector.hpp"
#include "actors/intake.hpp"
#include "storage/ledger_writer.hpp"
#include "storage/memory_ledger_store.hpp"
#include "tests/sim/sim_bank.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <memory>

namespace settled::tests {

struct SimProcessSettings {
  MemoryLedgerSettings store;
  std::shared_ptr<SimBank> bank;
  SettlementSettings settlement;
  BreakerSettings breaker;
  std::size_t calls_under_way_max = 256;
  /// Does this answer of a rail get lost between two actors?
  std::function<bool()> loses_answer = [] { return false; };
};

/// The ledger writer, whose deaths at the store's hands CAF need not print.
LedgerWriterActor::behavior_type quiet_writer(LedgerWriterActor::stateful_pointer<LedgerWriterState> self,
                                              LedgerWriterSettings settings);

class SimProcess {
 public:
  SimProcess(VirtualActors& world, Verdict& verdict, SimProcessSettings settings);

  void start();
  /// Everything in memory is gone at once. What the bank got stays there.
  void kill();
  bool runs() const { return runs_; }
  /// A supervisor gave up, or another writer has taken over: such a process ends by itself.
  bool wants_to_end() const { return wants_to_end_; }
  /// Settlements that wait for a person or the next start.
  bool has_parked() const { return parked_ > 0; }

  const LedgerActor& ledger() const { return ledger_; }
  const IntakeActor& intake() const { return intake_; }
  const SimProcessSettings& settings() const { return settings_; }
  int restarts = 0;  // of actors by their supervisors
  int starts = 0;

 private:
  caf::actor supervised(const std::string& name,
                        std::function<caf::actor(caf::event_based_actor*)> start_child,
                        std::chrono::milliseconds window = std::chrono::minutes(1));
  RailActor lossy(RailActor next, bool watch);
  void start_rail();
  void start_intake();
  void sender_seen(const caf::strong_actor_ptr& who, const std::string& reference);

  VirtualActors& world_;
  Verdict& verdict_;
  SimProcessSettings settings_;
  bool runs_ = false, wants_to_end_ = false;
  int parked_ = 0;
  Micros proven_ = 0;
  LedgerActor ledger_;
  RailActor rail_;
  IntakeActor intake_;
  std::map<std::string, caf::actor_id> senders_;  // the latest actor that sent for a reference
};

}  // namespace settled::tests
