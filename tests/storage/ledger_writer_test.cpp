#define BOOST_TEST_MODULE ledger_writer
#include "storage/ledger_writer.hpp"

#include "storage/bank_reference.hpp"
#include "tests/storage/two_banks.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <thread>

namespace settled {
namespace {
using namespace std::chrono_literals;
using tests::fresh_id;
using tests::TwoBanks;
}  // namespace

BOOST_FIXTURE_TEST_SUITE(the_ledger_writer, TwoBanks)

BOOST_AUTO_TEST_CASE(an_order_holds_its_amount_on_both_accounts_with_the_intent_in_the_same_commit) {
  const auto s = submit(order("k1", 300));
  BOOST_TEST((s.kind == Submission::Kind::accepted));
  BOOST_TEST(to_string(s.settlement->status) == "EXECUTING");
  expect_account(vostro, 1'000, 300);
  expect_account(nostro, 1'000'000, 300);
  BOOST_TEST(query("select count(*) from fund_locks where state = 'held' and amount = 300") == 1);
  BOOST_TEST(query("select attempts from settlement_transactions") == 1);
  BOOST_TEST(query<std::string>("select reference from settlement_transactions") ==
             bank_reference_of("test", "k1"));
}

BOOST_AUTO_TEST_CASE(our_reference_is_made_of_caller_and_key_and_outlives_the_books) {
  const auto reference = [this](const std::string& caller, const std::string& key) {
    auto open = call({order(key, 1)});
    open.caller = caller;
    return ask<Submissions>(open).results.at(0).settlement->reference;
  };
  const auto first = reference("test", "k1");
  BOOST_TEST(first.size() == 28U);
  BOOST_TEST(first.starts_with("ST"));
  BOOST_TEST((first.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos));
  // No two pairs make one text.
  const std::set<std::string> others{first, reference("test", "k2"), reference("tes", "tk1"),
                                     reference("testk", "1"), reference("other", "k1")};
  BOOST_TEST(others.size() == 5U);
  TwoBanks fresh;  // other books: the order gets another id
  BOOST_TEST(fresh.submit(order("k1", 1)).settlement->reference == first);
  BOOST_TEST(query("select count(*) from settlement_transactions where reference = '" + first + "'") == 1);
}

BOOST_AUTO_TEST_CASE(a_completed_settlement_lowers_vostro_and_nostro_and_debits_equal_credits) {
  const auto s = submit(order("k1", 300));
  const auto done = advance(s.settlement->id, {Event::confirm, Event::confirm});
  BOOST_TEST(to_string(done.status) == "COMPLETED");
  expect_account(vostro, 700, 0);
  expect_account(nostro, 999'700, 0);
  BOOST_TEST(query("select sum(amount) from ledger_entries") == 0);
  BOOST_TEST(
      query("select count(*) from ledger_entries where journal_id = '" + to_string(done.id.uuid) + "'") == 2);
  BOOST_TEST(query<std::string>("select state from fund_locks") == "posted");
}

BOOST_AUTO_TEST_CASE(a_rejected_settlement_gives_the_hold_back_and_posts_nothing) {
  const auto s = submit(order("k1", 300));
  BOOST_TEST(to_string(advance(s.settlement->id, {Event::reject}, Outcome::rejected).status) ==
             "ROLLED_BACK");
  expect_account(vostro, 1'000, 0);
  expect_account(nostro, 1'000'000, 0);
  BOOST_TEST(query<std::string>("select state from fund_locks") == "released");
}

BOOST_AUTO_TEST_CASE(a_step_that_was_taken_cannot_be_taken_twice) {
  const auto s = submit(order("k1", 300));
  advance(s.settlement->id, {Event::confirm, Event::confirm});
  const auto again = advance(s.settlement->id, {Event::confirm, Event::confirm});
  BOOST_TEST(to_string(again.status) == "COMPLETED");
  expect_account(vostro, 700, 0);
  BOOST_TEST(to_string(advance(s.settlement->id, {Event::reject}).status) == "COMPLETED");
}

BOOST_AUTO_TEST_CASE(an_order_without_funds_is_recorded_as_failed_and_holds_nothing) {
  const auto s = submit(order("k1", 1'001));
  BOOST_TEST((s.kind == Submission::Kind::accepted));
  BOOST_TEST(to_string(s.settlement->status) == "FAILED");
  BOOST_TEST(s.settlement->failure_code == "insufficient_funds");
  BOOST_TEST(s.settlement->failure_detail ==
             "vostro ABIDCIAB: 1 001 XOF asked, 1 000 XOF available (balance 1 000 XOF, held 0 XOF). No hold "
             "was placed.");
  expect_account(vostro, 1'000, 0);
  BOOST_TEST((submit(order("k1", 1'001)).kind == Submission::Kind::replayed));
}

BOOST_AUTO_TEST_CASE(the_same_key_gives_the_same_settlement_and_another_body_is_refused) {
  const auto first = submit(order("k1", 300));
  const auto again = submit(order("k1", 300));
  BOOST_TEST((again.kind == Submission::Kind::replayed));
  BOOST_TEST(again.settlement->id.text() == first.settlement->id.text());
  const auto other = submit(order("k1", 301));
  BOOST_TEST(to_string(other.refusal.code) == "idempotency_mismatch");
  const auto& said = other.refusal.detail;
  BOOST_TEST(said.find("This body differs in /amount. To read the first: GET /api/v1/settlements/" +
                       first.settlement->id.text()) != std::string::npos,
             said);
  auto elsewhere = order("k1", 301);
  elsewhere.order.priority = Priority::URGENT;
  BOOST_TEST(submit(elsewhere).refusal.detail.find("/amount and /priority") != std::string::npos);
  // What is not recorded as it was asked for.
  auto unlike = order("k1", 300);
  unlike.request_digest[0] ^= 1;
  BOOST_TEST(submit(unlike).refusal.detail.find("/outside_window") != std::string::npos);
  const auto twins = ask<Submissions>(call({order("k2", 10), order("k2", 10)})).results;
  BOOST_TEST(twins[0].settlement->id.text() == twins[1].settlement->id.text());
  BOOST_TEST(query("select count(*) from settlement_transactions") == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_resolved_is_refused_by_name_and_recorded_nowhere) {
  auto unknown = order("k1", 1);
  unknown.order.from_bank = "XXXXCIAB";
  BOOST_TEST(to_string(submit(unknown).refusal.code) == "unknown_bank");
  BOOST_TEST(to_string(submit(order("k2", 1, "GHS")).refusal.code) == "currency_mismatch");
  auto nowhere = order("k3", 1);
  nowhere.order.to_bank = "XXXXSNDA";
  BOOST_TEST(submit(nowhere).refusal.field == "/to_bank");
  BOOST_TEST(query("select count(*) from settlement_transactions") == 0);
}

BOOST_AUTO_TEST_CASE(of_a_thousand_orders_an_account_pays_as_many_as_it_can_and_never_more) {
  std::vector<std::thread> clients;
  std::atomic<int> executing = 0, failed = 0;
  clients.reserve(8);
  for (int c = 0; c < 8; ++c)
    clients.emplace_back([&, c] {
      for (int i = 0; i < 25; ++i) {
        std::vector<NewSettlement> five;
        five.reserve(5);
        for (int j = 0; j < 5; ++j) five.push_back(order(std::to_string((c * 25 + i) * 5 + j), 2));
        for (const auto& s : ask<Submissions>(call(five)).results)
          ++(s.settlement->status == Status::EXECUTING ? executing : failed);
      }
    });
  for (auto& client : clients) client.join();
  BOOST_TEST(executing == 500);
  BOOST_TEST(failed == 500);
  expect_account(vostro, 1'000, 1'000);
}

BOOST_AUTO_TEST_CASE(a_fresh_writer_finds_balances_holds_and_the_orders_in_flight) {
  const auto s = submit(order("k1", 300));
  const auto ended = submit(order("k2", 100));
  advance(ended.settlement->id, {Event::confirm, Event::confirm});
  stop();
  start();
  const auto open = ask<InFlight>(ReadInFlight{}).settlements;
  BOOST_REQUIRE_EQUAL(open.size(), 1);
  BOOST_TEST(open[0]->id.text() == s.settlement->id.text());
  BOOST_TEST(to_string(submit(order("k3", 601)).settlement->status) == "FAILED");
  BOOST_TEST(to_string(submit(order("k4", 600)).settlement->status) == "EXECUTING");
  BOOST_TEST(query("select epoch from ledger_writers") == 2);
}

BOOST_AUTO_TEST_CASE(a_deposed_writer_commits_nothing) {
  submit(order("k1", 100));
  execute("update ledger_writers set epoch = epoch + 1");
  BOOST_CHECK_THROW(submit(order("k2", 100)), std::runtime_error);
  BOOST_TEST(query("select count(*) from settlement_transactions") == 1);
  start();  // the destructor stops it
}

BOOST_AUTO_TEST_CASE(sessions_that_are_killed_lose_nothing_and_double_nothing) {
  auto killer = kill_sessions([] { return 100ms; });
  int executing = 0;
  for (int i = 0; i < 900; ++i)
    executing += submit(order("k" + std::to_string(i), 1)).settlement->status == Status::EXECUTING;
  killer.request_stop();
  killer.join();
  pqxx::connection fresh(connection_string(url));
  pqxx::nontransaction session(fresh);
  BOOST_TEST(executing == 900);
  BOOST_TEST(session.exec1("select count(*) from settlement_transactions")[0].as<int>() == 900);
  BOOST_TEST(session.exec1("select held from accounts where kind = 'vostro'")[0].as<int>() == 900);
  BOOST_TEST(session.exec1("select count(*) = max(seq) and count(*) = 905 from events")[0].as<bool>());
}

BOOST_AUTO_TEST_CASE(a_request_that_the_database_refuses_fails_alone) {
  // Stands for whatever the database knows better than the book.
  execute("alter table settlement_transactions add check (obligation_id <> 'ob-poison')");
  std::vector<std::thread> clients;
  std::atomic<int> executing = 0, refused = 0;
  clients.reserve(8);
  for (int c = 0; c < 8; ++c)
    clients.emplace_back([&, c] {
      for (int i = 0; i < 20; ++i) {
        const bool poison = c == 0 && i % 5 == 2;
        try {
          const auto key = poison ? "poison" : std::to_string(c) + "-" + std::to_string(i);
          executing += submit(order(key, 1)).settlement->status == Status::EXECUTING;
        } catch (const std::runtime_error&) {
          refused += poison;
        }
      }
    });
  for (auto& client : clients) client.join();
  BOOST_TEST(executing == 156);
  BOOST_TEST(refused == 4);
  expect_account(vostro, 1'000, 156);
  BOOST_TEST(query<bool>("select count(*) = max(seq) from events"));
}

BOOST_AUTO_TEST_CASE(an_order_that_the_database_refuses_is_refused_alone_among_those_of_its_call) {
  execute("alter table settlement_transactions add check (obligation_id <> 'ob-poison')");
  const auto results =
      ask<Submissions>(call({order("a", 1), order("poison", 1), order("b", 1), order("a", 1)})).results;
  BOOST_TEST(to_string(results.at(0).kind) == "accepted");
  BOOST_TEST(to_string(results.at(1).refusal.code) == "internal");
  BOOST_TEST(to_string(results.at(2).kind) == "accepted");
  BOOST_TEST(to_string(results.at(3).kind) == "replayed");
  expect_account(vostro, 1'000, 2);
}

BOOST_AUTO_TEST_CASE(the_outside_world_may_owe_but_no_account_leaves_its_range) {
  const auto clearing = open_account(AccountKind::clearing, "", "GHS");
  const auto cedis = open_account(AccountKind::nostro, "ACCRGHAC", "GHS");
  fund(cedis, 500);
  expect_account(clearing, -500, 0);
  const auto floor = ask<AccountChanged>(OpenAccount{
      .caller = "test",
      .account = {.kind = AccountKind::wallet, .currency = *currency_from("GHS"), .floor = no_floor + 1}});
  BOOST_TEST(to_string(floor.refusal.code) == "invalid_value");
  const auto huge = ask<AccountChanged>(FundAccount{.caller = "test",
                                                    .idempotency_key = "huge",
                                                    .account = cedis.id,
                                                    .amount = {largest_balance, cedis.currency}});
  BOOST_TEST(to_string(huge.refusal.code) == "amount_overflow");
}

BOOST_AUTO_TEST_CASE(the_event_chain_can_be_checked_in_sql_alone) {
  advance(submit(order("k1", 300)).settlement->id, {Event::confirm, Event::confirm});
  BOOST_TEST(broken_links() == 0);
  BOOST_TEST(query("select count(*) from events") == 7);
  BOOST_CHECK_THROW(execute("update events set payload = '{}'"), pqxx::sql_error);
}

BOOST_AUTO_TEST_CASE(an_account_is_opened_once_and_funded_once_per_key) {
  const auto twin = ask<AccountChanged>(OpenAccount{
      .caller = "test",
      .account = {.kind = AccountKind::vostro, .bank = "ABIDCIAB", .currency = *currency_from("XOF")}});
  BOOST_TEST(to_string(twin.refusal.code) == "account_exists");
  BOOST_TEST(twin.account.id.text() == vostro.id.text());
  fund(vostro, 1'000);  // the key of the fixture's funding
  expect_account(vostro, 1'000, 0);
  const auto other = ask<AccountChanged>(FundAccount{
      .caller = "test", .idempotency_key = "x", .account = vostro.id, .amount = {5, *currency_from("GHS")}});
  BOOST_TEST(to_string(other.refusal.code) == "currency_mismatch");
  // The account stands in the path, not in the body.
  const auto nowhere = ask<AccountChanged>(FundAccount{.caller = "test",
                                                       .idempotency_key = "y",
                                                       .account = AccountId{fresh_id()},
                                                       .amount = {5, *currency_from("XOF")}});
  BOOST_TEST(to_string(nowhere.refusal.code) == "unknown_account");
  BOOST_TEST(nowhere.refusal.field == "path:id");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
