// An old backup is restored: the books have lost orders that the bank has executed, and their clients, who
// heard nothing of it, send them again.
#define BOOST_TEST_MODULE e2e_restored_backup
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;

namespace {
struct House {
  House() : it({"--config", write_config("")}) {
    it.start();
    open_account(it, "vostro", "ABIDCIAB", "XOF", "100000");
    open_account(it, "nostro", "DAKRSNDA", "XOF", "100000");
  }
  ~House() { std::filesystem::remove(config); }

  std::string write_config(const std::string& settlement) const {
    std::ofstream(config) << "[settlement]\n" << settlement;
    return config.string();
  }
  void shell(const std::string& command) { BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0); }
  std::string database() const { return (it.folder() / "postgres").string(); }
  std::string backup() const { return (it.folder() / "backup").string(); }
  Reply order(const std::string& key) {
    auto http = it.http();
    return http.post("/api/v1/settlements", order_body(key, "ABIDCIAB", "DAKRSNDA", "100", "XOF"), key);
  }
  /// Its end; the id as the books know it.
  std::string completed(const std::string& key) {
    const auto receipt = order(key);
    BOOST_REQUIRE_MESSAGE(receipt.status == 202, receipt.body);
    auto id = receipt.text("id");
    BOOST_TEST(eventually([&] { return shown(id).text("status") == "COMPLETED"; }), shown(id).body);
    return id;
  }
  /// Its database goes, and an older copy comes back: a standby that had lagged behind.
  void fall_back_to_the_backup() {
    const auto data = database() + "/data";
    pid_t postmaster = 0;
    std::ifstream(data + "/postmaster.pid") >> postmaster;
    BOOST_REQUIRE(postmaster > 0);
    shell("mv " + data + ' ' + data + ".gone && cp -a " + backup() + "/data " + data);
    ::kill(postmaster, SIGKILL);
  }
  Reply shown(const std::string& id) { return it.http().get("/api/v1/settlements/" + id); }

  const std::filesystem::path config =
      std::filesystem::temp_directory_path() / ("restored-" + std::to_string(::getpid()) + ".toml");
  Settled it;
};
}  // namespace

BOOST_AUTO_TEST_CASE(orders_that_the_books_lost_and_clients_send_again_are_not_paid_again) {
  House house;
  auto& it = house.it;
  const auto kept = house.completed("kept");
  it.end_in_order();
  house.shell("cp -a " + house.database() + ' ' + house.backup());

  it.start();
  const auto first = house.shown(house.completed("lost-1"));
  const auto second = house.shown(house.completed("lost-2"));
  it.end_in_order();

  house.shell("rm -rf " + house.database() + " && mv " + house.backup() + ' ' + house.database());
  it.start();
  BOOST_TEST(it.http().get("/api/v1/health/ready").status == 503);
  // Nothing is sent now. The bank is asked, and knows the order by the reference of the first time.
  const auto again = house.completed("lost-1");
  BOOST_TEST(again != first.text("id"));
  BOOST_TEST(house.shown(again).text("reference") == first.text("reference"));
  BOOST_TEST(house.shown(again).text("bank_reference") == first.text("bank_reference"));
  it.end_in_order();

  house.write_config("lift_quarantine = true\n");
  it.start();
  BOOST_TEST(it.http().get("/api/v1/health/ready").status == 200);
  // Now it is sent once more, and the bank repeats its answer.
  const auto after = house.completed("lost-2");
  BOOST_TEST(house.shown(after).text("reference") == second.text("reference"));
  BOOST_TEST(house.shown(after).text("bank_reference") == second.text("bank_reference"));

  const auto verdict = it.verify({kept, again, after});
  for (const auto& f : verdict.findings)
    BOOST_TEST_MESSAGE(f.check << ' ' << f.subject << ": " << f.expected << " / " << f.found);
  BOOST_TEST(verdict.ok());
  BOOST_TEST(verdict.bank->effects == 3);
  it.end_in_order();
}

BOOST_AUTO_TEST_CASE(books_that_become_older_while_it_runs_end_it_and_the_next_start_is_in_quarantine) {
  // Whether somebody sends an order then or nobody does: on its next commit it notices, or idle.
  for (const bool busy : {true, false}) {
    BOOST_TEST_CONTEXT((busy ? "busy" : "idle")) {
      House house;
      auto& it = house.it;
      house.completed("kept");
      it.end_in_order();
      house.shell("cp -a " + house.database() + ' ' + house.backup());
      it.start();
      house.completed("lost");

      house.fall_back_to_the_backup();
      // What a dying session of the old server acknowledges is lost with it.
      if (busy) static_cast<void>(house.order("next"));
      BOOST_TEST(it.await_end() == 69);

      it.start();
      const auto ready = it.http().get("/api/v1/health/ready");
      BOOST_TEST(ready.status == 503);
      BOOST_TEST((ready.body.find("quarantine") != std::string::npos), ready.body);
      it.end_in_order();
    }
  }
}
