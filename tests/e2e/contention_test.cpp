// Many want the same money at the same time.
#define BOOST_TEST_MODULE e2e_contention
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

using namespace settled;
using namespace settled::tests;

namespace {
/// Looks at an account all the time.
class Watch {
 public:
  Watch(const Settled& settled, std::string id)
      : watcher_([this, http = std::make_shared<Http>(settled.http()), id = std::move(id)] {
          while (!ended_) {
            const auto a = account(*http, id).json();
            const auto number = [&](const char* name) { return std::stoll(a[name].get<std::string>()); };
            lowest_ = std::min(lowest_, number("available"));
            if (number("available") != number("balance") - number("held")) ++wrong_;
            ++looks_;
          }
        }) {}
  ~Watch() { end(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void end() {
    ended_ = true;
    if (watcher_.joinable()) watcher_.join();
  }
  long long lowest() const { return lowest_; }
  int looks() const { return looks_; }
  int wrong() const { return wrong_; }

 private:
  long long lowest_ = std::numeric_limits<long long>::max();
  int looks_ = 0, wrong_ = 0;
  std::atomic<bool> ended_{false};
  std::thread watcher_;
};
}  // namespace

BOOST_AUTO_TEST_CASE(of_1000_orders_from_64_connections_exactly_the_400_that_can_be_paid_complete) {
  Settled settled;
  settled.start();
  const auto payer = open_account(settled, "vostro", "ABIDCIAB", "XOF", "400000");
  open_account(settled, "nostro", "DAKRSNDA", "XOF", "10000000");
  Watch watch(settled, payer);
  Load load(settled, orders("many", 1'000, "ABIDCIAB", "DAKRSNDA", "1000"), 64);
  const auto& history = load.finish();
  await_all_final(settled);
  watch.end();
  BOOST_TEST(watch.lowest() == 0);
  BOOST_TEST(watch.wrong() == 0);
  BOOST_TEST(watch.looks() > 10);

  int taken = 0, refused = 0;
  for (const Sent& order : history) {
    BOOST_TEST(order.status == 202);
    const auto answer = nlohmann::json::parse(order.answer);
    if (answer["failure"].is_null())
      ++taken;
    else if (answer["failure"]["code"] == "insufficient_funds" && !answer["failure"]["detail"].empty())
      ++refused;
  }
  BOOST_TEST(taken == 400);
  BOOST_TEST(refused == 600);
  auto http = settled.http();
  BOOST_TEST(account(http, payer).text("balance") == "0");
  auto verdict = check_books(settled, history);
  BOOST_TEST(verdict.settlements["COMPLETED"] == 400);
  BOOST_TEST(verdict.settlements["FAILED"] == 600);
  settled.end_in_order();
}

BOOST_AUTO_TEST_CASE(a_nostro_that_runs_dry_refuses_and_leaves_the_payers_hold_at_zero) {
  Settled settled;
  settled.start();
  const auto payer = open_account(settled, "vostro", "ABIDCIAB", "XOF", "100000");
  const auto payee = open_account(settled, "nostro", "DAKRSNDA", "XOF", "30000");
  Load load(settled, orders("dry", 100, "ABIDCIAB", "DAKRSNDA", "1000"), 16);
  const auto& history = load.finish();
  await_all_final(settled);
  auto verdict = check_books(settled, history);
  BOOST_TEST(verdict.settlements["COMPLETED"] == 30);
  BOOST_TEST(verdict.settlements["FAILED"] == 70);
  auto http = settled.http();
  BOOST_TEST(account(http, payer).text("available") == "70000");
  BOOST_TEST(account(http, payee).text("available") == "0");
  settled.end_in_order();
}
