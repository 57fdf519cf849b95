#include "tests/sim/sim_bank.hpp"

#include <limits>

namespace settled::tests {
namespace {
using std::chrono::microseconds;
using State = SimBank::Record::State;
constexpr Micros for_ever = std::numeric_limits<Micros>::max();
constexpr std::int64_t millisecond = 1'000;

RailAnswer unknown(const char* code) { return {.outcome = Outcome::unknown, .code = code}; }
}  // namespace

SimBank::SimBank(VirtualActors& world, Verdict& verdict, SimBankSettings settings)
    : world_(world), verdict_(verdict), settings_(settings) {}

/// What one send will come to, drawn before it begins. Times in microseconds from now.
struct SimBank::Plan {
  enum class Heard : std::uint8_t { truth, silence, error, not_sent };
  std::int64_t begins = 0, arrives = 0, ends = 0;
  bool arrival = true, refuse = false, work_first = false, twice = false;
  Heard heard = Heard::truth;
};

SimBank::Plan SimBank::plan_send() {
  auto& chance = world_.chance();
  const std::int64_t longest = microseconds(settings_.send_lasts_max).count();
  const std::int64_t final_after = microseconds(settings_.capability.not_found_final_after).count();
  Plan plan;
  plan.begins = chance.per_mille(20) ? chance.between(0, microseconds(settings_.send_begins_max).count())
                                     : chance.between(0, 2 * millisecond);
  if (trouble.down || chance.per_mille(trouble.not_sent)) {
    plan.arrival = false;
    plan.heard = Plan::Heard::not_sent;
    plan.ends = plan.begins + chance.between(0, 50 * millisecond);
    return plan;
  }
  const bool slow = chance.per_mille(trouble.slow);
  plan.ends = plan.begins + (slow ? chance.between(longest - longest / 8, longest)
                                  : chance.between(millisecond, 200 * millisecond));
  plan.arrives = chance.between(plan.begins, plan.ends);
  plan.refuse = chance.per_mille(trouble.refused);
  plan.work_first = chance.per_mille(trouble.accepted);
  plan.twice = settings_.capability.idempotent_by_reference && chance.per_mille(trouble.delivered_twice);
  if (chance.per_mille(trouble.request_lost)) {
    plan.arrival = false;
    plan.heard = Plan::Heard::silence;
  } else if (chance.per_mille(trouble.answer_lost)) {
    plan.heard = Plan::Heard::silence;
  } else if (chance.per_mille(trouble.server_error)) {
    plan.heard = Plan::Heard::error;
    plan.arrival = chance.per_mille(500);
  } else if (chance.per_mille(trouble.effect_late)) {
    plan.heard = Plan::Heard::silence;
    plan.arrives = plan.ends + chance.between(0, final_after - 1);
    return plan;
  }
  // Silence is noticed when our patience ends, or at once when the connection breaks.
  if (plan.heard == Plan::Heard::silence && chance.per_mille(500)) plan.ends = plan.begins + longest;
  return plan;
}

void SimBank::send(const PaymentInstruction& order, int attempt, std::int64_t, Done done) {
  auto& record = records_[order.reference];
  if (verdict_.keeps()) verdict_.note("bank: send " + std::to_string(attempt) + " of " + order.reference);
  if (world_.now() < record.doubtful_until)
    verdict_.fail("sent on a doubt: " + order.reference + " leaves again while its send " +
                  std::to_string(record.sends) + " may still be executed");
  ++record.sends;
  record.doubtful_until = for_ever;
  const Plan plan = plan_send();
  if (plan.arrival) {
    ++on_the_way;
    world_.after(microseconds(plan.arrives), [=, this] {
      --on_the_way;
      arrive(order, plan.refuse, plan.work_first);
    });
    if (plan.twice) world_.after(microseconds(plan.arrives + 1), [=, this] { arrive(order, false, false); });
  }
  world_.after(microseconds(plan.ends), [=, this] {
    auto& known = records_[order.reference];
    RailAnswer answer;
    switch (plan.heard) {
      case Plan::Heard::truth:
        answer = answer_of(known);
        break;
      case Plan::Heard::silence:
        answer = unknown("timeout");
        break;
      case Plan::Heard::error:
        answer = unknown("http_500");
        break;
      case Plan::Heard::not_sent:
        answer = {.outcome = Outcome::not_sent, .code = "connection_refused"};
        break;
    }
    if (answer.outcome == Outcome::not_sent)
      known.doubtful_until = world_.now();
    else if (answer.outcome == Outcome::unknown)
      known.doubtful_until = world_.now() + microseconds(settings_.capability.not_found_final_after).count();
    if (verdict_.keeps())
      verdict_.note("bank: answers " + std::string(to_string(answer.outcome)) + " for " + order.reference);
    done(std::move(answer));
  });
}

void SimBank::arrive(const PaymentInstruction& order, bool refuse, bool work_first) {
  auto& record = records_[order.reference];
  ++record.arrivals;
  if (verdict_.keeps()) verdict_.note("bank: " + order.reference + " arrives");
  if (settings_.capability.idempotent_by_reference && record.state != State::unknown) return;
  const auto decide = [=, this] {
    auto& decided = records_[order.reference];
    if (refuse) {
      decided.state = State::refused;
    } else {
      decided.state = State::executed;
      ++decided.executions;
      decided.amount = order.amount;
      decided.creditor = order.creditor_bank;
    }
    if (verdict_.keeps())
      verdict_.note("bank: " + order.reference + (refuse ? " is refused" : " is executed"));
  };
  if (!work_first) return decide();
  record.state = State::working;
  ++on_the_way;
  world_.after(microseconds(world_.chance().between(10 * millisecond, 20'000 * millisecond)), [=, this] {
    --on_the_way;
    decide();
  });
}

RailAnswer SimBank::answer_of(const Record& record) const {
  switch (record.state) {
    case State::unknown:
      return {.outcome = Outcome::not_found, .code = "not_found"};
    case State::working:
      return {.outcome = Outcome::accepted, .bank_reference = "bp", .code = "pending"};
    case State::executed:
      return {.outcome = Outcome::completed, .bank_reference = "bp", .code = "completed"};
    case State::refused:
      return {.outcome = Outcome::rejected, .bank_reference = "bp", .code = "no_such_account"};
  }
  return {};
}

void SimBank::inquire(const PaymentInstruction& order, Done done) {
  auto& chance = world_.chance();
  const bool lost = trouble.down || chance.per_mille(trouble.inquiry_lost);
  const bool slow = chance.per_mille(trouble.slow);
  const auto looked = chance.between(0, slow ? 4'000 * millisecond : 50 * millisecond);
  const auto takes = looked + chance.between(0, slow ? 1'000 * millisecond : 50 * millisecond);
  if (lost) {
    const bool at_once = chance.per_mille(500);
    world_.after(at_once ? microseconds(takes) : microseconds(settings_.send_lasts_max),
                 [done = std::move(done), at_once] { done(unknown(at_once ? "http_503" : "timeout")); });
    return;
  }
  world_.after(microseconds(looked), [=, this, done = std::move(done)]() mutable {
    const auto known = records_.find(order.reference);
    RailAnswer answer = answer_of(known == records_.end() ? Record{} : known->second);
    if (verdict_.keeps())
      verdict_.note("bank: asked for " + order.reference + ": " + std::string(to_string(answer.outcome)));
    world_.after(microseconds(takes - looked),
                 [answer = std::move(answer), done = std::move(done)] { done(answer); });
  });
}

void SimBank::health(Done done) {
  const bool well = !trouble.down && !world_.chance().per_mille(trouble.inquiry_lost);
  world_.after(microseconds(world_.chance().between(0, 20 * millisecond)), [done = std::move(done), well] {
    done({.outcome = well ? Outcome::completed : Outcome::not_sent});
  });
}
}  // namespace settled::tests
