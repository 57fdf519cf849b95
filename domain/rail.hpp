// What a rail can tell us about an order, and what it takes to send one again: DESIGN.md section 4.
#pragma once
#include "domain/money.hpp"
#include "domain/settlement.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace settled {

/// What we send to a bank for one settlement. A function of the stored order alone, so that the same
/// bytes can be made again after a crash.
struct PaymentInstruction {
  std::string reference;  // the row's: the bank's duplicate key
  std::string debtor_bank;
  std::string creditor_bank;
  Money amount;
  std::string settlement_date;
  Method method = Method::LOCAL_ACH;
  std::string trace_id;  // 32 hex digits
};

/// The business content in one canonical line. Its SHA-256 is stored with the intent, so that a repeat
/// with other content would show.
std::string canonical_text(const PaymentInstruction& order);

/// Classes of what a send or an inquiry told us.
enum class Outcome : std::uint8_t {
  accepted,   // the bank has it and works on it
  completed,  // the bank executed it
  rejected,   // the bank did not and will not execute it
  not_sent,   // provably no byte reached the bank: refused connection, DNS, open breaker
  not_found,  // inquiries only: the bank does not know our reference (yet)
  unknown,    // everything else: silence after the first byte, reset, 5xx without verdict, unreadable answer
};
std::string_view to_string(Outcome outcome);

struct RailAnswer {
  Outcome outcome = Outcome::unknown;
  std::string bank_reference;  // the bank's own id of the payment, when it gave one
  std::string code;  // stable: "timeout", "connection_refused", "breaker_open", "http_503", the bank's reason
  std::string detail;  // one sentence for the operator; no secrets
};

/// What a connector's bank allows after a doubt (protocols/capabilities.md).
struct Capability {
  bool idempotent_by_reference = false;  // a second send of our reference does not pay again
  bool status_by_reference = false;      // can be asked by our reference
  /// A 'not found' that comes later than this after the last send is final.
  std::chrono::milliseconds not_found_final_after{30'000};
};

}  // namespace settled
