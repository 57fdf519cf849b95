// kill -9 of any process at any moment: what was acknowledged is recorded, executed at the bank exactly once,
// and ends; the books are right.
#define BOOST_TEST_MODULE e2e_crash
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <csignal>

using namespace settled;
using namespace settled::tests;
using namespace std::chrono_literals;

namespace {
struct Crash {
  Settled settled;
  std::mt19937_64 chance = seeded_chance();

  Crash() {
    settled.start();
    open_account(settled, "vostro", "ABIDCIAB", "XOF", "100000000");
    open_account(settled, "nostro", "DAKRSNDA", "XOF", "100000000");
  }
  /// A bank that takes its time and now and then loses an answer: there is always something in every state.
  void make_the_bank_slow() {
    settled.fault("delay", R"("rate":0.5,"ms":40,"seed":)" + std::to_string(chance() % 1'000));
    settled.fault("drop_answer", R"("rate":0.05,"seed":)" + std::to_string(chance() % 1'000));
  }
  static History some_orders(int n) { return orders("crash", n, "ABIDCIAB", "DAKRSNDA", "1000"); }
  /// A moment somewhere in the next `share` of the load. What the wait lasts is chance, not a limit.
  void await_a_moment(const Load& load, int share) {
    const auto wanted = load.answered() + 1 + static_cast<int>(chance() % static_cast<unsigned>(share));
    BOOST_REQUIRE(eventually([&] { return load.answered() >= wanted; }));
    std::this_thread::sleep_for(std::chrono::microseconds(chance() % 20'000));
  }
  void check_that_all_completed(const History& history) {
    await_all_final(settled);
    for (const Sent& order : history) BOOST_TEST(order.status == 202);
    auto verdict = check_books(settled, history);
    BOOST_TEST(verdict.settlements["COMPLETED"] == static_cast<std::int64_t>(history.size()));
    BOOST_TEST(verdict.sums.size() == 1U);
    settled.end_in_order();
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(crash, Crash)

// All in one life of the books: whoever was cut off waits until the bank's 'not found' is final, and waits
// but once.
BOOST_AUTO_TEST_CASE(whatever_way_settled_dies_nothing_is_lost_and_nothing_repeated) {
  make_the_bank_slow();
  Load load(settled, some_orders(400), 16);
  const auto next_round = [&](const char* what) {
    await_a_moment(load, 60);
    BOOST_TEST_MESSAGE("after " << load.answered() << " answers: " << what);
  };
  const auto killed = [&] { BOOST_TEST(settled.end(SIGKILL) == -SIGKILL); };
  const auto back = [&] {
    settled.await_ready();
    make_the_bank_slow();
  };

  next_round("kill -9");
  killed();
  settled.launch();
  back();

  next_round("kill -9, and again while it starts");
  killed();
  settled.launch();
  std::this_thread::sleep_for(std::chrono::milliseconds(chance() % 1'000));
  killed();
  settled.launch();
  back();

  next_round("kill -9 of it and of its database");
  settled.kill_postmaster();
  killed();
  settled.launch();
  back();

  next_round("SIGTERM, and a second one that cuts the orderly end short");
  settled.fault("hang", R"("count":4,"ms":5000,"when":"after")");
  BOOST_REQUIRE(eventually([&] { return settled.faults_fired("hang") >= 1; }));
  ::kill(settled.pid(), SIGTERM);
  BOOST_TEST(eventually([&] { return settled.log().find("stopping") != std::string::npos; }));
  const int code = settled.end(SIGTERM);
  BOOST_TEST((code == 0 || code == 128 + SIGTERM), "exit code " << code);
  settled.launch();
  back();

  check_that_all_completed(load.finish());
  BOOST_TEST((settled.log().find("recovered") != std::string::npos), "a start says what it took up");
}

BOOST_AUTO_TEST_CASE(sigterm_under_load_exits_0_and_the_next_start_goes_on) {
  make_the_bank_slow();
  Load load(settled, some_orders(300), 16);
  await_a_moment(load, 150);
  settled.end_in_order();
  settled.start();
  check_that_all_completed(load.finish());
}

BOOST_AUTO_TEST_CASE(a_second_settled_on_the_same_folder_is_refused_and_the_first_does_not_notice) {
  const auto command = std::string(std::getenv("SETTLED_BIN")) + "/settled --http-port 0 --grpc-port 0 " +
                       "--data-dir " + settled.folder().string() + " >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  BOOST_TEST(WEXITSTATUS(status) == 69);
  BOOST_TEST(std::filesystem::exists(settled.folder() / "endpoint.json"));
  Load load(settled, some_orders(20), 4);
  check_that_all_completed(load.finish());
}

BOOST_AUTO_TEST_CASE(the_bank_of_a_killed_settled_pays_nothing_behind_the_back_of_the_next_one) {
  // Payments that the old bank has in its hands while the new one starts.
  settled.fault("delay", R"("count":8,"ms":3000)");
  Load load(settled, some_orders(8), 8);
  BOOST_REQUIRE(eventually([&] { return load.answered() == 8 && settled.faults_fired() == 8; }));
  BOOST_TEST(settled.end(SIGKILL) == -SIGKILL);
  settled.start();
  check_that_all_completed(load.finish());
}

BOOST_AUTO_TEST_CASE(kill_9_of_the_database_in_the_middle_of_a_load_is_waited_out) {
  make_the_bank_slow();
  Load load(settled, some_orders(300), 16);
  for (int round = 0; round < 2; ++round) {
    await_a_moment(load, 100);
    settled.kill_postmaster();
  }
  check_that_all_completed(load.finish());
}

BOOST_AUTO_TEST_CASE(kill_9_of_the_bank_in_the_middle_of_a_load_is_waited_out) {
  make_the_bank_slow();
  Load load(settled, some_orders(300), 16);
  for (int round = 0; round < 2; ++round) {
    await_a_moment(load, 100);
    settled.kill_sandbox();
  }
  check_that_all_completed(load.finish());
}

BOOST_AUTO_TEST_CASE(kill_9_of_the_database_and_the_bank_together_is_waited_out) {
  make_the_bank_slow();
  Load load(settled, some_orders(200), 16);
  await_a_moment(load, 150);
  settled.kill_postmaster();
  settled.kill_sandbox();
  check_that_all_completed(load.finish());
}

BOOST_AUTO_TEST_SUITE_END()
