// Answers: settlements, receipts, accounts, entries and events as JSON. Amounts are decimal text.
#pragma once
#include "http/problem.hpp"
#include "messages/actors.hpp"

#include <string>

namespace settled {

/// The answer to a submission: a function of the first commit and the language alone, so that a replay is
/// equal byte for byte whatever has happened since.
void append_receipt(std::string& out, const SettlementView& view, Lang lang);
/// The settlement as it stands.
void append_settlement(std::string& out, const SettlementView& view, Lang lang);
void append_account(std::string& out, const Account& account);
void append_entry(std::string& out, const EntryView& entry, Currency currency);
void append_event(std::string& out, const EventView& event);
/// "0-123"
std::string event_id(int stream, std::int64_t seq);
void append_health(std::string& out, const HealthReport& report, bool detailed);
/// Opens {"data":[ … and closes with next_cursor (null when empty).
template <class Items, class Append>
void append_page(std::string& out, const Items& items, std::string_view next, Append append);
void append_page_end(std::string& out, std::string_view next);

template <class Items, class Append>
void append_page(std::string& out, const Items& items, std::string_view next, Append append) {
  out += "{\"data\":[";
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(out, item);
  }
  append_page_end(out, next);
}

}  // namespace settled
