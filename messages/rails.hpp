// The conversation with a rail: actors/settlement asks its circuit breaker, which asks the connector.
#pragma once
#include "messages/inspect.hpp"

namespace settled {

/// Send an order whose intent is durable. Answered with a RailAnswer, always.
struct SendPayment {
  PaymentInstruction order;
  int attempt = 1;
};
/// Ask what became of an order. Answered with a RailAnswer, always.
struct InquirePayment {
  PaymentInstruction order;
};
/// Is the rail there? Answered with a RailAnswer: completed = yes.
struct CheckRail {};

template <class F>
typename F::result_type inspect(F& f, SendPayment& x) {
  return f(caf::meta::type_name("SendPayment"), x.order, x.attempt);
}
template <class F>
typename F::result_type inspect(F& f, InquirePayment& x) {
  return f(caf::meta::type_name("InquirePayment"), x.order);
}
template <class F>
typename F::result_type inspect(F& f, CheckRail&) {
  return f(caf::meta::type_name("CheckRail"));
}

}  // namespace settled
