// The REST contract, seen by a client of the whole front over small working actors.
#define BOOST_TEST_MODULE http_front
#include "http/front.hpp"

#include "http/digest.hpp"
#include "http/openapi.hpp"
#include "http/query.hpp"
#include "tests/http/house_impl.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <thread>

using namespace settled;
using namespace settled::tests;
using Json = nlohmann::json;

namespace {
std::string ten_megabytes() {
  std::string blanks;
  blanks.resize(10'000'000, ' ');
  return blanks;
}

const std::string good_order =
    R"({"obligation_id":"OB-1","from_bank":"ABIDCIAB","to_bank":"DAKRSNDA","amount":"150000","currency":"XOF"})";
std::string order_with(const std::string& name, const std::string& value) {
  auto json = Json::parse(good_order);
  json[name] = Json::parse(value);
  return json.dump();
}
}  // namespace

BOOST_FIXTURE_TEST_SUITE(front, House)

BOOST_AUTO_TEST_CASE(an_order_is_answered_with_its_receipt) {
  const auto result = post("/api/v1/settlements", good_order, "\"k1\"",
                           {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
  BOOST_REQUIRE(result);
  BOOST_TEST(result->status == 202);
  const auto receipt = Json::parse(result->body);
  const std::string id = receipt.at("id");
  BOOST_TEST(id.starts_with("set_"));
  BOOST_TEST(result->get_header_value("Location") == "/api/v1/settlements/" + id);
  BOOST_TEST(receipt.at("status") == "EXECUTING");
  BOOST_TEST(receipt.at("amount") == "150000");
  BOOST_TEST(receipt.at("settlement_date").get<std::string>().size() == 10U);
  BOOST_TEST(receipt.at("checkpoints").size() == 2U);
  BOOST_TEST(receipt.at("created_at") == "2026-11-20T10:00:00.000000Z");
  BOOST_TEST(receipt.at("failure").is_null());
  BOOST_TEST(receipt.at("metadata").is_object());
  BOOST_TEST(books->last_trace == "4bf92f3577b34da6a3ce929d0e0e4736");

  const auto shown = http->Get("/api/v1/settlements/" + id);
  BOOST_REQUIRE(shown);
  BOOST_TEST(Json::parse(shown->body).at("unknown") == false);
  const auto timeline = Json::parse(http->Get("/api/v1/settlements/" + id + "/timeline")->body);
  BOOST_TEST(timeline.at("data").at(0).at("kind") == "settlement.executing");
  BOOST_TEST(timeline.at("data").at(0).at("id") == "0-1");
}

BOOST_AUTO_TEST_CASE(a_replay_is_equal_byte_for_byte_whatever_has_happened_since) {
  const auto first = post("/api/v1/settlements", good_order, "k1");
  const auto id = *SettlementId::from(Json::parse(first->body).at("id").get<std::string>());
  {
    const std::lock_guard lock(books->mutex);
    books->complete(id);
  }
  // Another spelling of the same order.
  const auto again = post("/api/v1/settlements", order_with("amount", "150000"), "\"k1\"");
  BOOST_TEST(again->status == 202);
  BOOST_TEST(again->body == first->body);
  BOOST_TEST(again->get_header_value("Idempotent-Replayed") == "true");
  BOOST_TEST(first->get_header_value("Idempotent-Replayed").empty());
  const auto other = post("/api/v1/settlements", order_with("amount", "150001"), "k1");
  check_problem(other, 409, "idempotency_mismatch", "");
  BOOST_TEST(Json::parse(other->body).at("existing") == id.text());
  // Keys of two callers are two keys.
  http->set_default_headers({{"Authorization", "Bearer key-of-bank"}});
  BOOST_TEST(Json::parse(post("/api/v1/settlements", good_order, "k1")->body).at("id") != id.text());
}

BOOST_AUTO_TEST_CASE(an_order_without_funds_is_recorded_and_says_why) {
  const auto result = post("/api/v1/settlements", order_with("amount", "\"2000000\""), "k");
  BOOST_TEST(result->status == 202);
  const auto receipt = Json::parse(result->body);
  BOOST_TEST(receipt.at("status") == "FAILED");
  BOOST_TEST(receipt.at("failure").at("code") == "insufficient_funds");
  const auto waited =
      post("/api/v1/settlements", order_with("amount", "\"2000000\""), "k", {{"Prefer", "wait=5"}});
  BOOST_TEST(waited->status == 200);
}

BOOST_AUTO_TEST_CASE(prefer_wait_answers_with_the_final_settlement_or_202) {
  const auto done = post("/api/v1/settlements", good_order, "k1", {{"Prefer", "respond-async, wait=10"}});
  BOOST_TEST(done->status == 200);
  BOOST_TEST(done->get_header_value("Preference-Applied") == "wait=10");
  const auto body = Json::parse(done->body);
  BOOST_TEST(body.at("status") == "COMPLETED");
  BOOST_TEST(body.at("bank_reference") == "BANK-1");
  BOOST_TEST(body.at("checkpoints").size() == 5U);
  const auto slow =
      post("/api/v1/settlements", order_with("obligation_id", "\"SLOW\""), "k2", {{"Prefer", "wait=1"}});
  BOOST_TEST(slow->status == 202);
  BOOST_TEST(Json::parse(slow->body).at("status") == "EXECUTING");
  BOOST_TEST(post("/api/v1/settlements", good_order, "k3", {{"Prefer", "wait=soon"}})->status == 202);
}

BOOST_AUTO_TEST_CASE(a_wish_to_wait_is_read_as_rfc_7240_writes_it) {
  const auto wait = [](const std::string& prefer) {
    Request request;
    request.headers.push_back({"Prefer", prefer});
    return preferred_wait(request).value_or(std::chrono::seconds(0)).count();
  };
  BOOST_TEST(wait("wait=3") == 3);
  BOOST_TEST(wait("wait=\"3\"") == 3);
  BOOST_TEST(wait("Wait = 3 ; x=1") == 3);
  BOOST_TEST(wait("handling=\"a,wait=9\", wait=3;x=\"a,b\"") == 3);
  BOOST_TEST(wait("wait=3, wait=5") == 3);
  BOOST_TEST(wait("wait=61") == 60);
  BOOST_TEST(wait("wait=99999999999999999999999") == 60);
  for (const char* none :
       {"", "wait", "wait=", "wait=0", "wait=-1", "wait=soon", "wait=3s", "wait=\"", "await=3"})
    BOOST_TEST(wait(none) == 0, none);
}

BOOST_AUTO_TEST_CASE(a_batch_answers_element_by_element) {
  Json orders = Json::array({Json::parse(good_order), Json::parse(order_with("amount", "\"1.5\"")),
                             Json::parse(order_with("to_bank", "\"NOBKSNDA\"")), Json::parse(good_order)});
  orders[3]["idempotency_key"] = "own";
  const auto result = post("/api/v1/settlements/batch", Json{{"orders", orders}}.dump(), "b1");
  BOOST_REQUIRE(result);
  BOOST_TEST(result->status == 200);
  const auto body = Json::parse(result->body);
  BOOST_TEST(body.at("accepted") == 2);
  BOOST_TEST(body.at("refused") == 2);
  const auto& results = body.at("results");
  BOOST_TEST(results.at(0).at("settlement").at("status") == "EXECUTING");
  BOOST_TEST(results.at(1).at("status") == 422);
  BOOST_TEST(results.at(1).at("errors").at(0).at("pointer") == "/orders/1/amount");
  BOOST_TEST(results.at(2).at("code") == "unknown_bank");
  BOOST_TEST(results.at(2).at("errors").at(0).at("pointer") == "/orders/2/to_bank");
  // The same elements alone, under the keys that the batch gave them, are replays.
  BOOST_TEST(post("/api/v1/settlements", good_order, "b1/0")->get_header_value("Idempotent-Replayed") ==
             "true");
  BOOST_TEST(post("/api/v1/settlements", good_order, "own")->get_header_value("Idempotent-Replayed") ==
             "true");
  const auto again = Json::parse(post("/api/v1/settlements/batch", orders.dump(), "b1")->body);
  BOOST_TEST(again.at("replayed") == 2);
  BOOST_TEST(again.at("results").at(0).at("replayed") == true);
  BOOST_TEST(again.at("results").at(1).at("errors").at(0).at("pointer") == "/orders/1/amount");
  BOOST_TEST(again.at("results").at(0).at("settlement") == results.at(0).at("settlement"));
}

BOOST_AUTO_TEST_CASE(lists_have_pages_filters_and_limits) {
  for (int i = 0; i < 5; ++i) post("/api/v1/settlements", good_order, "k" + std::to_string(i));
  const auto first = Json::parse(http->Get("/api/v1/settlements?limit=3")->body);
  BOOST_TEST(first.at("data").size() == 3U);
  const std::string cursor = first.at("next_cursor");
  const auto second = Json::parse(http->Get("/api/v1/settlements?limit=3&cursor=" + cursor)->body);
  BOOST_TEST(second.at("data").size() == 2U);
  BOOST_TEST(second.at("next_cursor").is_null());
  BOOST_TEST(Json::parse(http->Get("/api/v1/settlements?status=COMPLETED")->body).at("data").empty());
  check_problem(http->Get("/api/v1/settlements?limit=0"), 422, "invalid_value", "?limit");
  check_problem(http->Get("/api/v1/settlements?limit=201"), 422, "invalid_value", "?limit");
  check_problem(http->Get("/api/v1/settlements?cursor=x"), 422, "invalid_value", "?cursor");
  check_problem(http->Get("/api/v1/settlements?status=DONE"), 422, "invalid_value", "?status");
  check_problem(http->Get("/api/v1/settlements?stauts=FAILED"), 422, "unknown_field", "?stauts");
  check_problem(http->Get("/api/v1/settlements?limit=&limit=2"), 422, "invalid_value", "?limit");
  check_problem(http->Get("/api/v1/settlements?from_bank=%0d%0aX"), 422, "invalid_value", "?from_bank");
}

BOOST_AUTO_TEST_CASE(accounts_are_opened_funded_and_shown) {
  const auto opened =
      post("/api/v1/accounts", R"({"kind":"vostro","bank":"ABIDCIAB","currency":"GHS","floor":"-10.5"})", "");
  BOOST_REQUIRE(opened);
  BOOST_TEST(opened->status == 201);
  const std::string id = Json::parse(opened->body).at("id");
  BOOST_TEST(opened->get_header_value("Location") == "/api/v1/accounts/" + id);
  BOOST_TEST(Json::parse(opened->body).at("available") == "10.50");
  const auto twice = post("/api/v1/accounts", R"({"kind":"vostro","bank":"ABIDCIAB","currency":"GHS"})", "");
  check_problem(twice, 409, "account_exists", "/bank");
  BOOST_TEST(Json::parse(twice->body).at("existing") == id);
  const auto funded = post("/api/v1/accounts/" + id + "/fund", R"({"amount":100.25,"currency":"GHS"})", "f1");
  BOOST_TEST(funded->status == 201);
  BOOST_TEST(Json::parse(funded->body).at("account").at("balance") == "100.25");
  BOOST_TEST(Json::parse(http->Get("/api/v1/accounts/" + id)->body).at("version") == 1);
  const auto entries = Json::parse(http->Get("/api/v1/accounts/" + id + "/entries")->body);
  BOOST_TEST(entries.at("data").at(0).at("amount") == "100.25");
  BOOST_TEST(entries.at("data").at(0).at("direction") == "credit");
  BOOST_TEST(Json::parse(http->Get("/api/v1/accounts/nostro")->body).at("data").empty());
  BOOST_TEST(Json::parse(http->Get("/api/v1/accounts/vostro")->body).at("data").size() == 1U);
  BOOST_TEST(Json::parse(http->Get("/api/v1/accounts/" + id + "/timeline")->body).at("data").size() == 1U);
  const std::string other = AccountId{books->fresh()}.text();
  check_problem(http->Get("/api/v1/accounts/" + other), 404, "not_found", "path:id");
  check_problem(http->Get("/api/v1/accounts/" + other + "/entries"), 404, "not_found", "path:id");
  check_problem(post("/api/v1/accounts/" + other + "/fund", R"({"amount":1,"currency":"GHS"})", "f2"), 404,
                "unknown_account", "path:id");
}

BOOST_AUTO_TEST_CASE(every_wrong_call_is_a_problem_that_names_its_place) {
  const std::string path = "/api/v1/settlements";
  check_problem(post(path, good_order, ""), 400, "idempotency_key_missing", "header:Idempotency-Key");
  check_problem(post(path, good_order, std::string(256, 'k')), 422, "invalid_value",
                "header:Idempotency-Key");
  check_problem(post(path, good_order, "a b"), 422, "invalid_value", "header:Idempotency-Key");
  check_problem(post(path, "", "k"), 400, "malformed_body", "");
  check_problem(post(path, std::string(1000, '['), "k"), 400, "malformed_body", [] {
    std::string zeros;
    for (int i = 0; i < 32; ++i) zeros += "/0";
    return zeros;
  }());
  check_problem(post(path, order_with("amount", "\"1.5\""), "k"), 422, "amount_decimals", "/amount");
  check_problem(post(path, ten_megabytes(), "k"), 413, "body_too_large", "");
  check_problem(http->Post(path, {{"Idempotency-Key", "k"}}, good_order, "text/plain"), 415,
                "unsupported_media_type", "header:Content-Type");
  check_problem(http->Post(path, {{"Idempotency-Key", "k"}, {"Content-Encoding", "br"}}, good_order,
                           "application/json"),
                415, "unsupported_media_type", "header:Content-Encoding");
  const auto wrong_method = http->Delete(path);
  check_problem(wrong_method, 405, "method_not_allowed", "method:DELETE");
  BOOST_TEST(wrong_method->get_header_value("Allow") == "POST, GET, HEAD");
  check_problem(http->Options(path), 405, "method_not_allowed", "method:OPTIONS");
  check_problem(http->Get("/api/v1/settlements/batch"), 405, "method_not_allowed", "method:GET");
  check_problem(http->Get("/api/v2/settlements"), 404, "not_found", "path:/api/v2/settlements");
  check_problem(http->Get("/api/v1/settlements/"), 404, "not_found", "path:/api/v1/settlements/");
  check_problem(http->Get("/api/v1/settlements/x"), 404, "not_found", "path:id");
  check_problem(http->Get("/api/v1/events?after=yesterday"), 422, "invalid_value", "?after");
  http->set_default_headers({});
  const auto no_key = post(path, good_order, "k");
  check_problem(no_key, 401, "unauthorized", "header:X-API-Key");
  BOOST_TEST(!no_key->get_header_value("WWW-Authenticate").empty());
  http->set_default_headers({{"X-API-Key", "key-of-op"}});
  check_problem(http->Get("/api/v1/accounts"), 401, "unauthorized", "header:X-API-Key");
  check_problem(http->Get("/metrics"), 401, "unauthorized", "header:X-API-Key");
  BOOST_TEST(http->Get("/health")->status == 200);
  BOOST_TEST(books->settlements.empty());
}

BOOST_AUTO_TEST_CASE(a_parameter_that_a_route_does_not_know_is_refused_by_name_whatever_the_method) {
  const auto document = Json::parse(http->Get("/openapi.json")->body);
  for (const Route& r : routes()) {
    std::string path(r.pattern);
    if (const auto slot = slot_name(r.pattern); !slot.empty())
      path.replace(path.find('{'), slot.size() + 2,
                   slot == "bic"               ? "ABIDCIAB"
                   : path.starts_with("/prob") ? "no-rail"
                   : slot == "name"            ? "x"
                                               : "set_00000000000000000000000000");
    httplib::Request request;
    request.method = r.method;
    request.path = path + "?dry_run=true";
    request.headers = {
        {"X-API-Key", "key-of-ops"}, {"Idempotency-Key", "k"}, {"Content-Type", "application/json"}};
    request.body = r.takes_body() ? "{}" : "";
    const auto result = http->send(request);
    BOOST_REQUIRE_MESSAGE(result, path);
    BOOST_TEST(result->status == 422, r.method << ' ' << path << ' ' << result->body);
    BOOST_TEST(result->body.find("?dry_run") != std::string::npos, result->body);
    std::string method(r.method);
    for (char& c : method) c = static_cast<char>(c + ('a' - 'A'));
    const auto& documented = document.at("paths").at(std::string(r.pattern)).at(method).at("responses");
    BOOST_REQUIRE_MESSAGE(documented.contains("422"), path);
    BOOST_TEST(documented.at("422").dump().find("unknown_field") != std::string::npos, path);
  }
  BOOST_TEST(books->settlements.empty());
  const auto told = Json::parse(post("/api/v1/nettings?dry_run=true", R"({"obligations":[]})", "k")->body)
                        .at("detail")
                        .get<std::string>();
  BOOST_TEST(told.ends_with("Nothing was recorded."), told);
}

BOOST_AUTO_TEST_CASE(whatever_refuses_an_order_says_what_became_of_the_money) {
  const std::string path = "/api/v1/settlements";
  const auto says = [](const httplib::Result& result, int status) {
    BOOST_REQUIRE(result);
    BOOST_TEST(result->status == status);
    const std::string told = Json::parse(result->body).at("detail");
    BOOST_TEST(told.ends_with("Nothing was recorded."), told);
  };
  says(post(path, ten_megabytes(), "k"), 413);
  says(post(path, good_order, "a b"), 422);
  says(post(path, good_order, ""), 400);
  says(http->Post(path, {{"Idempotency-Key", "k"}}, good_order, "text/plain"), 415);
  says(http->Delete(path), 405);
  says(post("/api/v1/settlement", good_order, "k"), 404);
  const auto french = post(path, ten_megabytes(), "k", {{"Accept-Language", "fr"}});
  BOOST_TEST(Json::parse(french->body).at("detail") ==
             "le corps dépasse 1048576 octets. Rien n'a été enregistré.");
  http->set_default_headers({{"X-API-Key", "key-of-nobody"}});
  says(post(path, good_order, "k"), 401);
  // A question has nothing to record.
  const std::string asked = Json::parse(http->Get(path)->body).at("detail");
  BOOST_TEST(asked.find("recorded") == std::string::npos, asked);
}

BOOST_AUTO_TEST_CASE(french_speakers_are_refused_in_french) {
  const auto result = post("/api/v1/settlements", order_with("amount", "\"50000.50\""), "k",
                           {{"Accept-Language", "fr-CI, en;q=0.8"}});
  const auto body = Json::parse(result->body);
  BOOST_TEST(body.at("lang") == "fr");
  BOOST_TEST(body.at("code") == "amount_decimals");
  BOOST_TEST(body.at("title") == "Le montant a trop de décimales");
  BOOST_TEST(
      body.at("detail") ==
      "amount : le montant a plus de décimales que la devise n'en admet ; reçu « 50000.50 ». Rien n'a été "
      "enregistré.");
  const auto english = post("/api/v1/settlements", good_order, "", {{"Accept-Language", "en, fr;q=0.9"}});
  BOOST_TEST(Json::parse(english->body).at("lang") == "en");
}

BOOST_AUTO_TEST_CASE(health_tells_alive_ready_and_why_not) {
  BOOST_TEST(http->Get("/health")->body == R"({"status":"ok"})");
  BOOST_TEST(http->Get("/api/v1/health/live")->status == 200);
  BOOST_TEST(http->Get("/api/v1/health/ready")->body == R"({"status":"ready"})");
  books->ready = false;
  BOOST_TEST(http->Get("/api/v1/health")->body == R"({"status":"degraded"})");
  const auto not_ready = http->Get("/api/v1/health/ready");
  BOOST_TEST(not_ready->status == 503);
  BOOST_TEST(not_ready->body ==
             R"({"status":"not_ready","reasons":["recovery: 3 settlements left"],"recovering":3})");
  BOOST_TEST(Json::parse(http->Get("/api/v1/health/detailed")->body).at("items").size() == 2U);
  BOOST_TEST(http->Get("/metrics")->body == "settlement_total 1\n");
  BOOST_TEST(Json::parse(http->Get("/problems/amount-decimals")->body).at("status") == 422);
  BOOST_TEST(http->Get("/problems/nothing")->status == 404);
}

BOOST_AUTO_TEST_CASE(draining_refuses_work_and_keeps_health) {
  front->drain();
  const auto result = post("/api/v1/settlements", good_order, "k");
  check_problem(result, 503, "shutting_down", "");
  BOOST_TEST(!result->get_header_value("Retry-After").empty());
  BOOST_TEST(http->Get("/api/v1/health/ready")->status == 503);
  BOOST_TEST(http->Get("/api/v1/health/live")->status == 200);
}

BOOST_AUTO_TEST_CASE(committed_events_flow_in_order_and_resume_where_they_were) {
  for (int i = 0; i < 700; ++i) commit("settlement.executing");
  auto all = stream("?after=0-0");
  const auto old = all.read(10s, "id: 0-700\n");
  BOOST_TEST(old.starts_with("HTTP/1.1 200"));
  BOOST_TEST(old.find("retry: 2000\n\n") != std::string::npos);
  BOOST_TEST(RawClient::count(old, "\nid: 0-") + RawClient::count(old, "\n\nid: 0-1\n") >= 700U);
  BOOST_TEST(old.find("event: settlement.executing\ndata: {\"id\":\"0-700\"") != std::string::npos);
  BOOST_TEST(old.find("\"payload\":{\"a\": 1}}\n\n") != std::string::npos);
  std::size_t at = 0;
  for (int i = 1; i <= 700; ++i) {
    at = old.find("id: 0-" + std::to_string(i) + "\n", at);
    BOOST_REQUIRE(at != std::string::npos);
  }
  auto fresh = stream("");
  auto some = stream("?kind=account.");
  auto resumed = stream("?after=0-3", "Last-Event-ID: 0-699\r\n");
  BOOST_TEST(fresh.read(5s, "retry").find("id:") == std::string::npos);
  (void)some.read(5s, "retry");
  BOOST_TEST(RawClient::count(resumed.read(5s, "id: 0-700\n"), "\nid: ") == 1U);
  commit("account.opened");
  commit("settlement.completed");
  BOOST_TEST(RawClient::count(all.read(5s, "id: 0-702\n"), "id: 0-") == 2U);
  BOOST_TEST(RawClient::count(fresh.read(5s, "id: 0-702\n"), "id: 0-") == 2U);
  BOOST_TEST(RawClient::count(resumed.read(5s, "id: 0-702\n"), "id: 0-") == 2U);
  const auto filtered = some.read(5s, "id: 0-701\n");
  BOOST_TEST(filtered.find("event: account.opened") != std::string::npos);
  BOOST_TEST(filtered.find("0-702") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_comes_from_beyond_the_end_of_the_log_is_refused_and_not_left_waiting) {
  commit("settlement.executing");
  check_problem(http->Get("/api/v1/events?after=0-9999999"), 422, "invalid_value", "?after");
  check_problem(http->Get("/api/v1/events", {{"Last-Event-ID", "0-2"}}), 422, "invalid_value",
                "header:Last-Event-ID");
  BOOST_TEST(stream("?after=0-1").read(5s, "retry").find("retry: 2000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_announced_is_found_by_looking) {
  auto reader_of_events = stream("");
  (void)reader_of_events.read(5s, "retry");
  {
    const std::lock_guard lock(books->mutex);
    books->note("settlement.completed", "set_x");
  }
  BOOST_TEST(reader_of_events.read(10s, "id: 0-1\n").find("event: settlement.completed") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reader_who_never_reads_holds_up_nobody) {
  auto sleeper = stream("?after=0-0");
  auto awake = stream("?after=0-0");
  (void)awake.read(5s, "retry");
  {
    const std::lock_guard lock(books->mutex);
    for (int i = 0; i < 3000; ++i)
      books->note("settlement.executing", "set_x", "{\"pad\":\"" + std::string(4000, 'p') + "\"}");
  }
  caf::anon_send(front->listener(), EventsCommitted{0, 3000});
  BOOST_TEST(awake.read(60s, "id: 0-3000\n").find("id: 0-3000\n") != std::string::npos);
  // What the kernel takes for the sleeper is bounded, and so is what we keep; in the end he is cut.
  pollfd hang_up{sleeper.fd(), POLLRDHUP, 0};
  BOOST_TEST(::poll(&hang_up, 1, 60'000) == 1);
  const auto got = sleeper.read(10s);
  BOOST_TEST(sleeper.over());
  BOOST_TEST(got.find("id: 0-3000\n") == std::string::npos);
  commit("settlement.completed");
  BOOST_TEST(awake.read(10s, "id: 0-3001\n").find("id: 0-3001\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(metrics_are_told_of_every_answer_by_route) {
  post("/api/v1/settlements", good_order, "k");
  http->Get("/api/v1/settlements/x");
  http->Get("/nowhere");
  http->Get("/health");
  const std::lock_guard lock(books->mutex);
  const std::set<std::string> expected{"/api/v1/settlements 202", "/api/v1/settlements/{id} 404", " 404",
                                       "/health 200"};
  BOOST_TEST(routes_seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_route_is_documented_and_nothing_else) {
  const auto document = Json::parse(http->Get("/openapi.json")->body);
  BOOST_TEST(document.at("openapi") == "3.1.0");
  std::set<std::string> documented, there;
  for (const auto& [path, methods] : document.at("paths").items())
    for (const auto& [method, operation] : methods.items()) {
      std::string name = method;
      documented.insert(name.append(1, ' ').append(path));
    }
  for (const Route& r : routes()) {
    std::string method(r.method);
    for (char& c : method) c = static_cast<char>(c + ('a' - 'A'));
    there.insert(method + ' ' + std::string(r.pattern));
  }
  BOOST_TEST(documented == there, boost::test_tools::per_element());
  // Every reference leads somewhere.
  const std::function<void(const Json&)> follow = [&](const Json& node) {
    if (node.is_object() && node.contains("$ref")) {
      const auto target = node.at("$ref").get<std::string>().substr(1);
      BOOST_TEST(document.contains(Json::json_pointer(target)), target);
    }
    if (node.is_structured())
      for (const auto& child : node) follow(child);
  };
  follow(document);
  // What a POST may be refused with is told code by code.
  const auto& refusals = document.at("paths").at("/api/v1/settlements").at("post").at("responses");
  BOOST_TEST(refusals.at("409").at("description").get<std::string>().find("idempotency_mismatch") !=
             std::string::npos);
  BOOST_TEST(refusals.at("422").at("description").get<std::string>().find("window_closed") !=
             std::string::npos);
  // What the server says about a receipt, the document knows.
  const auto receipt = Json::parse(post("/api/v1/settlements", good_order, "k")->body);
  const auto& schema = document.at("components").at("schemas").at("Receipt");
  for (const auto& [name, value] : receipt.items()) BOOST_TEST(schema.at("properties").contains(name), name);
  for (const auto& name : schema.at("required")) BOOST_TEST(receipt.contains(name.get<std::string>()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(silence_is_answered_with_503_and_the_same_key_finds_out) {
  FrontLimits limits;
  limits.answer_max = 200ms;
  House house(limits);
  house.books->silent = true;
  const auto result = house.post("/api/v1/settlements", good_order, "k");
  check_problem(result, 503, "database_unavailable", "");
  BOOST_TEST(result->get_header_value("Retry-After") == "2");
  const std::string detail = Json::parse(result->body).at("detail");
  BOOST_TEST(detail.find("same key") != std::string::npos);
  BOOST_TEST(detail.find("Nothing was recorded") == std::string::npos);
  BOOST_TEST(Json::parse(result->body).at("retryable") == true);
  house.books->silent = false;
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "k")->status == 202);
}

namespace {
RawClient client_that_orders(House& house, const std::string& key) {
  RawClient client(house.front->port());
  client.send(
      "POST /api/v1/settlements HTTP/1.1\r\nHost: a\r\nX-API-Key: key-of-ops\r\nIdempotency-Key: " + key +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(good_order.size()) +
      "\r\n\r\n" + good_order);
  return client;
}

/// Of a house whose books are silent and that hands on one question at a time.
std::vector<RawClient> one_is_written_and_one_waits(House& house) {
  std::vector<RawClient> waiting;
  waiting.reserve(2);
  for (std::size_t i = 0; i < 2; ++i) {
    waiting.push_back(client_that_orders(house, "k" + std::to_string(i)));
    while (house.front->pending() <= i) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(150ms);  // the first is on its way before the second comes
  }
  return waiting;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_full_house_refuses_at_the_door_and_recovers) {
  FrontLimits limits;
  limits.tickets_max = 8;
  limits.answer_max = 3s;
  House house(limits);
  house.books->silent = true;
  std::vector<RawClient> waiting;
  waiting.reserve(8);
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(client_that_orders(house, "k" + std::to_string(i)));
  }
  while (house.front->pending() < 8) std::this_thread::sleep_for(1ms);
  const auto refused = house.post("/api/v1/settlements", good_order, "k");
  check_problem(refused, 503, "overloaded", "");
  BOOST_TEST(refused->get_header_value("Retry-After") == "1");
  BOOST_TEST(Json::parse(refused->body).at("detail").get<std::string>().ends_with("Nothing was recorded."));
  BOOST_TEST(house.http->Get("/health")->status == 200);
  for (auto& client : waiting) BOOST_TEST(status_of(client.read(10s, "}")) == 503);
  house.books->silent = false;
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "k")->status == 202);
}

BOOST_AUTO_TEST_CASE(orders_behind_more_than_may_wait_are_turned_away_by_their_head) {
  FrontLimits limits;
  limits.submissions_max = 1;
  limits.turn_orders_max = 0;
  limits.answer_max = 3s;
  House house(limits);
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "known")->status == 202);
  house.books->silent = true;
  auto waiting = one_is_written_and_one_waits(house);
  // What it says is not looked at.
  check_problem(house.post("/api/v1/settlements", "{", "k"), 503, "overloaded", "");
  // A key of which memory has a receipt lets in what it answers, and nothing else.
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "known")->status == 202);
  auto other = Json::parse(good_order);
  other["obligation_id"] = "another";
  check_problem(house.post("/api/v1/settlements", other.dump(), "known"), 503, "overloaded", "");
  check_problem(house.post("/api/v1/settlements/batch", "{}", "known"), 503, "overloaded", "");
  BOOST_TEST(house.http->Get("/health")->status == 200);
  for (auto& client : waiting) BOOST_TEST(status_of(client.read(10s, "}")) == 503);
  house.books->silent = false;
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "k")->status == 202);
}

BOOST_AUTO_TEST_CASE(
    orders_that_would_wait_too_long_for_their_turn_are_turned_away_at_once_and_replays_are_not) {
  FrontLimits limits;
  limits.submissions_max = 1;
  limits.turn_max = 50ms;
  limits.answer_max = 3s;
  House house(limits);
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "known")->status == 202);
  house.books->silent = true;
  auto waiting = one_is_written_and_one_waits(house);
  const auto refused = house.post("/api/v1/settlements", good_order, "k");
  check_problem(refused, 503, "overloaded", "");
  BOOST_TEST(refused->get_header_value("Retry-After") == "1");
  BOOST_TEST(Json::parse(refused->body).at("detail").get<std::string>().ends_with("Nothing was recorded."));
  const auto again = house.post("/api/v1/settlements", good_order, "known");
  BOOST_TEST(again->status == 202);
  BOOST_TEST(again->get_header_value("Idempotent-Replayed") == "true");
  for (auto& client : waiting) BOOST_TEST(status_of(client.read(10s, "}")) == 503);
  house.books->silent = false;
  BOOST_TEST(house.post("/api/v1/settlements", good_order, "k")->status == 202);
}
