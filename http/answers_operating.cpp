#include "http/answers_operating.hpp"

#include "http/answers.hpp"
#include "http/json_in_calendar.hpp"
#include "http/json_in_operating.hpp"
#include "http/json_in_window.hpp"
#include "http/json_out.hpp"
#include "http/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

namespace settled {
namespace {
void append_action(std::string& out, const OperatorAction& action) {
  const auto id = action.id.text();
  const bool open = action.state == ActionState::pending;
  out += '{';
  append_json_member(out, "id", id);
  append_json_member(out, "kind", to_string(action.kind));
  append_json_member(out, "state", to_string(action.state));
  append_json_member(out, "settlement", action.settlement.text());
  append_json_nullable(out, "verdict", action.verdict);
  append_json_member(out, "reason", action.reason);
  append_json_nullable(out, "bank_reference", action.bank_reference);
  append_json_member(out, "shown", action.shown);
  append_json_member(out, "digest", hex_of(action.digest));
  append_json_member(out, "requested_by", action.requested_by);
  append_json_time(out, "requested_at", action.requested_at);
  append_json_nullable(out, "approved_by", action.approved_by);
  append_json_time(out, "approved_at", action.approved_at);
  append_json_nullable(out, "approve", open ? "/api/v1/actions/" + id + "/approve" : "");
  out += '}';
}

void append_bank(std::string& out, const BankProfile& bank) {
  out += '{';
  append_json_member(out, "bic", bank.bic);
  append_json_member(out, "name", bank.name);
  append_json_member(out, "status", to_string(bank.status));
  out += '}';
}

void append_job(std::string& out, const JobView& job) {
  out += '{';
  append_json_member(out, "name", job.name);
  append_json_member(out, "purpose", job.purpose);
  append_json_number(out, "every_seconds", job.every_s);
  append_json_bool(out, "running", job.running);
  append_json_number(out, "runs", job.runs);
  append_json_time(out, "last_started", job.last_started);
  append_json_time(out, "last_ended", job.last_ended);
  append_json_name(out, "last_ok");
  out += job.last_ended == 0 ? "null" : job.last_ok ? "true" : "false";
  append_json_nullable(out, "last_result", job.last_result);
  out += '}';
}

/// {"name":[…]}
template <class Items, class Append>
void answer_list(Ticket& ticket, std::string_view name, const Items& items, Append append) {
  auto response = json_response(200);
  std::string& out = response.body;
  out += '{';
  append_json_name(out, name);
  out += '[';
  for (const auto& item : items) {
    if (out.back() != '[') out += ',';
    append(out, item);
  }
  out += "]}";
  ticket.answer(std::move(response));
}

bool refused(Ticket& ticket, Refusal refusal) {
  if (refusal.code == Errc::ok) return false;
  // Who keeps the rules calls whatever stands in the path an id; the path calls it by its own name.
  if (refusal.field == "path:id")
    refusal.field = "path:" + std::string(slot_name(route(ticket.route).pattern));
  ticket.refuse(refusal_of(ticket.route, refusal));
  return true;
}
}  // namespace

void answer_records(Ticket& ticket, const RecordPage& page) {
  auto response = json_response(200);
  append_page(response.body, page.items, page.next ? base32(page.next) : "",
              [](std::string& out, const std::string& item) { out += item; });
  ticket.answer(std::move(response));
}

void answer_proposed(Ticket& ticket, const ActionAnswered& answered) {
  if (refused(ticket, answered.refusal)) return;
  auto response = json_response(201);
  append_action(response.body, answered.action);
  ticket.answer(std::move(response));
}

void answer_approved(Ticket& ticket, const ActionAnswered& answered) {
  if (refused(ticket, answered.refusal)) return;
  auto response = json_response(200);
  std::string& out = response.body;
  out += '{';
  append_json_name(out, "action");
  append_action(out, answered.action);
  append_json_name(out, "settlement");
  append_settlement(out, answered.settlement, ticket.lang);
  out += '}';
  ticket.answer(std::move(response));
}

void answer_cancelled(Ticket& ticket, const ActionAnswered& answered) {
  if (refused(ticket, answered.refusal)) return;
  auto response = json_response(200);
  append_settlement(response.body, answered.settlement, ticket.lang);
  ticket.answer(std::move(response));
}

void answer_break_closed(Ticket& ticket, const ActionAnswered& answered, BreakId id) {
  if (refused(ticket, answered.refusal)) return;
  auto response = json_response(200);
  response.body += '{';
  append_json_member(response.body, "id", id.text());
  append_json_member(response.body, "state", "closed");
  response.body += '}';
  ticket.answer(std::move(response));
}

void answer_account_changed(Ticket& ticket, const AccountChanged& changed) {
  if (refused(ticket, changed.refusal)) return;
  auto response = json_response(200);
  append_account(response.body, changed.account);
  ticket.answer(std::move(response));
}

void answer_rules(Ticket& ticket, const RulesFound& found, int year) {
  if (refused(ticket, found.refusal)) return;
  if (ticket.route == RouteId::list_windows)
    return answer_list(ticket, "windows", found.rules.windows, append_window);
  if (ticket.route == RouteId::list_calendars)
    return answer_list(ticket, "calendars", found.rules.calendars,
                       [&](std::string& out, const Calendar& c) { append_calendar(out, c, year); });
  answer_list(ticket, "banks", found.rules.banks,
              [](std::string& out, const auto& entry) { append_bank(out, entry.second); });
}

void answer_rule_changed(Ticket& ticket, const RulesFound& found, const ChangeRules& change, int year) {
  if (refused(ticket, found.refusal)) return;
  auto response = json_response(200);
  std::string& out = response.body;
  if (change.put_window) {
    append_window(out, *change.put_window);
  } else if (change.put_bank) {
    append_bank(out, *change.put_bank);
  } else if (change.put_calendar) {
    append_calendar(out, *change.put_calendar, year);
  } else if (change.put_holiday) {
    response.status = 201;
    const auto* calendar = find_calendar(found.rules.calendars, change.calendar);
    append_calendar(out, calendar ? *calendar : Calendar{change.calendar, {}}, year);
  } else {
    response.status = 204;
  }
  ticket.answer(std::move(response));
}

void answer_next_window(Ticket& ticket, const WindowFound& found) {
  constexpr std::int64_t second = 1'000'000;
  const WindowAnswer& answer = found.answer;
  const bool none = answer.state == WindowState::none;
  auto response = json_response(200);
  std::string& out = response.body;
  out += '{';
  append_json_member(out, "state", to_string(answer.state));
  append_json_nullable(out, "window", answer.window);
  append_json_nullable(out, "zone", answer.zone);
  append_json_time(out, "opens_at", none ? 0 : answer.opens_at * second);
  append_json_time(out, "closes_at", none ? 0 : answer.closes_at * second);
  append_json_time(out, "next_cut_off", none ? 0 : answer.next_cut_off * second);
  append_json_nullable(out, "value_date", none ? "" : to_string(answer.value_date));
  append_json_nullable(out, "reason", answer.reason);
  out += '}';
  ticket.answer(std::move(response));
}

void answer_recovery(Ticket& ticket, const RecoveryReport& report) {
  auto response = json_response(200);
  std::string& out = response.body;
  out += '{';
  append_json_bool(out, "done", report.done);
  append_json_time(out, "started_at", report.started_at);
  append_json_time(out, "ended_at", report.ended_at);
  append_json_number(out, "taken_up", report.taken_up);
  append_json_name(out, "found");
  out += '{';
  append_json_number(out, "FUNDS_LOCKED", report.funds_locked);
  append_json_number(out, "EXECUTING", report.executing);
  append_json_number(out, "CONFIRMING", report.confirming);
  append_json_number(out, "waiting", report.waiting);
  out += '}';
  append_json_number(out, "resolved", report.resolved);
  append_json_number(out, "left", report.left);
  append_json_number(out, "parked", report.parked);
  out += '}';
  ticket.answer(std::move(response));
}

void answer_jobs(Ticket& ticket, const JobsReport& report) {
  if (refused(ticket, report.refusal)) return;
  answer_list(ticket, "jobs", report.jobs, append_job);
}

void answer_job_ran(Ticket& ticket, const JobsReport& report, const std::string& name) {
  if (refused(ticket, report.refusal)) return;
  const auto job = std::find_if(report.jobs.begin(), report.jobs.end(),
                                [&](const JobView& each) { return each.name == name; });
  if (job == report.jobs.end()) {
    refused(ticket,
            {Errc::not_found, "path:id", "there is no job \"" + name + '"', "a job of GET /api/v1/jobs"});
    return;
  }
  auto response = json_response(200);
  append_job(response.body, *job);
  ticket.answer(std::move(response));
}

void answer_invariants(Ticket& ticket, const InvariantReport& report) {
  auto response = json_response(200);
  std::string& out = response.body;
  out += '{';
  append_json_name(out, "ok");
  out += !report.checked ? "null" : report.ok ? "true" : "false";
  append_json_time(out, "checked_at", report.at);
  append_json_name(out, "seconds");
  fmt::format_to(std::back_inserter(out), "{:.3f}", report.seconds);
  append_json_name(out, "invariants");
  out += '[';
  for (const InvariantView& each : report.invariants) {
    out += out.back() == '[' ? "{" : ",{";
    append_json_member(out, "name", each.name);
    append_json_number(out, "violations", each.violations);
    append_json_nullable(out, "example", each.example);
    out += '}';
  }
  out += ']';
  append_json_nullable(out, "failure", report.failure);
  append_json_bool(out, "stale", report.stale);
  out += '}';
  ticket.answer(std::move(response));
}
}  // namespace settled
