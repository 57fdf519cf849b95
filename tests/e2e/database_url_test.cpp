// With a PostgreSQL of the user's: settled uses it, alone.
#define BOOST_TEST_MODULE e2e_database_url
#include "database_fixture.hpp"
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;

namespace {
/// A database of the user's: empty, settled brings its tables.
std::string empty_database(const std::string& name, const std::string& more = "") {
  auto& server = Cluster::instance().postgres();
  pqxx::connection db(server.url_for("postgres", "postgres"));
  pqxx::nontransaction(db).exec("create database " + name + " owner settled " + more);
  return server.url_for("settled", name);
}
/// Takes connections and never says a word.
class SilentServer {
 public:
  SilentServer() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    BOOST_REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    BOOST_REQUIRE(::listen(fd_, 8) == 0);
    BOOST_REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
  }
  ~SilentServer() { ::close(fd_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  std::string url(const std::string& more = "") const {
    return "postgresql://settled@127.0.0.1:" + std::to_string(port_) + "/silent" + more;
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

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

BOOST_AUTO_TEST_CASE(a_database_that_is_not_in_utf_8_is_refused_before_anything_is_changed) {
  int number = 0;
  for (const std::string encoding : {"LATIN1", "SQL_ASCII"}) {
    const auto url = empty_database("foreign_" + std::to_string(++number),
                                    "encoding '" + encoding + "' template template0");
    Settled settled(flags(url));
    settled.launch();
    BOOST_TEST(settled.await_end() == 78);
    BOOST_TEST((settled.log().find("encoding " + encoding + "; settled needs UTF8") != std::string::npos),
               settled.log());
    pqxx::connection db(connection_string(url));
    BOOST_TEST(pqxx::nontransaction(db)
                   .exec1("select count(*) from pg_tables where schemaname = 'public'")[0]
                   .as<int>() == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_database_that_never_answers_ends_the_start_within_seconds) {
  const SilentServer server;
  Settled settled(flags(server.url()));
  settled.launch();
  const auto before = std::chrono::steady_clock::now();
  BOOST_TEST(settled.await_end() == 69);
  BOOST_TEST((std::chrono::steady_clock::now() - before < std::chrono::seconds(20)));
}

BOOST_AUTO_TEST_CASE(a_start_that_hangs_ends_on_a_signal) {
  const SilentServer server;
  Settled settled(flags(server.url("?connect_timeout=600")));
  settled.launch();
  BOOST_REQUIRE(eventually([&] { return std::filesystem::exists(settled.folder() / "settled.lock"); }));
  BOOST_TEST(settled.end(SIGTERM) == 128 + SIGTERM);
}
