// At every crash point of a settlement's life, one after the other: settled dies there, or an exception
// flies, or the database refuses. Then the client's key gets its definite answer, there is one settlement,
// and the bank has executed it once or it is visibly pending.
#define BOOST_TEST_MODULE e2e_failpoint_sweep
#include "e2e/load.hpp"
#include "storage/chk_invariants.hpp"
#include "telemetry/failpoint.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <csignal>
#include <cstdlib>

using namespace settled;
using namespace settled::tests;

namespace {
struct Case {
  std::string place, action;
};
/// In one life of the books: whatever was cut off waits for the bank's final 'not found' at the same time.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& place : failpoints())
    if (!place.name.ends_with("_k"))
      for (const char* action : {"kill", "throw"}) all.push_back({std::string(place.name), action});
  for (const char* place : {"in_commit1", "in_commit2"})
    for (const char* action : {"sqlstate=40P01", "sqlstate=08006"}) all.push_back({place, action});
  return all;
}

struct Sweep {
  Settled settled;
  History history;
  std::vector<std::string> acknowledged;

  Sweep() {
    settled.start();
    open_account(settled, "vostro", "ABIDCIAB", "XOF", "100000000");
    open_account(settled, "nostro", "DAKRSNDA", "XOF", "100000000");
  }

  /// One call; false without a definite answer.
  bool send(Sent& order) const {
    ++order.tries;
    const auto reply = settled.http().post("/api/v1/settlements", order.body, order.key);
    if (reply.indefinite()) return false;
    order.status = reply.status;
    order.answer = reply.body;
    const auto id = reply.text("id");
    BOOST_TEST((order.id.empty() || order.id == id), "one key, one settlement");
    order.id = id;
    return true;
  }
  bool is_final(const Sent& order) const {
    const auto status = settled.http().get("/api/v1/settlements/" + order.id).text("status");
    return status == "COMPLETED" || status == "ROLLED_BACK" || status == "FAILED";
  }

  /// The inquiry about an order of before may kill settled, and the bank with it, ahead of the fault.
  void lose_an_answer(bool may_die) {
    try {
      settled.fault("drop_answer", R"("count":1)");
    } catch (const std::runtime_error&) {
      BOOST_TEST((may_die && eventually([&] { return settled.has_ended(); })), "the bank takes the fault");
    }
  }

  void run(const Case& c, Sent& order) {
    const bool kills = c.action == "kill";
    settled.end(SIGKILL);
    settled.arm(c.place + ':' + c.action + "@1");
    settled.launch();
    if (settled.comes_up()) {
      if (c.place.find("inquiry") != std::string::npos) lose_an_answer(kills);
      std::unique_ptr<EventStream> stream;
      if (c.place.find("publish") != std::string::npos)
        stream = std::make_unique<EventStream>(settled.url(), settled.api_key(), "/api/v1/events");
      // Either it dies on the way, or the order comes to its end.
      const auto over = [&] {
        if (settled.has_ended()) return true;
        return (order.status != 0 || send(order)) && !order.id.empty() && is_final(order) && !kills;
      };
      BOOST_TEST(eventually(over), "the order ends, or settled does");
    }
    BOOST_TEST(settled.has_ended() == kills, "the place is on the way of an order");
    settled.arm("");
    if (settled.has_ended()) settled.start();
    BOOST_TEST(eventually([&] { return send(order); }), "the key gets its definite answer");
    BOOST_TEST(order.status == 202);
    acknowledged.push_back(order.id);
    BOOST_TEST(!settled.http().get("/api/v1/settlements/" + order.id).text("status").empty());
    const auto verdict = settled.verify(acknowledged);
    BOOST_TEST(verdict.ok(),
               (verdict.findings.empty() ? ""
                                         : verdict.findings[0].check + ' ' + verdict.findings[0].subject +
                                               ' ' + verdict.findings[0].found));
    BOOST_TEST(verdict.recorded == static_cast<std::int64_t>(acknowledged.size()));
  }
};
}  // namespace

BOOST_FIXTURE_TEST_CASE(wherever_it_dies_an_order_is_settled_once, Sweep) {
  const auto all = cases();
  history = orders("sweep", static_cast<int>(all.size()), "ABIDCIAB", "DAKRSNDA", "1000");
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST_CONTEXT(all[i].place << ':' << all[i].action) { run(all[i], history[i]); }
  }
  await_all_final(settled);
  const auto verdict = check_books(settled, history);
  BOOST_TEST(verdict.settlements.at("COMPLETED") == static_cast<std::int64_t>(history.size()));
  {
    pqxx::connection db(settled.database_url());
    pqxx::work tx(db);
    const auto asks_outsiders = [](std::string_view sql) {
      return sql.find("h.client") != sql.npos || sql.find("h.bank") != sql.npos ||
             sql.find("h.consumer") != sql.npos;
    };
    for (const auto& invariant : chk_invariants)
      if (!asks_outsiders(invariant.sql)) BOOST_TEST(tx.exec(invariant.sql).empty(), invariant.name);
  }
  const auto verify = std::string(std::getenv("SETTLED_BIN")) + "/settlectl --data-dir " +
                      settled.folder().string() + " verify --json >/dev/null";
  BOOST_TEST(std::system(verify.c_str()) == 0);
  settled.end_in_order();
}

BOOST_AUTO_TEST_CASE(a_migration_that_is_cut_off_runs_again_from_its_beginning) {
  Settled settled;
  // Each step dies once, and throws once where that leaves it to the next start.
  for (const char* step : {"migration_step_1:kill", "migration_step_1:throw", "migration_step_2:kill",
                           "migration_step_2:throw"}) {
    settled.arm(step);
    settled.launch();
    BOOST_TEST(!settled.comes_up(), step);
  }
  settled.arm("");
  settled.start();
  open_account(settled, "vostro", "ABIDCIAB", "XOF", "1000");
  BOOST_TEST(settled.verify({}).ok());
  settled.end_in_order();
}
