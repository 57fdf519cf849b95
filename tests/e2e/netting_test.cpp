// Orders that wait are netted by window: they settle between the vostros, by their net, and no bank hears of
// them.
#define BOOST_TEST_MODULE e2e_netting
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;
using nlohmann::json;

namespace {
const std::string a = "ABIDCIAB", b = "BAMKMLBA", c = "COTOBJBJ", no_vostro = "DAKRSNDA";

/// Francs wait for a window that opens in hours; for cedis it is open.
struct Running {
  Running() {
    config = std::filesystem::temp_directory_path() / ("netting-" + std::to_string(::getpid()) + ".toml");
    std::ofstream(config) << "[settlement]\nwindows = \"scheduled\"\n";
    it = std::make_unique<Settled>(std::vector<std::string>{"--config", config.string()});
    it->start();
    put_window("STAR-UEMOA", "XOF", 3);
    put_window("GhIPSS", "GHS", -1);
    for (const std::string currency : {"XOF", "GHS"}) {
      vostros[a + currency] = open_account(*it, "vostro", a, currency, "10");
      vostros[b + currency] = open_account(*it, "vostro", b, currency);
      open_account(*it, "nostro", b, currency, "100000");
      open_account(*it, "nostro", a, currency, "100000");
    }
    open_account(*it, "nostro", no_vostro, "XOF", "100000");
  }
  ~Running() {
    it.reset();
    std::filesystem::remove(config);
  }
  std::filesystem::path config;

  /// In the place of the window that comes with the program, which would be open on weekdays by day.
  static void put_window(const std::string& name, const std::string& currency, int opens_in_hours) {
    const auto minute = static_cast<int>((std::time(nullptr) + opens_in_hours * 3600) / 60 % 1440);
    const auto clock = [](int m) {
      char text[8];
      std::snprintf(text, sizeof text, "%02d:%02d", m / 60 % 24, m % 60);
      return std::string(text);
    };
    const int closes = minute + 720;
    json session{{"opens", clock(minute)}, {"closes", clock(closes)}, {"cut_off", clock(closes)}};
    if (closes >= 1440) session["closes_day"] = session["cut_off_day"] = 1;
    const json window{{"currency", currency},
                      {"zone", "UTC"},
                      {"weekdays", {1, 2, 3, 4, 5, 6, 7}},
                      {"sessions", {session}}};
    auto http = it->http();
    const auto reply =
        http.send("PUT", "/api/v1/windows/" + name,
                  {{"X-API-Key", it->api_key()}, {"Content-Type", "application/json"}}, window.dump());
    BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
  }
  static inline std::unique_ptr<Settled> it;
  static inline std::map<std::string, std::string> vostros;
};

/// The id of an order that waits.
std::string waits(const std::string& key, const std::string& from, const std::string& to,
                  const std::string& amount, const std::string& currency, const std::string& why) {
  auto http = Running::it->http();
  auto body = order_body(key, from, to, amount, currency);
  body.insert(body.size() - 1, R"(,"insufficient_funds":"queue","outside_window":"queue")");
  const auto reply = http.post("/api/v1/settlements", body, key);
  BOOST_REQUIRE_MESSAGE(reply.status == 202, reply.body);
  BOOST_TEST(reply.text("status") == "PENDING");
  BOOST_TEST(reply.text("waiting/for") == why);
  return reply.text("id");
}
Reply show(const std::string& id) { return Running::it->http().get("/api/v1/settlements/" + id); }
Reply net(const std::string& window, const std::string& key, const std::string& more = "") {
  auto http = Running::it->http();
  return http.post("/api/v1/nettings", R"({"window":)" + window + more + "}", key);
}
std::string balance(const std::string& bank, const std::string& currency) {
  auto http = Running::it->http();
  return account(http, Running::vostros.at(bank + currency)).text("balance");
}
void expect_right_books(const std::vector<std::string>& ids) {
  const auto verdict = Running::it->verify(ids);
  for (const auto& f : verdict.findings)
    BOOST_TEST_MESSAGE(f.check << ' ' << f.subject << ": " << f.expected << " / " << f.found);
  BOOST_TEST(verdict.ok());
  BOOST_TEST(verdict.bank->effects == 0);
}
std::pair<int, std::string> settlectl(const std::string& arguments) {
  const auto line = "'" + std::string(std::getenv("SETTLED_BIN")) + "/settlectl' --data-dir '" +
                    Running::it->folder().string() + "' " + arguments + " 2>&1 </dev/null";
  auto* pipe = ::popen(line.c_str(), "r");
  BOOST_REQUIRE(pipe);
  std::string out;
  std::array<char, 4096> buffer{};
  while (const auto n = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, out};
}
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(netting)

BOOST_AUTO_TEST_CASE(orders_that_wait_for_their_window_settle_by_their_net_and_no_bank_hears_of_them) {
  const auto ab = waits("ab", a, b, "100", "XOF", "window");
  const auto elsewhere = waits("elsewhere", a, no_vostro, "1", "XOF", "window");
  Running::it->end(SIGKILL);  // who waits is in the books
  Running::it->start();
  const auto infeasible = net(R"({"currency":"XOF"})", "n-0");
  BOOST_TEST(infeasible.status == 422);
  BOOST_TEST(infeasible.text("code") == "netting_infeasible");
  const auto ba = waits("ba", b, a, "90", "XOF", "window");
  const auto receipt = show(ab);

  const auto dry = net(R"({"currency":"XOF"})", "n-1", R"(,"dry_run":true)");
  BOOST_REQUIRE_MESSAGE(dry.status == 200, dry.body);
  BOOST_TEST(dry.json().at("feasible") == true);
  BOOST_TEST(dry.json().at("totals").at(0).at("multilateral") == "10");
  BOOST_TEST(show(ab).body == receipt.body);

  const auto booked = net(R"({"currency":"XOF"})", "n-1");
  BOOST_REQUIRE_MESSAGE(booked.status == 201, booked.body);
  BOOST_TEST(booked.json().at("positions").at(0).at("out").at("obligations") == json::array({ab}));
  for (const auto& id : {ab, ba}) {
    const auto order = show(id);
    BOOST_TEST(order.text("status") == "COMPLETED");
    BOOST_TEST(order.text("connector") == "netting");
    BOOST_TEST(order.text("attempts") == "0");
    BOOST_TEST(order.text("waiting") == "null");
    BOOST_TEST(order.json().at("checkpoints").size() == 5U);
    BOOST_TEST(
        Running::it->http().get("/api/v1/settlements/" + id + "/timeline").body.find(booked.text("id")) !=
        std::string::npos);
  }
  BOOST_TEST(show(ab).text("credit_account") == Running::vostros.at(b + "XOF"));
  BOOST_TEST(show(elsewhere).text("status") == "PENDING");
  BOOST_TEST(balance(a, "XOF") == "0");
  BOOST_TEST(balance(b, "XOF") == "10");

  // Of what waited at the start one is netted, and nobody waits for it any more.
  BOOST_TEST(Running::it->http().get("/api/v1/recovery").text("left") == "1");
  const auto again = net(R"({"currency":"XOF"})", "n-1");
  BOOST_TEST(again.body == booked.body);
  BOOST_TEST(again.header("idempotent-replayed") == "true");
  BOOST_TEST(net(R"({"currency":"XOF","method":"SWIFT"})", "n-1").text("code") == "idempotency_mismatch");
  BOOST_TEST(net(R"({"currency":"XOF"})", "n-2").text("code") == "nothing_to_net");
  expect_right_books({ab, ba, elsewhere});
  const auto [code, said] = settlectl("verify");
  BOOST_TEST(code == 0, said);
  BOOST_TEST(said.find("executed 0 + in our own books 2 = completed 2") != std::string::npos, said);

  Running::it->end(SIGKILL);
  Running::it->start();
  BOOST_TEST(net(R"({"currency":"XOF"})", "n-1").body == booked.body);
  BOOST_TEST(show(ab).text("status") == "COMPLETED");
  expect_right_books({ab, ba, elsewhere});
}

BOOST_AUTO_TEST_CASE(a_netting_that_is_cut_off_has_settled_all_of_it_or_nothing) {
  auto& it = *Running::it;
  const struct {
    const char* place;
    bool settled;
  } cases[] = {{"before_commit2", false}, {"in_commit2", false}, {"after_commit2_before_event_read", true}};
  for (const auto& cut : cases) {
    BOOST_TEST_CONTEXT(cut.place) {
      const std::string key = cut.place;
      const std::vector<std::string> both{waits(key + "-1", a, b, "70", "XOF", "window"),
                                          waits(key + "-2", b, a, "70", "XOF", "window")};
      it.end(SIGKILL);
      it.arm(key + ":kill");
      it.start();
      BOOST_TEST(net(R"({"currency":"XOF"})", key).indefinite());
      it.await_end();
      it.arm("");
      it.start();
      for (const auto& id : both)
        BOOST_TEST(show(id).text("status") == (cut.settled ? "COMPLETED" : "PENDING"));
      const auto booked = net(R"({"currency":"XOF"})", key);
      BOOST_REQUIRE_MESSAGE(booked.status == 201, booked.body);
      BOOST_TEST((booked.header("idempotent-replayed") == "true") == cut.settled);
      for (const auto& id : both) BOOST_TEST(show(id).text("status") == "COMPLETED");
      expect_right_books(both);
    }
  }
}

BOOST_AUTO_TEST_CASE(orders_that_wait_for_funds_are_netted_on_the_command_line) {
  const auto ab = waits("g-ab", a, b, "100", "GHS", "liquidity");
  const auto ba = waits("g-ba", b, a, "90", "GHS", "liquidity");
  const auto command = [](const std::string& words, int code, const std::string& says) {
    const auto [ended, said] = settlectl("net " + words);
    BOOST_TEST(ended == code, words << " ended with " << ended << ": " << said);
    BOOST_TEST(said.find(says) != std::string::npos, words << " said " << said);
  };
  command("", 64, "either a FILE of obligations or --window-currency");
  command("file.csv --bank " + a, 64, "--window-currency");
  command("--window-currency GHS --method PIGEON", 65, "window/method");
  command("--window-currency GHS --value-date 2020-01-01", 65, "waits here");
  command("--window-currency GHS --dry-run", 0, "feasible");
  command("--window-currency GHS --dry-run --without " + b, 0, "2 obligations would stay open");
  BOOST_TEST(show(ab).text("status") == "PENDING");
  command("--window-currency GHS --bank " + a + " --bank " + b, 0, "booked at");
  for (const auto& id : {ab, ba}) BOOST_TEST(show(id).text("status") == "COMPLETED");
  BOOST_TEST(balance(b, "GHS") == "10.00");
  BOOST_TEST(Running::it->http().get("/api/v1/nettings").body.find(ab) != std::string::npos);
  expect_right_books({ab, ba});
  Running::it->end_in_order();
}

BOOST_AUTO_TEST_SUITE_END()
