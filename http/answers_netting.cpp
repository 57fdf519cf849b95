// Net positions for people: every figure with the obligations that it was made of.
#include "http/answers.hpp"
#include "http/answers_operating.hpp"
#include "http/json_text.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace settled {
namespace {
void append_amount(std::string& out, std::string_view name, std::int64_t minor, Currency currency) {
  append_json_member(out, name, format_amount(minor, currency));
}

void append_texts(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  append_json_name(out, name);
  out += '[';
  for (const auto& text : texts) {
    if (out.back() != '[') out += ',';
    append_json_string(out, text);
  }
  out += ']';
}

void append_side(std::string& out, std::string_view name, const GrossSide& side, Currency currency) {
  append_json_name(out, name);
  out += '{';
  append_amount(out, "sum", side.sum, currency);
  append_texts(out, "obligations", side.ids);
  out += '}';
}

/// "name":[{…},…]
template <class Items, class Append>
void append_objects(std::string& out, std::string_view name, const Items& items, Append append) {
  append_json_name(out, name);
  out += '[';
  for (const auto& item : items) {
    out += out.back() == '[' ? "{" : ",{";
    append(item);
    out += '}';
  }
  out += ']';
}

void append_netting(std::string& out, const Netting& netting) {
  append_objects(out, "totals", netting.totals, [&](const CurrencyTotal& t) {
    append_json_member(out, "currency", t.currency.code());
    append_json_number(out, "obligations", static_cast<std::int64_t>(t.obligations));
    append_amount(out, "gross", t.gross, t.currency);
    append_amount(out, "bilateral", t.bilateral, t.currency);
    append_amount(out, "multilateral", t.multilateral, t.currency);
  });
  append_objects(out, "positions", netting.multilateral, [&](const MultilateralNet& p) {
    append_json_member(out, "currency", p.currency.code());
    append_json_member(out, "bank", p.participant);
    append_side(out, "in", p.in, p.currency);
    append_side(out, "out", p.out, p.currency);
    append_amount(out, "net", p.net, p.currency);
  });
  append_objects(out, "bilateral", netting.bilateral, [&](const BilateralNet& b) {
    append_json_member(out, "currency", b.currency.code());
    append_json_member(out, "first", b.first);
    append_json_member(out, "second", b.second);
    append_side(out, "first_owes", b.first_owes, b.currency);
    append_side(out, "second_owes", b.second_owes, b.currency);
    append_amount(out, "net", b.net, b.currency);
  });
  append_objects(out, "payments", netting.payments, [&](const NetPayment& p) {
    append_json_member(out, "from_bank", p.from);
    append_json_member(out, "to_bank", p.to);
    append_amount(out, "amount", p.amount.minor, p.amount.currency);
    append_json_member(out, "currency", p.amount.currency.code());
  });
}

void append_lines(std::string& out, std::string_view name, const std::vector<DryRunLine>& lines) {
  append_objects(out, name, lines, [&](const DryRunLine& line) {
    append_json_member(out, "currency", line.currency.code());
    append_json_member(out, "bank", line.participant);
    append_amount(out, "pays", line.pays, line.currency);
    append_amount(out, "receives", line.receives, line.currency);
    // Without means we know no account of this bank.
    append_json_nullable(out, "available",
                         line.means_known ? format_amount(line.available, line.currency) : "");
    append_json_nullable(out, "net_debit_cap",
                         line.net_debit_cap ? format_amount(*line.net_debit_cap, line.currency) : "");
    append_amount(out, "short_by", line.short_by, line.currency);
    append_amount(out, "over_cap_by", line.over_cap_by, line.currency);
    append_json_bool(out, "breaks", line.breaks());
  });
}

void append_dry_run(std::string& out, const DryRun& run) {
  append_json_bool(out, "feasible", run.feasible);
  append_netting(out, run.netting);
  append_lines(out, "lines", run.lines);
}

void append_comparison(std::string& out, const DryRunComparison& comparison,
                       const std::vector<std::string>& excluded) {
  append_json_name(out, "without");
  out += '{';
  append_texts(out, "banks", excluded);
  append_texts(out, "left_open", comparison.excluded_ids);
  append_dry_run(out, comparison.without_excluded);
  append_lines(out, "newly_broken", comparison.newly_broken);
  append_lines(out, "healed", comparison.healed);
  out += '}';
}
}  // namespace

void answer_netting(Ticket& ticket, const NettingBooked& booked) {
  if (booked.refusal.code != Errc::ok) {
    auto problem = refusal_of(ticket.route, booked.refusal);
    if (booked.journal) problem.existing_id = booked.journal.text();
    return ticket.refuse(problem);
  }
  const auto netting = net(booked.obligations);
  ensure(static_cast<bool>(netting), "what was booked can be netted again");
  auto response = json_response(201);
  if (booked.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  std::string& out = response.body;
  out += '{';
  append_json_member(out, "id", booked.journal.text());
  // The id carries its time, so that a replay says the same.
  append_json_time(out, "at", unix_ms_of(booked.journal.uuid) * 1000);
  append_json_bool(out, "dry_run", false);
  append_netting(out, *netting);
  out += '}';
  ticket.answer(std::move(response));
}

namespace {
void answer_comparison(Ticket& ticket, const NettingAsk& ask, const std::vector<Obligation>& obligations,
                       const std::vector<Means>& means) {
  const auto compared = dry_run_without(obligations, means, ask.without);
  if (!compared) return ticket.refuse(refusal_of(ticket.route, compared.refusal()));
  auto response = json_response(200);
  std::string& out = response.body;
  out += '{';
  append_json_bool(out, "dry_run", true);
  append_dry_run(out, compared->with_all);
  if (ask.without.empty()) {
    out += ",\"without\":null";
  } else {
    append_comparison(out, *compared, ask.without);
  }
  out += '}';
  ticket.answer(std::move(response));
}
}  // namespace

void answer_dry_run(Ticket& ticket, const NettingAsk& ask, const MeansFound& found) {
  answer_comparison(ticket, ask, ask.booking.obligations, found.means);
}

void answer_window_dry_run(Ticket& ticket, const NettingAsk& ask, const NettingWindowFound& found) {
  if (found.refusal.code != Errc::ok) return ticket.refuse(refusal_of(ticket.route, found.refusal));
  answer_comparison(ticket, ask, found.obligations, found.means);
}
}  // namespace settled
