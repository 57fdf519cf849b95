// The circuit breaker: after some failures in a row nobody calls for a while; then a few try, and the first
// of them with something that moves no money. Pure: the caller brings the time and reports what happened.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

enum class BreakerState : std::uint8_t { CLOSED, OPEN, HALF_OPEN };
std::string_view to_string(BreakerState state);

struct BreakerSettings {
  int failure_threshold = 5;                  // failures in a row that open it
  int success_threshold = 2;                  // successes in HALF_OPEN that close it
  std::chrono::milliseconds timeout{60'000};  // how long it stays OPEN
  int half_open_max_calls = 3;                // calls under way at once in HALF_OPEN
  /// Everything that is wrong with these settings, a sentence each.
  std::vector<std::string> problems() const;
};

/// A probe (inquiry, health call) has no effect at the other side. In HALF_OPEN a payment waits until a
/// probe or an earlier payment of the same HALF_OPEN has succeeded.
enum class CallKind : std::uint8_t { probe, payment };

/// The leave to make one call. Hand it back with the result; a result that belongs to an earlier state of
/// the breaker changes nothing.
struct BreakerTicket {
  std::uint64_t generation = 0;
  friend bool operator==(BreakerTicket, BreakerTicket) = default;
};

class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit Breaker(BreakerSettings settings = {});

  /// Nothing means: do not call. The first call after `timeout` turns OPEN into HALF_OPEN.
  std::optional<BreakerTicket> may_call(Time now, CallKind kind);
  void succeeded(BreakerTicket ticket);
  void failed(BreakerTicket ticket, Time now);
  /// The call was not made, or its result says nothing about the other side's health.
  void abandoned(BreakerTicket ticket);

  BreakerState state() const { return state_; }
  int failures_in_a_row() const { return failures_; }
  /// When OPEN: the time from which may_call may say yes.
  std::optional<Time> opens_until() const;

 private:
  void go(BreakerState to);

  BreakerSettings settings_;
  BreakerState state_ = BreakerState::CLOSED;
  std::uint64_t generation_ = 1;  // grows with every change of state
  Time opened_at_{};
  int failures_ = 0;
  int successes_ = 0;  // in HALF_OPEN
  int under_way_ = 0;  // in HALF_OPEN
};

}  // namespace settled
