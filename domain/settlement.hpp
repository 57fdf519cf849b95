// A settlement: the order as it came, and the state machine that is the only door between its states.
#pragma once
#include "domain/ids.hpp"
#include "domain/money.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

enum class Priority : std::uint8_t { NORMAL, HIGH, URGENT };
enum class Method : std::uint8_t { SWIFT, SEPA, LOCAL_ACH, MOCK };
std::string_view to_string(Priority priority);
std::string_view to_string(Method method);
std::optional<Priority> priority_from(std::string_view text);
std::optional<Method> method_from(std::string_view text);

/// What shall happen where an order cannot go at once: wait for it, or be refused.
enum class Otherwise : std::uint8_t { by_policy, queue, refuse };
std::string_view to_string(Otherwise wish);
/// "queue" or "refuse".
std::optional<Otherwise> otherwise_from(std::string_view text);

/// An order to settle one obligation between two banks (D3). Every field has been checked for its form.
struct SettlementOrder {
  std::string obligation_id;    // the caller's name of what is being settled, 1–64 characters
  std::string from_bank;        // BIC of the payer, whose vostro pays us
  std::string to_bank;          // BIC of the payee, whom our nostro pays
  Money amount;                 // > 0
  std::string settlement_date;  // YYYY-MM-DD
  Priority priority = Priority::NORMAL;
  Method method = Method::LOCAL_ACH;
  std::string metadata;                                 // a JSON object as text, or empty
  Otherwise outside_window = Otherwise::by_policy;      // the rail takes no orders now
  Otherwise insufficient_funds = Otherwise::by_policy;  // an account cannot pay it now
  std::vector<std::string> parties;  // names in the metadata, for the compliance list; not recorded apart
};

/// Errors: same_bank; whatever else a single order can get wrong beyond the form of its fields.
std::optional<Refusal> check_order(const SettlementOrder& order);
/// Is this a real calendar day in the form YYYY-MM-DD?
bool valid_date(std::string_view text);

enum class Status : std::uint8_t {
  PENDING,       // received, nothing held: on its way, or waiting for its window or for funds
  VALIDATING,    // being checked, or waiting for a person's decision
  FUNDS_LOCKED,  // held on both accounts; nothing can have left
  EXECUTING,     // the intent to send is durable: the bank may have the order
  CONFIRMING,    // the bank has it, or we do not know: only the bank's word leads on
  COMPLETED,
  FAILED,       // refused before any money was held
  ROLLED_BACK,  // the hold was given back; the bank did not execute
};
inline constexpr std::size_t status_count = 8;
std::string_view to_string(Status status);
std::optional<Status> status_from(std::string_view text);
constexpr bool final_status(Status s) {
  return s == Status::COMPLETED || s == Status::FAILED || s == Status::ROLLED_BACK;
}

enum class Event : std::uint8_t {
  validate,  // take up the order
  lock,      // place the holds
  refuse,    // a rule or a person said no before any hold
  send,      // record the intent to send
  not_sent,  // provably no byte reached the bank
  accept,    // the bank has it and works on it
  doubt,     // no verdict: it may have been executed
  confirm,   // the bank executed it
  reject,    // the bank did not and will not execute it
  absent,    // the bank's final word that it never had it (the proof of a resend)
  expire,    // nothing was sent in time
  postpone,  // checked, but not possible yet: back into the queue
  book,      // the bank paid after the end, and two people book its money
};

struct Transition {
  Status from;
  Event on;
  Status to;
};
// A pair that is not listed is refused. CONFIRMING means money may have moved: only the bank's word
// leads out of it, and it leads back to EXECUTING only over a proof of absence.
inline constexpr std::array<Transition, 18> settlement_transitions{{
    {Status::PENDING, Event::validate, Status::VALIDATING},
    {Status::PENDING, Event::refuse, Status::FAILED},
    {Status::VALIDATING, Event::lock, Status::FUNDS_LOCKED},
    {Status::VALIDATING, Event::refuse, Status::FAILED},
    {Status::VALIDATING, Event::postpone, Status::PENDING},
    {Status::FUNDS_LOCKED, Event::send, Status::EXECUTING},
    {Status::FUNDS_LOCKED, Event::expire, Status::ROLLED_BACK},
    {Status::EXECUTING, Event::not_sent, Status::FUNDS_LOCKED},
    {Status::EXECUTING, Event::accept, Status::CONFIRMING},
    {Status::EXECUTING, Event::doubt, Status::CONFIRMING},
    {Status::EXECUTING, Event::confirm, Status::CONFIRMING},
    {Status::EXECUTING, Event::reject, Status::ROLLED_BACK},
    {Status::CONFIRMING, Event::accept, Status::CONFIRMING},
    {Status::CONFIRMING, Event::doubt, Status::CONFIRMING},
    {Status::CONFIRMING, Event::confirm, Status::COMPLETED},
    {Status::CONFIRMING, Event::reject, Status::ROLLED_BACK},
    {Status::CONFIRMING, Event::absent, Status::FUNDS_LOCKED},
    {Status::ROLLED_BACK, Event::book, Status::COMPLETED},
}};

constexpr std::optional<Status> next(Status from, Event on) {
  for (const auto& t : settlement_transitions)
    if (t.from == from && t.on == on) return t.to;
  return std::nullopt;
}
static_assert(!next(Status::CONFIRMING, Event::send), "never pay twice on a doubt");
static_assert(!next(Status::ROLLED_BACK, Event::send) && !next(Status::ROLLED_BACK, Event::confirm),
              "what has ended is never sent again, and no bank's word alone moves it");
static_assert(!next(Status::CONFIRMING, Event::expire), "a time-out never overrules a doubt");
static_assert(!next(Status::EXECUTING, Event::expire), "what may have left cannot expire");

/// Why an order that is recorded holds no funds yet.
enum class Waiting : std::uint8_t {
  no,
  window,      // the rail opens later, or a bank of the order is suspended
  liquidity,   // an account cannot pay it yet
  compliance,  // a party is on the blocked list: a person decides
};
std::string_view to_string(Waiting waiting);
std::optional<Waiting> waiting_from(std::string_view text);

/// D3's five durable checkpoints.
enum class Checkpoint : std::uint8_t { Validation, Lock, Transfer, Confirm, Finalize };
std::string_view to_string(Checkpoint checkpoint);

}  // namespace settled
