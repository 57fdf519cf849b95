// What takes two people: a doubt that no bank resolves, money that must go back, an order that compliance
// holds. And what nobody decides alone.
#define BOOST_TEST_MODULE e2e_people
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;
using nlohmann::json;

namespace {
/// One settled for all tests of this file, with a list of blocked parties.
struct Running {
  Running() {
    const auto temporary = std::filesystem::temp_directory_path() / ("people-" + std::to_string(::getpid()));
    list = temporary.string() + ".blocked";
    config = temporary.string() + ".toml";
    std::ofstream(list) << "Société Fantôme; sanctions; list of the house\n";
    std::ofstream(config) << "[compliance]\nblocked_list = \"" << list << "\"\n";
    it = std::make_unique<Settled>(std::vector<std::string>{"--config", config});
    it->start();
    vostro = open_account(*it, "vostro", "ABIDCIAB", "XOF", "1000000");
    nostro = open_account(*it, "nostro", "DAKRSNDA", "XOF", "1000000");
  }
  ~Running() {
    it.reset();
    std::filesystem::remove(list);
    std::filesystem::remove(config);
  }
  std::string list, config;
  static inline std::unique_ptr<Settled> it;
  static inline std::string vostro, nostro;
};

int sql(const std::string& text) {
  return std::system(
      ("psql -qX '" + Running::it->database_url() + "' -c \"" + text + "\" >/dev/null").c_str());
}
/// Of the statements that falsify an entry and put it right again.
const std::string one =
    " where version = 1 and account_id = (select min(account_id::text)::uuid from ledger_entries)";

Http approver() {
  std::ifstream in(Running::it->folder() / "endpoint.json");
  return Http(Running::it->url(), json::parse(in).at("approver_key").get<std::string>());
}

std::string order(const std::string& key, const std::string& more = "") {
  auto http = Running::it->http();
  auto body = order_body(key, "ABIDCIAB", "DAKRSNDA", "1000", "XOF");
  if (!more.empty()) body.insert(body.size() - 1, "," + more);
  const auto reply = http.post("/api/v1/settlements", body, key);
  BOOST_REQUIRE_MESSAGE(reply.status == 202, reply.body);
  return reply.text("id");
}

std::string status_of(const std::string& id) {
  auto http = Running::it->http();
  return http.get("/api/v1/settlements/" + id).text("status");
}

bool listed(const std::string& path, const std::string& id) {
  auto http = Running::it->http();
  return http.get(path).body.find(id) != std::string::npos;
}

/// An order whose bank paid it and then never answers anything about it.
std::string doubtful(const std::string& key) {
  Running::it->fault("drop_answer", R"("rate":1,"op":"SEND")");
  Running::it->fault("error", R"("rate":1,"op":"INQUIRY","status":500)");
  auto id = order(key);
  BOOST_REQUIRE(eventually([&] { return listed("/api/v1/unknowns", id); }));
  return id;
}

std::string balance(const std::string& account_id) {
  auto http = Running::it->http();
  return account(http, account_id).text("balance");
}
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(people)

BOOST_AUTO_TEST_CASE(a_doubt_is_resolved_by_two_people_over_what_both_saw) {
  auto first = Running::it->http();
  auto second = approver();
  const auto id = doubtful("doubt-1");
  const auto path = "/api/v1/unknowns/" + id;

  auto wrong = first.post(path + "/resolve", R"({"verdict":"perhaps","reason":"?"})");
  BOOST_TEST(wrong.status == 422);
  BOOST_TEST(wrong.body.find("/verdict") != std::string::npos);

  const auto asked =
      first.post(path + "/resolve", R"({"verdict":"executed","reason":"seen on the statement"})");
  BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
  const auto digest = asked.text("digest");
  BOOST_TEST(asked.text("shown").find("seen on the statement") != std::string::npos);
  BOOST_TEST(status_of(id) == "CONFIRMING");

  const auto alone = first.post(path + "/approve", R"({"digest":")" + digest + R"("})");
  BOOST_TEST(alone.status == 403);
  BOOST_TEST(alone.text("code") == "same_person");
  const auto other = second.post(path + "/approve", R"({"digest":")" + std::string(64, 'a') + R"("})");
  BOOST_TEST(other.status == 409);
  BOOST_TEST(other.text("code") == "digest_mismatch");
  BOOST_TEST(status_of(id) == "CONFIRMING");

  const auto approved = second.post(path + "/approve", R"({"digest":")" + digest + R"("})");
  BOOST_REQUIRE_MESSAGE(approved.status == 200, approved.body);
  BOOST_TEST(status_of(id) == "COMPLETED");
  const auto again = second.post(path + "/approve", R"({"digest":")" + digest + R"("})");
  BOOST_TEST(again.status == 409);
  BOOST_TEST(again.text("code") == "already_resolved");
  const auto late = first.post(path + "/resolve", R"({"verdict":"executed","reason":"again"})");
  BOOST_TEST(late.text("code") == "already_resolved");
  Running::it->clear_faults();
  await_all_final(*Running::it);
  BOOST_TEST(Running::it->verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(a_payment_that_shows_up_after_it_was_given_up_opens_a_break) {
  auto first = Running::it->http();
  auto second = approver();
  const auto id = doubtful("doubt-2");
  const auto before = balance(Running::vostro);
  const auto asked = first.post("/api/v1/unknowns/" + id + "/resolve",
                                R"({"verdict":"not_executed","reason":"the bank said so on the phone"})");
  BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
  const auto approved = second.post("/api/v1/actions/" + asked.text("id") + "/approve",
                                    R"({"digest":")" + asked.text("digest") + R"("})");
  BOOST_REQUIRE_MESSAGE(approved.status == 200, approved.body);
  BOOST_TEST(status_of(id) == "ROLLED_BACK");

  Running::it->clear_faults();
  BOOST_TEST(first.post("/api/v1/jobs/retry/run", "{}").status == 200);
  BOOST_TEST(eventually([&] { return listed("/api/v1/breaks", id); }));
  BOOST_TEST(listed("/api/v1/breaks", "late_success"));
  BOOST_TEST(balance(Running::vostro) == before);  // no money moves by itself
  // Told, so it is no fault of the books.
  BOOST_TEST(Running::it->verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(what_was_paid_goes_back_by_an_entry_that_two_people_sign) {
  auto first = Running::it->http();
  auto second = approver();
  const auto vostro = balance(Running::vostro), nostro = balance(Running::nostro);
  const auto id = order("back-1");
  BOOST_REQUIRE(eventually([&] { return status_of(id) == "COMPLETED"; }));
  BOOST_TEST(balance(Running::vostro) != vostro);
  const auto asked =
      first.post("/api/v1/settlements/" + id + "/compensate", R"({"reason":"recalled by the payer"})");
  BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
  const auto approve = R"({"digest":")" + asked.text("digest") + R"("})";
  const auto approved = second.post("/api/v1/actions/" + asked.text("id") + "/approve", approve);
  BOOST_REQUIRE_MESSAGE(approved.status == 200, approved.body);
  BOOST_TEST(balance(Running::vostro) == vostro);
  BOOST_TEST(balance(Running::nostro) == nostro);
  BOOST_TEST(status_of(id) == "COMPLETED");  // nothing is erased
  BOOST_TEST(listed("/api/v1/compensations", id));
  const auto twice = first.post("/api/v1/settlements/" + id + "/compensate", R"({"reason":"once more"})");
  BOOST_TEST(twice.text("code") == "already_resolved");
  BOOST_TEST(Running::it->verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(a_party_on_the_list_holds_the_order_until_two_people_have_looked) {
  auto first = Running::it->http();
  auto second = approver();
  const auto party = R"("metadata":{"creditor_name":"SOCIETE FANTOME SARL"})";
  const auto released = order("held-1", party), rejected = order("held-2", party);
  for (const auto& id : {released, rejected}) {
    BOOST_TEST(status_of(id) == "VALIDATING");
    BOOST_TEST(listed("/api/v1/held", id));
  }
  const auto decide = [&](const std::string& id, const std::string& verdict) {
    const auto asked = first.post("/api/v1/settlements/" + id + "/decide",
                                  R"({"verdict":")" + verdict + R"(","reason":"looked at the passport"})");
    BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
    const auto approved = second.post("/api/v1/actions/" + asked.text("id") + "/approve",
                                      R"({"digest":")" + asked.text("digest") + R"("})");
    BOOST_REQUIRE_MESSAGE(approved.status == 200, approved.body);
  };
  decide(rejected, "reject");
  decide(released, "release");
  BOOST_TEST(status_of(rejected) == "FAILED");
  BOOST_TEST(eventually([&] { return status_of(released) == "COMPLETED"; }));
  BOOST_TEST(Running::it->verify({released, rejected}).ok());
}

BOOST_AUTO_TEST_CASE(what_one_person_asked_for_survives_a_kill) {
  auto first = Running::it->http();
  const auto id = order("killed-1");
  BOOST_REQUIRE(eventually([&] { return status_of(id) == "COMPLETED"; }));
  const auto asked =
      first.post("/api/v1/settlements/" + id + "/compensate", R"({"reason":"recalled by the payer"})");
  BOOST_REQUIRE(asked.status == 201);
  Running::it->end(9);
  Running::it->start();
  auto second = approver();
  const auto approved = second.post("/api/v1/actions/" + asked.text("id") + "/approve",
                                    R"({"digest":")" + asked.text("digest") + R"("})");
  BOOST_REQUIRE_MESSAGE(approved.status == 200, approved.body);
  BOOST_TEST(listed("/api/v1/compensations", id));
  BOOST_TEST(Running::it->verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(books_that_were_falsified_stop_the_sends_and_let_the_orders_in) {
  auto http = Running::it->http();
  BOOST_REQUIRE(sql("alter table ledger_entries disable trigger append_only") == 0);
  BOOST_REQUIRE(sql("update ledger_entries set amount = amount + 1" + one) == 0);
  BOOST_TEST(http.post("/api/v1/jobs/check_invariants/run", "{}").status == 200);
  BOOST_TEST(http.get("/api/v1/health/ready").status == 503);
  BOOST_TEST(http.get("/api/v1/invariants").body.find("\"ok\":false") != std::string::npos);
  const auto id = order("red-1");  // taken in, and durable
  BOOST_TEST(eventually([&] { return status_of(id) == "FUNDS_LOCKED"; }));
  BOOST_REQUIRE(sql("update ledger_entries set amount = amount - 1" + one) == 0);
  BOOST_TEST(http.post("/api/v1/jobs/check_invariants/run", "{}").status == 200);
  BOOST_TEST(eventually([&] { return status_of(id) == "COMPLETED"; }));
  BOOST_TEST(Running::it->verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(books_that_were_falsified_while_nobody_looked_let_nothing_leave_after_a_start) {
  BOOST_REQUIRE(sql("alter table ledger_entries disable trigger append_only") == 0);
  BOOST_REQUIRE(sql("update ledger_entries set amount = amount + 1" + one) == 0);
  Running::it->end(9);
  Running::it->start();
  const auto id = order("red-2");  // the first thing that happens
  BOOST_TEST(eventually([&] { return status_of(id) == "FUNDS_LOCKED"; }));
  auto http = Running::it->http();
  BOOST_TEST(eventually([&] { return http.get("/api/v1/health/ready").status == 503; }));
  std::ifstream in(Running::it->folder() / "sandbox" / "bank.jsonl");
  const std::string bank{std::istreambuf_iterator<char>(in), {}};
  BOOST_TEST(bank.find(http.get("/api/v1/settlements/" + id).text("reference")) == std::string::npos);
  BOOST_REQUIRE(sql("update ledger_entries set amount = amount - 1" + one) == 0);
  BOOST_TEST(http.post("/api/v1/jobs/check_invariants/run", "{}").status == 200);
  BOOST_TEST(eventually([&] { return status_of(id) == "COMPLETED"; }));
  BOOST_TEST(Running::it->verify({id}).ok());
}

BOOST_AUTO_TEST_CASE(books_that_cannot_be_checked_stop_the_sends_until_they_can_be) {
  auto http = Running::it->http();
  BOOST_REQUIRE(sql("alter view all_fund_locks rename to out_of_sight") == 0);
  for (int i = 0; i < 3; ++i) {
    const auto ran = http.post("/api/v1/jobs/check_invariants/run", "{}");
    BOOST_TEST(!ran.json().value("last_ok", true), ran.body);
  }
  const auto ready = http.get("/api/v1/health/ready");
  BOOST_TEST(ready.status == 503);
  BOOST_TEST(ready.body.find("could not be checked") != std::string::npos, ready.body);
  BOOST_TEST(!http.get("/api/v1/invariants").text("failure").empty());
  const auto id = order("unchecked-1");
  BOOST_TEST(eventually([&] { return status_of(id) == "FUNDS_LOCKED"; }));
  BOOST_REQUIRE(sql("alter view out_of_sight rename to all_fund_locks") == 0);
  BOOST_TEST(http.post("/api/v1/jobs/check_invariants/run", "{}").status == 200);
  BOOST_TEST(eventually([&] { return status_of(id) == "COMPLETED"; }));
}

BOOST_AUTO_TEST_CASE(it_ends_in_order) { Running::it->end_in_order(); }

BOOST_AUTO_TEST_SUITE_END()
