#include "apps/drill/judge.hpp"

#include "domain/ids.hpp"
#include "storage/pg_connect.hpp"

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <optional>
#include <sstream>
#include <unordered_set>

namespace settled::drill {
namespace {
using nlohmann::json;

struct Row {
  std::string id, from, to, currency, status, reference;
  std::int64_t minor = 0, attempts = 0, proofs = 0;
};
using Rows = std::unordered_map<std::string, Row>;  // by key

Rows recorded(pqxx::transaction_base& tx) {
  Rows rows;
  for (const auto& r :
       tx.exec("select s.idem_key, s.id, s.from_bank, s.to_bank, s.currency, s.status, "
               "s.reference, s.amount, s.attempts, coalesce(p.n, 0) "
               "from settlement_transactions s left join (select settlement_id, count(*) as n "
               "from settlement_attempts where proof <> '' group by 1) p on p.settlement_id = s.id")) {
    Row row{.from = r[2].c_str(),
            .to = r[3].c_str(),
            .currency = r[4].c_str(),
            .status = r[5].c_str(),
            .reference = r[6].c_str(),
            .minor = r[7].as<std::int64_t>(),
            .attempts = r[8].as<std::int64_t>(),
            .proofs = r[9].as<std::int64_t>()};
    if (const auto uuid = uuid_from(r[1].c_str())) row.id = SettlementId{*uuid}.text();
    rows.emplace(r[0].c_str(), std::move(row));
  }
  return rows;
}

std::string shown(const std::string& from, const std::string& to, std::int64_t minor,
                  const std::string& unit) {
  return std::to_string(minor) + " minor units " + unit + " from " + from + " to " + to;
}

void compare_good(const Order& order, const Row* row, std::vector<Finding>& findings) {
  if (order.status != 202)
    findings.push_back(
        {"good order refused", order.key, "202", std::to_string(order.status) + ' ' + order.receipt});
  if (!row) {
    findings.push_back({"acknowledged and missing", order.key, order.id + " is recorded", "nothing"});
    return;
  }
  if (row->id != order.id) findings.push_back({"key with two ids", order.key, order.id, row->id});
  if (row->from != order.from || row->to != order.to || row->minor != order.minor ||
      row->currency != order.currency)
    findings.push_back({"recorded otherwise", order.key,
                        shown(order.from, order.to, order.minor, order.currency),
                        shown(row->from, row->to, row->minor, row->currency)});
  // A receipt that says it failed is final.
  if (order.refused != (row->status == "FAILED" && row->attempts == 0))
    findings.push_back({"receipt and books differ", order.key, order.refused ? "failed at once" : "taken",
                        row->status + " after " + std::to_string(row->attempts) + " attempts"});
}

void compare_clients(const History& history, const Rows& rows, std::vector<Finding>& findings) {
  std::unordered_set<std::string> keys;
  for (const Order& order : history.orders()) {
    if (order.tries == 0) continue;  // drawn, and not needed
    if (order.status == 0) {
      findings.push_back({"unanswered", order.key, "a definite answer",
                          "none after " + std::to_string(order.tries) + " tries"});
      continue;
    }
    const auto at = rows.find(order.key);
    switch (order.kind) {
      case Order::Kind::good:
        keys.insert(order.key);
        compare_good(order, at == rows.end() ? nullptr : &at->second, findings);
        break;
      case Order::Kind::bad:
        if (order.status < 400)
          findings.push_back({"bad order taken", order.key, "a refusal", order.receipt});
        if (at != rows.end())
          findings.push_back({"refused but recorded", order.key, "no record", at->second.id});
        break;
      case Order::Kind::other:
        if (order.status != 409)
          findings.push_back({"known key, other order", order.key, "409", std::to_string(order.status)});
        break;
      case Order::Kind::funding:
        if (order.status != 201)
          findings.push_back({"funding refused", order.key, "201", std::to_string(order.status)});
        break;
    }
  }
  for (const auto& [key, row] : rows)
    if (!keys.contains(key))
      findings.push_back({"phantom", row.id, "an order that a client sent", "key " + key});
}

/// Funds that clients were told of, each once.
void compare_fundings(pqxx::transaction_base& tx, const History& history, std::vector<Finding>& findings) {
  std::unordered_map<std::string, std::int64_t> booked;
  for (const auto& r : tx.exec("select idem_key, amount from journal_entries where kind = 'funding'"))
    booked[r[0].c_str()] = r[1].as<std::int64_t>();
  for (const Order& order : history.orders()) {
    if (order.kind != Order::Kind::funding || order.status != 201) continue;
    const auto at = booked.find(order.key);
    if (at == booked.end() || at->second != order.minor)
      findings.push_back({"funding missing", order.key, std::to_string(order.minor),
                          at == booked.end() ? "nothing" : std::to_string(at->second)});
  }
}

/// The bank saw no request without a recorded intent, and none again without a proof that it had not had
/// the first one.
void compare_sends(const Rows& rows, const BankLog& bank, std::vector<Finding>& findings) {
  for (const auto& [key, row] : rows) {
    const auto at = bank.references().find(row.reference);
    if (at == bank.references().end()) continue;
    const auto sends = at->second.sends;
    if (sends > row.attempts)
      findings.push_back({"sent without intent", row.id, std::to_string(row.attempts) + " recorded intents",
                          std::to_string(sends) + " requests at the bank"});
    if (sends > 1 + row.proofs)
      findings.push_back({"blind resend", row.id, std::to_string(row.proofs) + " proofs for a repeat",
                          std::to_string(sends) + " requests at the bank"});
  }
}

std::int64_t number(pqxx::transaction_base& tx, const char* sql) {
  return tx.exec1(sql)[0].as<std::int64_t>();
}
}  // namespace

const std::vector<BankEffect>& BankLog::read(const Site& site) {
  for (auto before = last_;; before = last_) {
    const auto page = site.bank("GET", "/sandbox/log?limit=10000&after=" + std::to_string(last_));
    if (page.status != 200) throw Broken("the bank's log cannot be read: " + page.body);
    std::istringstream lines(page.body);
    for (std::string text; std::getline(lines, text);) {
      const auto line = json::parse(text, nullptr, false);
      if (!line.is_object()) throw Broken("a line of the bank's log cannot be read: " + text);
      last_ = line.at("n").get<std::uint64_t>();
      const auto reference = line.at("e2e").get<std::string>();
      if (line.at("op") == "SEND" && line.at("answer") != "delivered twice") ++references_[reference].sends;
      if (!line.at("effect").get<bool>()) continue;
      ++references_[reference].effects;
      effects_.push_back({reference, line.at("amount"), line.at("ccy"), line.at("creditor")});
    }
    if (last_ == before) return effects_;
  }
}

std::vector<Finding> Judgement::all() const {
  auto out = clients;
  out.insert(out.end(), books.findings.begin(), books.findings.end());
  return out;
}

std::int64_t open_settlements(const std::string& database_url) {
  const auto db = pg_connect(database_url);
  const pqxx::quiet_errorhandler quiet(*db);  // it may fall while we ask
  pqxx::nontransaction tx(*db);
  return number(tx,
                "select count(*) from settlement_transactions where status in "
                "('PENDING','VALIDATING','FUNDS_LOCKED','EXECUTING','CONFIRMING')");
}

Judgement judge(const Site& site, History& history, BankLog& bank) {
  Judgement out;
  std::size_t given = 0;
  const auto new_effects = [&] {
    const auto& all = bank.read(site);
    std::vector<BankEffect> fresh(all.begin() + static_cast<std::ptrdiff_t>(given), all.end());
    given = all.size();
    return fresh;
  };
  const auto url = site.endpoint().database_url;
  // What was acknowledged is compared below, all at once: verify asks for each id on its own.
  out.books = verify({.database_url = url, .bank_log = new_effects});
  out.clients = history.take_findings();
  const auto db = pg_connect(url);
  pqxx::work tx(*db);
  const auto rows = recorded(tx);
  compare_clients(history, rows, out.clients);
  compare_fundings(tx, history, out.clients);
  compare_sends(rows, bank, out.clients);
  out.by_inquiry =
      number(tx,
             "select count(distinct settlement_id) from settlement_attempts where kind = 'INQUIRY' "
             "and (outcome in ('completed', 'rejected') or proof <> '')");
  out.resent_with_proof = number(tx, "select count(*) from settlement_attempts where proof <> ''");
  return out;
}
}  // namespace settled::drill
