// What the service does by itself, again and again: old doubts become breaks, old locks go to the archive,
// holds that nobody looks after are looked after.
#define BOOST_TEST_MODULE e2e_jobs
#include "e2e/load.hpp"
#include "storage/chk_invariants.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <fstream>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;
using nlohmann::json;

namespace {
/// One settled for all tests of this file. Its jobs run when a test says so.
struct Running {
  Running() {
    const auto here = std::filesystem::temp_directory_path() / ("jobs-" + std::to_string(::getpid()));
    config = here.string() + ".toml";
    secret = here.string() + ".secret";
    std::ofstream(secret) << "0123456789abcdef0123456789abcdef\n";
    std::filesystem::permissions(secret, std::filesystem::perms(0600));
    // And a bank at whose address nobody answers.
    std::ofstream(config) << "[settlement]\nunknown_limit_s = 1\ntransaction_timeout_s = 2\n"
                             "[jobs]\ncleanup_every_s = 86400\nescalate_every_s = 86400\n"
                             "archive_after_s = 3600\n"
                             "[[connector]]\nname = \"nobody\"\nurl = \"http://127.0.0.1:1\"\n"
                             "key_id = \"us\"\nbanks = [\"BAMKMLBA\"]\nsecret = \"file:"
                          << secret.string() << "\"\n";
    it = std::make_unique<Settled>(std::vector<std::string>{"--config", config.string()});
    it->start();
    open_account(*it, "vostro", "ABIDCIAB", "XOF", "1000000");
    open_account(*it, "nostro", "DAKRSNDA", "XOF", "1000000");
    open_account(*it, "nostro", "BAMKMLBA", "XOF", "1000000");
  }
  ~Running() {
    it.reset();
    std::filesystem::remove(config);
    std::filesystem::remove(secret);
  }
  std::filesystem::path config, secret;
  static inline std::unique_ptr<Settled> it;
};

std::string order(const std::string& key) {
  auto http = Running::it->http();
  const auto reply =
      http.post("/api/v1/settlements", order_body(key, "ABIDCIAB", "DAKRSNDA", "1000", "XOF"), key);
  BOOST_REQUIRE_MESSAGE(reply.status == 202, reply.body);
  return reply.text("id");
}

/// An order whose bank paid it and then never answers anything about it.
std::string doubtful(const std::string& key) {
  Running::it->fault("drop_answer", R"("rate":1,"op":"SEND")");
  Running::it->fault("error", R"("rate":1,"op":"INQUIRY","status":500)");
  const auto id = order(key);
  BOOST_REQUIRE(eventually([&] {
    auto http = Running::it->http();
    return http.get("/api/v1/unknowns?settlement=" + id).body.find(id) != std::string::npos;
  }));
  return id;
}

/// What the job says of its run.
std::string run(const std::string& job) {
  auto http = Running::it->http();
  const auto ran = http.post("/api/v1/jobs/" + job + "/run", "{}");
  BOOST_REQUIRE_MESSAGE(ran.status == 200, ran.body);
  BOOST_TEST(ran.json().value("last_ok", false), ran.body);
  return ran.text("last_result");
}

json breaks_of(const std::string& id, const std::string& state) {
  auto http = Running::it->http();
  return http.get("/api/v1/breaks?settlement=" + id + "&state=" + state).json().at("data");
}

std::int64_t number(const std::string& sql) {
  pqxx::connection db(Running::it->database_url());
  return pqxx::nontransaction(db).exec1(sql)[0].as<std::int64_t>();
}

/// The books and the contract `chk`. While an order is open three of its rules wait for its end.
void check_all(bool all_final) {
  const auto verdict = Running::it->verify({});
  for (const auto& f : verdict.findings)
    BOOST_TEST_MESSAGE(f.check << ' ' << f.subject << ": " << f.expected << " / " << f.found);
  BOOST_TEST(verdict.ok());
  pqxx::connection db(Running::it->database_url());
  pqxx::work tx(db);
  for (const auto& invariant : chk_invariants) {
    const std::string sql = invariant.sql, name = invariant.name;
    const bool asks_outsiders = sql.find("h.client") != sql.npos || sql.find("h.bank") != sql.npos ||
                                sql.find("h.consumer") != sql.npos;
    const bool of_the_end = name == "d4" || name == "e2" || name == "e3";
    if (!asks_outsiders && (all_final || !of_the_end)) BOOST_TEST(tx.exec(sql).empty(), name);
  }
  BOOST_TEST(run("check_invariants") == "the books are right");
}
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(jobs)

BOOST_AUTO_TEST_CASE(a_doubt_beyond_its_limit_is_a_break_until_the_bank_has_spoken) {
  const auto id = doubtful("old-doubt");
  // Its limit is a second.
  BOOST_TEST(eventually([&] {
    run("escalate_unknowns");
    return !breaks_of(id, "open").empty();
  }));
  const auto open = breaks_of(id, "open");
  BOOST_REQUIRE(open.size() == 1U);
  BOOST_TEST(open[0].at("kind") == "unknown_outcome");
  auto http = Running::it->http();
  BOOST_TEST(http.get("/api/v1/unknowns?settlement=" + id).text("data/0/break") ==
             open[0].at("id").get<std::string>());
  BOOST_TEST(run("escalate_unknowns") == "0 breaks opened");  // it has one
  check_all(false);

  Running::it->clear_faults();
  await_all_final(*Running::it);
  BOOST_TEST(breaks_of(id, "open").empty());
  const auto closed = breaks_of(id, "closed");
  BOOST_REQUIRE(closed.size() == 1U);
  BOOST_TEST(closed[0].at("closed_by") == "settled");
  BOOST_TEST(closed[0].at("close_reason") == "the outcome is known: COMPLETED");
  check_all(true);
}

BOOST_AUTO_TEST_CASE(an_order_that_its_bank_keeps_in_process_is_listed_with_its_age_and_becomes_a_break) {
  Running::it->fault("pending", R"("rate":1,"ms":3600000)");
  const auto id = order("in-process");
  auto http = Running::it->http();
  const auto path = "/api/v1/unknowns?settlement=" + id;
  BOOST_TEST(eventually([&] { return http.get(path).body.find(id) != std::string::npos; }));
  const auto listed = http.get(path);
  BOOST_TEST(listed.text("data/0/kind") == "in_process");
  BOOST_TEST(listed.text("data/0/outcome") == "accepted");
  BOOST_TEST(listed.text("data/0/unknown_since") == "null");
  BOOST_TEST(listed.text("data/0/since") != "null");
  BOOST_TEST(http.get("/api/v1/settlements/" + id).text("unknown") == "false");
  BOOST_TEST(eventually([&] {
    run("escalate_unknowns");
    return !breaks_of(id, "open").empty();
  }));
  Running::it->clear_faults();
  const auto asked = http.post("/api/v1/unknowns/" + id + "/resolve",
                               R"({"verdict":"not_executed","reason":"recalled at the bank"})");
  BOOST_TEST(asked.status == 201, asked.body);
  std::ifstream in(Running::it->folder() / "endpoint.json");
  Http second(Running::it->url(), json::parse(in).at("approver_key").get<std::string>());
  const auto approved =
      second.post("/api/v1/unknowns/" + id + "/approve", R"({"digest":")" + asked.text("digest") + R"("})");
  BOOST_REQUIRE_MESSAGE(approved.status == 200, approved.body);
  BOOST_TEST(http.get("/api/v1/settlements/" + id).text("status") == "ROLLED_BACK");
  BOOST_TEST(breaks_of(id, "open").empty());
}

BOOST_AUTO_TEST_CASE(a_hold_whose_order_cannot_leave_ends_after_the_transaction_timeout) {
  auto http = Running::it->http();
  BOOST_TEST(http.get("/api/v1/jobs").body.find("\"lock_expiry\"") != std::string::npos);
  const auto reply =
      http.post("/api/v1/settlements", order_body("nobody", "ABIDCIAB", "BAMKMLBA", "1000", "XOF"), "nobody");
  BOOST_REQUIRE_MESSAGE(reply.status == 202, reply.body);
  const auto path = "/api/v1/settlements/" + reply.text("id");
  const auto held = [&] {
    return http.get("/api/v1/fund-locks?state=held").body.find(reply.text("id")) != std::string::npos;
  };
  BOOST_TEST(held());
  // Its actor lives and does it; the job finds nothing to take up.
  BOOST_TEST(eventually([&] {
    BOOST_TEST(run("lock_expiry") == "0 overdue holds taken up");
    return http.get(path).text("status") == "ROLLED_BACK";
  }));
  BOOST_TEST(http.get(path).text("failure/code") == "expired");
  BOOST_TEST(!held());
  check_all(true);
}

BOOST_AUTO_TEST_CASE(an_order_that_fails_at_once_is_counted) {
  auto http = Running::it->http();
  const auto failed = [&] {
    return http.get("/metrics").body.find("settlement_total{status=\"FAILED\"} 1") != std::string::npos;
  };
  BOOST_TEST(!failed());
  const auto reply = http.post("/api/v1/settlements",
                               order_body("rich", "ABIDCIAB", "DAKRSNDA", "900000000", "XOF"), "rich");
  BOOST_TEST(reply.text("status") == "FAILED");
  BOOST_TEST(eventually(failed));
}

BOOST_AUTO_TEST_CASE(ended_locks_of_old_go_to_the_archive_of_their_month_once_and_are_still_shown) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(order("archived-" + std::to_string(i)));
  await_all_final(*Running::it);
  const auto held = doubtful("archived-held");
  const auto all = number("select count(*) from all_fund_locks");
  {
    // Three of the ended ones and the one that is held become old: two of March, one of April.
    pqxx::connection db(Running::it->database_url());
    pqxx::nontransaction tx(db);
    const auto age = [&](const std::string& id, const std::string& at, const std::string& ended) {
      tx.exec("update fund_locks set placed_at = '" + at + "', ended_at = " + ended +
              " where type_id('set', settlement_id) = '" + id + "'");
    };
    age(ids[0], "2025-03-03 10:00", "'2025-03-03 10:01'");
    age(ids[1], "2025-03-31 23:59:59", "'2025-04-01 00:00:01'");
    age(ids[2], "2025-04-01", "'2025-04-01'");
    age(held, "2025-03-03 10:00", "null");
  }
  BOOST_TEST(run("cleanup") == "3 locks archived");
  BOOST_TEST(number("select count(*) from fund_locks_archive_2025_03") == 2);
  BOOST_TEST(number("select count(*) from fund_locks_archive_2025_04") == 1);
  BOOST_TEST(number("select count(*) from fund_locks_archive_rest") == 0);
  BOOST_TEST(number("select count(*) from fund_locks where placed_at < '2026-01-01'") == 1);  // it is held
  BOOST_TEST(number("select count(*) from all_fund_locks") == all);
  BOOST_TEST(number("select count(distinct settlement_id) from all_fund_locks") == all);
  auto http = Running::it->http();
  BOOST_TEST(http.get("/api/v1/fund-locks?state=posted&settlement=" + ids[1]).body.find(ids[1]) !=
             std::string::npos);
  check_all(false);

  BOOST_TEST(run("cleanup") == "0 locks archived");
  BOOST_TEST(number("select count(*) from fund_locks_archive") == 3);
  // A month that is there already takes more.
  pqxx::connection db(Running::it->database_url());
  pqxx::nontransaction(db).exec(
      "update fund_locks set placed_at = '2025-03-05', ended_at = '2025-03-05' where state <> 'held' and "
      "type_id('set', settlement_id) = '" +
      ids[3] + "'");
  BOOST_TEST(run("cleanup") == "1 locks archived");
  BOOST_TEST(number("select count(*) from fund_locks_archive_2025_03") == 3);
  Running::it->clear_faults();
  await_all_final(*Running::it);
  BOOST_TEST(number("select count(*) from all_fund_locks") == all);
  check_all(true);
  Running::it->end_in_order();
}

BOOST_AUTO_TEST_SUITE_END()
