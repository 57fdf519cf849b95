#include "http/openapi_shapes.hpp"

#include <initializer_list>

namespace settled {
namespace {
using Codes = std::vector<Errc>;

Codes joined(std::initializer_list<Codes> lists) {
  Codes all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

const Codes away{Errc::overloaded, Errc::shutting_down, Errc::database_unavailable};
const Codes form{Errc::malformed_body, Errc::body_too_large, Errc::unsupported_media_type,
                 Errc::unknown_field,  Errc::missing_field,  Errc::wrong_type,
                 Errc::invalid_value};
const Codes query{Errc::unknown_field, Errc::invalid_value};
const Codes amount{Errc::amount_decimals, Errc::amount_overflow, Errc::amount_not_positive,
                   Errc::unknown_currency};
const Codes key{Errc::idempotency_key_missing, Errc::idempotency_mismatch};
// What an order can be refused with before anything is recorded.
const Codes order{Errc::same_bank,     Errc::currency_mismatch, Errc::unknown_bank,     Errc::account_closed,
                  Errc::no_rail,       Errc::amount_below_min,  Errc::amount_above_max, Errc::date_past,
                  Errc::window_closed, Errc::bank_suspended};

Codes reading(const Codes& own) { return joined({own, away}); }
Codes writing(const Codes& own) { return joined({form, own, away}); }

Shape list(std::string_view of, std::vector<std::string_view> parameters) {
  parameters.insert(parameters.end(), {"limit", "cursor"});
  return {"", 200, of, std::move(parameters), reading(query)};
}
Shape show(std::string_view answer) {
  return {"", 200, answer, {"id"}, reading(joined({query, {Errc::not_found}}))};
}
Shape approval() {
  return {"Approval",
          200,
          "Approved",
          {"id"},
          writing({Errc::not_found, Errc::same_person, Errc::already_resolved, Errc::digest_mismatch,
                   Errc::account_closed, Errc::insufficient_funds})};
}
Shape proposal(std::string_view request) {
  return {request,
          201,
          "Action",
          {"id"},
          writing({Errc::not_found, Errc::already_resolved, Errc::illegal_transition})};
}
}  // namespace

// No default: a new route cannot be forgotten.
Shape shape_of(RouteId id) {
  switch (id) {
    case RouteId::submit_settlement:
      return {"Order",
              202,
              "Receipt",
              {"Idempotency-Key", "Prefer", "traceparent"},
              joined({form, amount, key, order, away})};
    case RouteId::submit_batch:
      return {"Batch",
              200,
              "BatchAnswer",
              {"Idempotency-Key", "traceparent"},
              writing({Errc::idempotency_key_missing})};
    case RouteId::list_settlements:
      return list("[Settlement]", {"status", "from_bank", "to_bank", "currency", "obligation_id"});
    case RouteId::show_settlement:
      return show("Settlement");
    case RouteId::settlement_timeline:
    case RouteId::account_timeline:
      return show("[Event]");
    case RouteId::compensate_settlement:
      return proposal("Reason");
    case RouteId::decide_settlement:
      return proposal("Decision");
    case RouteId::cancel_settlement:
      return {"Reason",
              200,
              "Settlement",
              {"id"},
              writing({Errc::not_found, Errc::already_resolved, Errc::illegal_transition})};
    case RouteId::open_account:
      return {"NewAccount",
              201,
              "Account",
              {},
              writing({Errc::amount_decimals, Errc::amount_overflow, Errc::unknown_currency,
                       Errc::account_exists})};
    case RouteId::list_accounts:
      return list("[Account]", {"kind", "bank", "currency"});
    case RouteId::list_nostro:
    case RouteId::list_vostro:
      return list("[Account]", {"bank", "currency"});
    case RouteId::show_account:
      return show("Account");
    case RouteId::change_account:
      return {
          "AccountChange",
          200,
          "Account",
          {"id"},
          writing({Errc::not_found, Errc::unknown_account, Errc::amount_decimals, Errc::amount_overflow})};
    case RouteId::account_entries:
      return {"", 200, "[Entry]", {"id", "limit", "cursor"}, reading(joined({query, {Errc::not_found}}))};
    case RouteId::fund_account:
      return {"Funding",
              201,
              "Funded",
              {"id", "Idempotency-Key"},
              joined({form,
                      amount,
                      key,
                      {Errc::currency_mismatch, Errc::account_closed, Errc::not_allowed_here, Errc::not_found,
                       Errc::unknown_account},
                      away})};
    case RouteId::fund_locks:
      return list("[FundLock]", {"lock_state", "settlement", "account"});
    case RouteId::list_unknowns:
      return list("[Unknown]", {"settlement"});
    case RouteId::resolve_unknown:
      return proposal("Resolution");
    case RouteId::approve_unknown:
    case RouteId::approve_action:
      return approval();
    case RouteId::list_actions:
      return list("[Action]", {"action_state", "settlement"});
    case RouteId::list_held:
      return list("[HeldOrder]", {"settlement"});
    case RouteId::list_compensations:
      return list("[Compensation]", {"settlement"});
    case RouteId::list_breaks:
      return list("[Break]", {"break_state", "settlement"});
    case RouteId::close_break:
      return {"Reason", 200, "ClosedBreak", {"id"}, writing({Errc::not_found, Errc::already_resolved})};
    case RouteId::list_nettings:
      return list("[BookedNetting]", {});
    case RouteId::post_netting:
      return {"Netting",
              201,
              "NettingBooked",
              {"Idempotency-Key"},
              joined({form,
                      amount,
                      key,
                      {Errc::same_bank, Errc::unknown_bank, Errc::account_closed, Errc::netting_infeasible,
                       Errc::nothing_to_net, Errc::illegal_transition, Errc::bank_suspended,
                       Errc::blocked_party, Errc::already_resolved},
                      away})};
    case RouteId::list_windows:
      return {"", 200, "Windows", {}, reading(query)};
    case RouteId::next_window:
      return {"", 200, "NextWindow", {"needed_currency", "method"}, reading(query)};
    case RouteId::put_window:
      return {"Window", 200, "Window", {"name"}, writing({Errc::unknown_currency})};
    case RouteId::drop_window:
      return {"", 204, "", {"name"}, reading(joined({query, {Errc::not_found}}))};
    case RouteId::list_calendars:
      return {"", 200, "Calendars", {}, reading(query)};
    case RouteId::put_calendar:
      return {"CalendarRules", 200, "Calendar", {"name"}, writing({})};
    case RouteId::put_holiday:
      return {"Holiday", 201, "Calendar", {"name"}, writing({Errc::not_found})};
    case RouteId::drop_holiday:
      return {"", 204, "", {"name", "date"}, reading(joined({query, {Errc::not_found}}))};
    case RouteId::list_banks:
      return {"", 200, "Banks", {}, reading(query)};
    case RouteId::put_bank:
      return {"BankChange", 200, "Bank", {"bic"}, writing({})};
    case RouteId::recovery:
      return {"", 200, "Recovery", {}, reading(query)};
    case RouteId::list_jobs:
      return {"", 200, "Jobs", {}, reading(query)};
    case RouteId::run_job:
      return {"", 200, "Job", {"name"}, reading(joined({query, {Errc::not_found}}))};
    case RouteId::invariants:
      return {"", 200, "Invariants", {}, reading(query)};
    case RouteId::events:
      return {"", 200, "text/event-stream", {"after", "kind_prefix", "Last-Event-ID"}, reading(query)};
    case RouteId::health:
    case RouteId::health_api:
      return {"", 200, "Health", {}, query};
    case RouteId::live:
      return {"", 200, "Live", {}, query};
    case RouteId::ready:
      return {"", 200, "Ready", {}, query};
    case RouteId::detailed:
      return {"", 200, "HealthDetailed", {}, query};
    case RouteId::metrics:
      return {"", 200, "text/plain", {}, query};
    case RouteId::openapi:
      return {"", 200, "application/json", {}, query};
    case RouteId::problem_page:
      return {"", 200, "ProblemType", {"id"}, joined({query, {Errc::not_found}})};
  }
  return {};
}
}  // namespace settled
