#include "http/json_out.hpp"

#include "http/french.hpp"
#include "http/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace settled {
namespace {
// Stored as a JSON object; line ends, which only a foreign writer could have put between its values, would
// break an event stream.
void append_object(std::string& out, std::string_view name, std::string_view object) {
  append_json_name(out, name);
  if (object.empty()) {
    out += "{}";
    return;
  }
  const auto start = out.size();
  out += object;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void append_order(std::string& out, const SettlementOrder& order) {
  append_json_member(out, "obligation_id", order.obligation_id);
  append_json_member(out, "from_bank", order.from_bank);
  append_json_member(out, "to_bank", order.to_bank);
  append_json_member(out, "amount", format_amount(order.amount.minor, order.amount.currency));
  append_json_member(out, "currency", order.amount.currency.code());
  append_json_member(out, "settlement_date", order.settlement_date);
  append_json_member(out, "priority", to_string(order.priority));
  append_json_member(out, "method", to_string(order.method));
  append_object(out, "metadata", order.metadata);
}

void append_checkpoint(std::string& out, Checkpoint checkpoint, Micros at) {
  if (at == 0) return;
  out += out.back() == '[' ? "{" : ",{";
  append_json_member(out, "name", to_string(checkpoint));
  append_json_time(out, "at", at);
  out += '}';
}

// Where French would lose something that the English sentence says, English is better than nothing.
std::string failure_detail(const SettlementView& view, Lang lang) {
  const auto code = errc_from(view.failure_code);
  if (lang == Lang::en || !code) return view.failure_detail;
  return french_exactly(*code, view.failure_detail).value_or(view.failure_detail);
}

void append_failure(std::string& out, const SettlementView& view, Lang lang) {
  append_json_name(out, "failure");
  if (view.failure_code.empty()) {
    out += "null";
    return;
  }
  out += '{';
  append_json_member(out, "code", view.failure_code);
  append_json_member(out, "detail", failure_detail(view, lang));
  out += '}';
}

void append_waiting(std::string& out, const SettlementView& view) {
  append_json_name(out, "waiting");
  if (view.waiting == Waiting::no) {
    out += "null";
    return;
  }
  out += '{';
  append_json_member(out, "for", to_string(view.waiting));
  append_json_member(out, "detail", view.waiting_detail);
  append_json_time(out, "release_at", view.release_at);
  out += '}';
}

void append_links(std::string& out, const std::string& id) {
  append_json_name(out, "links");
  fmt::format_to(std::back_inserter(out),
                 R"({{"self":"/api/v1/settlements/{0}","timeline":"/api/v1/settlements/{0}/timeline"}})", id);
}
}  // namespace

void append_receipt(std::string& out, const SettlementView& view, Lang lang) {
  const bool on_us = view.opened_as == Status::COMPLETED;  // it had an end at once
  const bool held = view.opened_as == Status::EXECUTING || on_us, failed = view.opened_as == Status::FAILED;
  const auto id = view.id.text();
  out += '{';
  append_json_member(out, "id", id);
  append_json_member(out, "status", to_string(view.opened_as));
  append_order(out, view.order);
  append_json_member(out, "reference", view.reference);
  append_json_time(out, "created_at", view.created_at);
  append_json_name(out, "checkpoints");
  out += '[';
  // An order that waits is not through its validation.
  if (held || failed) append_checkpoint(out, Checkpoint::Validation, view.created_at);
  if (held) append_checkpoint(out, Checkpoint::Lock, view.locked_at);
  if (on_us) {
    append_checkpoint(out, Checkpoint::Transfer, view.sent_at);
    append_checkpoint(out, Checkpoint::Confirm, view.confirmed_at);
    append_checkpoint(out, Checkpoint::Finalize, view.finalized_at);
  }
  out += ']';
  if (failed) {
    append_failure(out, view, lang);
  } else {
    out += ",\"failure\":null";
  }
  if (!view.opened_note.empty()) {
    out += ',';
    out += view.opened_note;
  } else {
    append_json_nullable(out, "value_date", view.value_date);
    append_json_time(out, "next_cut_off", view.next_cut_off);
    out += ",\"waiting\":null";
  }
  append_links(out, id);
  out += '}';
}

void append_settlement(std::string& out, const SettlementView& view, Lang lang) {
  const auto id = view.id.text();
  out += '{';
  append_json_member(out, "id", id);
  append_json_member(out, "status", to_string(view.status));
  append_order(out, view.order);
  append_json_nullable(out, "debit_account", view.debit_account ? view.debit_account.text() : "");
  append_json_nullable(out, "credit_account", view.credit_account ? view.credit_account.text() : "");
  append_json_member(out, "connector", view.connector);
  append_json_member(out, "reference", view.reference);
  append_json_nullable(out, "bank_reference", view.bank_reference);
  append_json_number(out, "attempts", view.attempts);
  append_json_nullable(out, "outcome", view.last_outcome);
  append_json_bool(out, "unknown", view.unknown_since != 0 && !final_status(view.status));
  append_json_name(out, "checkpoints");
  out += '[';
  const bool validated = view.locked_at != 0 || view.status == Status::FAILED;
  append_checkpoint(out, Checkpoint::Validation, validated ? view.created_at : 0);
  append_checkpoint(out, Checkpoint::Lock, view.locked_at);
  append_checkpoint(out, Checkpoint::Transfer, view.sent_at);
  append_checkpoint(out, Checkpoint::Confirm, view.confirmed_at);
  append_checkpoint(out, Checkpoint::Finalize, view.status == Status::COMPLETED ? view.finalized_at : 0);
  out += ']';
  append_failure(out, view, lang);
  append_json_nullable(out, "value_date", view.value_date);
  append_json_time(out, "next_cut_off", view.next_cut_off);
  append_waiting(out, view);
  append_json_nullable(out, "compensated_by", view.compensated_by ? view.compensated_by.text() : "");
  append_json_member(out, "trace_id", view.trace_id);
  append_json_time(out, "created_at", view.created_at);
  append_json_time(out, "locked_at", view.locked_at);
  append_json_time(out, "sent_at", view.sent_at);
  append_json_time(out, "confirmed_at", view.confirmed_at);
  append_json_time(out, "finalized_at", view.finalized_at);
  append_links(out, id);
  out += '}';
}

void append_account(std::string& out, const Account& account) {
  const auto amount = [&](std::string_view name, std::int64_t minor) {
    append_json_member(out, name, format_amount(minor, account.currency));
  };
  out += '{';
  append_json_member(out, "id", account.id.text());
  append_json_member(out, "kind", to_string(account.kind));
  append_json_nullable(out, "bank", account.bank);
  append_json_member(out, "currency", account.currency.code());
  append_json_member(out, "name", account.name);
  append_json_member(out, "status", to_string(account.status));
  append_json_bool(out, "default", account.is_default);
  amount("balance", account.balance);
  amount("held", account.held);
  // The outside world's account has no floor and so no end to what is available.
  if (account.floor == no_floor) {
    out += ",\"available\":null,\"floor\":null";
  } else {
    amount("available", available(account));
    amount("floor", account.floor);
  }
  const auto threshold = [&](std::string_view name, std::int64_t minor) {
    append_json_nullable(out, name, minor == no_threshold ? "" : format_amount(minor, account.currency));
  };
  threshold("low_threshold", account.low_threshold);
  threshold("high_threshold", account.high_threshold);
  append_json_number(out, "version", account.version);
  out += '}';
}

void append_entry(std::string& out, const EntryView& entry, Currency currency) {
  auto magnitude = format_amount(entry.amount, currency);
  if (magnitude.starts_with('-')) magnitude.erase(0, 1);
  out += '{';
  append_json_number(out, "version", entry.version);
  append_json_member(out, "journal", entry.journal);
  append_json_member(out, "amount", magnitude);
  append_json_member(out, "currency", currency.code());
  append_json_member(out, "direction", entry.amount < 0 ? "credit" : "debit");
  append_json_member(out, "balance_after", format_amount(entry.balance_after, currency));
  append_json_time(out, "at", entry.at);
  out += '}';
}

std::string event_id(int stream, std::int64_t seq) { return fmt::format("{}-{}", stream, seq); }

void append_event(std::string& out, const EventView& event) {
  out += '{';
  append_json_member(out, "id", event_id(event.stream, event.seq));
  append_json_member(out, "kind", event.kind);
  append_json_member(out, "subject", event.subject);
  append_json_time(out, "at", event.at);
  append_object(out, "payload", event.payload);
  out += '}';
}

void append_health(std::string& out, const HealthReport& report, bool detailed) {
  const bool ok = std::all_of(report.items.begin(), report.items.end(), [](const auto& i) { return i.ok; });
  out += '{';
  append_json_member(out, "status", ok ? "ok" : "degraded");
  if (detailed) {
    append_json_bool(out, "ready", report.ready);
    append_json_name(out, "items");
    out += '[';
    for (const HealthItem& item : report.items) {
      out += out.back() == '[' ? "{" : ",{";
      append_json_member(out, "name", item.name);
      append_json_bool(out, "ok", item.ok);
      append_json_member(out, "detail", item.detail);
      out += '}';
    }
    out += ']';
    append_json_number(out, "in_flight", report.in_flight);
    append_json_number(out, "unknown", report.unknown);
    append_json_number(out, "recovering", report.recovering);
  }
  out += '}';
}

void append_page_end(std::string& out, std::string_view next) {
  out += ']';
  append_json_nullable(out, "next_cursor", next);
  out += '}';
}
}  // namespace settled
