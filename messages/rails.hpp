// The conversation with a rail: actors/settlement asks its circuit breaker, which asks the connector. A call
// carries the settlement's row; what goes to the bank is made of it when there is a place to send it from.
#pragma once
#include "messages/inspect.hpp"

namespace settled {

/// Send an order whose intent is durable. Answered with a RailAnswer, always: not_sent when the first byte
/// could not leave before `not_after`, because by then its sender may have begun to ask and to doubt.
struct SendPayment {
  Recorded settlement;
  Micros not_after = 0;
};
/// Ask what became of an order. Answered with a RailAnswer, always.
struct InquirePayment {
  Recorded settlement;
};
/// The connector to itself: call `ticket` has its answer.
struct CallDone {
  std::uint64_t ticket = 0;
  RailAnswer answer;
};
/// Is the rail there? Answered with a RailAnswer: completed = yes.
struct CheckRail {};

template <class F>
typename F::result_type inspect(F& f, SendPayment& x) {
  return f(caf::meta::type_name("SendPayment"), x.settlement, x.not_after);
}
template <class F>
typename F::result_type inspect(F& f, InquirePayment& x) {
  return f(caf::meta::type_name("InquirePayment"), x.settlement);
}
template <class F>
typename F::result_type inspect(F& f, CallDone& x) {
  return f(caf::meta::type_name("CallDone"), x.ticket, x.answer);
}
template <class F>
typename F::result_type inspect(F& f, CheckRail&) {
  return f(caf::meta::type_name("CheckRail"));
}

}  // namespace settled
