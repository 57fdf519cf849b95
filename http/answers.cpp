#include "http/answers.hpp"

#include "http/json_in.hpp"
#include "http/json_out.hpp"
#include "http/json_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace settled {
namespace {
// After these we cannot promise that the commit did not happen.
bool doubtful(Errc code) { return code == Errc::database_unavailable || code == Errc::internal; }

Problem problem_of(const Submission& submission) {
  const auto money = doubtful(submission.refusal.code) ? MoneyState::doubt : MoneyState::untouched;
  auto problem = settled::problem_of(submission.refusal, money);
  if (submission.settlement->id) problem.existing_id = submission.settlement->id.text();
  return problem;
}

std::string location(SettlementId id) { return "/api/v1/settlements/" + id.text(); }

void append_element(std::string& out, const Submission& s, std::size_t index, Lang lang) {
  if (s.kind == Submission::Kind::refused) {
    auto problem = problem_of(s);
    // The ledger speaks of an order; the caller sent many.
    for (Refusal& error : problem.errors)
      if (error.field.empty() || error.field.starts_with('/'))
        error.field = order_pointer(index) + error.field;
    fmt::format_to(std::back_inserter(out), "\"status\":{}", http_status(problem.code));
    append_refusal_members(out, problem, lang);
    if (!problem.existing_id.empty()) append_json_member(out, "existing", problem.existing_id);
    return;
  }
  out += "\"status\":202";
  if (s.kind == Submission::Kind::replayed) out += ",\"replayed\":true";
  append_json_name(out, "settlement");
  append_receipt(out, s.settlement, lang);
}
}  // namespace

MoneyState doubt_of(RouteId id) {
  const Route& asked = route(id);
  return !asked.changes() ? MoneyState::none : asked.moves_money ? MoneyState::doubt : MoneyState::unsure;
}

Problem refusal_of(RouteId id, const Refusal& refusal) {
  const auto otherwise = route(id).changes() ? MoneyState::untouched : MoneyState::none;
  return settled::problem_of(refusal, doubtful(refusal.code) ? doubt_of(id) : otherwise);
}

Response json_response(int status) {
  Response response;
  response.status = status;
  return response;
}

Problem nothing_here(std::string detail) {
  Problem problem;
  problem.code = Errc::not_found;
  problem.errors.push_back({Errc::not_found, "path:id", std::move(detail), ""});
  return problem;
}

void mark_replayed(Response& response) { response.headers.emplace_back("Idempotent-Replayed", "true"); }

Response receipt(const Submission& submission, Lang lang) {
  auto response = json_response(202);
  response.headers.emplace_back("Location", location(submission.settlement->id));
  if (submission.kind == Submission::Kind::replayed) mark_replayed(response);
  response.body.reserve(900);
  append_receipt(response.body, submission.settlement, lang);
  return response;
}

void answer_submission(Ticket& ticket, const Submission& submission) {
  if (submission.kind == Submission::Kind::refused) return ticket.refuse(problem_of(submission));
  ticket.answer(receipt(submission, ticket.lang));
}

void answer_waited(Ticket& ticket, const SettlementView& view, bool replayed, std::chrono::seconds wait) {
  auto response = json_response(final_status(view.status) ? 200 : 202);
  response.headers.emplace_back("Location", location(view.id));
  response.headers.emplace_back("Preference-Applied", "wait=" + std::to_string(wait.count()));
  if (replayed) mark_replayed(response);
  response.body.reserve(1400);
  append_settlement(response.body, view, ticket.lang);
  ticket.answer(std::move(response));
}

void answer_batch(Ticket& ticket, const SubmitAsk& ask, const std::vector<Submission>& results) {
  auto response = json_response(200);
  std::string& out = response.body;
  out.reserve(200 + ask.elements.size() * 900);
  out += "{\"results\":[";
  std::size_t next = 0, accepted = 0, replayed = 0, refused = 0;
  for (std::size_t i = 0; i < ask.elements.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}{{\"index\":{},", i == 0 ? "" : ",", i);
    if (!ask.elements[i].empty()) {
      const auto problem = settled::problem_of(ask.elements[i], MoneyState::untouched);
      fmt::format_to(std::back_inserter(out), "\"status\":{}", http_status(problem.code));
      append_refusal_members(out, problem, ticket.lang);
      ++refused;
    } else {
      const Submission& s = results.at(next++);
      append_element(out, s, i, ticket.lang);
      ++(s.kind == Submission::Kind::accepted   ? accepted
         : s.kind == Submission::Kind::replayed ? replayed
                                                : refused);
    }
    out += '}';
  }
  fmt::format_to(std::back_inserter(out), R"(],"accepted":{},"replayed":{},"refused":{}}})", accepted,
                 replayed, refused);
  ticket.answer(std::move(response));
}

void answer_settlement(Ticket& ticket, const SettlementFound& found) {
  if (!found.found) return ticket.refuse(nothing_here("there is no settlement with this id"));
  auto response = json_response(200);
  append_settlement(response.body, found.settlement, ticket.lang);
  ticket.answer(std::move(response));
}

void answer_settlements(Ticket& ticket, const SettlementPage& page) {
  auto response = json_response(200);
  append_page(response.body, page.settlements, page.next ? base32(page.next) : "",
              [&](std::string& out, const SettlementView& s) { append_settlement(out, s, ticket.lang); });
  ticket.answer(std::move(response));
}

void answer_timeline(Ticket& ticket, const EventPage& page) {
  // Whatever exists began with an event.
  if (page.events.empty()) return ticket.refuse(nothing_here("there is nothing with this id"));
  auto response = json_response(200);
  append_page(response.body, page.events, "", append_event);
  ticket.answer(std::move(response));
}

void answer_opened(Ticket& ticket, const AccountChanged& changed) {
  if (changed.refusal.code != Errc::ok) {
    auto problem = refusal_of(ticket.route, changed.refusal);
    if (changed.account.id) problem.existing_id = changed.account.id.text();
    return ticket.refuse(problem);
  }
  auto response = json_response(201);
  response.headers.emplace_back("Location", "/api/v1/accounts/" + changed.account.id.text());
  append_account(response.body, changed.account);
  ticket.answer(std::move(response));
}

void answer_funded(Ticket& ticket, const AccountChanged& changed, Money amount) {
  if (changed.refusal.code != Errc::ok) {
    return ticket.refuse(refusal_of(ticket.route, changed.refusal));
  }
  auto response = json_response(201);
  if (changed.replayed) mark_replayed(response);
  response.body += '{';
  append_json_name(response.body, "account");
  append_account(response.body, changed.account);
  append_json_member(response.body, "journal", changed.journal.text());
  append_json_member(response.body, "amount", format_amount(amount.minor, amount.currency));
  append_json_member(response.body, "currency", amount.currency.code());
  response.body += '}';
  ticket.answer(std::move(response));
}

void answer_account(Ticket& ticket, const AccountPage& page) {
  if (page.accounts.empty()) return ticket.refuse(nothing_here("there is no account with this id"));
  auto response = json_response(200);
  append_account(response.body, page.accounts.front());
  ticket.answer(std::move(response));
}

void answer_accounts(Ticket& ticket, const AccountPage& page) {
  auto response = json_response(200);
  append_page(response.body, page.accounts, page.next ? base32(page.next) : "", append_account);
  ticket.answer(std::move(response));
}

void answer_entries(Ticket& ticket, const EntryPage& page, Currency currency) {
  auto response = json_response(200);
  append_page(response.body, page.entries, page.next > 0 ? std::to_string(page.next) : "",
              [&](std::string& out, const EntryView& entry) { append_entry(out, entry, currency); });
  ticket.answer(std::move(response));
}

void answer_health(Ticket& ticket, const HealthReport* report) {
  HealthReport silent;
  silent.items.push_back({"service", false, "the actors did not answer in time"});
  const HealthReport& r = report ? *report : silent;
  if (ticket.route != RouteId::ready) {
    auto response = json_response(200);
    append_health(response.body, r, ticket.route == RouteId::detailed);
    return ticket.answer(std::move(response));
  }
  auto response = json_response(r.ready ? 200 : 503);
  std::string& out = response.body;
  if (r.ready) {
    out = R"({"status":"ready"})";
  } else {
    out = R"({"status":"not_ready","reasons":[)";
    for (const HealthItem& item : r.items) {
      if (item.ok) continue;
      if (out.back() != '[') out += ',';
      append_json_string(out, item.name + ": " + item.detail);
    }
    fmt::format_to(std::back_inserter(out), "],\"recovering\":{}}}", r.recovering);
    response.headers.emplace_back("Retry-After", "2");
  }
  ticket.answer(std::move(response));
}

void answer_unavailable(Ticket& ticket, bool timed_out) {
  Problem problem;
  problem.code = Errc::database_unavailable;
  problem.retry_after = 2;
  problem.money = doubt_of(ticket.route);
  problem.detail =
      timed_out ? "the database did not answer in time" : "the part of the service that knows is away";
  problem.errors.push_back({problem.code, "", problem.detail, ""});
  ticket.refuse(problem);
}
}  // namespace settled
