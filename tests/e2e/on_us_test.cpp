// Both banks have their accounts here: the order is a transfer in our own books, and nothing leaves.
#define BOOST_TEST_MODULE e2e_on_us
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;

namespace {
struct Running {
  Running() {
    config = std::filesystem::temp_directory_path() / ("on-us-" + std::to_string(::getpid()) + ".toml");
    std::ofstream(config) << "[[connector]]\nname = \"house\"\ntype = \"on_us\"\nbanks = [\"DAKRSNDA\"]\n";
    it = std::make_unique<Settled>(std::vector<std::string>{"--config", config.string()});
    it->start();
    payer = open_account(*it, "vostro", "ABIDCIAB", "XOF", "1000");
    payee = open_account(*it, "vostro", "DAKRSNDA", "XOF", "1");
    open_account(*it, "nostro", "DAKRSNDA", "XOF", "1000");
  }
  ~Running() {
    it.reset();
    std::filesystem::remove(config);
  }
  std::filesystem::path config;
  static inline std::unique_ptr<Settled> it;
  static inline std::string payer, payee;
};

Reply order(const std::string& key, const std::string& amount, const std::string& more = "") {
  auto http = Running::it->http();
  auto body = order_body(key, "ABIDCIAB", "DAKRSNDA", amount, "XOF");
  if (!more.empty()) body.insert(body.size() - 1, "," + more);
  return http.post("/api/v1/settlements", body, key);
}
Reply account(const std::string& id) { return Running::it->http().get("/api/v1/accounts/" + id); }
std::string status(const Reply& receipt) {
  return Running::it->http().get("/api/v1/settlements/" + receipt.text("id")).text("status");
}
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(on_us)

BOOST_AUTO_TEST_CASE(is_completed_in_the_answer_and_moves_the_money_from_bank_to_bank) {
  const auto receipt = order("first", "100");
  BOOST_TEST(receipt.status == 202);
  BOOST_TEST(receipt.text("status") == "COMPLETED");
  BOOST_TEST(receipt.json()["checkpoints"].size() == 5);
  BOOST_TEST(account(Running::payer).text("balance") == "900");
  BOOST_TEST(account(Running::payer).text("held") == "0");
  BOOST_TEST(account(Running::payee).text("balance") == "101");
  BOOST_TEST(order("first", "100").body == receipt.body);
  const auto verdict = Running::it->verify({receipt.text("id")});
  BOOST_TEST(verdict.ok());
  BOOST_TEST(verdict.bank->effects == 0);
}

BOOST_AUTO_TEST_CASE(fails_or_waits_where_the_payer_is_short) {
  BOOST_TEST(order("short", "100000").text("status") == "FAILED");
  const auto waiting = order("waits", "5000", R"("insufficient_funds":"queue")");
  BOOST_TEST(waiting.text("status") == "PENDING");
  auto http = Running::it->http();
  BOOST_TEST(http.post("/api/v1/accounts/" + Running::payer + "/fund",
                       R"({"amount":"10000","currency":"XOF"})", "more")
                 .status == 201);
  BOOST_TEST(eventually([&] { return status(waiting) == "COMPLETED"; }));
  BOOST_TEST(Running::it->verify({waiting.text("id")}).ok());
}

BOOST_AUTO_TEST_CASE(survives_kill_9_without_being_taken_up_again) {
  const auto receipt = order("killed", "7");
  const auto balance = account(Running::payee).text("balance");
  Running::it->end(SIGKILL);
  Running::it->start();
  BOOST_TEST(status(receipt) == "COMPLETED");
  BOOST_TEST(account(Running::payee).text("balance") == balance);
  BOOST_TEST(Running::it->verify({receipt.text("id")}).ok());
}

BOOST_AUTO_TEST_SUITE_END()
