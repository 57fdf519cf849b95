#include "storage/pg_decision_writer.hpp"

#include "domain/default_windows.hpp"
#include "storage/event_chain.hpp"
#include "storage/pg_array.hpp"

namespace settled {
namespace {
const char* const at_micros = "to_timestamp(0) + $";

/// "to_timestamp(0) + $3 * interval '1 microsecond'": exact, where a double would not be.
std::string time_param(int n) {
  return at_micros + std::to_string(n) + "::bigint * interval '1 microsecond'";
}

std::optional<std::int64_t> threshold(std::int64_t value) {
  return value == no_threshold ? std::nullopt : std::optional(value);
}
std::optional<std::string> date_or_null(const std::optional<Date>& date) {
  return date ? std::optional(to_string(*date)) : std::nullopt;
}
pqxx::binarystring bytes(const Digest& digest) { return {digest.data(), digest.size()}; }

std::string int_array(const std::vector<int>& values) {
  std::string text = "{";
  for (const int value : values) text += (text.size() > 1 ? "," : "") + std::to_string(value);
  return text + '}';
}
template <class Field>
std::string session_times(const std::vector<Session>& sessions, Field field) {
  std::vector<int> values;
  values.reserve(sessions.size());
  for (const Session& s : sessions) values.push_back(s.*field);
  return int_array(values);
}

void change_account(pqxx::transaction_base& tx, const Account& a) {
  tx.exec_params(
      "update accounts set status = $2, floor = $3, low_threshold = $4, high_threshold = $5 where id = $1",
      to_string(a.id.uuid), std::string(to_string(a.status)), a.floor, threshold(a.low_threshold),
      threshold(a.high_threshold));
}

void insert_action(pqxx::transaction_base& tx, const OperatorAction& a) {
  tx.exec_params(
      "insert into operator_actions(id, kind, state, settlement_id, verdict, reason, bank_reference, shown, "
      "digest, requested_by, requested_at) values ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, " +
          time_param(10) + ")",
      to_string(a.id.uuid), std::string(to_string(a.kind)), to_string(a.settlement.uuid), a.verdict, a.reason,
      a.bank_reference, a.shown, bytes(a.digest), a.requested_by, a.requested_at);
}

void end_action(pqxx::transaction_base& tx, const OperatorAction& a) {
  const auto ended = tx.exec_params(
      "update operator_actions set state = $2, approved_by = $3, approved_at = case when $4::bigint = 0 then "
      "null "
      "else " +
          time_param(4) + " end where id = $1 and state = 'pending'",
      to_string(a.id.uuid), std::string(to_string(a.state)), a.approved_by, a.approved_at);
  ensure(ended.affected_rows() == 1, "an action ends once");
}

void insert_compensation(pqxx::transaction_base& tx, const CompensationRow& c) {
  const SettlementView& s = c.settlement;
  tx.exec_params(
      "insert into compensation_transactions(id, settlement_id, action_id, debit_account, credit_account, "
      "amount, currency, reason, at) values ($1, $2, $3, $4, $5, $6, $7, $8, " +
          time_param(9) + ")",
      to_string(c.id.uuid), to_string(s.id.uuid), to_string(c.action.uuid), to_string(s.credit_account.uuid),
      to_string(s.debit_account.uuid), s.order.amount.minor, std::string(s.order.amount.currency.code()),
      c.reason, c.at);
  const auto marked = tx.exec_params(
      "update settlement_transactions set compensated_by = $2 where id = $1 and status = 'COMPLETED' and "
      "compensated_by is null",
      to_string(s.id.uuid), to_string(c.id.uuid));
  ensure(marked.affected_rows() == 1, "a settlement is compensated once");
}

void write_breaks(pqxx::transaction_base& tx, const LedgerBatch& batch) {
  for (const OpenBreakRow& b : batch.opened_breaks)
    tx.exec_params(
        "insert into breaks(id, kind, settlement_id, reference, connector, bank, currency, amount, detail, "
        "state, opened_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', " +
            time_param(10) + ")",
        to_string(b.id.uuid), b.kind, to_string(b.settlement->id.uuid), b.settlement->reference,
        b.settlement->connector, b.settlement->order.to_bank,
        std::string(b.settlement->order.amount.currency.code()), b.settlement->order.amount.minor, b.detail,
        b.at);
  for (const ClosedBreakRow& b : batch.closed_breaks) {
    const auto closed =
        tx.exec_params("update breaks set state = 'closed', closed_by = $2, close_reason = $3, closed_at = " +
                           time_param(4) + " where id = $1 and state = 'open'",
                       to_string(b.id.uuid), b.by, b.reason, b.at);
    ensure(closed.affected_rows() == 1, "a break is closed once");
  }
}

/// The hold that was given back is told as posted; it may be in the archive by now.
void post_ended_hold(pqxx::transaction_base& tx, const BookedLateRow& b) {
  pqxx::result::size_type posted = 0;
  for (const std::string table : {"fund_locks", "fund_locks_archive"})
    posted += tx.exec_params("update " + table + " set state = 'posted', ended_at = " + time_param(2) +
                                 " where settlement_id = $1 and state in ('released', 'expired')",
                             to_string(b.settlement.uuid), b.at)
                  .affected_rows();
  ensure(posted == 1, "what is booked late has a hold that was given back");
}

std::string obligations_json(const std::vector<Obligation>& obligations) {
  std::string json = "[";
  for (const Obligation& o : obligations) {
    if (json.size() > 1) json += ',';
    json += JsonObject{}
                .text("id", o.id)
                .text("from", o.from)
                .text("to", o.to)
                .text("amount", format_amount(o.amount.minor, o.amount.currency))
                .text("currency", o.amount.currency.code())
                .done();
  }
  return json + ']';
}

/// What `change_settlements` never changes, so that the hot path need not carry it.
void change_netted(pqxx::transaction_base& tx, const std::vector<NettedRow>& netted) {
  if (netted.empty()) return;
  PgArray ids(PgArray::Of::uuid), accounts(PgArray::Of::uuid);
  for (const NettedRow& row : netted) {
    ids.uuid(row.settlement.uuid);
    accounts.uuid(row.credit_account.uuid);
  }
  const auto changed = tx.exec_params(
      "update settlement_transactions s set credit_account = t.account, connector = $3 "
      "from unnest($1::uuid[], $2::uuid[]) t(id, account) where s.id = t.id and s.status = 'COMPLETED'",
      pqxx::binarystring(ids.bytes()), pqxx::binarystring(accounts.bytes()), std::string(netting_connector));
  ensure(static_cast<std::size_t>(changed.affected_rows()) == netted.size(), "what was netted is completed");
}

void insert_netting(pqxx::transaction_base& tx, const NettingRow& n) {
  tx.exec_params(
      "insert into nettings(id, caller, idem_key, request_digest, obligations, positions, at) values ($1, "
      "$2, "
      "$3, $4, $5, $6, " +
          time_param(7) + ")",
      to_string(n.id.uuid), n.caller, n.idempotency_key, bytes(n.request_digest),
      obligations_json(n.obligations), n.positions, n.at);
  PgArray ids(PgArray::Of::text), payers(PgArray::Of::text), payees(PgArray::Of::text);
  for (const Obligation& o : n.owed) {
    ids.text(o.id);
    payers.text(o.from);
    payees.text(o.to);
  }
  tx.exec_params0(
      "insert into netted_obligations(obligation_id, from_bank, to_bank, netting_id) select *, "
      "$4::uuid from unnest($1::text[], $2::text[], $3::text[])" +
          std::string(n.by_window ? " on conflict do nothing" : ""),
      pqxx::binarystring(ids.bytes()), pqxx::binarystring(payers.bytes()), pqxx::binarystring(payees.bytes()),
      to_string(n.id.uuid));
}

void put_window(pqxx::transaction_base& tx, const WindowDefinition& w) {
  tx.exec_params0("delete from settlement_windows where name = $1", w.name);
  tx.exec_params(
      "insert into settlement_windows(name, currency, method, zone, weekdays, calendar, effective_from, "
      "effective_to, opens, closes, cut_offs) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      w.name, w.currency ? std::optional(std::string(w.currency->code())) : std::nullopt,
      w.method ? std::optional(std::string(to_string(*w.method))) : std::nullopt, w.zone,
      int_array(w.weekdays), w.calendar, date_or_null(w.effective_from), date_or_null(w.effective_to),
      session_times(w.sessions, &Session::opens), session_times(w.sessions, &Session::closes),
      session_times(w.sessions, &Session::cut_off));
}

void add_holiday(pqxx::transaction_base& tx, const std::string& calendar, const HolidayRule& h) {
  tx.exec_params(
      "insert into holiday_rules(calendar, position, name, kind, month, day, days, nth, weekday, date, "
      "observance, first_year, last_year, provisional) select $1, coalesce(max(position), 0) + 1, $2, $3, "
      "$4, "
      "$5, $6, $7, $8, $9, $10, $11, $12, $13 from holiday_rules where calendar = $1",
      calendar, h.name, std::string(to_string(h.kind)), h.month, h.day, h.days, h.nth, h.weekday,
      date_or_null(h.date), std::string(to_string(h.observance)), h.first_year, h.last_year, h.provisional);
}

/// It is there also while it has no rule.
void keep_calendar(pqxx::transaction_base& tx, const std::string& name) {
  tx.exec_params0("insert into calendars(name) values ($1) on conflict do nothing", name);
}

void change_rules(pqxx::transaction_base& tx, const ChangeRules& change) {
  if (change.put_window) return put_window(tx, *change.put_window);
  if (!change.drop_window.empty())
    return static_cast<void>(
        tx.exec_params0("delete from settlement_windows where name = $1", change.drop_window));
  if (change.put_calendar) {
    keep_calendar(tx, change.put_calendar->name);
    tx.exec_params0("delete from holiday_rules where calendar = $1", change.put_calendar->name);
    for (const HolidayRule& rule : change.put_calendar->rules)
      add_holiday(tx, change.put_calendar->name, rule);
    return;
  }
  if (change.put_bank)
    return static_cast<void>(tx.exec_params0(
        "insert into bank_profiles(bic, name, status) values ($1, $2, $3) on conflict (bic) do "
        "update set name = $2, status = $3",
        change.put_bank->bic, change.put_bank->name, std::string(to_string(change.put_bank->status))));
  if (change.put_holiday) return add_holiday(tx, change.calendar, *change.put_holiday);
  tx.exec_params0("delete from holiday_rules where calendar = $1 and date = $2", change.calendar,
                  date_or_null(change.drop_holiday));
}
}  // namespace

bool has_decisions(const LedgerBatch& b) {
  return !(b.changed_accounts.empty() && b.ended_actions.empty() && b.new_actions.empty() &&
           b.compensations.empty() && b.opened_breaks.empty() && b.closed_breaks.empty() &&
           b.booked_late.empty() && b.nettings.empty() && b.netted.empty() && b.rule_changes.empty());
}

void write_decisions(pqxx::transaction_base& tx, const LedgerBatch& batch) {
  for (const Account& a : batch.changed_accounts) change_account(tx, a);
  for (const OperatorAction& a : batch.ended_actions) end_action(tx, a);
  for (const OperatorAction& a : batch.new_actions) insert_action(tx, a);
  for (const CompensationRow& c : batch.compensations) insert_compensation(tx, c);
  write_breaks(tx, batch);
  for (const BookedLateRow& b : batch.booked_late) post_ended_hold(tx, b);
  for (const NettingRow& n : batch.nettings) insert_netting(tx, n);
  change_netted(tx, batch.netted);
  for (const ChangeRules& change : batch.rule_changes) change_rules(tx, change);
}

void write_default_rules(pqxx::transaction_base& tx) {
  for (const WindowDefinition& window : default_windows()) put_window(tx, window);
  for (const Calendar& calendar : default_calendars()) {
    keep_calendar(tx, calendar.name);
    for (const HolidayRule& rule : calendar.rules) add_holiday(tx, calendar.name, rule);
  }
}
}  // namespace settled
