#include "storage/pg_decision_reader.hpp"

#include "storage/pg_array.hpp"
#include "storage/pg_decision_writer.hpp"

#include <algorithm>
#include <map>

namespace settled {
namespace {
const char* const micros_of_request = "(extract(epoch from requested_at) * 1000000)::bigint";

template <class T>
T known(std::optional<T> value, const char* what) {
  ensure(value.has_value(), what);
  return *value;
}

std::optional<Date> date_of(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : date_from(field.c_str());
}

std::vector<int> ints(const pqxx::field& field) {
  std::vector<int> values;
  auto parser = field.as_array();
  for (auto item = parser.get_next(); item.first != pqxx::array_parser::done; item = parser.get_next())
    if (item.first == pqxx::array_parser::string_value) values.push_back(std::stoi(item.second));
  return values;
}

OperatorAction action_from(const pqxx::row& row) {
  OperatorAction a;
  a.id = {known(uuid_from(row[0].c_str()), "a recorded id is a uuid")};
  const std::string_view kind = row[1].c_str();
  a.kind = kind == "resolve"      ? ActionKind::resolve
           : kind == "compensate" ? ActionKind::compensate
                                  : ActionKind::decide;
  a.settlement = {known(uuid_from(row[2].c_str()), "a recorded id is a uuid")};
  a.verdict = row[3].c_str();
  a.reason = row[4].c_str();
  a.bank_reference = row[5].c_str();
  a.shown = row[6].c_str();
  const pqxx::binarystring digest(row[7]);
  std::copy_n(digest.begin(), std::min(digest.size(), a.digest.size()), a.digest.begin());
  a.requested_by = row[8].c_str();
  a.requested_at = row[9].as<std::int64_t>();
  return a;
}

WindowDefinition window_from(const pqxx::row& row) {
  WindowDefinition w;
  w.name = row[0].c_str();
  if (!row[1].is_null()) {
    const auto currency = currency_from(row[1].c_str());
    ensure(static_cast<bool>(currency), "a recorded currency is one we know");
    w.currency = *currency;
  }
  if (!row[2].is_null()) w.method = known(method_from(row[2].c_str()), "a recorded method is one we know");
  w.zone = row[3].c_str();
  w.weekdays = ints(row[4]);
  w.calendar = row[5].c_str();
  w.effective_from = date_of(row[6]);
  w.effective_to = date_of(row[7]);
  const auto opens = ints(row[8]), closes = ints(row[9]), cut_offs = ints(row[10]);
  for (std::size_t i = 0; i < opens.size(); ++i)
    w.sessions.push_back({opens[i], closes.at(i), cut_offs.at(i)});
  return w;
}

HolidayRule holiday_from(const pqxx::row& row) {
  HolidayRule h;
  h.name = row["name"].c_str();
  h.kind = known(holiday_kind_from(row["kind"].c_str()), "a recorded kind of holiday is one we know");
  h.month = row["month"].as<int>();
  h.day = row["day"].as<int>();
  h.days = row["days"].as<int>();
  h.nth = row["nth"].as<int>();
  h.weekday = row["weekday"].as<int>();
  h.date = date_of(row["date"]);
  h.observance = known(observance_from(row["observance"].c_str()), "a recorded observance is one we know");
  h.first_year = row["first_year"].as<int>();
  h.last_year = row["last_year"].as<int>();
  h.provisional = row["provisional"].as<bool>();
  return h;
}

Rules read_rules(pqxx::transaction_base& tx) {
  Rules rules;
  for (const auto& row :
       tx.exec("select name, currency, method, zone, weekdays, calendar, effective_from, "
               "effective_to, opens, closes, cut_offs from settlement_windows order by name"))
    rules.windows.push_back(window_from(row));
  std::map<std::string, std::vector<HolidayRule>> holidays;
  for (const auto& row : tx.exec("select * from holiday_rules order by calendar, position"))
    holidays[row["calendar"].c_str()].push_back(holiday_from(row));
  for (const auto& row : tx.exec("select name from calendars order by name"))
    rules.calendars.push_back({row[0].c_str(), std::move(holidays[row[0].c_str()])});
  for (const auto& row : tx.exec("select bic, name, status from bank_profiles")) {
    BankProfile bank{row[0].c_str(), row[1].c_str(),
                     known(bank_status_from(row[2].c_str()), "a recorded status is one we know")};
    rules.banks.emplace(bank.bic, bank);
  }
  return rules;
}
}  // namespace

std::optional<KnownNetting> read_netting(pqxx::transaction_base& tx, const std::string& caller,
                                         const std::string& key) {
  const auto rows = tx.exec_params(
      "select n.id, n.request_digest, o ->> 'id', o ->> 'from', o ->> 'to', o ->> 'amount', o ->> 'currency' "
      "from nettings n, json_array_elements(n.obligations::json) with ordinality as list(o, place) "
      "where n.caller = $1 and n.idem_key = $2 order by place",
      caller, key);
  if (rows.empty()) return std::nullopt;
  KnownNetting known_one;
  known_one.journal = {known(uuid_from(rows[0][0].c_str()), "a recorded id is a uuid")};
  const pqxx::binarystring digest(rows[0][1]);
  std::copy_n(digest.begin(), std::min(digest.size(), known_one.request_digest.size()),
              known_one.request_digest.begin());
  for (const auto& row : rows) {
    const auto currency = currency_from(row[6].c_str());
    ensure(static_cast<bool>(currency), "a recorded currency is one we know");
    const auto amount = positive_amount(row[5].c_str(), *currency);
    ensure(static_cast<bool>(amount), "a recorded amount is one");
    known_one.obligations.push_back({row[2].c_str(), row[3].c_str(), row[4].c_str(), *amount});
  }
  return known_one;
}

std::optional<NettedBefore> read_netted(pqxx::transaction_base& tx,
                                        const std::vector<Obligation>& obligations) {
  PgArray ids(PgArray::Of::text), payers(PgArray::Of::text), payees(PgArray::Of::text);
  for (const Obligation& o : obligations) {
    ids.text(o.id);
    payers.text(o.from);
    payees.text(o.to);
  }
  const auto rows = tx.exec_params(
      "select w.place, n.netting_id from unnest($1::text[], $2::text[], $3::text[]) with ordinality "
      "w(id, payer, payee, place) join netted_obligations n on n.obligation_id = w.id and n.from_bank = "
      "w.payer and n.to_bank = w.payee order by w.place limit 1",
      pqxx::binarystring(ids.bytes()), pqxx::binarystring(payers.bytes()),
      pqxx::binarystring(payees.bytes()));
  if (rows.empty()) return std::nullopt;
  return NettedBefore{rows[0][0].as<std::size_t>() - 1,
                      {known(uuid_from(rows[0][1].c_str()), "a recorded id is a uuid")}};
}

void read_decisions(pqxx::transaction_base& tx, LedgerSnapshot& snapshot) {
  for (const auto& row :
       tx.exec(std::string("select id, kind, settlement_id, verdict, reason, bank_reference, shown, digest, "
                           "requested_by, ") +
               micros_of_request + " from operator_actions where state = 'pending'"))
    snapshot.pending_actions.push_back(action_from(row));
  for (const auto& row : tx.exec("select id, kind, settlement_id from breaks where state = 'open'"))
    snapshot.open_breaks.push_back({{known(uuid_from(row[0].c_str()), "a recorded id is a uuid")},
                                    row[1].c_str(),
                                    {known(uuid_from(row[2].c_str()), "a recorded id is a uuid")}});
  snapshot.rules = read_rules(tx);
  if (snapshot.rules.windows.empty() && snapshot.rules.calendars.empty()) {
    write_default_rules(tx);
    snapshot.rules = read_rules(tx);
  }
}
}  // namespace settled
