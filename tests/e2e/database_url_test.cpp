// With a PostgreSQL of the user's: settled uses it, alone.
#define BOOST_TEST_MODULE e2e_database_url
#include "database_fixture.hpp"
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <csignal>

using namespace settled;
using namespace settled::tests;

namespace {
/// A database of the user's: empty, settled brings its tables.
std::string empty_database(const std::string& name) {
  auto& server = Cluster::instance().postgres();
  pqxx::connection db(server.url_for("postgres", "postgres"));
  pqxx::nontransaction(db).exec("create database " + name + " owner settled");
  return server.url_for("settled", name);
}
std::vector<std::string> flags(const std::string& url) { return {"--database-url", url, "--sandbox", "on"}; }
void settle_some(const Settled& settled, const std::string& name) {
  Load load(settled, orders(name, 30, "ABIDCIAB", "DAKRSNDA", "1000"), 4);
  for (const Sent& order : load.finish()) BOOST_TEST(order.status == 202);
  await_all_final(settled);
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_database_of_the_users_is_used_and_no_private_one_is_made) {
  const auto url = empty_database("users_own");
  Settled settled(flags(url));
  settled.start();
  open_account(settled, "vostro", "ABIDCIAB", "XOF", "1000000");
  open_account(settled, "nostro", "DAKRSNDA", "XOF", "1000000");
  Load load(settled, orders("own", 60, "ABIDCIAB", "DAKRSNDA", "1000"), 8);
  const auto& history = load.finish();
  await_all_final(settled);
  auto verdict = check_books(settled, history);
  BOOST_TEST(verdict.settlements["COMPLETED"] == 60);
  BOOST_TEST(!std::filesystem::exists(settled.folder() / "postgres"));
  settled.end_in_order();
  pqxx::connection db(connection_string(url));
  BOOST_TEST(pqxx::nontransaction(db).exec1("select count(*) from settlement_transactions")[0].as<int>() ==
             60);
}

BOOST_AUTO_TEST_CASE(a_second_settled_is_refused_while_the_first_lives_and_takes_over_when_it_is_gone) {
  const auto url = empty_database("wanted_twice");
  Settled first(flags(url));
  first.start();
  open_account(first, "vostro", "ABIDCIAB", "XOF", "1000000");
  open_account(first, "nostro", "DAKRSNDA", "XOF", "1000000");

  Settled second(flags(url));
  second.launch();
  // The first goes on as if nothing were.
  settle_some(first, "first");
  BOOST_TEST(second.await_end() != 0);
  BOOST_TEST((second.log().find("Not started") != std::string::npos), second.log());
  BOOST_TEST((second.log().find("another settled") != std::string::npos), second.log());
  BOOST_TEST((second.log().find("settled ready") == std::string::npos), "it never said that it is ready");
  settle_some(first, "first-again");

  BOOST_TEST(first.end(SIGKILL) == -SIGKILL);
  second.start();
  settle_some(second, "second");
  second.end_in_order();
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_there_ends_the_start_with_a_sentence) {
  Settled settled(flags("postgresql://settled@127.0.0.1:1/nowhere"));
  settled.launch();
  BOOST_TEST(settled.await_end() == 69);
  BOOST_TEST((settled.log().find("Not started") != std::string::npos), settled.log());
}
