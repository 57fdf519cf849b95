// How domain values travel in CAF messages. Found by argument-dependent lookup; one line per type.
#pragma once
#include "domain/account.hpp"
#include "domain/action.hpp"
#include "domain/rail.hpp"
#include "domain/rules.hpp"
#include "domain/settlement.hpp"
#include "messages/views.hpp"

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <type_traits>

namespace settled {

// CAF prints enums through to_string found in their namespace; domain/ has one for each.
template <class F>
typename F::result_type inspect(F& f, Uuid& x) {
  return f(caf::meta::type_name("Uuid"), x.bytes);
}
template <class F, class Tag>
typename F::result_type inspect(F& f, Id<Tag>& x) {
  return f(caf::meta::type_name("Id"), x.uuid);
}

template <class F>
typename F::result_type inspect(F& f, Currency& x) {
  auto index = x.index();
  if constexpr (F::reads_state) {
    return f(caf::meta::type_name("Currency"), index);
  } else {
    auto load = [&] {
      x = Currency::from_index(index);
      return caf::error{};
    };
    return f(caf::meta::type_name("Currency"), index, caf::meta::load_callback(load));
  }
}
template <class F>
typename F::result_type inspect(F& f, Money& x) {
  return f(caf::meta::type_name("Money"), x.minor, x.currency);
}
template <class F>
typename F::result_type inspect(F& f, Refusal& x) {
  return f(caf::meta::type_name("Refusal"), x.code, x.field, x.detail, x.allowed);
}
template <class F>
typename F::result_type inspect(F& f, SettlementOrder& x) {
  return f(caf::meta::type_name("SettlementOrder"), x.obligation_id, x.from_bank, x.to_bank, x.amount,
           x.settlement_date, x.priority, x.method, x.metadata, x.outside_window, x.insufficient_funds,
           x.parties);
}
template <class F>
typename F::result_type inspect(F& f, Admission& x) {
  return f(caf::meta::type_name("Admission"), x.refusal, x.waiting, x.waiting_detail, x.release_at,
           x.next_cut_off, x.value_date, x.queue_if_short, x.settlement_date);
}
template <class F>
typename F::result_type inspect(F& f, PaymentInstruction& x) {
  return f(caf::meta::type_name("PaymentInstruction"), x.reference, x.debtor_bank, x.creditor_bank, x.amount,
           x.settlement_date, x.method, x.trace_id);
}
template <class F>
typename F::result_type inspect(F& f, RailAnswer& x) {
  return f(caf::meta::type_name("RailAnswer"), x.outcome, x.bank_reference, x.code, x.detail);
}
template <class F>
typename F::result_type inspect(F& f, Account& x) {
  return f(caf::meta::type_name("Account"), x.id, x.kind, x.bank, x.currency, x.name, x.status, x.is_default,
           x.balance, x.held, x.floor, x.low_threshold, x.high_threshold, x.version);
}
template <class F>
typename F::result_type inspect(F& f, SettlementView& x) {
  return f(caf::meta::type_name("SettlementView"), x.id, x.order, x.status, x.debit_account, x.credit_account,
           x.connector, x.reference, x.bank_reference, x.attempts, x.last_outcome, x.failure_code,
           x.failure_detail, x.trace_id, x.opened_as, x.opened_note, x.waiting, x.waiting_detail,
           x.queue_if_short, x.value_date, x.compensated_by, x.release_at, x.next_cut_off, x.created_at,
           x.locked_at, x.sent_at, x.last_sent_at, x.confirmed_at, x.finalized_at, x.unknown_since);
}
template <class F>
typename F::result_type inspect(F& f, Recorded& x) {
  SettlementView row = F::writes_state ? SettlementView{} : *x;
  if constexpr (F::writes_state) {
    const auto take = [&]() -> caf::error {
      x = std::move(row);
      return caf::none;
    };
    return f(caf::meta::type_name("Recorded"), row, caf::meta::load_callback(take));
  } else {
    return f(caf::meta::type_name("Recorded"), row);
  }
}
template <class F>
typename F::result_type inspect(F& f, EntryView& x) {
  return f(caf::meta::type_name("EntryView"), x.version, x.journal, x.amount, x.balance_after, x.at);
}
template <class F>
typename F::result_type inspect(F& f, EventView& x) {
  return f(caf::meta::type_name("EventView"), x.stream, x.seq, x.at, x.kind, x.subject, x.payload);
}

}  // namespace settled
