// Clients that want orders settled and do not give up: they resend with the same key until they have an
// answer, and check that it says what the books say.
#pragma once
#include "storage/memory_ledger_store.hpp"
#include "tests/sim/verdict.hpp"
#include "tests/sim/virtual_actors.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <vector>

namespace settled::tests {

/// One order that somebody wants. Two wishes may have the same key, with the same or another content.
struct Wish {
  std::string caller;
  NewSettlement order;
  bool answered = false;  // durably: recorded, replayed, or refused for good
};

struct SimClientsSettings {
  std::shared_ptr<const MemoryBooks> books;
  /// Who takes orders at the moment; nothing while the process is down.
  std::function<IntakeActor()> intake;
  /// Does an answer get lost on its way to the client?
  std::function<bool()> loses_answer = [] { return false; };
};

class SimClients {
 public:
  SimClients(VirtualActors& world, Verdict& verdict, SimClientsSettings settings);

  std::size_t wish(std::string caller, NewSettlement order);
  /// Sends these wishes in one call, and again until each is answered.
  void send(const std::vector<std::size_t>& wishes);
  const std::string& caller(std::size_t wish) const { return wishes_[wish].caller; }
  bool all_answered() const;
  std::size_t resent = 0;

 private:
  void call(caf::event_based_actor* self, std::vector<std::size_t> wishes);
  void later(std::vector<std::size_t> wishes);
  void await(caf::event_based_actor* self, SettlementId id);
  void answered(std::size_t wish, const Submission& answer);
  void check_recorded(const Wish& wish, const Submission& answer);

  VirtualActors& world_;
  Verdict& verdict_;
  SimClientsSettings settings_;
  std::vector<Wish> wishes_;
  caf::actor actor_;
};

}  // namespace settled::tests
