// The one interface behind which every rail lives. An implementation translates; it never decides whether
// to send again (that is the settlement's business) and never blocks the caller.
#pragma once
#include "domain/rail.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace settled {

class Connector {
 public:
  /// Called exactly once per call, from any thread.
  using Done = std::function<void(RailAnswer)>;

  virtual ~Connector() = default;
  virtual std::string_view name() const = 0;
  virtual Capability capability() const = 0;
  /// Sends the order. Every outcome but not_found is possible. `attempt` counts from 1 and is for the log;
  /// the bank tells repeats by the reference. The order is handed over until `not_after`, microseconds of the
  /// steady clock; what takes longer, because our thread stood still, is not_sent.
  virtual void send(const PaymentInstruction& order, int attempt, std::int64_t not_after, Done done) = 0;
  /// Asks what became of the order, by our reference. Outcomes: accepted, completed, rejected, not_found,
  /// unknown (also when the bank cannot be reached: an inquiry has no effect that could be "not sent").
  virtual void inquire(const PaymentInstruction& order, Done done) = 0;
  /// Is the other side alive? completed = yes; unknown or not_sent = no.
  virtual void health(Done done) = 0;
};

}  // namespace settled
