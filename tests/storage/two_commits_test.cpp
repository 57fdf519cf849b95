// Two commits under way at once: the rows of the second are written before the first is durable.
#define BOOST_TEST_MODULE two_commits
#include "tests/storage/two_banks.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// Calls that are large enough for two commits to be under way at once.
struct LargeCalls : tests::TwoBanks {
#if defined(__SANITIZE_THREAD__)
  // Each answer that CAF hands over unseen is looked up among the suppressions: milliseconds for an order.
  static constexpr int clients = 3, each = 1, orders = 520;
#else
  static constexpr int clients = 4, each = 6, orders = 600;
#endif
  std::atomic<int> answered = 0, refused = 0;
  std::atomic<bool> gone = false;  // the writer, or an answer of its
  /// Orders in this call of this client.
  std::function<int(int, int)> size_of = [](int, int) { return orders; };

  /// `key`: of the order at this place of this call of this client.
  template <class Key>
  void place(Key key, int calls = each) {
    fund(vostro, 100'000, "more-");
    std::vector<std::thread> all;
    all.reserve(clients);
    for (int c = 0; c < clients; ++c)
      all.emplace_back([&, c] {
        for (int i = 0; i < calls && !gone; ++i) {
          std::vector<NewSettlement> these;
          const int size = size_of(c, i);
          these.reserve(size);
          std::optional<std::size_t> poison;
          for (int j = 0; j < size; ++j) {
            const std::string text = key(c, i, j);
            if (text.starts_with("poison")) poison = j;
            these.push_back(order(text, 1));
          }
          try {
            const auto results = ask<Submissions>(call(these)).results;
            answered += static_cast<int>(results.size());
            refused += poison && results.at(*poison).refusal.code == Errc::internal;
          } catch (const std::runtime_error&) {
            gone = true;
          }
        }
      });
    for (auto& client : all) client.join();
  }
  static std::string own(int c, int i, int j) {
    return std::to_string(c) + "-" + std::to_string(i) + "-" + std::to_string(j);
  }
  void expect_recorded(int settlements) {
    BOOST_TEST(!gone);
    BOOST_TEST(query("select count(*) from settlement_transactions") == settlements);
    expect_account(vostro, 101'000, settlements);
    BOOST_TEST(query<bool>("select count(*) = max(seq) from events"));
    BOOST_TEST(broken_links() == 0);
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(two_commits, LargeCalls)

BOOST_AUTO_TEST_CASE(large_calls_of_many_clients_are_each_recorded_once) {
  place(own);
  BOOST_TEST(answered == clients * each * orders);
  expect_recorded(clients * each * orders);
}

BOOST_AUTO_TEST_CASE(a_key_that_comes_again_while_its_first_order_is_being_written_is_one_order) {
  place(
      [](int, int i, int j) { return std::to_string(i) + "-" + std::to_string(j); });  // all clients the same
  BOOST_TEST(answered == clients * each * orders);
  expect_recorded(each * orders);
}

BOOST_AUTO_TEST_CASE(
    an_order_that_the_database_refuses_is_refused_alone_although_the_next_commit_stands_upon_it) {
  execute("alter table settlement_transactions add check (obligation_id not like 'ob-poison%')");
  place([](int c, int i, int j) {
    return (c == 1 && i == each / 2 && j == 300 ? "poison" : "") + own(c, i, j);
  });
  BOOST_TEST(refused == 1);
  expect_recorded(clients * each * orders - 1);
}

BOOST_AUTO_TEST_CASE(whatever_stood_upon_a_refused_commit_everybody_hears_of_their_own_orders) {
  execute("alter table settlement_transactions add check (obligation_id not like 'ob-poison%')");
  constexpr int calls = 2 * each;
  // Commits of all sizes: with a lane of their own, behind another one, written by the writer itself.
  size_of = [](int c, int i) { return c < 2 ? orders : i % 2 == 0 ? 100 : 3; };
  place([](int c, int i, int j) { return (c == 0 && i % 2 == 1 && j == 0 ? "poison" : "") + own(c, i, j); },
        calls);
  BOOST_TEST(refused == each);
  expect_recorded(2 * calls * orders + (clients - 2) * each * 103 - each);
}

BOOST_AUTO_TEST_CASE(where_the_server_has_no_session_for_a_second_lane_one_is_enough) {
  // This test's own, the writer's first lane, and its lookups.
  alter_database("connection limit 3");
  place(own);
  BOOST_TEST(answered == clients * each * orders);
  expect_recorded(clients * each * orders);
}

BOOST_AUTO_TEST_CASE(large_calls_survive_the_killing_of_sessions) {
  auto killer = kill_sessions(
      [chance = std::mt19937(4)]() mutable { return std::chrono::milliseconds(50 + chance() % 450); });
  place(own);
  killer.request_stop();
  killer.join();
  BOOST_TEST(answered == clients * each * orders);
  expect_recorded(clients * each * orders);
}

BOOST_AUTO_TEST_CASE(a_writer_that_is_deposed_between_two_large_commits_writes_none_of_the_second) {
  std::jthread other([&] {
    std::this_thread::sleep_for(150ms);
    pqxx::connection mine(connection_string(url));
    pqxx::nontransaction session(mine);
    session.exec("update ledger_writers set epoch = epoch + 1");
  });
  BOOST_CHECK_NO_THROW(place(own, 1'000));
  other.join();
  BOOST_TEST(gone);
  // What was acknowledged is there. A commit that was durable before its answer went out may be more.
  BOOST_TEST(query<bool>("select count(*) between " + std::to_string(answered) + " and " +
                         std::to_string(answered + 2 * clients * orders) + " from settlement_transactions"));
  BOOST_TEST(query<bool>("select count(*) = max(seq) from events"));
  start();  // the destructor stops it
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
