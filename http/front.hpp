// The REST front: the port, the gate, and the actor behind them. Runtime makes one, hands its listener to
// the ledger writer, and starts it when the others are there.
#pragma once
#include "http/front_actor.hpp"
#include "http/gate.hpp"
#include "http/limits.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace settled {

struct FrontSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8086;  // 0 picks a free one
  int threads = 2;
  HttpLimits limits;
  FrontLimits front_limits;
  GateRules gate;
  /// The body of /metrics.
  std::function<std::string()> metrics_text = [] { return std::string(); };
  /// Told of every answer, on threads of the port and of the actor system: for metrics and the log.
  OnRequest on_request;
  /// Microseconds since 1970: decides what "today" is for orders without a date.
  std::function<std::int64_t()> now = [] {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  };
};

class Front {
 public:
  /// Spawns the front actor, so that its handle can be given away.
  Front(caf::actor_system& system, FrontSettings settings);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// Whom the ledger writer tells of commits.
  CommitListener listener() const;
  /// Opens the port; throws std::system_error when it cannot be had. Also gives new handles after a restart
  /// of those who are asked.
  void start(FrontActors actors);
  void connect(FrontActors actors);
  std::uint16_t port() const;
  /// From now on new work is refused as shutting_down; health still answers, not ready.
  void drain();
  /// Drains, answers what is in flight, closes, ends the actor.
  void stop(std::chrono::milliseconds grace);
  /// Requests that wait for an actor.
  std::size_t pending() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace settled
