#include "storage/verify.hpp"

#include "domain/ids.hpp"
#include "domain/settlement.hpp"
#include "storage/bank_reference.hpp"
#include "storage/pg_connect.hpp"
#include "storage/pg_verify.hpp"

#include <pqxx/pqxx>

#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace settled {
namespace {

using Transaction = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

std::int64_t count(Transaction& tx, const char* sql) { return tx.exec1(sql)[0].as<std::int64_t>(); }

void count_all(Transaction& tx, Verdict& verdict) {
  verdict.accounts = count(tx, "select count(*) from accounts");
  verdict.entries = count(tx, "select count(*) from ledger_entries");
  verdict.events = count(tx, "select count(*) from events");
  verdict.journals = count(tx,
                           "select (select count(*) from journal_entries) + "
                           "(select count(*) from settlement_transactions where status = 'COMPLETED')");
  verdict.open_holds = count(tx, "select count(*) from fund_locks where state = 'held'");
  for (const auto& row : tx.exec("select status, count(*) from settlement_transactions group by 1"))
    verdict.recorded += verdict.settlements[row[0].c_str()] = row[1].as<std::int64_t>();
  for (const auto& row : tx.exec("select a.currency, coalesce(sum(e.amount), 0) from accounts a left join "
                                 "ledger_entries e on e.account_id = a.id group by 1 order by 1 desc"))
    verdict.sums.push_back({row[0].c_str(), row[1].c_str()});
}

void run(Transaction& tx, const SqlCheck& check, Verdict& verdict) {
  const auto rows = tx.exec("with wrong(subject, expected, found) as (" + std::string(check.sql) +
                            ") select subject, expected, found, count(*) over () from wrong limit " +
                            std::to_string(findings_per_check));
  if (rows.empty()) return;
  for (const auto& row : rows)
    report(verdict, {check.name, with_type_ids(row[0].as<std::string>("")),
                     with_type_ids(row[1].as<std::string>("")), with_type_ids(row[2].as<std::string>(""))});
  const auto more = rows[0][3].as<std::int64_t>() - static_cast<std::int64_t>(rows.size());
  verdict.wrong += more;
  verdict.wrong_by_check[check.name] += more;
}

/// What the bank did for one reference of ours.
struct Executed {
  std::int64_t times = 0;
  bool before_snapshot = false;
  bool matched = false;
  BankEffect first;
  bool differs = false;  // not every line says the same
};
using Effects = std::unordered_map<std::string, Executed>;

void take(Effects& effects, std::vector<BankEffect> lines, bool before_snapshot, Verdict::Bank& bank) {
  for (auto& line : lines) {
    ++bank.effects;
    auto& e = effects[line.reference];
    if (e.times++ == 0) {
      e.before_snapshot = before_snapshot;
      e.first = std::move(line);
    } else if (e.first.amount != line.amount || e.first.currency != line.currency ||
               e.first.creditor_bank != line.creditor_bank) {
      e.differs = true;
    }
  }
}

std::string shown(std::int64_t amount, const std::string& currency, const std::string& bank) {
  return std::to_string(amount) + " minor units " + currency + " to " + bank;
}

void compare_one(const pqxx::row& row, Effects& effects, Verdict& verdict) {
  const auto uuid = uuid_from(row["id"].c_str());
  const SettlementId id{uuid.value_or(Uuid{})};
  const std::string reference = row["reference"].c_str();
  const auto status = status_from(row["status"].c_str()).value_or(Status::PENDING);
  const auto amount = row["amount"].as<std::int64_t>();
  const std::string currency = row["currency"].c_str();
  const std::string creditor = row["to_bank"].c_str();
  // Rows of before docs/decisions/0020 have the reference of their id, which the bank knows them by.
  if (const auto expected = bank_reference_of(row["caller"].c_str(), row["idem_key"].c_str());
      reference != expected && reference != bank_reference_of(id))
    report(verdict, {"reference", id.text(), expected, reference});

  const auto found = effects.find(reference);
  if (found == effects.end()) {
    if (status != Status::COMPLETED) return;
    if (row["on_us"].as<bool>())
      ++verdict.bank->completed_here;
    else
      report(verdict, {"not executed", id.text(), "executed once at the bank (COMPLETED)", "never executed"});
    return;
  }
  auto& e = found->second;
  e.matched = true;
  if (e.times > 1)
    report(verdict, {"executed twice", id.text(), "at most once", std::to_string(e.times) + " times"});
  if (e.differs || e.first.amount != amount || e.first.currency != currency ||
      e.first.creditor_bank != creditor)
    report(verdict, {"executed otherwise", id.text(), shown(amount, currency, creditor),
                     shown(e.first.amount, e.first.currency, e.first.creditor_bank)});
  switch (status) {
    case Status::COMPLETED:
      if (row["on_us"].as<bool>()) break;
      ++verdict.bank->executed_completed;
      return;
    case Status::EXECUTING:
    case Status::CONFIRMING:
      ++verdict.bank->executed_open;
      return;
    case Status::PENDING:
    case Status::VALIDATING:
    case Status::FUNDS_LOCKED:
      // Our intent to send may be younger than the snapshot; an older effect has no excuse.
      if (!e.before_snapshot) return;
      break;
    case Status::FAILED:
    case Status::ROLLED_BACK:
      // Told to people: known, and no fault of the books.
      if (const std::string_view told = row["told"].c_str(); !told.empty()) {
        ++(told == "open" ? verdict.bank->executed_told_open : verdict.bank->executed_told_closed);
        return;
      }
      break;
  }
  report(verdict, {"executed unasked", id.text(), "not executed (" + std::string(to_string(status)) + ')',
                   "executed: " + shown(e.first.amount, e.first.currency, e.first.creditor_bank)});
}

void compare_with_bank(Transaction& tx, Effects& effects, Verdict& verdict) {
  pqxx::icursorstream rows(
      tx,
      "select id, caller, idem_key, reference, status, amount, currency, to_bank, (select case when "
      "bool_or(b.state = 'open') then 'open' when count(*) > 0 then 'closed' end from breaks b where "
      "b.settlement_id = s.id and b.kind = 'late_success') as told, exists (select from accounts a where "
      "a.id = s.credit_account and a.kind = 'vostro') as on_us "
      "from settlement_transactions s order by id",
      "settlements_to_verify", 10'000);
  for (pqxx::result page; rows >> page;)
    for (const auto& row : page) compare_one(row, effects, verdict);
  for (const auto& [reference, e] : effects)
    if (!e.matched && e.before_snapshot)
      report(verdict,
             {"executed unrecorded", reference, "a recorded settlement",
              "none; the bank executed " + shown(e.first.amount, e.first.currency, e.first.creditor_bank)});
}

void check_acknowledged(Transaction& tx, const std::vector<std::string>& ids, Verdict& verdict) {
  verdict.acknowledged = verdict.acknowledged_recorded = 0;
  std::unordered_set<std::string> seen;
  tx.conn().prepare("settlement_is_recorded", "select 1 from settlement_transactions where id = $1::uuid");
  for (const auto& text : ids) {
    if (!seen.insert(text).second) continue;
    ++*verdict.acknowledged;
    const auto id = SettlementId::from(text);
    if (id && !tx.exec_prepared("settlement_is_recorded", to_string(id->uuid)).empty())
      ++*verdict.acknowledged_recorded;
    else
      report(verdict, {"acknowledged", text, "recorded", id ? "not recorded" : "not an id of a settlement"});
  }
}
}  // namespace

std::string with_type_ids(std::string text) {
  constexpr std::size_t uuid_length = 36;
  for (const std::string_view prefix : {"set:", "acc:", "jrn:"})
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1))
      if (const auto uuid = uuid_from(std::string_view(text).substr(at + prefix.size(), uuid_length)))
        text.replace(at + 3, 1 + uuid_length, '_' + base32(*uuid));
  return text;
}

void report(Verdict& verdict, Finding finding, std::int64_t times) {
  verdict.wrong += times;
  auto& of_check = verdict.wrong_by_check[finding.check];
  of_check += times;
  if (of_check <= findings_per_check) verdict.findings.push_back(std::move(finding));
}

Verdict verify(const VerifyInput& input) {
  Verdict verdict;
  Effects effects;
  if (input.bank_log) {
    verdict.bank = Verdict::Bank{};
    take(effects, input.bank_log(), true, *verdict.bank);
  }
  try {
    const auto db = pg_connect(input.database_url);
    {
      // A check of a big ledger takes longer than any statement of the running program may.
      pqxx::nontransaction setup(*db);
      setup.exec("set statement_timeout = 0");
      setup.exec(for_whole_tables);
      setup.exec("set lock_timeout = '10s'; set idle_in_transaction_session_timeout = 0");
    }
    Transaction tx(*db);
    count_all(tx, verdict);  // the first query takes the snapshot
    for (const auto& check : sql_checks()) run(tx, check, verdict);
    verdict.orphan_holds =
        verdict.wrong_by_check.contains("orphan hold") ? verdict.wrong_by_check["orphan hold"] : 0;
    if (input.acknowledged) check_acknowledged(tx, *input.acknowledged, verdict);
    if (input.bank_log) {
      take(effects, input.bank_log(), false, *verdict.bank);
      compare_with_bank(tx, effects, verdict);
    }
  } catch (const pqxx::undefined_table&) {
    throw CannotVerify("The database has no settled ledger: a table is missing. Is it the right database?");
  } catch (const pqxx::failure& e) {
    throw CannotVerify(std::string("The database cannot be read: ") + e.what());
  }
  return verdict;
}
}  // namespace settled
