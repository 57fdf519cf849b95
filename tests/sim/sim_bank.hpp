// A bank that keeps its own truth, and a connection to it that does everything connections do: lose requests,
// lose answers, deliver late. What it may do is bounded by what the capability record promises; whoever
// relies on less than these promises is never hurt, whoever relies on more is.
#pragma once
#include "connectors/connector.hpp"
#include "tests/sim/verdict.hpp"
#include "tests/sim/virtual_actors.hpp"

#include <map>
#include <string>

namespace settled::tests {

/// How often something goes wrong, in thousandths of all calls.
struct BankTrouble {
  int request_lost = 0;     // the bank never hears of it, and we hear nothing
  int answer_lost = 0;      // it hears and decides, and we hear nothing
  int effect_late = 0;      // our call is over, but its bytes arrive later
  int server_error = 0;     // 5xx, before or after executing
  int not_sent = 0;         // connection refused
  int refused = 0;          // the bank says no
  int accepted = 0;         // it works on it for a while first
  int delivered_twice = 0;  // only where the bank is idempotent
  int slow = 0;             // the answer takes almost as long as we wait
  int inquiry_lost = 0;
  bool down = false;  // nobody listens
};

struct SimBankSettings {
  Capability capability;
  std::chrono::milliseconds send_begins_max{5'000}, send_lasts_max{5'000};
};

class SimBank final : public Connector {
 public:
  SimBank(VirtualActors& world, Verdict& verdict, SimBankSettings settings);

  std::string_view name() const override { return "bank"; }
  Capability capability() const override { return settings_.capability; }
  void send(const PaymentInstruction& order, int attempt, std::int64_t not_after, Done done) override;
  void inquire(const PaymentInstruction& order, Done done) override;
  void health(Done done) override;

  /// What the bank knows of one reference of ours.
  struct Record {
    enum class State : std::uint8_t { unknown, working, executed, refused };
    State state = State::unknown;
    int arrivals = 0, executions = 0;
    Money amount;
    std::string creditor;
    int sends = 0;
    /// An earlier send may still take effect until then.
    Micros doubtful_until = 0;
  };
  const std::map<std::string, Record>& records() const { return records_; }
  BankTrouble trouble;
  /// Effects that have left and not arrived.
  int on_the_way = 0;

 private:
  struct Plan;
  Plan plan_send();
  void arrive(const PaymentInstruction& order, bool refuse, bool work_first);
  RailAnswer answer_of(const Record& record) const;

  VirtualActors& world_;
  Verdict& verdict_;
  SimBankSettings settings_;
  std::map<std::string, Record> records_;
};

}  // namespace settled::tests
