// What every ledger store promises its writer, shown on both: PostgreSQL, and the memory that stands in for
// it in tests and simulation. Whatever the database refuses, the memory must refuse too.
#define BOOST_TEST_MODULE ledger_store
#include "storage/event_chain.hpp"
#include "storage/memory_ledger_store.hpp"
#include "storage/pg_ledger_store.hpp"
#include "tests/database_fixture.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

namespace settled {
namespace {
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

constexpr Micros noon = 1'763'726'400'000'000;

AccountId account_id(int n) { return {make_uuid_v7(1'700'000'000'000, static_cast<std::uint64_t>(n), 1)}; }
SettlementId settlement_id(int n) {
  return {make_uuid_v7(1'700'000'000'000, static_cast<std::uint64_t>(n), 2)};
}
JournalId journal_id(int n) { return {make_uuid_v7(1'700'000'000'000, static_cast<std::uint64_t>(n), 3)}; }
const Currency xof = *currency_from("XOF");

/// One store over fresh books, and batches that a writer would write.
struct Books {
  explicit Books(const std::string& kind) {
    if (kind == "memory") {
      memory = std::make_shared<MemoryBooks>();
      store = make_memory_ledger_store({.books = memory});
    } else {
      database = std::make_unique<tests::DatabaseFixture>();
      store = make_pg_ledger_store({.database_url = database->url, .owner = "test", .lease_patience = 2s});
    }
    take_over();
    auto batch = next();
    for (const int n : {1, 2}) {
      batch.new_accounts.push_back({.id = account_id(n),
                                    .kind = n == 1 ? AccountKind::vostro : AccountKind::nostro,
                                    .bank = n == 1 ? "ABIDCIAB" : "DAKRSNDA",
                                    .currency = xof});
      post(batch, n, 1, n == 1 ? -1'000 : 1'000, 1'000);
    }
    store->commit(done(batch));
  }

  void take_over() {
    const auto snapshot = store->take_over();
    number = snapshot.batch;
    chain = EventChain(snapshot.last_seq, snapshot.last_hash, snapshot.chain_started);
  }
  /// Another writer has taken over.
  void depose() {
    if (memory) ++memory->epoch;
    if (database) database->execute("update ledger_writers set epoch = epoch + 1");
  }
  LedgerBatch next() const { return {.number = number + 1}; }
  const LedgerBatch& done(LedgerBatch& batch) {
    chain.append(batch, noon, "test.event", settlement_id(0).uuid, "{}");
    number = batch.number;
    return batch;
  }
  void post(LedgerBatch& batch, int account, std::int64_t version, std::int64_t amount, std::int64_t after) {
    batch.entries.push_back({account_id(account), version, journal_id(9).uuid, amount, after, noon});
    batch.deltas[account_id(account)].balance += account == 1 ? -amount : amount;
    batch.deltas[account_id(account)].entries += 1;
  }
  SettlementView order(int n, std::int64_t amount = 100) const {
    SettlementView s;
    s.id = settlement_id(n);
    s.order = {.obligation_id = "ob",
               .from_bank = "ABIDCIAB",
               .to_bank = "DAKRSNDA",
               .amount = {amount, xof},
               .settlement_date = "2026-11-20"};
    s.status = Status::EXECUTING;
    s.debit_account = account_id(1);
    s.credit_account = account_id(2);
    s.connector = "bank";
    s.reference = reference_text(s.id.uuid);
    s.attempts = 1;
    s.created_at = s.locked_at = s.sent_at = s.last_sent_at = noon;
    return s;
  }
  void open(LedgerBatch& batch, const SettlementView& s, const std::string& key) {
    batch.opened.push_back({.settlement = s,
                            .caller = "test",
                            .idempotency_key = key,
                            .request_digest = {1, 2, 3},
                            .order_digest = {}});
    batch.holds.push_back({s.id, s.debit_account, s.credit_account, s.order.amount, noon});
    for (const auto id : {s.debit_account, s.credit_account}) batch.deltas[id].held += s.order.amount.minor;
  }
  void release(LedgerBatch& batch, SettlementView s, Status from) {
    s.status = Status::ROLLED_BACK;
    s.finalized_at = noon;
    batch.changed.push_back({s, from});
    batch.hold_ends.push_back({s.id, HoldEnd::released, noon});
    for (const auto id : {s.debit_account, s.credit_account}) batch.deltas[id].held -= s.order.amount.minor;
  }
  /// An order for each lane.
  std::pair<LedgerBatch, LedgerBatch> two_lanes() {
    auto first = next();
    open(first, order(1), "a");
    done(first);
    auto second = next();
    second.lane = 1;
    open(second, order(2), "b");
    done(second);
    BOOST_TEST(store->lane_ready(1));
    return {std::move(first), std::move(second)};
  }
  /// The server ends the session of the one transaction that waits for us.
  void end_the_open_transaction() {
    BOOST_TEST(database->query("select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                               "state = 'idle in transaction' and datname = current_database()") == 1);
  }
  /// Refused as a whole, and the writer goes on from what was there before.
  void expect_refused(LedgerBatch batch) {
    BOOST_CHECK_THROW(store->commit(done(batch)), std::exception);
    const auto before = number - 1;
    take_over();
    BOOST_TEST(number == before);
  }

  std::shared_ptr<MemoryBooks> memory;
  std::unique_ptr<tests::DatabaseFixture> database;
  std::unique_ptr<LedgerStore> store;
  std::int64_t number = 0;
  EventChain chain;
};

const auto both = data::make({"memory", "postgresql"});
}  // namespace

BOOST_DATA_TEST_CASE(who_takes_over_finds_what_was_committed, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  books.open(batch, books.order(2), "b");
  books.store->commit(books.done(batch));
  batch = books.next();
  books.release(batch, books.order(2), Status::EXECUTING);
  books.store->commit(books.done(batch));
  const auto snapshot = books.store->take_over();
  BOOST_TEST(snapshot.batch == 3);
  BOOST_TEST(snapshot.last_seq == 3);
  BOOST_CHECK(snapshot.chain_started && snapshot.last_hash == books.chain.last_hash());
  BOOST_REQUIRE(snapshot.open.size() == 1U);
  BOOST_CHECK(snapshot.open[0]->id == settlement_id(1));
  BOOST_TEST(snapshot.open[0]->order.amount.minor == 100);
  BOOST_REQUIRE(snapshot.accounts.rows().size() == 2U);
  for (const AccountRow& row : snapshot.accounts.rows()) {
    const Account a = snapshot.accounts.whole(row);
    BOOST_TEST(a.balance == 1'000);
    BOOST_TEST(a.held == 100);
    BOOST_TEST(a.version == 1);
  }
}

BOOST_DATA_TEST_CASE(a_key_is_found_with_its_settlement_as_it_stands_now, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  books.store->commit(books.done(batch));
  batch = books.next();
  books.release(batch, books.order(1), Status::EXECUTING);
  books.store->commit(books.done(batch));
  const auto known = books.store->find_keys("test", std::vector<std::string_view>{"x", "a", "a"});
  BOOST_REQUIRE(known.size() == 1U);
  BOOST_TEST(known[0].idempotency_key == "a");
  BOOST_CHECK((known[0].request_digest == Digest{1, 2, 3}));
  BOOST_CHECK(known[0].settlement->status == Status::ROLLED_BACK);
  BOOST_TEST(books.store->find_keys("another", std::vector<std::string_view>{"a"}).empty());
  BOOST_CHECK((*books.store->find(settlement_id(1)))->status == Status::ROLLED_BACK);
  BOOST_CHECK(!books.store->find(settlement_id(7)));
}

BOOST_DATA_TEST_CASE(a_deposed_writer_writes_nothing, both, kind) {
  Books books(kind);
  books.depose();
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  BOOST_CHECK_THROW(books.store->commit(books.done(batch)), Fenced);
  books.take_over();
  BOOST_TEST(books.number == 1);
  BOOST_TEST(books.store->find_keys("test", std::vector<std::string_view>{"a"}).empty());
}

BOOST_DATA_TEST_CASE(a_batch_number_is_used_once, both, kind) {
  Books books(kind);
  auto batch = books.next();
  batch.number = 1;
  BOOST_CHECK_THROW(books.store->commit(books.done(batch)), Fenced);
}

BOOST_DATA_TEST_CASE(a_key_of_a_caller_is_recorded_once, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  books.store->commit(books.done(batch));
  batch = books.next();
  books.open(batch, books.order(2), "a");
  books.expect_refused(batch);
  batch = books.next();
  books.open(batch, books.order(3), "b");
  books.open(batch, books.order(4), "b");
  books.expect_refused(batch);
  BOOST_CHECK(!books.store->find(settlement_id(3)));  // all or nothing
}

BOOST_DATA_TEST_CASE(available_never_goes_below_zero, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1, 1'001), "a");
  books.expect_refused(batch);
  batch = books.next();
  books.open(batch, books.order(2, 1'000), "b");
  books.store->commit(books.done(batch));
  batch = books.next();
  books.post(batch, 1, 2, 1, 999);  // what is held may not be posted by another
  books.expect_refused(batch);
  batch = books.next();
  batch.deltas[account_id(1)].held -= 1'001;
  books.expect_refused(batch);
}

BOOST_DATA_TEST_CASE(a_settlement_moves_only_from_the_state_that_its_writer_believes, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  books.store->commit(books.done(batch));
  batch = books.next();
  books.release(batch, books.order(1), Status::CONFIRMING);
  books.expect_refused(batch);
  batch = books.next();
  batch.changed.push_back({books.order(5), Status::EXECUTING});  // there is none
  books.expect_refused(batch);
}

BOOST_DATA_TEST_CASE(a_hold_ends_once, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  books.open(batch, books.order(2), "b");
  books.store->commit(books.done(batch));
  batch = books.next();
  books.release(batch, books.order(1), Status::EXECUTING);
  books.store->commit(books.done(batch));
  batch = books.next();
  batch.hold_ends.push_back({settlement_id(1), HoldEnd::posted, noon});
  books.expect_refused(batch);
  batch = books.next();
  batch.hold_ends.push_back({settlement_id(2), HoldEnd::released, noon});
  batch.hold_ends.push_back({settlement_id(2), HoldEnd::released, noon});
  books.expect_refused(batch);
}

BOOST_DATA_TEST_CASE(an_account_version_has_one_entry, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.post(batch, 2, 1, 5, 1'005);
  books.expect_refused(batch);
}

BOOST_DATA_TEST_CASE(an_event_number_is_given_once, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.chain = EventChain(0, {}, false);  // a writer that has forgotten where the log ends
  books.expect_refused(batch);
}

BOOST_DATA_TEST_CASE(a_funding_key_is_recorded_once_and_found, both, kind) {
  Books books(kind);
  const auto funding = [](int n) {
    return FundingRow{.journal = journal_id(n),
                      .caller = "test",
                      .idempotency_key = "f",
                      .request_digest = {7},
                      .account = account_id(1),
                      .amount = {5, xof},
                      .at = noon};
  };
  auto batch = books.next();
  batch.fundings.push_back(funding(1));
  books.store->commit(books.done(batch));
  batch = books.next();
  batch.fundings.push_back(funding(2));
  books.expect_refused(batch);
  const auto known = books.store->find_funding("test", "f");
  BOOST_REQUIRE(known.has_value());
  BOOST_CHECK(known->journal == journal_id(1) && known->request_digest == Digest{7});
  BOOST_CHECK(!books.store->find_funding("test", "g"));
}

BOOST_DATA_TEST_CASE(a_bank_has_one_vostro_per_currency, both, kind) {
  Books books(kind);
  auto batch = books.next();
  batch.new_accounts.push_back(
      {.id = account_id(3), .kind = AccountKind::vostro, .bank = "ABIDCIAB", .currency = xof});
  books.expect_refused(batch);
}

BOOST_DATA_TEST_CASE(rows_written_ahead_are_there_with_their_commit_and_not_before, both, kind) {
  Books books(kind);
  auto [first, second] = books.two_lanes();
  books.store->write_ahead(second);
  books.store->commit(first);
  BOOST_TEST(books.store->find_keys("test", std::vector<std::string_view>{"a", "b"}).size() == 1U);
  books.store->commit(second);
  BOOST_TEST(books.store->find_keys("test", std::vector<std::string_view>{"a", "b"}).size() == 2U);
  books.take_over();
  BOOST_TEST(books.number == second.number);
}

BOOST_DATA_TEST_CASE(rows_written_ahead_go_with_a_deposed_writer, both, kind) {
  Books books(kind);
  auto batch = books.next();
  batch.lane = 1;
  books.open(batch, books.order(1), "a");
  BOOST_TEST(books.store->lane_ready(1));
  books.store->write_ahead(books.done(batch));
  books.depose();
  BOOST_CHECK_THROW(books.store->commit(batch), Fenced);
  books.take_over();
  BOOST_TEST(books.number == 1);
  BOOST_CHECK(!books.store->find(settlement_id(1)));
  auto again = books.next();
  books.open(again, books.order(1), "a");
  books.store->commit(books.done(again));
  BOOST_CHECK(books.store->find(settlement_id(1)));
}

BOOST_DATA_TEST_CASE(what_cannot_be_written_ahead_is_refused_by_its_commit, both, kind) {
  Books books(kind);
  auto batch = books.next();
  books.open(batch, books.order(1), "a");
  books.store->commit(books.done(batch));
  batch = books.next();
  batch.lane = 1;
  books.open(batch, books.order(2), "a");
  BOOST_TEST(books.store->lane_ready(1));
  books.store->write_ahead(books.done(batch));
  BOOST_CHECK_THROW(books.store->commit(batch), std::exception);
  books.take_over();
  BOOST_TEST(books.number == 2);
}

BOOST_AUTO_TEST_CASE(a_commit_finds_out_that_the_session_with_its_rows_is_lost) {
  Books books("postgresql");
  auto batch = books.next();
  batch.lane = 1;
  books.open(batch, books.order(1), "a");
  BOOST_TEST(books.store->lane_ready(1));
  books.store->write_ahead(books.done(batch));
  books.end_the_open_transaction();
  books.store->commit(batch);
  BOOST_CHECK(books.store->find(settlement_id(1)));
  BOOST_TEST(books.database->query("select held from accounts where bank = 'ABIDCIAB'") == 100);
}

BOOST_AUTO_TEST_CASE(a_commit_whose_lane_gets_no_session_any_more_is_written_in_the_first_one) {
  Books books("postgresql");
  auto [first, second] = books.two_lanes();
  books.store->write_ahead(second);
  books.store->commit(first);
  // Gone, and the server is full.
  books.end_the_open_transaction();
  books.database->alter_database("connection limit 0");
  auto third = books.next();
  books.open(third, books.order(3), "c");
  books.done(third);
  std::jthread ahead([&] { books.store->write_ahead(third); });  // in the first lane
  books.store->commit(second);
  ahead.join();
  books.store->commit(third);
  BOOST_TEST(books.database->query("select count(*) from settlement_transactions") == 3);
  BOOST_TEST(books.database->query("select held from accounts where bank = 'ABIDCIAB'") == 300);
}

BOOST_AUTO_TEST_CASE(the_first_lane_takes_the_session_of_the_second_where_the_server_has_no_other) {
  Books books("postgresql");
  auto [first, second] = books.two_lanes();
  books.store->commit(first);
  books.store->commit(second);
  auto third = books.next();
  books.open(third, books.order(3), "c");
  books.store->write_ahead(books.done(third));
  books.end_the_open_transaction();
  std::this_thread::sleep_for(200ms);  // until that session is not counted any more
  const auto left =
      books.database->query("select count(*) from pg_stat_activity where datname = current_database()");
  books.database->alter_database("connection limit " + std::to_string(left));
  books.store->commit(third);
  BOOST_TEST(books.database->query("select count(*) from settlement_transactions") == 3);
}

BOOST_AUTO_TEST_CASE(a_second_commit_sees_the_first_whatever_isolation_the_database_takes_for_granted) {
  Books books("postgresql");
  books.database->alter_database("set default_transaction_isolation = 'repeatable read'");
  books.store = nullptr;
  books.store =
      make_pg_ledger_store({.database_url = books.database->url, .owner = "test", .lease_patience = 2s});
  books.take_over();
  auto [first, second] = books.two_lanes();
  books.store->write_ahead(second);
  books.store->commit(first);
  books.store->commit(second);
  BOOST_TEST(books.database->query("select count(*) from settlement_transactions") == 2);
}

// The memory's own faults: what PgLedgerStore makes of a lost session (tests/storage/ledger_writer_test.cpp
// kills real ones).
BOOST_AUTO_TEST_CASE(a_commit_whose_session_is_lost_is_written_once_whether_or_not_it_had_arrived) {
  for (const auto lost : {CommitFault::request_lost, CommitFault::answer_lost}) {
    Books books("memory");
    int faults = 2;
    books.store = make_memory_ledger_store({.books = books.memory, .fault = [&](const LedgerBatch&) {
                                              return faults-- > 0 ? lost : CommitFault::none;
                                            }});
    books.take_over();
    auto batch = books.next();
    books.open(batch, books.order(1), "a");
    books.store->commit(books.done(batch));
    BOOST_TEST(books.memory->batch == 2);
    BOOST_TEST(books.memory->settlements.size() == 1U);
    BOOST_TEST(books.memory->accounts.at(account_id(1)).held == 100);
  }
}

BOOST_AUTO_TEST_CASE(a_writer_that_is_deposed_while_it_doubts_its_commit_is_fenced) {
  Books books("memory");
  books.store = make_memory_ledger_store({.books = books.memory, .fault = [&](const LedgerBatch&) {
                                            ++books.memory->epoch;
                                            return CommitFault::request_lost;
                                          }});
  books.take_over();
  auto batch = books.next();
  BOOST_CHECK_THROW(books.store->commit(books.done(batch)), Fenced);
}
}  // namespace settled
