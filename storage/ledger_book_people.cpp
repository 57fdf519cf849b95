// What people decide: changes that take two of them, breaks, accounts, rules.
#include "security/digest.hpp"
#include "storage/ledger_book.hpp"

#include <algorithm>

namespace settled {
namespace {
const char* const doubt_break = "unknown_outcome";
const char* const late_success = "late_success";

/// One fact per line: what the second person reads and signs with its digest. Only what cannot change while
/// the settlement stays where it is.
std::string shown_text(const OperatorAction& a, const SettlementView& s) {
  std::string text = std::string(to_string(a.kind)) + ' ' + s.id.text();
  if (!a.verdict.empty()) text += " as " + a.verdict;
  text += "\nobligation " + s.order.obligation_id;
  text += "\n" + format_amount(s.order.amount.minor, s.order.amount.currency) + ' ' +
          std::string(s.order.amount.currency.code()) + " from " + s.order.from_bank + " to " +
          s.order.to_bank;
  text += "\nstatus " + std::string(to_string(s.status)) + ", sent " + std::to_string(s.attempts) +
          (s.attempts == 1 ? " time" : " times") + ", reference " + s.reference;
  if (!s.waiting_detail.empty()) text += "\n" + s.waiting_detail;
  if (!a.bank_reference.empty()) text += "\nbank reference " + a.bank_reference;
  text += "\nreason: " + a.reason + "\nasked for by " + a.requested_by;
  return text;
}

std::string action_payload(const OperatorAction& a) {
  JsonObject json;
  json.text("action", a.id.text())
      .text("kind", to_string(a.kind))
      .text("verdict", a.verdict)
      .text("reason", a.reason)
      .text("requested_by", a.requested_by);
  if (!a.approved_by.empty()) json.text("approved_by", a.approved_by);
  return json.done();
}
}  // namespace

std::optional<Refusal> LedgerBook::does_not_fit(const OperatorAction& a, const SettlementView& s) const {
  const auto is = s.id.text() + " is " + std::string(to_string(s.status));
  switch (a.kind) {
    case ActionKind::resolve:
      if (next(s.status, Event::book) && breaks_.contains({late_success, s.id})) {
        if (a.verdict == "executed") return std::nullopt;
        return Refusal{Errc::illegal_transition, "/verdict", is + " already, and its bank says that it paid.",
                       "executed; or close the break"};
      }
      if (final_status(s.status)) return Refusal{Errc::already_resolved, "path:id", is + " already.", ""};
      if (s.status != Status::CONFIRMING)
        return Refusal{Errc::illegal_transition, "path:id", is + ": there is no doubt to resolve.",
                       "a settlement of GET /api/v1/unknowns"};
      return std::nullopt;
    case ActionKind::compensate:
      if (s.compensated_by)
        return Refusal{Errc::already_resolved, "path:id",
                       s.id.text() + " was compensated by " + s.compensated_by.text() + ".", ""};
      if (s.status != Status::COMPLETED)
        return Refusal{Errc::illegal_transition, "path:id", is + ": only what was paid can be given back.",
                       "a COMPLETED settlement"};
      return std::nullopt;
    case ActionKind::decide:
      if (final_status(s.status)) return Refusal{Errc::already_resolved, "path:id", is + " already.", ""};
      if (s.waiting != Waiting::compliance)
        return Refusal{Errc::illegal_transition, "path:id", is + ": it is not held for compliance.",
                       "a settlement of GET /api/v1/held"};
      return std::nullopt;
  }
  return std::nullopt;
}

const Recorded* LedgerBook::in_flight(SettlementId id) const {
  const auto at = open_.find(id);
  return at == open_.end() ? nullptr : &at->second;
}

const OperatorAction* LedgerBook::pending_action(const ApproveAction& request) const {
  if (request.settlement) {
    const auto at = actions_.find(request.settlement);
    return at == actions_.end() ? nullptr : &at->second;
  }
  for (const auto& [settlement, action] : actions_)
    if (action.id == request.action) return &action;
  return nullptr;
}

void LedgerBook::end_action(const OperatorAction& action, ActionState state, LedgerBatch& batch) {
  OperatorAction ended = action;
  ended.state = state;
  const auto kind = "action." + std::string(to_string(state));
  chain_.append(batch, clock_(), kind, ended.settlement.uuid, action_payload(ended));
  actions_.erase(ended.settlement);
  batch.ended_actions.push_back(std::move(ended));
}

ActionAnswered LedgerBook::propose(ActionId id, const ProposeAction& request, const Recorded& settlement,
                                   LedgerBatch& batch) {
  const SettlementView& s = settlement;
  if (!verdict_allowed(request.kind, request.verdict))
    return {.refusal = {Errc::invalid_value, "/verdict", '"' + request.verdict + "\" is no verdict here.",
                        std::string(allowed_verdicts(request.kind))}};
  OperatorAction a{.id = id,
                   .kind = request.kind,
                   .settlement = s.id,
                   .verdict = request.verdict,
                   .reason = request.reason,
                   .bank_reference = request.bank_reference,
                   .requested_by = request.caller,
                   .requested_at = clock_()};
  if (auto refusal = does_not_fit(a, s)) return {.settlement = settlement, .refusal = std::move(*refusal)};
  if (const auto older = actions_.find(s.id); older != actions_.end())
    end_action(OperatorAction(older->second), ActionState::superseded, batch);
  a.shown = shown_text(a, s);
  a.digest = sha256(a.shown);
  chain_.append(batch, a.requested_at, "action.requested", s.id.uuid, action_payload(a));
  batch.new_actions.push_back(a);
  actions_.emplace(s.id, a);
  return {.action = std::move(a), .settlement = settlement};
}

ActionAnswered LedgerBook::approve(JournalId journal, const ApproveAction& request,
                                   const Recorded& settlement, LedgerBatch& batch) {
  const SettlementView& s = settlement;
  OperatorAction a = *pending_action(request);
  const auto refuse = [&](Refusal refusal) {
    return ActionAnswered{.action = a, .settlement = settlement, .refusal = std::move(refusal)};
  };
  if (request.caller == a.requested_by)
    return refuse({Errc::same_person, "", "you asked for this yourself: a second person must approve it.",
                   "another API key"});
  if (auto refusal = does_not_fit(a, s)) return refuse(std::move(*refusal));
  if (request.digest != a.digest)
    return refuse({Errc::digest_mismatch, "/digest", "this is not the digest of what was shown.",
                   "the digest of GET /api/v1/actions, after reading it"});
  if (shown_text(a, s) != a.shown)
    return refuse({Errc::digest_mismatch, "/digest",
                   "the settlement has moved on since: ask for the change again.", ""});
  if (a.kind == ActionKind::decide && a.verdict == "reject")
    if (auto refusal = ends_blindly()) return refuse(std::move(*refusal));
  const bool late = a.kind == ActionKind::resolve && next(s.status, Event::book);
  if (a.kind == ActionKind::compensate || late)
    for (const AccountId id : {s.debit_account, s.credit_account})
      if (const AccountRow& side = accounts_.at(id); side.status != AccountStatus::open)
        return refuse({Errc::account_closed, "",
                       "account " + id.text() + " of " + side.bank() + " is closed.",
                       "open accounts: PATCH /api/v1/accounts/{id}"});
  // The payee's bank has its money here: it must still be there.
  if (a.kind == ActionKind::compensate && on_us(s) &&
      available(accounts_.at(s.credit_account)) < s.order.amount.minor)
    return refuse(insufficient(accounts_.at(s.credit_account), s.order.amount.minor));
  if (late)
    if (const AccountRow* lacking = short_account(s))
      return refuse(insufficient(*lacking, s.order.amount.minor));
  a.approved_by = request.caller;
  a.approved_at = clock_();
  end_action(a, ActionState::approved, batch);
  a.state = ActionState::approved;
  if (a.kind == ActionKind::compensate) {
    SettlementView compensated = s;
    compensated.compensated_by = journal;
    const Recorded given_back(std::move(compensated));
    post(s.credit_account, journal.uuid, s.order.amount.minor, a.approved_at, batch);
    post(s.debit_account, journal.uuid, -s.order.amount.minor, a.approved_at, batch);
    batch.compensations.push_back({journal, given_back, a.id, a.reason, a.approved_at});
    chain_.append(batch, a.approved_at, "settlement.compensated", s.id.uuid,
                  JsonObject{}
                      .text("journal", journal.text())
                      .text("amount", format_amount(s.order.amount.minor, s.order.amount.currency))
                      .text("currency", s.order.amount.currency.code())
                      .text("reason", a.reason)
                      .done());
    return {.action = std::move(a), .settlement = given_back};
  }
  if (a.kind == ActionKind::decide) {
    if (a.verdict == "reject") {
      auto failed =
          fail_waiting(s, {Errc::blocked_party, "", s.waiting_detail + "; rejected: " + a.reason, ""}, batch);
      return {.action = std::move(a), .settlement = std::move(failed)};
    }
    SettlementView postponed = s;
    postponed.status = *next(s.status, Event::postpone);
    postponed.waiting = Waiting::window;
    postponed.waiting_detail = "released by " + a.requested_by + " and " + a.approved_by + ": " + a.reason;
    const Recorded released(std::move(postponed));
    chain_.append(
        batch, a.approved_at, event_kind(released->status), s.id.uuid,
        JsonObject{}.text("status", to_string(released->status)).raw("steps", R"(["PENDING"])").done());
    batch.changed.push_back({released, s.status});
    keep_open(released);
    passed_.insert(released->id);
    return {.action = std::move(a), .settlement = released};
  }
  if (late) {
    auto booked = book_late(a, s, batch);
    return {.action = std::move(a), .settlement = std::move(booked)};
  }
  const bool executed = a.verdict == "executed";
  AdvanceSettlement step{.id = s.id, .path = {executed ? Event::confirm : Event::reject}};
  if (executed) {
    step.attempt.answer.bank_reference = a.bank_reference;
  } else {
    step.failure_code = to_string(Errc::resolved_not_executed);
    step.failure_detail = "decided by " + a.requested_by + " and " + a.approved_by + ": " + a.reason +
                          ". The hold was released.";
  }
  auto moved = advance(step, batch);
  ensure(moved && moved->advanced, "a doubt can be resolved");
  return {.action = std::move(a), .settlement = std::move(moved->settlement)};
}

Recorded LedgerBook::book_late(const OperatorAction& a, const SettlementView& s, LedgerBatch& batch) {
  const Micros now = a.approved_at;
  SettlementView paid = s;
  paid.status = *next(s.status, Event::book);
  paid.confirmed_at = paid.finalized_at = now;
  paid.last_outcome = to_string(Outcome::completed);
  if (!a.bank_reference.empty()) paid.bank_reference = a.bank_reference;
  paid.failure_code.clear();
  paid.failure_detail.clear();
  post(s.debit_account, s.id.uuid, s.order.amount.minor, now, batch);
  post(s.credit_account, s.id.uuid, -s.order.amount.minor, now, batch);
  batch.booked_late.push_back({s.id, now});
  chain_.append(batch, now, event_kind(paid.status), s.id.uuid,
                JsonObject{}
                    .text("status", to_string(paid.status))
                    .raw("steps", R"(["COMPLETED"])")
                    .text("booked_by", a.id.text())
                    .text("reason", a.reason)
                    .done());
  Recorded row(std::move(paid));
  batch.changed.push_back({row, s.status});
  close_break({.caller = a.approved_by,
               .id = breaks_.at({late_success, s.id}),
               .reason = "booked by " + a.id.text() + ": " + a.reason},
              batch);
  return row;
}

void LedgerBook::open_break(BreakId id, std::string kind, const Recorded& s, std::string detail,
                            LedgerBatch& batch) {
  if (!breaks_.emplace(std::pair{kind, s->id}, id).second) return;
  const Micros now = clock_();
  chain_.append(batch, now, "break.opened", s->id.uuid,
                JsonObject{}.text("break", id.text()).text("kind", kind).text("detail", detail).done());
  batch.opened_breaks.push_back({id, std::move(kind), s, std::move(detail), now});
}

void LedgerBook::end_doubt(const SettlementView& s, LedgerBatch& batch) {
  if (const auto pending = actions_.find(s.id); pending != actions_.end())
    end_action(OperatorAction(pending->second), ActionState::superseded, batch);
  const auto open = breaks_.find({doubt_break, s.id});
  if (open == breaks_.end()) return;
  const BreakId id = open->second;
  close_break(
      {.caller = "settled", .id = id, .reason = "the outcome is known: " + std::string(to_string(s.status))},
      batch);
}

void LedgerBook::compare_late_answer(
    BreakId id, const Recorded& settlement, const Attempt& attempt,
    const std::function<bool(const std::string& kind, const std::string& detail)>& told_before,
    LedgerBatch& batch) {
  const SettlementView& s = settlement;
  const auto& answer = attempt.answer;
  const auto words = s.reference + " (bank reference " +
                     (answer.bank_reference.empty() ? "unknown" : answer.bank_reference) + ")";
  const auto open = [&](std::string kind, std::string detail) {
    if (!told_before(kind, detail)) open_break(id, std::move(kind), settlement, std::move(detail), batch);
  };
  if (answer.outcome == Outcome::completed && s.status != Status::COMPLETED)
    open(late_success, "the bank says that it executed " + words + ", which ended here as " +
                           std::string(to_string(s.status)) + ". No money was moved in the books.");
  if (answer.outcome == Outcome::rejected && s.status == Status::COMPLETED)
    open("late_refusal", "the bank says that it refused " + words + ", which is COMPLETED here.");
}

std::int64_t LedgerBook::escalate_unknowns(const EscalateUnknowns& request,
                                           const std::function<BreakId()>& next_id, LedgerBatch& batch) {
  std::vector<Recorded> late;
  // A doubt since its first silence; what the bank has accepted and not ended, since it was sent.
  const auto since = [](const SettlementView& s) {
    return s.unknown_since != 0 ? s.unknown_since : s.last_sent_at;
  };
  for (const auto& [id, s] : open_)
    if (s->status == Status::CONFIRMING && since(s) < request.unknown_before &&
        !breaks_.contains({doubt_break, id}))
      late.push_back(s);
  std::sort(late.begin(), late.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  for (const Recorded& s : late)
    open_break(
        next_id(), doubt_break, s,
        (s->unknown_since != 0 ? "no word from the bank about " + s->reference + " since "
                               : "the bank works on " + s->reference + " and has not ended it; sent at ") +
            clock_time(since(s)) + ". The funds stay held; nothing is sent again.",
        batch);
  return static_cast<std::int64_t>(late.size());
}

ActionAnswered LedgerBook::close_break(const CloseBreak& request, LedgerBatch& batch) {
  const auto at = std::find_if(breaks_.begin(), breaks_.end(),
                               [&](const auto& open) { return open.second == request.id; });
  if (at == breaks_.end())
    return {.refusal = {Errc::already_resolved, "path:id",
                        "there is no open break " + request.id.text() + ".",
                        "a break of GET /api/v1/breaks"}};
  const Micros now = clock_();
  const auto settlement = at->first.second;
  chain_.append(batch, now, "break.closed", settlement.uuid,
                JsonObject{}
                    .text("break", request.id.text())
                    .text("by", request.caller)
                    .text("reason", request.reason)
                    .done());
  batch.closed_breaks.push_back({request.id, request.caller, request.reason, now});
  breaks_.erase(at);
  return {};
}

AccountChanged LedgerBook::change_account(const ChangeAccount& request, LedgerBatch& batch) {
  const AccountRow* row = accounts_.find(request.id);
  const auto refuse = [](Errc code, std::string field, std::string detail, std::string allowed = "") {
    return AccountChanged{.refusal = {code, std::move(field), std::move(detail), std::move(allowed)}};
  };
  if (!row) return refuse(Errc::unknown_account, "path:id", "there is no account " + request.id.text() + ".");
  Account a = accounts_.whole(*row);
  const auto show = [&](std::int64_t minor) { return format_for_people(minor, a.currency); };
  if (!request.status.empty()) {
    a.status = account_status_from(request.status).value_or(a.status);
    if (a.status == AccountStatus::closed && (a.balance != 0 || a.held != 0))
      return refuse(Errc::invalid_value, "/status",
                    "the account has a balance of " + show(a.balance) + " and holds of " + show(a.held) + ".",
                    "an account without money and without holds");
  }
  if (request.set_floor) {
    if (request.floor < -largest_balance || request.floor > a.balance - a.held)
      return refuse(Errc::invalid_value, "/floor",
                    "a floor of " + show(request.floor) + " would leave less than nothing: balance " +
                        show(a.balance) + ", held " + show(a.held) + ".",
                    "at most " + show(a.balance - a.held));
    a.floor = request.floor;
  }
  if (request.set_low) a.low_threshold = request.low;
  if (request.set_high) a.high_threshold = request.high;
  if (a.low_threshold != no_threshold && a.high_threshold != no_threshold &&
      a.low_threshold > a.high_threshold)
    return refuse(Errc::invalid_value, "/low_threshold", "the low threshold is above the high one.",
                  "at most " + show(a.high_threshold));
  JsonObject json;
  json.text("by", request.caller)
      .text("status", to_string(a.status))
      .text("floor", format_amount(a.floor, a.currency));
  if (a.low_threshold != no_threshold) json.text("low_threshold", format_amount(a.low_threshold, a.currency));
  if (a.high_threshold != no_threshold)
    json.text("high_threshold", format_amount(a.high_threshold, a.currency));
  const Micros now = clock_();
  chain_.append(batch, now, "account.changed", a.id.uuid, json.done());
  const auto before = standing(*row);
  accounts_.change(a);
  tell_crossing(*row, before, now, batch);
  batch.changed_accounts.push_back(a);
  return {.account = a};
}

RulesFound LedgerBook::change_rules(const ChangeRules& request, LedgerBatch& batch) {
  std::string kind, name;
  if (request.put_window) {
    const auto& window = *request.put_window;
    kind = "rules.window_set";
    name = window.name;
    std::erase_if(rules_.windows, [&](const auto& w) { return w.name == window.name; });
    rules_.windows.push_back(window);
  } else if (!request.drop_window.empty()) {
    kind = "rules.window_dropped";
    name = request.drop_window;
    if (std::erase_if(rules_.windows, [&](const auto& w) { return w.name == name; }) == 0)
      return {rules_, {Errc::not_found, "path:id", "there is no window \"" + name + "\".", ""}};
  } else if (request.put_calendar) {
    const auto& calendar = *request.put_calendar;
    kind = "rules.calendar_set";
    name = calendar.name;
    std::erase_if(rules_.calendars, [&](const auto& c) { return c.name == calendar.name; });
    rules_.calendars.push_back(calendar);
  } else if (request.put_bank) {
    kind = "rules.bank_" + std::string(to_string(request.put_bank->status));
    name = request.put_bank->bic;
    rules_.banks[name] = *request.put_bank;
  } else {
    const auto calendar = std::find_if(rules_.calendars.begin(), rules_.calendars.end(),
                                       [&](const auto& c) { return c.name == request.calendar; });
    if (calendar == rules_.calendars.end())
      return {rules_, {Errc::not_found, "path:id", "there is no calendar \"" + request.calendar + "\".", ""}};
    name = request.calendar;
    if (request.put_holiday) {
      kind = "rules.holiday_set";
      calendar->rules.push_back(*request.put_holiday);
    } else {
      kind = "rules.holiday_dropped";
      if (std::erase_if(calendar->rules,
                        [&](const auto& rule) { return rule.date == request.drop_holiday; }) == 0)
        return {rules_, {Errc::not_found, "/date", "the calendar has no single holiday on that day.", ""}};
    }
  }
  chain_.append(batch, clock_(), kind, Uuid{},
                JsonObject{}.text("name", name).text("by", request.caller).done());
  batch.rule_changes.push_back(request);
  return {rules_, {}};
}
}  // namespace settled
