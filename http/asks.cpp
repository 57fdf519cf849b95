#include "http/asks.hpp"

#include "domain/bank.hpp"
#include "http/ask_parts.hpp"
#include "http/asks_operating.hpp"
#include "http/digest.hpp"
#include "http/json_in.hpp"
#include "http/json_text.hpp"

namespace settled {
namespace {
std::string date_of(std::int64_t micros) {
  std::string text;
  append_json_time(text, micros);
  return text.substr(1, 10);
}

std::string bank_filter(const Query& query, std::string_view name, Errors& errors) {
  const auto& value = query[name];
  if (!value.empty() && !bic_from(value)) errors.push_back(not_allowed(name, value, "a BIC"));
  return value;
}

std::string currency_filter(const Query& query, Errors& errors) {
  const auto& value = query["currency"];
  if (!value.empty() && !currency_from(value))
    errors.push_back(not_allowed("currency", value, "an ISO 4217 code"));
  return value;
}

/// A day that was not asked for is no earliest day: today is the window's zone's to say, not UTC's.
SettlementOrder order_of(OrderIn& in) {
  if (in.order.settlement_date != in.asked_date) in.order.settlement_date.clear();
  return std::move(in.order);
}

std::optional<Ask> one_order(Request& request, const std::string& today, Errors& errors) {
  auto parsed = parse_order(request.body, today);
  if (!parsed) {
    errors = std::move(parsed.errors);
    return std::nullopt;
  }
  SubmitAsk ask;
  ask.orders.caller = request.caller;
  ask.wait = preferred_wait(request);
  const auto digest = order_digest(*parsed.value);
  ask.orders.orders.push_back(
      {*idempotency_key_of(request), digest, order_of(*parsed.value), request.trace_id});
  return ask;
}

std::optional<Ask> many_orders(Request& request, const std::string& today, Errors& errors) {
  auto parsed = parse_batch(request.body, today);
  if (!parsed) {
    errors = std::move(parsed.errors);
    return std::nullopt;
  }
  SubmitAsk ask;
  ask.orders.caller = request.caller;
  ask.batch = true;
  const auto key = *idempotency_key_of(request);
  for (std::size_t i = 0; i < parsed.value->orders.size(); ++i) {
    auto& element = parsed.value->orders[i];
    ask.elements.push_back(std::move(element.errors));
    if (!element) continue;
    auto own = std::move(element.value->idempotency_key);
    const auto digest = order_digest(*element.value);
    ask.orders.orders.push_back({own.empty() ? key + '/' + std::to_string(i) : std::move(own), digest,
                                 order_of(*element.value), request.trace_id});
  }
  return ask;
}

std::optional<Ask> settlements_page(const Request& request, Errors& errors) {
  const auto query = query_of(
      request, {"status", "from_bank", "to_bank", "currency", "obligation_id", "limit", "cursor"}, errors);
  if (!query) return std::nullopt;
  ListSettlements list;
  list.status = (*query)["status"];
  if (!list.status.empty() && !status_from(list.status))
    errors.push_back(
        not_allowed("status", list.status,
                    "PENDING, VALIDATING, FUNDS_LOCKED, EXECUTING, CONFIRMING, COMPLETED, FAILED or "
                    "ROLLED_BACK"));
  list.from_bank = bank_filter(*query, "from_bank", errors);
  list.to_bank = bank_filter(*query, "to_bank", errors);
  list.currency = currency_filter(*query, errors);
  list.obligation_id = (*query)["obligation_id"];
  if (list.obligation_id.size() > 256)
    errors.push_back(not_allowed("obligation_id", list.obligation_id, "1 to 64 characters"));
  list.limit = limit_of(*query, errors);
  list.before = cursor_of(*query, errors);
  return list;
}

std::optional<Ask> accounts_page(const Request& request, std::string_view fixed_kind, Errors& errors) {
  std::vector<std::string_view> known{"bank", "currency", "limit", "cursor"};
  if (fixed_kind.empty()) known.emplace_back("kind");
  const auto query = query_of(request, known, errors);
  if (!query) return std::nullopt;
  ListAccounts list;
  list.kind = fixed_kind.empty() ? std::string_view((*query)["kind"]) : fixed_kind;
  if (!list.kind.empty() && !account_kind_from(list.kind))
    errors.push_back(
        not_allowed("kind", list.kind, "nostro, vostro, wallet, treasury, fee, suspense or clearing"));
  list.bank = bank_filter(*query, "bank", errors);
  list.currency = currency_filter(*query, errors);
  list.limit = limit_of(*query, errors);
  list.after = cursor_of(*query, errors);
  return list;
}

std::optional<Ask> entries_page(const Request& request, Errors& errors) {
  const auto query = query_of(request, {"limit", "cursor"}, errors);
  const auto id = id_in_path<AccountId>(request, errors);
  if (!query || !id) return std::nullopt;
  EntriesAsk ask;
  ask.page.account = *id;
  ask.page.limit = limit_of(*query, errors);
  if (const auto& cursor = (*query)["cursor"]; !cursor.empty()) {
    const auto before = event_seq_from(cursor);
    if (!before || *before < 1)
      errors.push_back(not_allowed("cursor", cursor, "the next_cursor of the page before"));
    ask.page.before = before.value_or(0);
  }
  return ask;
}

std::optional<Ask> events_from(const Request& request, Errors& errors) {
  const auto query = query_of(request, {"after", "kind"}, errors);
  if (!query) return std::nullopt;
  EventsAsk ask;
  ask.kind = (*query)["kind"];
  // A browser that comes back sends the header along with the URL it began with: the header is newer.
  const auto* header = request.header("last-event-id");
  const std::string& text = header && !header->empty() ? *header : (*query)["after"];
  if (!text.empty()) {
    ask.after = event_seq_from(text);
    ask.after_from = header && !header->empty() ? "header:Last-Event-ID" : "?after";
    if (!ask.after)
      errors.push_back({Errc::invalid_value, ask.after_from,
                        '"' + text.substr(0, 40) + "\" is not the id of an event", "an id such as 0-123"});
  }
  return ask;
}

std::optional<Ask> funding(Request& request, Errors& errors) {
  const auto id = id_in_path<AccountId>(request, errors);
  if (!id) return std::nullopt;
  auto parsed = parse_funding(request.body);
  if (!parsed) {
    errors = std::move(parsed.errors);
    return std::nullopt;
  }
  return FundAccount{request.caller, *idempotency_key_of(request), funding_digest(*id, parsed.value->amount),
                     *id, parsed.value->amount};
}

std::optional<Ask> opening(Request& request, Errors& errors) {
  auto parsed = parse_account(request.body);
  if (parsed) return OpenAccount{request.caller, std::move(*parsed.value)};
  errors = std::move(parsed.errors);
  return std::nullopt;
}

template <class Question, class Id>
std::optional<Ask> about(const Request& request, Errors& errors) {
  query_of(request, {}, errors);
  const auto id = id_in_path<Id>(request, errors);
  if (!id) return std::nullopt;
  if constexpr (std::is_same_v<Question, TimelineAsk>) {
    return TimelineAsk{{id->uuid}};
  } else {
    return Question{*id};
  }
}

template <class Question>
std::optional<Ask> plain(const Request& request, Errors& errors) {
  query_of(request, {}, errors);
  return Question{};
}

std::optional<Ask> question(Request& request, std::int64_t now, Errors& errors) {
  switch (static_cast<RouteId>(request.route)) {
    case RouteId::submit_settlement:
      return one_order(request, date_of(now), errors);
    case RouteId::submit_batch:
      return many_orders(request, date_of(now), errors);
    case RouteId::list_settlements:
      return settlements_page(request, errors);
    case RouteId::show_settlement:
      return about<ReadSettlement, SettlementId>(request, errors);
    case RouteId::settlement_timeline:
      return about<TimelineAsk, SettlementId>(request, errors);
    case RouteId::compensate_settlement:
      return ask_proposal(request, ActionKind::compensate, errors);
    case RouteId::decide_settlement:
      return ask_proposal(request, ActionKind::decide, errors);
    case RouteId::cancel_settlement:
      return ask_cancel(request, errors);
    case RouteId::open_account:
      return opening(request, errors);
    case RouteId::list_accounts:
      return accounts_page(request, "", errors);
    case RouteId::list_nostro:
      return accounts_page(request, "nostro", errors);
    case RouteId::list_vostro:
      return accounts_page(request, "vostro", errors);
    case RouteId::show_account:
      return about<ReadAccount, AccountId>(request, errors);
    case RouteId::change_account:
      return ask_account_change(request, errors);
    case RouteId::account_entries:
      return entries_page(request, errors);
    case RouteId::account_timeline:
      return about<TimelineAsk, AccountId>(request, errors);
    case RouteId::fund_account:
      return funding(request, errors);
    case RouteId::fund_locks:
      return ask_records(request, RecordKind::fund_locks, errors);
    case RouteId::list_unknowns:
      return ask_records(request, RecordKind::unknowns, errors);
    case RouteId::resolve_unknown:
      return ask_proposal(request, ActionKind::resolve, errors);
    case RouteId::approve_unknown:
      return ask_approval(request, true, errors);
    case RouteId::list_actions:
      return ask_records(request, RecordKind::actions, errors);
    case RouteId::approve_action:
      return ask_approval(request, false, errors);
    case RouteId::list_held:
      return ask_records(request, RecordKind::held_orders, errors);
    case RouteId::list_compensations:
      return ask_records(request, RecordKind::compensations, errors);
    case RouteId::list_breaks:
      return ask_records(request, RecordKind::breaks, errors);
    case RouteId::close_break:
      return ask_close_break(request, errors);
    case RouteId::list_nettings:
      return ask_records(request, RecordKind::nettings, errors);
    case RouteId::post_netting:
      return ask_netting(request, errors);
    case RouteId::list_windows:
    case RouteId::list_calendars:
    case RouteId::list_banks:
      return ask_rules(request, now, errors);
    case RouteId::next_window:
      return ask_next_window(request, errors);
    case RouteId::put_window:
    case RouteId::drop_window:
    case RouteId::put_calendar:
    case RouteId::put_holiday:
    case RouteId::drop_holiday:
    case RouteId::put_bank:
      return ask_rule_change(request, now, errors);
    case RouteId::recovery:
      return plain<ReadRecovery>(request, errors);
    case RouteId::list_jobs:
      return plain<ReadJobs>(request, errors);
    case RouteId::run_job:
      return ask_run_job(request, errors);
    case RouteId::invariants:
      return plain<ReadInvariants>(request, errors);
    case RouteId::events:
      return events_from(request, errors);
    case RouteId::health:
    case RouteId::health_api:
    case RouteId::ready:
    case RouteId::detailed:
      return HealthAsk{};
    case RouteId::live:
    case RouteId::metrics:
    case RouteId::openapi:
    case RouteId::problem_page:
      break;
  }
  errors.push_back({Errc::internal, "", "no actor answers this route", ""});
  return std::nullopt;
}
}  // namespace

std::optional<Ask> ask_from(Request& request, std::int64_t now_micros, std::vector<Refusal>& errors) {
  auto ask = question(request, now_micros, errors);
  if (!errors.empty()) return std::nullopt;
  return ask;
}
}  // namespace settled
