// Orders that cannot go at once: outside their window, without funds, behind more urgent ones. And the house
// rules that turn an order away.
#define BOOST_TEST_MODULE e2e_waiting
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <ctime>
#include <fstream>
#include <unistd.h>

using namespace settled;
using namespace settled::tests;
using nlohmann::json;

namespace {
struct Running {
  Running() {
    config = std::filesystem::temp_directory_path() / ("waiting-" + std::to_string(::getpid()) + ".toml");
    std::ofstream(config) << "[settlement]\nwindows = \"scheduled\"\namount_limits = "
                             "[\"MIN_TRANSACTION_AMOUNT_XOF=10\", \"MAX_TRANSACTION_AMOUNT_XOF=500000\"]\n";
    it = std::make_unique<Settled>(std::vector<std::string>{"--config", config.string()});
    it->start();
    put_window(0);
    open_account(*it, "vostro", "ABIDCIAB", "XOF", "1000000");
    open_account(*it, "nostro", "DAKRSNDA", "XOF", "10000000");
  }
  ~Running() {
    it.reset();
    std::filesystem::remove(config);
  }
  std::filesystem::path config;

  /// A window for francs over SWIFT and one for everything else in francs, which opens `hours` from now and
  /// stays open for twelve hours.
  static void put_window(int hours, const std::string& name = "francs", const std::string& method = "") {
    const auto from = std::time(nullptr) + hours * 3600 - (hours == 0 ? 3600 : 0);
    const int minute = static_cast<int>(from / 60 % 1440);
    const auto clock = [](int m) {
      char text[8];
      std::snprintf(text, sizeof text, "%02d:%02d", m / 60 % 24, m % 60);
      return std::string(text);
    };
    const int closes = minute + 720;
    json session{{"opens", clock(minute)}, {"closes", clock(closes)}, {"cut_off", clock(closes)}};
    if (closes >= 1440) session["closes_day"] = session["cut_off_day"] = 1;
    json window{
        {"currency", "XOF"}, {"zone", "UTC"}, {"weekdays", {1, 2, 3, 4, 5, 6, 7}}, {"sessions", {session}}};
    if (!method.empty()) window["method"] = method;
    const auto reply = call("PUT", "/api/v1/windows/" + name, window.dump());
    BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
  }
  static Reply call(const std::string& method, const std::string& path, const std::string& body) {
    auto http = it->http();
    return http.send(method, path, {{"X-API-Key", it->api_key()}, {"Content-Type", "application/json"}},
                     body);
  }
  static inline std::unique_ptr<Settled> it;
};

Reply order(const std::string& key, const std::string& amount, const std::string& more = "",
            const std::string& bank = "ABIDCIAB") {
  auto http = Running::it->http();
  auto body = order_body(key, bank, "DAKRSNDA", amount, "XOF");
  if (!more.empty()) body.insert(body.size() - 1, "," + more);
  return http.post("/api/v1/settlements", body, key);
}

Reply show(const std::string& id) {
  auto http = Running::it->http();
  return http.get("/api/v1/settlements/" + id);
}
bool is(const std::string& id, const std::string& status) { return show(id).text("status") == status; }
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(waiting)

BOOST_AUTO_TEST_CASE(amounts_outside_the_limits_and_past_dates_are_refused_by_name) {
  const auto small = order("small", "9"), large = order("large", "500001");
  BOOST_TEST(small.text("code") == "amount_below_min");
  BOOST_TEST(large.text("code") == "amount_above_max");
  const auto past = order("past", "100", R"("settlement_date":"2020-01-02")");
  BOOST_TEST(past.text("code") == "date_past");
  for (const auto& reply : {small, large, past}) BOOST_TEST(reply.status == 422);
}

BOOST_AUTO_TEST_CASE(a_suspended_bank_takes_no_part) {
  BOOST_TEST(Running::call("PUT", "/api/v1/banks/DAKRSNDA", R"({"status":"suspended"})").status == 200);
  BOOST_TEST(order("suspended", "100").text("code") == "bank_suspended");
  BOOST_TEST(Running::call("PUT", "/api/v1/banks/DAKRSNDA", R"({"status":"active"})").status == 200);
  BOOST_TEST(order("active", "100").status == 202);
}

BOOST_AUTO_TEST_CASE(an_order_outside_its_window_waits_for_it_or_is_refused_as_it_wishes) {
  Running::put_window(3, "swift francs", "SWIFT");
  const auto refused = order("closed-1", "100", R"("method":"SWIFT","outside_window":"refuse")");
  BOOST_TEST(refused.status == 422);
  BOOST_TEST(refused.text("code") == "window_closed");
  const auto queued = order("closed-2", "100", R"("method":"SWIFT")");
  BOOST_REQUIRE_MESSAGE(queued.status == 202, queued.body);
  BOOST_TEST(queued.text("status") == "PENDING");
  BOOST_TEST(queued.text("waiting/for") == "window");
  BOOST_TEST(!queued.text("value_date").empty());
  BOOST_TEST(!queued.text("next_cut_off").empty());
  const auto sooner = order("closed-3", "100", R"("method":"SWIFT")").text("id");
  const auto id = queued.text("id");
  auto http = Running::it->http();
  const auto cancelled = http.post("/api/v1/settlements/" + id + "/cancel", R"({"reason":"no longer owed"})");
  BOOST_REQUIRE_MESSAGE(cancelled.status == 200, cancelled.body);
  BOOST_TEST(is(id, "FAILED"));
  // Another window counts for those that wait, too.
  Running::put_window(5, "swift francs", "SWIFT");
  BOOST_TEST(eventually(
      [&] { return show(sooner).text("waiting/release_at") > queued.text("waiting/release_at"); }));
  BOOST_TEST(is(sooner, "PENDING"));
  Running::put_window(0, "swift francs", "SWIFT");
  BOOST_TEST(eventually([&] { return is(sooner, "COMPLETED"); }));
  BOOST_TEST(http.get("/api/v1/settlements/" + sooner + "/timeline").body.find("settlement.waiting") !=
             std::string::npos);
  // The same key says for ever what it said first.
  const auto replay = order("closed-2", "100", R"("method":"SWIFT")");
  BOOST_TEST(replay.body == queued.body);
  const auto open = order("open-1", "100", R"("method":"SWIFT")");
  BOOST_TEST(eventually([&] { return is(open.text("id"), "COMPLETED"); }));
}

BOOST_AUTO_TEST_CASE(a_window_that_makes_no_sense_is_refused) {
  const auto put = [](const std::string& body) { return Running::call("PUT", "/api/v1/windows/odd", body); };
  const std::string good = R"("sessions":[{"opens":"08:00","closes":"16:00","cut_off":"15:00"}])";
  BOOST_TEST(put("{" + good + R"(,"weekdays":[1]})").status == 422);  // no zone
  BOOST_TEST(put(R"({"zone":"Africa/Nowhere","weekdays":[1],)" + good + "}").status == 422);
  BOOST_TEST(put(R"({"zone":"UTC","weekdays":[1],"sessions":[
      {"opens":"08:00","closes":"16:00","cut_off":"15:00"},{"opens":"12:00","closes":"18:00","cut_off":"17:00"}]})")
                 .status == 422);
  auto http = Running::it->http();
  BOOST_TEST(http.get("/api/v1/windows").body.find("\"odd\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_calendar_is_replaced_as_a_whole_and_is_there_after_a_restart) {
  const auto calendar = [](const std::string& name) {
    const auto all = Running::it->http().get("/api/v1/calendars").json();
    for (const auto& one : all.at("calendars"))
      if (one.at("name") == name) return one;
    return json();
  };
  auto rules = calendar("UEMOA").at("rules");
  BOOST_REQUIRE(rules.size() > 3U);
  rules.erase(rules.begin());
  rules.push_back({{"name", "House day"}, {"kind", "last_weekday"}, {"weekday", 5}, {"month", 9}});
  const auto put = [](const std::string& name, const json& all) {
    return Running::call("PUT", "/api/v1/calendars/" + name, json{{"rules", all}}.dump());
  };
  const auto set = put("UEMOA", rules);
  BOOST_REQUIRE_MESSAGE(set.status == 200, set.body);
  BOOST_TEST(put("House", json::array({rules.back()})).status == 200);  // a new one
  BOOST_TEST(put("UEMOA", json::array()).status == 422);
  rules[0] = {{"name", "x"}, {"kind", "fixed"}, {"month", 2}, {"day", 30}};
  BOOST_TEST(put("UEMOA", rules).body.find("/rules/0/day") != std::string::npos);
  Running::it->end(9);
  Running::it->start();
  BOOST_TEST(calendar("UEMOA") == set.json());
  BOOST_TEST(calendar("House").at("rules").size() == 1U);
}

BOOST_AUTO_TEST_CASE(orders_that_wait_for_funds_go_by_urgency_and_then_by_age) {
  const auto vostro = open_account(*Running::it, "vostro", "COTOBJBJ", "XOF", "100");
  const std::string queue = R"("insufficient_funds":"queue")";
  const auto normal = order("poor-1", "300", queue, "COTOBJBJ").text("id");
  const auto urgent = order("poor-2", "300", queue + R"(,"priority":"URGENT")", "COTOBJBJ").text("id");
  const auto high = order("poor-3", "300", queue + R"(,"priority":"HIGH")", "COTOBJBJ").text("id");
  const auto refused = order("poor-4", "300", "", "COTOBJBJ").text("id");
  for (const auto& id : {normal, urgent, high}) {
    BOOST_TEST(is(id, "PENDING"));
    BOOST_TEST(show(id).text("waiting/for") == "liquidity");
  }
  BOOST_TEST(is(refused, "FAILED"));
  auto http = Running::it->http();
  const auto fund = [&](const std::string& amount, const std::string& key) {
    BOOST_REQUIRE(http.post("/api/v1/accounts/" + vostro + "/fund",
                            R"({"amount":")" + amount + R"(","currency":"XOF"})", key)
                      .status == 201);
  };
  fund("300", "fund-1");
  BOOST_TEST(eventually([&] { return is(urgent, "COMPLETED"); }));
  BOOST_TEST(is(high, "PENDING"));
  fund("300", "fund-2");
  BOOST_TEST(eventually([&] { return is(high, "COMPLETED"); }));
  BOOST_TEST(is(normal, "PENDING"));
  Running::it->end(9);  // the queue is in the books
  Running::it->start();
  http = Running::it->http();
  fund("300", "fund-3");
  BOOST_TEST(eventually([&] { return is(normal, "COMPLETED"); }));
}

BOOST_AUTO_TEST_CASE(an_account_has_a_cap_and_thresholds_that_tell_when_they_are_crossed) {
  const auto vostro = open_account(*Running::it, "vostro", "BAMKMLBA", "XOF", "1000");
  const auto patch = [&](const std::string& body) {
    return Running::call("PATCH", "/api/v1/accounts/" + vostro, body);
  };
  BOOST_TEST(patch(R"({"floor":"2000"})").status == 422);
  BOOST_TEST(patch(R"({"low_threshold":"900","high_threshold":"100"})").status == 422);
  BOOST_REQUIRE(patch(R"({"floor":"-500","low_threshold":"200"})").status == 200);
  const auto id = order("cap-1", "1400", "", "BAMKMLBA").text("id");
  BOOST_TEST(eventually([&] { return is(id, "COMPLETED"); }));
  BOOST_TEST(is(order("cap-2", "101", "", "BAMKMLBA").text("id"), "FAILED"));
  auto http = Running::it->http();
  BOOST_TEST(http.get("/api/v1/accounts/" + vostro + "/timeline").body.find("account.below_low") !=
             std::string::npos);
  BOOST_TEST(patch(R"({"status":"closed"})").status == 422);  // it owes
}

BOOST_AUTO_TEST_CASE(net_positions_are_shown_first_and_then_booked_once) {
  auto http = Running::it->http();
  const auto a = open_account(*Running::it, "vostro", "OUAGBFBF", "XOF", "1000");
  const auto b = open_account(*Running::it, "vostro", "LOMETGTG", "XOF", "1000");
  const std::string two = R"("obligations":[
    {"obligation_id":"n1","from_bank":"OUAGBFBF","to_bank":"LOMETGTG","amount":"900","currency":"XOF"},
    {"obligation_id":"n2","from_bank":"LOMETGTG","to_bank":"OUAGBFBF","amount":"400","currency":"XOF"}])";
  const auto dry = http.post("/api/v1/nettings", "{" + two + R"(,"dry_run":true})", "net-0");
  BOOST_REQUIRE_MESSAGE(dry.status == 200, dry.body);
  BOOST_TEST(account(http, a).text("balance") == "1000");
  const auto booked = http.post("/api/v1/nettings", "{" + two + "}", "net-1");
  BOOST_REQUIRE_MESSAGE(booked.status == 201, booked.body);
  BOOST_TEST(http.post("/api/v1/nettings", "{" + two + "}", "net-1").text("id") == booked.text("id"));
  BOOST_TEST(account(http, a).text("balance") == "500");
  BOOST_TEST(account(http, b).text("balance") == "1500");
  const auto infeasible = http.post("/api/v1/nettings", R"({"obligations":[
    {"obligation_id":"n3","from_bank":"OUAGBFBF","to_bank":"LOMETGTG","amount":"501","currency":"XOF"}]})",
                                    "net-2");
  BOOST_TEST(infeasible.status == 422);
  BOOST_TEST(infeasible.text("code") == "netting_infeasible");
}

BOOST_AUTO_TEST_CASE(who_holds_what_and_why_is_shown) {
  Running::it->fault("hang", R"("rate":1,"ms":3000,"op":"SEND")");
  const auto id = order("lock-1", "100").text("id");
  auto http = Running::it->http();
  const auto locks = http.get("/api/v1/fund-locks");
  BOOST_TEST(locks.status == 200);
  BOOST_TEST(locks.body.find(id) != std::string::npos);
  BOOST_TEST(locks.body.find("\"why\"") != std::string::npos);
  Running::it->clear_faults();
  await_all_final(*Running::it);
}

BOOST_AUTO_TEST_CASE(the_books_are_right_after_all_of_it) {
  await_all_final(*Running::it);
  const auto verdict = Running::it->verify({});
  for (const auto& f : verdict.findings)
    BOOST_TEST_MESSAGE(f.check << ' ' << f.subject << ": " << f.expected << " / " << f.found);
  BOOST_TEST(verdict.ok());
  auto http = Running::it->http();
  BOOST_TEST(http.get("/api/v1/recovery").status == 200);
  BOOST_TEST(http.get("/api/v1/jobs").body.find("cleanup") != std::string::npos);
  Running::it->end_in_order();
}

BOOST_AUTO_TEST_SUITE_END()
