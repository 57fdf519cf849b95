// What the writer's memory says while the database is there and does not work.
#define BOOST_TEST_MODULE storage_pg_ledger_store
#include "storage/pg_ledger_store.hpp"

#include "storage/pg_connect.hpp"
#include "storage/pg_settlement_row.hpp"
#include "tests/database_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <vector>

using namespace settled;
using namespace settled::tests;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_CASE(who_holds_a_lock_in_the_way_is_named_and_nothing_works_again_before_it_does,
                        DatabaseFixture) {
  struct Said {
    bool up;
    std::string why;
  };
  std::mutex mutex;
  std::vector<Said> said;
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return said.size();
  };
  const auto store = make_pg_ledger_store(
      {.database_url = url, .owner = "test", .on_database = [&](bool up, const std::string& why) {
         const std::lock_guard lock(mutex);
         said.push_back({up, why});
       }});
  store->take_over();
  BOOST_REQUIRE(count() == 1U);

  // Longer than the writer's own patience.
  execute("set idle_in_transaction_session_timeout = 0");
  std::future<bool> found;
  int pid = 0;
  {
    pqxx::work blocking(db);
    pid = blocking.exec1("select pg_backend_pid()")[0].as<int>();
    blocking.exec("lock table settlement_transactions in access exclusive mode");
    found = std::async(std::launch::async, [&] { return store->find({}).has_value(); });
    while (count() < 2) std::this_thread::sleep_for(10ms);
    // Its next try waits for the same lock: that it has a connection says nothing.
    BOOST_TEST((found.wait_for(1s) == std::future_status::timeout));
    BOOST_TEST(count() == 2U);
  }
  BOOST_TEST(!found.get());
  BOOST_REQUIRE(count() == 3U);
  BOOST_TEST(!said[1].up);
  BOOST_TEST((said[1].why.find("session " + std::to_string(pid)) != std::string::npos), said[1].why);
  BOOST_TEST((said[1].why.find("settlement_transactions") != std::string::npos), said[1].why);
  BOOST_TEST(said[2].up);
}

BOOST_FIXTURE_TEST_CASE(times_are_read_to_the_microsecond_as_the_server_has_them, DatabaseFixture) {
  const auto session = pg_connect(url);
  pqxx::nontransaction tx(*session);
  for (const Micros at : {Micros{0}, Micros{1}, Micros{1'763'719'351'500'000}, Micros{1'709'164'800'000'010},
                          Micros{4'102'444'799'999'999}, Micros{-1}}) {
    const auto row =
        tx.exec1("select to_timestamp(0) + " + std::to_string(at) + " * interval '1 microsecond'");
    BOOST_TEST(micros_from(row[0].c_str()) == at, row[0].c_str());
  }
  BOOST_CHECK_THROW(micros_from("21.11.2026 10:02:31 UTC"), std::logic_error);
  BOOST_CHECK_THROW(micros_from("2026-11-21 10:02:31+01"), std::logic_error);
  BOOST_CHECK_THROW(micros_from(""), std::logic_error);
}
