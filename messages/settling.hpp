// The conversation about settlements: the fronts hand orders in, actors/intake has them written down,
// actors/settlement walks each to its end, storage/ records every step.
#pragma once
#include "domain/digest.hpp"
#include "messages/inspect.hpp"

#include <chrono>

namespace settled {

/// One order as a front received it; its form is checked, nothing is decided.
struct NewSettlement {
  std::string idempotency_key;
  Digest request_digest{};  // of the canonical request: the same key with another digest is refused
  SettlementOrder order;
  std::string trace_id;  // 32 hex digits
};

/// The orders of one call. Sent by http/ to actors/intake, which answers with one Submission each, in order.
struct SubmitSettlements {
  std::string caller;  // whose key space: the API key's id
  std::vector<NewSettlement> orders;
};

/// What became of one order. Durable when the answer arrives: `accepted` and `replayed` carry the recorded
/// settlement (which may be FAILED: recorded and refused for lack of funds); `refused` recorded nothing.
struct Submission {
  enum class Kind : std::uint8_t { accepted, replayed, refused };
  Kind kind = Kind::refused;
  Recorded settlement;
  Refusal refusal;
};
inline std::string to_string(Submission::Kind kind) {
  return kind == Submission::Kind::accepted   ? "accepted"
         : kind == Submission::Kind::replayed ? "replayed"
                                              : "refused";
}
struct Submissions {
  std::vector<Submission> results;
};

/// Wait until the settlement is final or patience ends; answered with the settlement as it then is
/// (SettlementFound). Sent by http/ to actors/intake.
struct AwaitSettlement {
  SettlementId id;
  std::chrono::milliseconds patience{0};
};

/// Have the orders written down: key, accounts, funds, holds and the intent to send, in one commit.
/// Sent by actors/intake to storage/ledger_writer; answered with Submissions.
struct OpenSettlements {
  struct Item {
    SettlementId id;
    NewSettlement order;
    std::string connector;  // the rail that will carry it
    Admission admission;    // what the house rules say; a refusal counts only where the key is new
    bool on_us = false;     // the payee's bank has its account here too: the books settle it in one step
  };
  std::string caller;
  std::vector<Item> items;
};

/// A send or an inquiry that happened, for the record.
struct Attempt {
  enum class Kind : std::uint8_t { none, send, inquiry };
  Kind kind = Kind::none;
  RailAnswer answer;
  Micros started_at = 0, ended_at = 0;
};
inline std::string to_string(Attempt::Kind kind) {
  return kind == Attempt::Kind::send ? "SEND" : kind == Attempt::Kind::inquiry ? "INQUIRY" : "";
}

/// Move one settlement along `path`, from the state it is in, in one commit. Posts or releases the hold
/// when the path ends in COMPLETED or ROLLED_BACK. Sent by actors/settlement to storage/ledger_writer.
/// Answered with SettlementFound: the settlement as recorded; `advanced` tells whether this very request
/// moved it. A path that the state machine does not have from where the settlement is changes nothing.
struct AdvanceSettlement {
  SettlementId id;
  std::vector<Event> path;
  Attempt attempt;
  std::string proof;         // why a resend cannot pay twice; with `absent`
  std::string failure_code;  // with `reject` and `expire`
  std::string failure_detail;
};

struct SettlementFound {
  bool found = false;
  Recorded settlement;
  bool advanced = false;  // in answers to AdvanceSettlement only
};

/// Every settlement that is not final, oldest first. Sent by actors/intake after a start, of the process or
/// of the writer; answered by storage/ledger_writer with InFlight.
struct ReadInFlight {};
struct InFlight {
  std::vector<Recorded> settlements;
};

/// A settlement that was in flight at a start has heard from its bank (or failed to) for the first time.
/// Sent by actors/settlement to actors/intake, which counts how much of the recovery is left and lets the
/// next one ask. `done` is false where silence is no answer and it will ask again.
struct AskedOnce {
  SettlementId id;
  bool done = true;
};
/// The books moved it without its actor: two people decided. Sent by actors/intake to actors/settlement.
struct SettlementMoved {
  Recorded settlement;
};
/// Intake to itself: time to look at the orders that wait.
struct LookAtQueue {};
/// Intake to itself: readiness has waited long enough for the banks.
struct RecoveryWaited {};

/// A settlement to itself: it is time for the next send or inquiry.
struct NextStep {};
/// A settlement to itself: the patience of waiter number `waiter` is over.
struct PatienceOver {
  std::uint64_t waiter = 0;
};

/// The ledger writer to itself: what has come in so far makes a batch; or the commit of that number, which
/// was under way on a thread of its own, is over.
struct WriteBatch {
  std::int64_t written = 0;
};
/// The ledger writer to itself: nothing may have been written for a while; are the books still its own?
struct ProveBooks {};

/// The writer's commit made events up to here visible. Sent to http/ for its streams.
struct EventsCommitted {
  int stream = 0;
  std::int64_t last_seq = 0;
};

template <class F>
typename F::result_type inspect(F& f, NewSettlement& x) {
  return f(caf::meta::type_name("NewSettlement"), x.idempotency_key, x.request_digest, x.order, x.trace_id);
}
template <class F>
typename F::result_type inspect(F& f, SubmitSettlements& x) {
  return f(caf::meta::type_name("SubmitSettlements"), x.caller, x.orders);
}
template <class F>
typename F::result_type inspect(F& f, Submission& x) {
  return f(caf::meta::type_name("Submission"), x.kind, x.settlement, x.refusal);
}
template <class F>
typename F::result_type inspect(F& f, Submissions& x) {
  return f(caf::meta::type_name("Submissions"), x.results);
}
template <class F>
typename F::result_type inspect(F& f, AwaitSettlement& x) {
  return f(caf::meta::type_name("AwaitSettlement"), x.id, x.patience);
}
template <class F>
typename F::result_type inspect(F& f, OpenSettlements::Item& x) {
  return f(caf::meta::type_name("OpenSettlements::Item"), x.id, x.order, x.connector, x.admission, x.on_us);
}
template <class F>
typename F::result_type inspect(F& f, OpenSettlements& x) {
  return f(caf::meta::type_name("OpenSettlements"), x.caller, x.items);
}
template <class F>
typename F::result_type inspect(F& f, Attempt& x) {
  return f(caf::meta::type_name("Attempt"), x.kind, x.answer, x.started_at, x.ended_at);
}
template <class F>
typename F::result_type inspect(F& f, AdvanceSettlement& x) {
  return f(caf::meta::type_name("AdvanceSettlement"), x.id, x.path, x.attempt, x.proof, x.failure_code,
           x.failure_detail);
}
template <class F>
typename F::result_type inspect(F& f, SettlementFound& x) {
  return f(caf::meta::type_name("SettlementFound"), x.found, x.settlement, x.advanced);
}
template <class F>
typename F::result_type inspect(F& f, AskedOnce& x) {
  return f(caf::meta::type_name("AskedOnce"), x.id, x.done);
}
template <class F>
typename F::result_type inspect(F& f, SettlementMoved& x) {
  return f(caf::meta::type_name("SettlementMoved"), x.settlement);
}
template <class F>
typename F::result_type inspect(F& f, RecoveryWaited&) {
  return f(caf::meta::type_name("RecoveryWaited"));
}
template <class F>
typename F::result_type inspect(F& f, LookAtQueue&) {
  return f(caf::meta::type_name("LookAtQueue"));
}
template <class F>
typename F::result_type inspect(F& f, NextStep&) {
  return f(caf::meta::type_name("NextStep"));
}
template <class F>
typename F::result_type inspect(F& f, PatienceOver& x) {
  return f(caf::meta::type_name("PatienceOver"), x.waiter);
}
template <class F>
typename F::result_type inspect(F& f, ReadInFlight&) {
  return f(caf::meta::type_name("ReadInFlight"));
}
template <class F>
typename F::result_type inspect(F& f, InFlight& x) {
  return f(caf::meta::type_name("InFlight"), x.settlements);
}
template <class F>
typename F::result_type inspect(F& f, WriteBatch& x) {
  return f(caf::meta::type_name("WriteBatch"), x.written);
}
template <class F>
typename F::result_type inspect(F& f, ProveBooks&) {
  return f(caf::meta::type_name("ProveBooks"));
}
template <class F>
typename F::result_type inspect(F& f, EventsCommitted& x) {
  return f(caf::meta::type_name("EventsCommitted"), x.stream, x.last_seq);
}

}  // namespace settled
