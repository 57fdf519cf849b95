// Fault scripts: what the sandbox shall do wrong, how often, to whom. Each script draws from its own
// generator, once per request that it matches, so that a seed and an order of requests give the same faults.
#pragma once
#include "domain/refusal.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace settled::sandbox {

enum class FaultKind : std::uint8_t {
  delay,        // wait `ms`, then go on as usual
  error,        // answer `status`, before or after executing (`when`)
  refuse,       // a verdict: REJECTED with `code` and `reason`
  drop_answer,  // execute, then reset the connection
  hang,         // say nothing for `ms`, before or after executing, then reset the connection
  duplicate,    // the request is delivered twice; executed once
  drop_before,  // reset the connection, nothing executed
  pending,      // accept now, execute after `ms`
  late_effect,  // answer 504, know nothing of it for `ms`, then execute
};
std::string_view to_string(FaultKind kind);

enum class Operation : std::uint8_t { SEND, INQUIRY, ANY };
std::string_view to_string(Operation op);

/// What a script does when it fires.
struct Fault {
  FaultKind kind = FaultKind::delay;
  std::chrono::milliseconds time{0};
  int status = 503;
  bool after = false;  // error, hang: after executing
  std::string code, reason;
};

struct FaultScript {
  std::uint64_t id = 0;
  Fault fault;
  Operation op = Operation::SEND;
  std::string bank;  // BIC of the creditor; empty: every one
  std::int64_t rate_ppm = 1'000'000;
  std::optional<std::int64_t> left;  // how many more times it may fire
  std::uint64_t seed = 0;
  std::int64_t matched = 0, fired = 0;
  std::mt19937_64 chance;
};
/// Errors name the field as a JSON pointer. One of `rate` and `count` must be there.
Result<FaultScript> fault_script_from(std::string_view json);

/// What is to be done to one request: all delays that fired together, and the first other fault.
struct FaultDecision {
  std::chrono::milliseconds delay{0};
  std::optional<Fault> fault;
};

/// The scripts in force, in the order of their arrival. Safe from any thread.
class FaultBook {
 public:
  std::uint64_t add(FaultScript script);
  bool remove(std::uint64_t id);
  void clear();
  /// `creditor` may be empty where nobody knows it (an inquiry about nothing we have).
  FaultDecision decide(Operation op, std::string_view creditor);
  /// A JSON array with each script, how often it matched and fired.
  std::string json() const;

 private:
  mutable std::mutex mutex_;
  std::vector<FaultScript> scripts_;
  std::uint64_t last_id_ = 0;
};
std::string to_json(const FaultScript& script);

}  // namespace settled::sandbox
