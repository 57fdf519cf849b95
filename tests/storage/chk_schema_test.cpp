// The contract `chk` from a checker's side: names and types are as agreed, a right history violates no
// invariant, and each invariant finds what it is there for.
#define BOOST_TEST_MODULE chk_schema
#include "storage/connector_registry.hpp"
#include "storage/ledger_book.hpp"
#include "storage/pg_ledger_store.hpp"
#include "tests/database_fixture.hpp"
#include "tests/storage/chk_invariants.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <map>
#include <set>
#include <sstream>

namespace settled {
namespace {
using namespace std::chrono_literals;

// RELIABILITY.md, appendix A, word for word.
constexpr const char* agreed = R"(
  settlement(id text, tenant text, idem_key text, state text, terminal bool, amount bigint, ccy text, creditor text, bank text, nostro text)
  transition(settlement text, seq int, from_state text, to_state text, at timestamptz, epoch bigint)
  edge(from_state text, to_state text)
  instruction(e2e text, settlement text)
  attempt(e2e text, n int, kind text, outcome text, t0 timestamptz, t1 timestamptz, epoch bigint, proof text)
  capability(bank text, idempotent bool, notfound_final_after interval)
  posting(entry text, settlement text, phase text, account text, ccy text, amount bigint, seq bigint)
  balance(account text, ccy text, balance bigint, hold bigint, floor bigint)
  hold(settlement text, account text, ccy text, amount bigint)
  lease(shard int, owner text, epoch bigint, until timestamptz)
  node(owner text, alive bool)
  event(stream text, seq bigint, settlement text, sseq int, payload text, prev bytea, hash bytea)
  brk(id text, kind text, settlement text, e2e text, bank text, ccy text, amount bigint, open bool))";

Micros now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
Uuid fresh_id() {
  static std::uint64_t n = 0;
  ++n;
  return make_uuid_v7(now() / 1000, n, n * 0x9E3779B97F4A7C15U);
}
std::string literal(const std::string& text) { return '\'' + text + '\''; }
std::string at(Micros time) {
  return "timestamptz 'epoch' + " + std::to_string(time) + " * interval '1 microsecond'";
}

/// Books over PostgreSQL that are led by hand, a bank that we play, and what client, bank and consumer of
/// events wrote down meanwhile.
struct Life : tests::DatabaseFixture {
  std::unique_ptr<LedgerStore> store;
  std::unique_ptr<LedgerBook> book;
  std::int64_t last_batch = 0;
  Account vostro{.kind = AccountKind::vostro, .bank = "ABIDCIAB", .currency = *currency_from("XOF")};
  Account nostro{.kind = AccountKind::nostro, .bank = "DAKRSNDA", .currency = *currency_from("XOF")};
  std::map<std::string, SettlementView> lives;  // by key

  Life() {
    execute(tests::evidence_tables);
    register_connectors(url, {{"bceao", "rest_bank", {false, true, 5ms}}});
    start();
    for (Account* a : {&vostro, &nostro}) {
      write([&](LedgerBatch& batch) {
        const AccountId id{fresh_id()};
        *a = book->open_account(id, {"test", *a}, batch).account;
      });
      write([&](LedgerBatch& batch) {
        const auto done = book->fund({fresh_id()}, {fresh_id()},
                                     {"test", "fund " + a->bank, {}, a->id, {10'000, a->currency}}, batch);
        BOOST_REQUIRE_EQUAL(to_string(done.refusal.code), "ok");
      });
    }
  }

  /// A new writer with a new epoch, as after a crash.
  void start() {
    store.reset();
    store = make_pg_ledger_store({.database_url = url, .owner = "node-1"});
    auto snapshot = store->take_over();
    last_batch = snapshot.batch;
    book = std::make_unique<LedgerBook>(std::move(snapshot), now);
  }
  template <class Decide>
  void write(Decide decide) {
    LedgerBatch batch;
    batch.number = ++last_batch;
    decide(batch);
    store->commit(batch);
  }

  SettlementView& open(const std::string& key, std::int64_t minor) {
    const Micros asked = now();
    write([&](LedgerBatch& batch) {
      NewSettlement order{.idempotency_key = key,
                          .order = {.obligation_id = key,
                                    .from_bank = "ABIDCIAB",
                                    .to_bank = "DAKRSNDA",
                                    .amount = {minor, vostro.currency},
                                    .settlement_date = "2026-11-20"}};
      lives[key] = book->open("test", {SettlementId{fresh_id()}, order, "bceao"}, batch).settlement;
    });
    const auto& s = lives.at(key);
    execute("insert into h.client values ('test', " + literal(key) + ", 'sha', " + std::to_string(minor) +
            ", 'XOF', " + at(asked) + ", now(), 202, " + literal(s.id.text()) + ")");
    return lives.at(key);
  }
  void advance(const std::string& key, AdvanceSettlement step) {
    auto& s = lives.at(key);
    step.id = s.id;
    write([&](LedgerBatch& batch) {
      const auto found = book->advance(step, batch);
      BOOST_REQUIRE(found && found->advanced);
      s = found->settlement;
    });
  }
  static Attempt tried(Attempt::Kind kind, Outcome outcome, Micros since) {
    return {kind, {.outcome = outcome, .code = "x\",\"steps\":[\"NONSENSE\"]"}, since, now()};
  }
  /// A send that the bank sees (or not), and the step that follows from its outcome.
  void send(const std::string& key, Outcome outcome, std::vector<Event> path, bool effect) {
    const Micros since = now();
    if (outcome != Outcome::not_sent) bank_saw(key, "SEND", effect, effect ? "201 COMPLETED" : "dropped");
    advance(key, {.path = std::move(path), .attempt = tried(Attempt::Kind::send, outcome, since)});
  }
  void inquire(const std::string& key, Outcome outcome, std::vector<Event> path, std::string proof = "") {
    const Micros since = now();
    bank_saw(key, "INQUIRY", false, outcome == Outcome::not_found ? "404 not_found" : "200 COMPLETED");
    advance(key, {.path = std::move(path),
                  .attempt = tried(Attempt::Kind::inquiry, outcome, since),
                  .proof = std::move(proof)});
  }
  void bank_saw(const std::string& key, const std::string& op, bool effect, const std::string& answer) {
    const auto& s = lives.at(key);
    execute(
        "insert into h.bank(ts, bank, op, e2e, amount, ccy, creditor, biz_sha, sig_ok, effect, answer) "
        "values "
        "(clock_timestamp(), 'bceao', " +
        literal(op) + ", " + literal(s.reference) + ", " + std::to_string(s.order.amount.minor) +
        ", 'XOF', 'DAKRSNDA', 'sha', true, " + (effect ? "true" : "false") + ", " + literal(answer) + ")");
  }
  /// The consumer has read the log to its end.
  void deliver() {
    execute(
        "insert into h.consumer(settlement, seq, event_id) select settlement, sseq, stream || '-' || seq "
        "from chk.event where settlement is not null order by stream, chk.event.seq");
  }

  /// One of each kind of life, all at their ends.
  void all_kinds_of_lives() {
    open("plain", 100);
    send("plain", Outcome::completed, {Event::confirm, Event::confirm}, true);
    open("doubt", 200);
    send("doubt", Outcome::unknown, {Event::doubt}, true);
    inquire("doubt", Outcome::unknown, {Event::doubt});
    inquire("doubt", Outcome::completed, {Event::confirm});
    open("not_sent", 300);
    send("not_sent", Outcome::not_sent, {Event::not_sent}, false);
    advance("not_sent", {.path = {Event::send}});
    send("not_sent", Outcome::completed, {Event::confirm, Event::confirm}, true);
    open("absent", 400);
    send("absent", Outcome::unknown, {Event::doubt}, false);
    const Micros over = now();
    while (now() - over < 6'000) continue;  // the bank's 'not found' is final after 5 ms
    inquire("absent", Outcome::not_found, {Event::absent, Event::send}, "the bank said \"not found\"");
    send("absent", Outcome::completed, {Event::confirm, Event::confirm}, true);
    open("refused", 500);
    send("refused", Outcome::rejected, {Event::reject}, false);
    open("poor", 1'000'000);
    open("crashed", 600);
    bank_saw("crashed", "SEND", true, "201 COMPLETED");  // and the answer was not recorded
    start();
    inquire("crashed", Outcome::completed, {Event::confirm, Event::confirm});
    deliver();
  }

  /// Names of the invariants that have a violation.
  static std::string violated(pqxx::transaction_base& tx) {
    std::string names;
    for (const auto& i : tests::chk_invariants)
      if (!tx.exec(i.sql).empty()) names += std::string(names.empty() ? "" : " ") + i.name;
    return names;
  }
  std::string violated() {
    pqxx::work tx(db);
    return violated(tx);
  }
  std::string rows(const std::string& sql) {
    pqxx::work tx(db);
    std::string text;
    for (const auto& row : tx.exec(sql)) {
      for (const auto& field : row) text += std::string(field.is_null() ? "-" : field.c_str()) + ' ';
      text += '\n';
    }
    return text;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(chk_schema, Life)

BOOST_AUTO_TEST_CASE(names_columns_and_types_are_those_of_the_contract) {
  const std::map<std::string, std::string> long_names{
      {"bool", "boolean"}, {"int", "integer"}, {"timestamptz", "timestamp with time zone"}};
  std::istringstream lines(agreed);
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    const auto open = line.find('(');
    if (open == std::string::npos) continue;
    const auto start = line.find_first_not_of(' ');
    const auto name = line.substr(start, open - start);
    names.insert(name);
    std::istringstream columns(line.substr(open + 1, line.rfind(')') - open - 1));
    std::string expected;
    for (std::string column, type; columns >> column >> type;) {
      if (type.back() == ',') type.pop_back();
      if (type.back() == ')') type.pop_back();
      const auto longer = long_names.find(type);
      expected += column + ' ' + (longer == long_names.end() ? type : longer->second) + " \n";
    }
    BOOST_TEST(
        rows("select column_name, data_type from information_schema.columns where table_schema = 'chk' "
             "and table_name = " +
             literal(name) + " order by ordinal_position") == expected,
        name);
  }
  BOOST_TEST(names.size() == 13U);
  BOOST_TEST(query("select count(*) from information_schema.views where table_schema = 'chk'") == 13);
  BOOST_TEST(query("select count(*) from information_schema.tables where table_schema = 'chk'") == 13);
}

BOOST_AUTO_TEST_CASE(the_edges_are_those_of_the_state_machine) {
  std::set<std::pair<std::string, std::string>> ours, theirs;
  for (const auto& t : settlement_transitions) ours.emplace(to_string(t.from), to_string(t.to));
  pqxx::work tx(db);
  for (const auto& row : tx.exec("select from_state, to_state from chk.edge"))
    theirs.emplace(row[0].c_str(), row[1].c_str());
  BOOST_TEST((ours == theirs));
}

BOOST_AUTO_TEST_CASE(ids_are_those_of_the_interface) {
  for (int i = 0; i < 50; ++i) {
    const SettlementId id{fresh_id()};
    BOOST_TEST(query<std::string>("select type_id('set', " + literal(to_string(id.uuid)) + ")") == id.text());
  }
  BOOST_TEST(query<std::string>("select type_id('set', 'ffffffff-ffff-ffff-ffff-ffffffffffff')") ==
             "set_7zzzzzzzzzzzzzzzzzzzzzzzzz");
}

BOOST_AUTO_TEST_CASE(a_right_history_violates_nothing) {
  all_kinds_of_lives();
  BOOST_TEST(violated() == "");
  const auto attempts = [&](const std::string& key) {
    return rows("select n, kind, outcome, epoch, coalesce(proof <> '', false) from chk.attempt where e2e = " +
                literal(lives.at(key).reference) + " order by n");
  };
  BOOST_TEST(attempts("plain") == "1 SEND completed 1 f \n");
  BOOST_TEST(attempts("doubt") == "1 SEND unknown 1 f \n2 INQUIRY unknown 1 f \n3 INQUIRY completed 1 f \n");
  BOOST_TEST(attempts("not_sent") == "1 SEND not_sent 1 f \n2 SEND completed 1 t \n");
  BOOST_TEST(attempts("absent") == "1 SEND unknown 1 f \n2 INQUIRY not_found 1 f \n3 SEND completed 1 t \n");
  BOOST_TEST(attempts("crashed") == "1 SEND unknown 1 f \n2 INQUIRY completed 2 f \n");
  BOOST_TEST(attempts("poor") == "");
  BOOST_TEST(query("select count(*) from settlement_attempts where kind = 'INQUIRY' and settlement_id = " +
                   literal(to_string(lives.at("crashed").id.uuid))) == 1);
  const auto walk = [&](const std::string& key) {
    return rows("select seq, from_state, to_state, epoch from chk.transition where settlement = " +
                literal(lives.at(key).id.text()) + " order by seq");
  };
  BOOST_TEST(walk("poor") == "1 PENDING VALIDATING 1 \n2 VALIDATING FAILED 1 \n");
  BOOST_TEST(walk("crashed") ==
             "1 PENDING VALIDATING 1 \n2 VALIDATING FUNDS_LOCKED 1 \n"
             "3 FUNDS_LOCKED EXECUTING 1 \n4 EXECUTING CONFIRMING 2 \n"
             "5 CONFIRMING COMPLETED 2 \n");
  BOOST_TEST(
      rows("select phase, count(*), sum(amount) from chk.posting where settlement is not null group by 1 "
           "order by 1") == "posted 10 0 \nvoid 2 0 \n");
  BOOST_TEST(query<bool>("select alive from chk.node"));
}

BOOST_AUTO_TEST_CASE(what_is_under_way_shows_as_such_and_nothing_else_is_wrong) {
  const auto& s = open("open", 100);
  BOOST_TEST(violated() == "d4 e2 f2");
  BOOST_TEST(rows("select outcome, t1 from chk.attempt") == "- - \n");
  BOOST_TEST(rows("select count(*), sum(amount) from chk.hold where settlement = " + literal(s.id.text())) ==
             "2 200 \n");
  BOOST_TEST(rows("select distinct phase from chk.posting where settlement is not null") == "pending \n");
  BOOST_TEST(rows("select balance, hold, balance - hold - floor from chk.balance where account = " +
                  literal(vostro.id.text())) == "-10000 100 9900 \n");
}

BOOST_AUTO_TEST_CASE(a_blind_resend_shows) {
  open("blind", 100);
  send("blind", Outcome::unknown, {Event::doubt}, false);
  send("blind", Outcome::completed, {Event::confirm}, true);
  deliver();
  BOOST_TEST(violated() == "b2 b10");
}

BOOST_AUTO_TEST_CASE(a_dead_writer_is_not_alive) {
  store.reset();
  const auto gone = [&] { return !query<bool>("select alive from chk.node"); };
  while (!gone()) continue;  // its session ends a moment after it was closed
  BOOST_TEST(violated() == "e1");
}

BOOST_AUTO_TEST_CASE(each_invariant_finds_what_it_is_there_for) {
  all_kinds_of_lives();
  const auto uuid = [&](const char* key) { return literal(to_string(lives.at(key).id.uuid)); };
  const auto e2e = [&](const char* key) { return literal(lives.at(key).reference); };
  const auto account = [](const Account& a) { return literal(to_string(a.id.uuid)); };
  const std::string entries = "alter table ledger_entries disable trigger append_only; ";
  const std::string events = "alter table events disable trigger append_only; ";
  const std::string unique = "drop index settlement_idempotency; ";
  const std::string copied =
      "create temp table copy on commit drop as select * from settlement_transactions where id = " +
      uuid("plain") + "; ";
  const auto event_of = [&](const char* key, const std::string& kind) {
    return "subject = " + uuid(key) + " and kind = 'settlement." + kind + "'";
  };
  const std::string sent_again =
      "insert into h.bank(ts, bank, op, e2e, amount, ccy, creditor, biz_sha, sig_ok, effect, answer) "
      "select clock_timestamp(), bank, op, e2e, amount, ccy, creditor, biz_sha, sig_ok, ";
  const struct {
    const char* invariant;
    std::string change;
  } cases[] = {
      {"a1", "insert into h.client values ('test', 'lost', 'sha', 5, 'XOF', now(), now(), 202, 'set_lost')"},
      {"a2", unique + copied +
                 "update copy set id = gen_random_uuid(); insert into "
                 "settlement_transactions select * from copy"},
      {"a3", "update h.client set status = 422, id = null where key = 'poor'"},
      {"a4", "delete from h.client where key = 'plain'"},
      {"a5",
       "insert into h.client select tenant, key, 'other', amount, ccy, t0, t1, 200, id from h.client where "
       "key = 'plain'"},
      {"b1", sent_again + "true, '' from h.bank where e2e = " + e2e("plain")},
      {"b2", sent_again + "false, '' from h.bank where e2e = " + e2e("plain")},
      {"b3", "delete from h.bank where e2e = " + e2e("plain")},
      {"b4", "update h.bank set effect = true where e2e = " + e2e("refused")},
      {"b5", "update h.bank set amount = amount * 10 where op = 'SEND' and e2e = " + e2e("plain")},
      {"b5", "update settlement_transactions set to_bank = 'XXXXSNDA' where id = " + uuid("plain")},
      {"b6", "update h.bank set sig_ok = false where e2e = " + e2e("plain")},
      {"b7", copied + "update copy set reference = 'other', idem_key = 'other'; alter table "
                      "settlement_transactions drop constraint settlement_transactions_pkey; insert into "
                      "settlement_transactions select * from copy"},
      {"b8",
       "update settlement_attempts set started_at = started_at - interval '1 hour' where n = 2 and "
       "settlement_id = " +
           uuid("not_sent")},
      {"b9",
       events + "update events set at = at + interval '1 hour' where " + event_of("plain", "executing")},
      {"b9", "update h.bank set ts = ts - interval '1 hour' where e2e = " + e2e("plain")},
      {"b10", events + "update events set payload = replace(payload, 'proof', 'truth') where subject = " +
                  uuid("absent")},
      {"c1", entries + "update ledger_entries set amount = amount + 1 where account_id = " + account(vostro) +
                 " and version = 2"},
      {"c1",
       entries + "delete from ledger_entries where account_id = " + account(vostro) + " and version = 6"},
      {"c2", entries + "update ledger_entries set amount = amount + 1 where account_id = " + account(vostro) +
                 " and version = 2"},
      {"c3", "update accounts set balance = balance + 1 where id = " + account(vostro)},
      {"c3", "update accounts set balance = -balance, floor = -1000000 where id = " + account(nostro)},
      {"c4", "update accounts set held = held + 1 where id = " + account(vostro)},
      {"c4", "update fund_locks set state = 'held' where settlement_id = " + uuid("refused")},
      {"c5",
       "alter table accounts drop constraint available_not_negative; update accounts set floor = balance + 1 "
       "where id = " +
           account(vostro)},
      {"c5",
       "alter table accounts drop constraint available_not_negative; update accounts set floor = balance + 1 "
       "where id = " +
           account(nostro)},
      {"c6",
       "insert into ledger_entries select account_id, version + 10, journal_id, amount, 0, at from "
       "ledger_entries where journal_id = " +
           uuid("plain")},
      {"c6", entries + "update ledger_entries set journal_id = " + uuid("refused") +
                 " where journal_id = " + uuid("plain")},
      {"c6", "update fund_locks set state = 'released' where settlement_id = " + uuid("plain")},
      {"c7", entries + "update ledger_entries set version = version + 10 where version = 6"},
      {"c8", entries + "delete from ledger_entries where journal_id = " + uuid("plain")},
      {"c8", "update h.bank set amount = amount + 1 where effect and e2e = " + e2e("plain")},
      {"d1", events +
                 "update events set payload = replace(payload, '\"CONFIRMING\",\"COMPLETED\"', "
                 "'\"COMPLETED\"') where subject = " +
                 uuid("plain")},
      {"d1", events + "delete from events where " + event_of("plain", "executing")},
      {"d2", events + "update events set epoch = 0 where " + event_of("plain", "completed")},
      {"d3", "update settlement_transactions set status = 'ROLLED_BACK' where id = " + uuid("plain")},
      {"d3", events + "delete from events where " + event_of("plain", "completed")},
      {"d4", "update settlement_transactions set status = 'CONFIRMING' where id = " + uuid("plain")},
      {"e1",
       "insert into ledger_writers values (1, 'dead', 1); update shard_leases set writer = 1 where shard = "
       "3"},
      {"e2", events + "delete from events where " + event_of("crashed", "completed")},
      {"e3", "update fund_locks set state = 'held' where settlement_id = " + uuid("plain")},
      {"f2", "delete from h.consumer where n = 3"},
      {"f3", "alter table h.consumer alter n drop identity; update h.consumer set n = 1000 where n = 1"},
      {"f4", "update h.consumer set event_id = 'same'"},
      {"f5", events + "update events set payload = payload || ' ' where seq = 5"},
      {"f5", events + "update events set at = at + interval '1 microsecond' where seq = 5"},
      {"f5", events + "delete from events where seq = 5"},
      {"f5", events + "update events set hash = sha256(hash) where seq = (select max(seq) from events)"},
  };
  std::set<std::string> seen;
  for (const auto& c : cases) {
    seen.insert(c.invariant);
    pqxx::work tx(db);
    tx.exec(c.change);
    const auto names = ' ' + violated(tx) + ' ';
    BOOST_TEST(names.find(' ' + std::string(c.invariant) + ' ') != std::string::npos,
               c.invariant << " not in (" << names << ") after " << c.change);
  }
  // Not reachable from our tables: transitions are read from the events.
  seen.insert("f1");
  for (const auto& i : tests::chk_invariants) BOOST_TEST(seen.contains(i.name), i.name << " is tried");
}

BOOST_AUTO_TEST_CASE(a_payload_that_is_no_json_is_found_and_stops_nobody) {
  all_kinds_of_lives();
  execute(
      "alter table events disable trigger append_only; update events set payload = '{\"steps\":[' where seq "
      "= 6");
  BOOST_TEST(violated().find("f5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_late_success_with_an_open_break_is_no_violation) {
  all_kinds_of_lives();
  const auto& s = lives.at("refused");
  execute("update h.bank set effect = true where e2e = " + literal(s.reference));
  BOOST_TEST(violated() == "b4 c8");
  execute(
      "insert into breaks(id, kind, settlement_id, reference, connector, currency, amount) values "
      "(gen_random_uuid(), 'late_success', " +
      literal(to_string(s.id.uuid)) + ", " + literal(s.reference) + ", 'bceao', 'XOF', 500)");
  BOOST_TEST(violated() == "");
  execute("update breaks set state = 'closed', closed_at = now()");
  BOOST_TEST(violated() == "b4 c8");
}

BOOST_AUTO_TEST_CASE(a_connector_is_registered_once_and_renewed) {
  register_connectors(url, {{"bceao", "rest_bank", {true, true, 30s}}, {"other", "rest_bank", {}}});
  BOOST_TEST(rows("select * from chk.capability order by bank") == "bceao t 00:00:30 \nother f 00:00:30 \n");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
