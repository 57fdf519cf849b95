#define BOOST_TEST_MODULE verify
#include "storage/verify.hpp"

#include "tests/storage/books.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>

using namespace settled;
using settled::tests::Books;
using settled::tests::BooksServer;

namespace {
std::optional<BooksServer> server;
struct Server {
  void setup() { server.emplace(); }
  void teardown() { server.reset(); }
};

/// A log that says all of it at the first call, or `before` the snapshot and `after` it.
std::function<std::vector<BankEffect>()> log_of(std::vector<BankEffect> before,
                                                std::vector<BankEffect> after = {}) {
  auto calls = std::make_shared<int>(0);
  return [=] { return ++*calls == 1 ? before : after; };
}
Verdict judge(const std::string& database, std::vector<BankEffect> bank = Books::bank_effects()) {
  VerifyInput input;
  input.database_url = server->url(database);
  input.bank_log = log_of(std::move(bank));
  return verify(input);
}
std::string all(const Verdict& v) {
  std::string text;
  for (const auto& f : v.findings)
    text += f.check + " | " + f.subject + " | " + f.expected + " | " + f.found + '\n';
  return text;
}
bool says(const Verdict& v, const std::string& check, const std::string& subject) {
  return std::any_of(v.findings.begin(), v.findings.end(), [&](const Finding& f) {
    return f.check == check && f.subject.find(subject) != std::string::npos;
  });
}
std::string sql(SettlementId id) { return '\'' + to_string(id.uuid) + '\''; }
std::string sql(AccountId id) { return '\'' + to_string(id.uuid) + '\''; }
const std::string entries_open = "alter table ledger_entries disable trigger append_only; ";
const std::string events_open = "alter table events disable trigger append_only; ";
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Server);

BOOST_AUTO_TEST_CASE(right_books_are_right_and_their_numbers_are_told) {
  VerifyInput input;
  input.database_url = server->url("books");
  input.bank_log = log_of(Books::bank_effects());
  input.acknowledged = {Books::settlement(1).text(), Books::settlement(4).text(),
                        Books::settlement(1).text()};
  const auto v = verify(input);
  BOOST_TEST(v.ok(), all(v));
  BOOST_TEST(v.accounts == 6);
  BOOST_TEST(v.entries == 14);
  BOOST_TEST(v.recorded == 7);
  BOOST_TEST(v.settlements.at("COMPLETED") == 3);
  BOOST_TEST(v.open_holds == 2);
  BOOST_TEST(v.orphan_holds == 0);
  BOOST_TEST(v.acknowledged.value() == 2);
  BOOST_TEST(v.acknowledged_recorded.value() == 2);
  BOOST_TEST(v.bank->effects == 4);
  BOOST_TEST(v.bank->executed_completed == 3);
  BOOST_TEST(v.bank->executed_open == 1);
  BOOST_REQUIRE_EQUAL(v.sums.size(), 2);
  BOOST_TEST(v.sums[0].currency == "XOF");
  BOOST_TEST(v.sums[0].minor_units == "0");
}

BOOST_AUTO_TEST_CASE(each_falsified_fact_is_named) {
  const auto set = [](int n) { return Books::settlement(n).text(); };
  const auto acc = [](int n) { return Books::account(n).text(); };
  const auto s = [](int n) { return sql(Books::settlement(n)); };
  const auto a = [](int n) { return sql(Books::account(n)); };
  const struct {
    std::string change, check, subject;
  } cases[] = {
      {"update accounts set balance = balance + 1 where id = " + a(1), "balance", acc(1)},
      {"update accounts set version = version + 1 where id = " + a(1), "entries", acc(1)},
      {entries_open + "update ledger_entries set amount = amount + 1 where account_id = " + a(1) +
           " and version = 2",
       "sum", "XOF"},
      {entries_open + "update ledger_entries set amount = amount + 1 where account_id = " + a(1) +
           " and version = 2",
       "journal", "set_"},
      {entries_open + "update ledger_entries set amount = amount + 1 where account_id = " + a(1) +
           " and version = 2",
       "settlement entries", "set_"},
      {entries_open + "update ledger_entries set balance_after = 1 where account_id = " + a(1) +
           " and version = 2",
       "entry chain", acc(1) + " entry 2"},
      {entries_open + "delete from ledger_entries where journal_id = " + s(1), "settlement entries", set(1)},
      {entries_open + "delete from ledger_entries where journal_id = " + s(1), "balance", acc(1)},
      {entries_open + "update ledger_entries set journal_id = gen_random_uuid() where journal_id = " + s(1),
       "orphan entry", acc(1)},
      {entries_open + "delete from ledger_entries where version = 1 and account_id = " + a(3),
       "funding entries", "jrn_"},
      {"insert into ledger_entries select id, version + 1, " + s(5) +
           ", 1, balance, now() from accounts where id = " + a(1),
       "settlement entries", set(5)},
      {"update accounts set held = held + 1 where id = " + a(3), "held", acc(3)},
      {"update fund_locks set state = 'held' where settlement_id = " + s(1), "orphan hold", set(1)},
      {"update fund_locks set state = 'held' where settlement_id = " + s(1), "held", acc(1)},
      {"insert into fund_locks values (gen_random_uuid(), " + a(1) + ", " + a(3) +
           ", 5, 'XOF', 'held', now())",
       "orphan hold", "set_"},
      {"delete from fund_locks where settlement_id = " + s(6), "hold", set(6)},
      {"update fund_locks set state = 'released' where settlement_id = " + s(2), "hold", set(2)},
      {"update fund_locks set state = 'posted' where settlement_id = " + s(5), "hold", set(5)},
      {"update fund_locks set amount = 1 where settlement_id = " + s(2), "hold amount", set(2)},
      {"update fund_locks set credit_account = " + a(4) + " where settlement_id = " + s(2), "hold amount",
       set(2)},
      {"alter table accounts drop constraint available_not_negative; update accounts set floor = 10000000 "
       "where id = " +
           a(1),
       "available", acc(1)},
      {"update settlement_transactions set status = 'COMPLETED' where id = " + s(7), "settlement entries",
       set(7)},
      {"update settlement_transactions set status = 'COMPLETED' where id = " + s(7), "orphan hold", set(7)},
      {"update settlement_transactions set finalized_at = null where id = " + s(1), "final time", set(1)},
      {"update settlement_transactions set debit_account = gen_random_uuid() where id = " + s(4),
       "orphan settlement", set(4)},
      {"update settlement_transactions set currency = 'GHS' where id = " + s(4), "orphan settlement", set(4)},
      {"delete from settlement_transactions where id = " + s(4), "orphan event", "event"},
      {"delete from accounts where id = " + a(6), "orphan entry", acc(6)},
      {"delete from journal_entries where account_id = " + a(1), "orphan entry", acc(1)},
      {"update journal_entries set account_id = gen_random_uuid() where account_id = " + a(1),
       "orphan funding", "jrn_"},
      {"insert into settlement_attempts values (gen_random_uuid(), 1, 'SEND', 'unknown', '', '', now(), "
       "now(), '', 1)",
       "orphan attempt", "set_"},
      {"update settlement_transactions set reference = 'STX' where id = " + s(4), "reference", set(4)},
      {"update settlement_transactions set reference = (select reference from settlement_transactions where "
       "idem_key = 'o1') where id = " +
           s(4),
       "reference", set(4)},
      {events_open + "update events set payload = '{\"n\":2}' where seq = 11", "event chain",
       "stream 0 event 11"},
      {events_open + "update events set at = at + interval '1 second' where seq = 11", "event chain",
       "event 11"},
      {events_open + "update events set kind = 'settlement.completed' where seq = 1", "event chain",
       "event 1 "},
      {events_open + "delete from events where seq = 11", "event gap", "stream 0 event 12"},
      {events_open + "delete from events where seq = 1", "event gap", "stream 0 event 2"},
      {events_open + "delete from events where seq = (select max(seq) from events)", "event end", "stream 0"},
      {events_open + "delete from events", "event end", "stream 0"},
      {events_open + "delete from events where subject = " + s(1), "settlement events", set(1)},
      {"delete from ledger_writers", "event end", "stream 0"},
      {"update ledger_writers set last_hash = 'x'", "event end", "stream 0"},
  };
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.change) {
      const auto database = server->fresh();
      server->run(database, c.change);
      const auto v = judge(database);
      BOOST_TEST(!v.ok());
      BOOST_TEST(says(v, c.check, c.subject), "no '" << c.check << "' of " << c.subject << " in\n" << all(v));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_forged_event_whose_chain_was_rebuilt_still_shows_at_the_writers_end) {
  const auto database = server->fresh();
  server->run(database, events_open + R"(
    update events set payload = '{"forged":1}' where seq = 11;
    do $$ declare e record; before bytea := ''; begin
      for e in select * from events order by seq loop
        before := sha256(before || convert_to(event_text(e.seq, e.at, e.kind, e.subject, e.payload), 'UTF8'));
        update events set hash = before where seq = e.seq;
      end loop; end $$)");
  const auto v = judge(database);
  BOOST_TEST(says(v, "event end", "stream 0"), all(v));
}

BOOST_AUTO_TEST_CASE(the_kind_that_an_order_which_waits_was_told_by_for_a_while_is_still_understood) {
  const auto database = server->fresh();
  const std::string told = "select say('settlement->waiting', ";
  server->run(database, told + sql(Books::settlement(6)) + R"(, '{"status":"EXECUTING","steps":[]}'))");
  const auto v = judge(database);
  BOOST_TEST(v.ok(), all(v));
  pqxx::connection db(server->url(database));
  BOOST_TEST(pqxx::nontransaction(db)
                 .exec1("select settlement from chk.event where seq = (select max(seq) from events)")[0]
                 .as<std::string>("") == Books::settlement(6).text());
  server->run(database, told + "'00000000-0000-7000-8000-000000000001', '{}')");
  BOOST_TEST(says(judge(database), "orphan event", "stream 0 event"));
}

BOOST_AUTO_TEST_CASE(what_the_bank_did_otherwise_is_named) {
  const auto set = [](int n) { return Books::settlement(n).text(); };
  const auto effect = [](int n, std::int64_t amount, const char* currency, const char* bank) {
    return BankEffect{Books::reference(n), amount, currency, bank};
  };
  const auto with = [](std::vector<BankEffect> more) {
    auto bank = Books::bank_effects();
    bank.insert(bank.end(), more.begin(), more.end());
    return bank;
  };
  auto missing = Books::bank_effects();
  missing.erase(missing.begin());
  auto changed = Books::bank_effects();
  changed[1].amount += 1;
  auto elsewhere = Books::bank_effects();
  elsewhere[1].creditor_bank = "COTOBJBJ";
  const struct {
    std::vector<BankEffect> bank;
    std::string check, subject;
  } cases[] = {
      {with({Books::bank_effects()[0]}), "executed twice", set(1)},
      {with({effect(1, 7, "XOF", "DAKRSNDA")}), "executed otherwise", set(1)},
      {missing, "not executed", set(1)},
      {changed, "executed otherwise", set(2)},
      {elsewhere, "executed otherwise", set(2)},
      {with({effect(4, 5'000'000, "XOF", "DAKRSNDA")}), "executed unasked", set(4)},
      {with({effect(5, 700, "XOF", "DAKRSNDA")}), "executed unasked", set(5)},
      {with({effect(99, 1, "XOF", "DAKRSNDA")}), "executed unrecorded", Books::reference(99)},
      {with({{"SOMETHING", 1, "XOF", "DAKRSNDA"}}), "executed unrecorded", "SOMETHING"},
  };
  for (const auto& c : cases) {
    const auto v = judge("books", c.bank);
    BOOST_TEST(!v.ok());
    BOOST_TEST(says(v, c.check, c.subject), "no '" << c.check << "' of " << c.subject << " in\n" << all(v));
  }
}

BOOST_AUTO_TEST_CASE(what_the_bank_executed_and_a_break_tells_is_counted_by_the_state_of_the_break) {
  const auto database = server->fresh();
  auto bank = Books::bank_effects();
  bank.push_back({Books::reference(5), 700, "XOF", "DAKRSNDA"});
  server->run(database,
              "insert into breaks(id, kind, settlement_id) values (gen_random_uuid(), "
              "'late_success', " +
                  sql(Books::settlement(5)) + ")");
  const auto open = judge(database, bank);
  BOOST_TEST(open.ok(), all(open));
  BOOST_TEST(open.bank->executed_told_open == 1);
  server->run(database, "update breaks set state = 'closed', closed_at = now()");
  const auto closed = judge(database, bank);
  BOOST_TEST(closed.ok(), all(closed));
  BOOST_TEST(closed.bank->executed_told_open == 0);
  BOOST_TEST(closed.bank->executed_told_closed == 1);
  BOOST_TEST(closed.bank->effects == closed.bank->executed_completed + closed.bank->executed_open + 1);
}

BOOST_AUTO_TEST_CASE(what_happens_while_the_checker_reads_is_not_a_fault) {
  auto early = Books::bank_effects();
  const auto last_completed = early[2];
  early.erase(early.begin() + 2);
  VerifyInput input;
  input.database_url = server->url("books");
  // Completed before our snapshot, but seen in the log only after it; and an order newer than the snapshot.
  input.bank_log = log_of(early, {last_completed, {Books::reference(50), 5, "XOF", "DAKRSNDA"}});
  const auto v = verify(input);
  BOOST_TEST(v.ok(), all(v));
}

BOOST_AUTO_TEST_CASE(an_acknowledged_order_that_is_not_recorded_is_named) {
  VerifyInput input;
  input.database_url = server->url("books");
  input.acknowledged = {Books::settlement(1).text(), Books::settlement(77).text(), "set_nonsense"};
  const auto v = verify(input);
  BOOST_TEST(v.acknowledged.value() == 3);
  BOOST_TEST(v.acknowledged_recorded.value() == 1);
  BOOST_TEST(says(v, "acknowledged", Books::settlement(77).text()));
  BOOST_TEST(says(v, "acknowledged", "set_nonsense"));
  BOOST_TEST(!v.bank);
}

BOOST_AUTO_TEST_CASE(findings_are_bounded_and_all_are_counted) {
  const auto database = server->fresh();
  server->run(database, "insert into fund_locks select gen_random_uuid(), " + sql(Books::account(1)) + ", " +
                            sql(Books::account(3)) +
                            ", 5, 'XOF', 'held', now() from generate_series(1, 1000)");
  const auto v = judge(database);
  BOOST_TEST(v.wrong_by_check.at("orphan hold") == 1000);
  BOOST_TEST(v.orphan_holds == 1000);
  BOOST_TEST(std::count_if(v.findings.begin(), v.findings.end(),
                           [](const Finding& f) { return f.check == "orphan hold"; }) == findings_per_check);
}

BOOST_AUTO_TEST_CASE(a_database_that_cannot_be_read_is_not_a_verdict) {
  VerifyInput input;
  input.database_url = server->url("postgres");
  BOOST_CHECK_THROW(verify(input), CannotVerify);
  input.database_url = "postgresql:///nowhere?host=/nowhere";
  BOOST_CHECK_THROW(verify(input), CannotVerify);
  input.database_url = "nonsense://";
  BOOST_CHECK_THROW(verify(input), std::exception);
}
