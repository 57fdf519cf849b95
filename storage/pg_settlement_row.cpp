#include "storage/pg_settlement_row.hpp"

#include "domain/calendar.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace settled {
namespace {
template <class T>
T known(std::optional<T> value, const char* what) {
  ensure(value.has_value(), what);
  return *value;
}
Currency currency_of(const pqxx::field& field) {
  const auto currency = currency_from(field.c_str());
  ensure(static_cast<bool>(currency), "a recorded currency is one we know");
  return *currency;
}
}  // namespace

// Not by the server: its extract() works in decimals of any length, which nine times a row was a third of
// what reading a row cost.
Micros micros_from(std::string_view text) {
  const auto part = [&](std::size_t from, std::size_t size) {
    int value = 0;
    const auto digits = text.substr(std::min(from, text.size()), size);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    ensure(error == std::errc{} && end == digits.data() + digits.size() && digits.size() == size,
           "a recorded time is one as a session in UTC writes it");
    return value;
  };
  // "2026-11-21 10:02:31.5+00"
  const auto zone = text.find('+');
  ensure(zone != text.npos && text.substr(zone) == "+00", "a session tells times in UTC");
  const auto day = date_from(text.substr(0, 10));
  ensure(day.has_value(), "a recorded time begins with a day");
  const std::chrono::microseconds whole = day->time_since_epoch() + std::chrono::hours(part(11, 2)) +
                                          std::chrono::minutes(part(14, 2)) +
                                          std::chrono::seconds(part(17, 2));
  if (text[19] != '.') return whole.count();
  Micros fraction = part(20, zone - 20);
  for (auto digits = zone - 20; digits < 6; ++digits) fraction *= 10;
  return whole.count() + fraction;
}

namespace {
Micros micros_of(const pqxx::field& field) { return field.is_null() ? 0 : micros_from(field.c_str()); }
}  // namespace

const std::string settlement_columns =
    "id, obligation_id, from_bank, to_bank, amount, currency, settlement_date::text, priority, method, "
    "metadata, "
    "status, debit_account, credit_account, connector, reference, bank_reference, attempts, last_outcome, "
    "failure_code, failure_detail, trace_id, created_at, locked_at, sent_at, last_sent_at, confirmed_at, "
    "finalized_at, unknown_since, release_at, next_cut_off, opened_as, opened_note, waiting, waiting_detail, "
    "queue_if_short, coalesce(value_date::text, ''), "
    "compensated_by";

SettlementView settlement_from_row(const pqxx::row& row) {
  pqxx::row::size_type at = 0;
  const auto text = [&] { return std::string(row[at++].c_str()); };
  const auto number = [&] { return row[at++].as<std::int64_t>(); };
  const auto uuid = [&] { return known(uuid_from(row[at++].c_str()), "a recorded id is a uuid"); };
  SettlementView s;
  s.id = {uuid()};
  s.order.obligation_id = text();
  s.order.from_bank = text();
  s.order.to_bank = text();
  s.order.amount.minor = number();
  s.order.amount.currency = currency_of(row[at++]);
  s.order.settlement_date = text();
  s.order.priority = known(priority_from(row[at++].c_str()), "a recorded priority is one we know");
  s.order.method = known(method_from(row[at++].c_str()), "a recorded method is one we know");
  s.order.metadata = text();
  s.status = known(status_from(row[at++].c_str()), "a recorded status is one we know");
  s.debit_account = {uuid()};
  s.credit_account = {uuid()};
  s.connector = text();
  s.reference = text();
  s.bank_reference = text();
  s.attempts = row[at++].as<int>();
  s.last_outcome = text();
  s.failure_code = text();
  s.failure_detail = text();
  s.trace_id = text();
  for (Micros* time : {&s.created_at, &s.locked_at, &s.sent_at, &s.last_sent_at, &s.confirmed_at,
                       &s.finalized_at, &s.unknown_since, &s.release_at, &s.next_cut_off})
    *time = micros_of(row[at++]);
  s.opened_as = known(status_from(row[at++].c_str()), "a recorded status is one we know");
  s.opened_note = text();
  s.waiting = known(waiting_from(row[at++].c_str()), "a recorded reason to wait is one we know");
  s.waiting_detail = text();
  s.queue_if_short = row[at++].as<bool>();
  s.value_date = text();
  if (!row[at].is_null()) s.compensated_by = {uuid()};
  return s;
}

const std::string account_columns =
    "id, kind, bank, currency, name, status, is_default, balance, held, floor, version, low_threshold, "
    "high_threshold";

Account account_from_row(const pqxx::row& row) {
  Account a;
  a.id = {known(uuid_from(row[0].c_str()), "a recorded id is a uuid")};
  a.kind = known(account_kind_from(row[1].c_str()), "a recorded kind is one we know");
  a.bank = row[2].c_str();
  a.currency = currency_of(row[3]);
  a.name = row[4].c_str();
  a.status = row[5].c_str() == std::string_view("open") ? AccountStatus::open : AccountStatus::closed;
  a.is_default = row[6].as<bool>();
  a.balance = row[7].as<std::int64_t>();
  a.held = row[8].as<std::int64_t>();
  a.floor = row[9].as<std::int64_t>();
  a.version = row[10].as<std::int64_t>();
  a.low_threshold = row[11].as<std::int64_t>(no_threshold);
  a.high_threshold = row[12].as<std::int64_t>(no_threshold);
  return a;
}
}  // namespace settled
