// One order at a time, from the client's first byte to the bank's log and back.
#define BOOST_TEST_MODULE e2e_settling
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <barrier>
#include <set>
#include <thread>

using namespace settled;
using namespace settled::tests;

namespace {
/// One settled for all tests of this file: each test has banks of its own.
struct Running {
  Running() {
    it = std::make_unique<Settled>();
    it->start();
  }
  ~Running() { it.reset(); }
  static inline std::unique_ptr<Settled> it;
};

struct Client {
  const Settled& settled = *Running::it;
  Http http = settled.http();

  Reply settle(const std::string& key, const std::string& from, const std::string& to,
               const std::string& amount) {
    return http.post("/api/v1/settlements", order_body("OB-" + key, from, to, amount, "XOF"), key);
  }
  Reply settlement(const std::string& id) { return http.get("/api/v1/settlements/" + id); }
  /// The settlement when nothing more will happen to it.
  Reply ended(const std::string& id) {
    Reply last;
    BOOST_REQUIRE(eventually([&] {
      last = settlement(id);
      const auto status = last.text("status");
      return status == "COMPLETED" || status == "FAILED" || status == "ROLLED_BACK";
    }));
    return last;
  }
  std::vector<std::string> timeline(const std::string& id) {
    std::vector<std::string> kinds;
    const auto all = http.get("/api/v1/settlements/" + id + "/timeline").json();
    for (const auto& event : all["data"]) kinds.push_back(event["kind"].get<std::string>());
    return kinds;
  }
  long metric(const std::string& line_start) {
    const auto text = '\n' + http.get("/metrics").body;
    const auto at = text.find('\n' + line_start + ' ');
    return at == std::string::npos ? 0 : std::stol(text.substr(at + line_start.size() + 2));
  }
  void check_account(const std::string& id, const std::string& balance, const std::string& held) {
    const auto a = account(http, id);
    BOOST_TEST(a.text("balance") == balance);
    BOOST_TEST(a.text("held") == held);
  }
  std::size_t entries(const std::string& id) {
    return http.get("/api/v1/accounts/" + id + "/entries").json()["data"].size();
  }
};
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_FIXTURE_TEST_SUITE(settling, Client)

BOOST_AUTO_TEST_CASE(an_order_goes_all_the_way_and_everybody_hears_of_it) {
  const auto payer = open_account(settled, "vostro", "ABIDCIAB", "XOF", "1000000");
  const auto payee = open_account(settled, "nostro", "DAKRSNDA", "XOF", "2000000");
  const auto completed_before = metric(R"(settlement_total{status="COMPLETED"})");
  EventStream events(settled.url(), settled.api_key(), "/api/v1/events?kind=settlement.");

  const auto answer = settle("all-the-way", "ABIDCIAB", "DAKRSNDA", "150000");
  BOOST_TEST(answer.status == 202);
  const auto id = answer.text("id");
  BOOST_TEST(answer.header("location") == "/api/v1/settlements/" + id);
  BOOST_TEST(answer.text("status") == "EXECUTING");
  const auto s = ended(id);
  BOOST_TEST(s.text("status") == "COMPLETED");
  BOOST_TEST(s.text("failure") == "null");
  BOOST_TEST(s.text("debit_account") == payer);
  BOOST_TEST(s.text("credit_account") == payee);
  BOOST_TEST(s.text("attempts") == "1");
  std::string checkpoints;
  const auto all = s.json();
  for (const auto& c : all["checkpoints"]) checkpoints += c["name"].get<std::string>() + ' ';
  BOOST_TEST(checkpoints == "Validation Lock Transfer Confirm Finalize ");
  const std::vector<std::string> life{"settlement.executing", "settlement.completed"};
  BOOST_TEST(timeline(id) == life, boost::test_tools::per_element());

  check_account(payer, "850000", "0");
  check_account(payee, "1850000", "0");
  const auto newest = http.get("/api/v1/accounts/" + payer + "/entries");
  BOOST_TEST(newest.text("data/0/journal") == id);
  BOOST_TEST(newest.text("data/0/amount") == "150000");
  BOOST_TEST(newest.text("data/0/direction") == "debit");
  BOOST_TEST(newest.text("data/0/balance_after") == "850000");
  BOOST_TEST(entries(payee) == 2U);

  BOOST_TEST(
      eventually([&] { return metric(R"(settlement_total{status="COMPLETED"})") == completed_before + 1; }));
  BOOST_TEST(eventually([&] {
    const auto seen = events.seen();
    const auto at = seen.find("event: settlement.completed");
    return at != std::string::npos && seen.find(id, at) != std::string::npos;
  }));
  BOOST_TEST(settled.verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_is_answered_with_the_end) {
  open_account(settled, "vostro", "WAITCIAB", "XOF", "1000");
  open_account(settled, "nostro", "WAITSNDA", "XOF", "1000");
  const auto body = order_body("OB-wait", "WAITCIAB", "WAITSNDA", "10", "XOF");
  const auto reply = http.send("POST", "/api/v1/settlements",
                               {{"X-API-Key", settled.api_key()},
                                {"Content-Type", "application/json"},
                                {"Idempotency-Key", "waits"},
                                {"Prefer", "wait=30"}},
                               body);
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.text("status") == "COMPLETED");
  BOOST_TEST(reply.header("preference-applied") == "wait=30");
}

BOOST_AUTO_TEST_CASE(what_the_bank_refuses_is_rolled_back_and_the_hold_released) {
  const auto payer = open_account(settled, "vostro", "REFUCIAB", "XOF", "1000");
  const auto payee = open_account(settled, "nostro", "REFUSNDA", "XOF", "1000");
  settled.fault("refuse", R"("count":1,"bank":"REFUSNDA","code":"AC04","reason":"closed account")");
  const auto s = ended(settle("refused", "REFUCIAB", "REFUSNDA", "400").text("id"));
  BOOST_TEST(s.text("status") == "ROLLED_BACK");
  BOOST_TEST(s.text("failure/code") == "bank_refused");
  BOOST_TEST((s.text("failure/detail").find("AC04") != std::string::npos));
  check_account(payer, "1000", "0");
  check_account(payee, "1000", "0");
  BOOST_TEST(entries(payer) == 1U);  // the funding
  BOOST_TEST(settled.verify({s.text("id")}).ok());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_paid_fails_and_never_reaches_the_bank) {
  const auto payer = open_account(settled, "vostro", "POORCIAB", "XOF", "1000");
  open_account(settled, "nostro", "RICHSNDA", "XOF", "5000");
  const auto answer = settle("too-much", "POORCIAB", "RICHSNDA", "1001");
  BOOST_TEST(answer.status == 202);
  BOOST_TEST(answer.text("status") == "FAILED");
  BOOST_TEST(answer.text("failure/code") == "insufficient_funds");
  const auto s = settlement(answer.text("id"));
  BOOST_TEST(s.text("status") == "FAILED");
  check_account(payer, "1000", "0");
  const std::vector<std::string> life{"settlement.failed"};
  BOOST_TEST(timeline(answer.text("id")) == life, boost::test_tools::per_element());
  BOOST_TEST(settled.verify({answer.text("id")}).ok());
  // To the last unit it can be paid.
  BOOST_TEST(ended(settle("just-enough", "POORCIAB", "RICHSNDA", "1000").text("id")).text("status") ==
             "COMPLETED");
  check_account(payer, "0", "0");
}

BOOST_AUTO_TEST_CASE(a_wrong_order_in_a_batch_refuses_only_itself) {
  open_account(settled, "vostro", "BATCCIAB", "XOF", "1000");
  open_account(settled, "nostro", "BATCSNDA", "XOF", "1000");
  const auto good = [](const char* name) { return order_body(name, "BATCCIAB", "BATCSNDA", "10", "XOF"); };
  const auto body = '[' + good("B1") + ',' + order_body("B2", "BATCCIAB", "BATCSNDA", "1.5", "XOF") + ',' +
                    order_body("B3", "NONECIAB", "BATCSNDA", "10", "XOF") + ',' + good("B4") + ']';
  const auto reply = http.post("/api/v1/settlements/batch", body, "batch");
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.text("results/1/status") == "422");
  BOOST_TEST(reply.text("results/2/status") == "422");
  for (const std::string i : {"0", "3"}) {
    BOOST_TEST(reply.text("results/" + i + "/status") == "202");
    BOOST_TEST(ended(reply.text("results/" + i + "/settlement/id")).text("status") == "COMPLETED");
  }
  const auto again = http.post("/api/v1/settlements/batch", body, "batch");
  BOOST_TEST(again.text("replayed") == "2");
  BOOST_TEST(again.text("results/0/settlement/id") == reply.text("results/0/settlement/id"));
}

BOOST_AUTO_TEST_CASE(the_same_key_sent_200_times_at_once_is_one_settlement_and_one_answer) {
  const auto payer = open_account(settled, "vostro", "SAMECIAB", "XOF", "1000");
  open_account(settled, "nostro", "SAMESNDA", "XOF", "1000");
  constexpr int times = 200;
  std::vector<Reply> replies(times);
  {
    std::barrier together(times);
    std::vector<std::thread> clients;
    for (Reply& reply : replies)
      clients.emplace_back([&, body = order_body("OB-same", "SAMECIAB", "SAMESNDA", "10", "XOF")] {
        auto own = settled.http();
        own.get("/health");  // connected before the start
        together.arrive_and_wait();
        reply = own.post("/api/v1/settlements", body, "the-same-key");
      });
    for (auto& client : clients) client.join();
  }
  std::set<std::string> bodies, ids;
  long first = 0;
  for (const Reply& reply : replies) {
    BOOST_TEST(reply.status == 202);
    bodies.insert(reply.body);
    ids.insert(reply.text("id"));
    first += reply.header("idempotent-replayed").empty() ? 1 : 0;
  }
  BOOST_TEST(bodies.size() == 1U);
  BOOST_TEST(ids.size() == 1U);
  BOOST_TEST(first == 1, "one was the first, the others are told that they repeat");
  BOOST_TEST(ended(*ids.begin()).text("status") == "COMPLETED");
  check_account(payer, "990", "0");
  BOOST_TEST(http.get("/api/v1/settlements?from_bank=SAMECIAB").json()["data"].size() == 1U);
  BOOST_TEST(http.post("/api/v1/settlements", order_body("OB-same", "SAMECIAB", "SAMESNDA", "11", "XOF"),
                       "the-same-key")
                 .status == 409);
  BOOST_TEST(settled.verify({ids.begin(), ids.end()}).ok());
}

BOOST_AUTO_TEST_CASE(an_event_stream_goes_on_where_it_was_cut) {
  open_account(settled, "vostro", "EVENCIAB", "XOF", "1000");
  open_account(settled, "nostro", "EVENSNDA", "XOF", "1000");
  const auto first = settle("event-1", "EVENCIAB", "EVENSNDA", "10").text("id");
  ended(first);
  const auto last = http.get("/api/v1/settlements/" + first + "/timeline").json()["data"].back()["id"];
  const auto second = settle("event-2", "EVENCIAB", "EVENSNDA", "10").text("id");
  ended(second);
  EventStream events(settled.url(), settled.api_key(), "/api/v1/events?after=" + last.get<std::string>());
  BOOST_TEST(eventually([&] { return events.seen().find("settlement.completed") != std::string::npos; }));
  const auto seen = events.seen();
  BOOST_TEST((seen.find(second) != std::string::npos));
  BOOST_TEST((seen.find(first) == std::string::npos));
}

BOOST_AUTO_TEST_CASE(it_ends_in_order) { Running::it->end_in_order(); }

BOOST_AUTO_TEST_SUITE_END()
