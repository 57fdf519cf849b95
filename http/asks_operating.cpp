#include "http/asks_operating.hpp"

#include "domain/bank.hpp"
#include "http/ask_parts.hpp"
#include "http/digest.hpp"
#include "http/json_in_calendar.hpp"
#include "http/json_in_operating.hpp"
#include "http/json_in_window.hpp"

#include <algorithm>

namespace settled {
namespace {
/// The states that a list can be narrowed to, its default first.
std::vector<std::string_view> states_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::fund_locks:
      return {"held", "posted", "released", "expired"};
    case RecordKind::breaks:
      return {"open", "closed"};
    case RecordKind::actions:
      return {"pending", "approved", "superseded"};
    case RecordKind::unknowns:
    case RecordKind::compensations:
    case RecordKind::nettings:
    case RecordKind::held_orders:
      break;
  }
  return {};
}

std::string state_of(const Query& query, RecordKind kind, Errors& errors) {
  const auto states = states_of(kind);
  if (states.empty()) return {};
  const auto& asked = query["state"];
  if (asked.empty()) return std::string(states.front());
  if (asked == "all") return {};
  if (std::find(states.begin(), states.end(), asked) == states.end()) {
    std::string allowed;
    for (const auto state : states) allowed.append(state).append(", ");
    errors.push_back(not_allowed("state", asked, allowed + "or all"));
  }
  return asked;
}

template <class Id>
Uuid id_in_query(const Query& query, std::string_view name, std::string_view form, Errors& errors) {
  const auto& text = query[name];
  if (text.empty()) return {};
  const auto id = Id::from(text);
  if (!id) errors.push_back(not_allowed(name, text, form));
  return id ? id->uuid : Uuid{};
}

int year_of(std::int64_t micros) {
  using namespace std::chrono;
  const year_month_day today{floor<days>(sys_time<microseconds>{microseconds{micros}})};
  return static_cast<int>(today.year());
}

std::optional<Ask> bank_change(Request& request, ChangeRules change, int year, Errors& errors) {
  auto bic = bic_from(slot_of(request));
  if (!bic) {
    bic.refusal().field = "path:bic";
    errors.push_back(std::move(bic.refusal()));
    return std::nullopt;
  }
  return asked(parse_bank(request.body, std::move(*bic)), errors, [&](BankProfile& bank) {
    change.put_bank = std::move(bank);
    return ChangeRulesAsk{std::move(change), year};
  });
}

std::optional<Ask> holiday_drop(const Request& request, ChangeRules change, int year, Errors& errors) {
  const auto query = query_of(request, {"date"}, errors);
  if (!query) return std::nullopt;
  change.drop_holiday = date_from((*query)["date"]);
  if (!change.drop_holiday)
    errors.push_back(not_allowed("date", (*query)["date"], "YYYY-MM-DD, a day that exists"));
  return ChangeRulesAsk{std::move(change), year};
}
}  // namespace

std::optional<Ask> ask_records(const Request& request, RecordKind kind, Errors& errors) {
  std::vector<std::string_view> known{"limit", "cursor"};
  if (!states_of(kind).empty()) known.emplace_back("state");
  if (kind != RecordKind::nettings) known.emplace_back("settlement");
  if (kind == RecordKind::fund_locks) known.emplace_back("account");
  const auto query = query_of(request, known, errors);
  if (!query) return std::nullopt;
  ListRecords list;
  list.kind = kind;
  list.state = state_of(*query, kind, errors);
  list.subject = id_in_query<SettlementId>(*query, "settlement", "the id of a settlement, set_…", errors);
  const auto account = id_in_query<AccountId>(*query, "account", "the id of an account, acc_…", errors);
  if (account && list.subject)
    errors.push_back(not_allowed("account", (*query)["account"], "settlement or account, not both"));
  if (account) list.subject = account;
  list.limit = limit_of(*query, errors);
  list.before = cursor_of(*query, errors);
  return list;
}

std::optional<Ask> ask_proposal(Request& request, ActionKind kind, Errors& errors) {
  const auto id = id_in_path<SettlementId>(request, errors);
  if (!id) return std::nullopt;
  return asked(parse_proposal(request.body, kind), errors, [&](ProposalIn& in) {
    return ProposeAction{
        request.caller, kind, *id, std::move(in.verdict), std::move(in.reason), std::move(in.bank_reference)};
  });
}

std::optional<Ask> ask_approval(Request& request, bool by_settlement, Errors& errors) {
  ApproveAction approval;
  approval.caller = request.caller;
  if (by_settlement) {
    approval.settlement = id_in_path<SettlementId>(request, errors).value_or(SettlementId{});
  } else {
    approval.action = id_in_path<ActionId>(request, errors).value_or(ActionId{});
  }
  if (!errors.empty()) return std::nullopt;
  return asked(parse_approval(request.body), errors, [&](const Digest& digest) {
    approval.digest = digest;
    return std::move(approval);
  });
}

std::optional<Ask> ask_cancel(Request& request, Errors& errors) {
  const auto id = id_in_path<SettlementId>(request, errors);
  if (!id) return std::nullopt;
  return asked(parse_reason(request.body), errors, [&](std::string& reason) {
    return CancelSettlement{request.caller, *id, std::move(reason)};
  });
}

std::optional<Ask> ask_close_break(Request& request, Errors& errors) {
  const auto id = id_in_path<BreakId>(request, errors);
  if (!id) return std::nullopt;
  return asked(parse_reason(request.body), errors, [&](std::string& reason) {
    return CloseBreak{request.caller, *id, std::move(reason)};
  });
}

std::optional<Ask> ask_account_change(Request& request, Errors& errors) {
  const auto id = id_in_path<AccountId>(request, errors);
  if (!id) return std::nullopt;
  return asked(parse_account_change(request.body), errors, [&](AccountChangeIn& in) {
    ChangeAccountAsk ask;
    ask.change.caller = request.caller;
    ask.change.id = *id;
    ask.change.status = std::move(in.status);
    ask.change.set_floor = in.floor.has_value();
    ask.change.set_low = in.low_given;
    ask.change.set_high = in.high_given;
    ask.floor = std::move(in.floor);
    ask.low = std::move(in.low);
    ask.high = std::move(in.high);
    return ask;
  });
}

std::optional<Ask> ask_netting(Request& request, Errors& errors) {
  return asked(parse_netting(request.body), errors, [&](NettingIn& in) {
    NettingAsk ask;
    ask.booking.caller = request.caller;
    ask.booking.idempotency_key = *idempotency_key_of(request);
    ask.booking.by_window = in.window.has_value();
    if (in.window) {
      ask.booking.request_digest = netting_digest(*in.window);
      ask.booking.window = std::move(*in.window);
    } else {
      ask.booking.request_digest = netting_digest(in.obligations);
      ask.booking.obligations = std::move(in.obligations);
    }
    ask.dry_run = in.dry_run;
    ask.without = std::move(in.without);
    return ask;
  });
}

std::optional<Ask> ask_rules(const Request& request, std::int64_t now_micros, Errors& errors) {
  query_of(request, {}, errors);
  return RulesAsk{year_of(now_micros)};
}

std::optional<Ask> ask_next_window(const Request& request, Errors& errors) {
  const auto query = query_of(request, {"currency", "method"}, errors);
  if (!query) return std::nullopt;
  ReadWindow question;
  const auto& code = (*query)["currency"];
  if (const auto currency = currency_from(code))
    question.currency = *currency;
  else
    errors.push_back(not_allowed("currency", code, "an ISO 4217 code such as XOF"));
  if (const auto& text = (*query)["method"]; !text.empty()) {
    const auto method = method_from(text);
    if (!method) errors.push_back(not_allowed("method", text, "SWIFT, SEPA, LOCAL_ACH or MOCK"));
    question.method = method.value_or(question.method);
  }
  return question;
}

std::optional<Ask> ask_rule_change(Request& request, std::int64_t now_micros, Errors& errors) {
  const auto id = static_cast<RouteId>(request.route);
  const int year = year_of(now_micros);
  ChangeRules change;
  change.caller = request.caller;
  if (id == RouteId::put_bank) return bank_change(request, std::move(change), year, errors);
  const auto name = name_in_path(request, errors);
  if (!errors.empty()) return std::nullopt;
  if (id == RouteId::drop_window) {
    change.drop_window = name;
    return ChangeRulesAsk{std::move(change), year};
  }
  if (id == RouteId::put_window)
    return asked(parse_window(request.body, name), errors, [&](WindowDefinition& window) {
      change.put_window = std::move(window);
      return ChangeRulesAsk{std::move(change), year};
    });
  if (id == RouteId::put_calendar)
    return asked(parse_calendar(request.body, name), errors, [&](Calendar& calendar) {
      change.put_calendar = std::move(calendar);
      return ChangeRulesAsk{std::move(change), year};
    });
  change.calendar = name;
  if (id == RouteId::drop_holiday) return holiday_drop(request, std::move(change), year, errors);
  return asked(parse_holiday(request.body), errors, [&](HolidayRule& rule) {
    change.put_holiday = std::move(rule);
    return ChangeRulesAsk{std::move(change), year};
  });
}

std::optional<Ask> ask_run_job(Request& request, Errors& errors) {
  auto name = name_in_path(request, errors);
  for (auto& error : check_no_body(request.body)) errors.push_back(std::move(error));
  return RunJob{request.caller, std::move(name)};
}
}  // namespace settled
