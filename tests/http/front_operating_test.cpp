// The operators' side of the REST contract: what each route asks of whom, and how it tells the answer.
#define BOOST_TEST_MODULE http_front_operating
#include "http/json_in_operating.hpp"
#include "http/openapi.hpp"
#include "tests/http/house_impl.hpp"

#include <boost/test/unit_test.hpp>

using namespace settled;
using namespace settled::tests;

namespace {
const std::string order =
    R"({"obligation_id":"OB-1","from_bank":"ABIDCIAB","to_bank":"DAKRSNDA","amount":"150000","currency":"XOF"})";
const std::string one_obligation =
    R"({"obligation_id":"O1","from_bank":"ABIDCIAB","to_bank":"DAKRSNDA","amount":"100","currency":"XOF"})";
const std::string too_much =
    R"({"obligation_id":"O2","from_bank":"DAKRSNDA","to_bank":"ABIDCIAB","amount":"500","currency":"XOF"})";

struct Operators : House {
  std::string settle(const std::string& body = order, const std::string& key = "k") {
    return Json::parse(post("/api/v1/settlements", body, key)->body).at("id");
  }
  httplib::Result post(const std::string& path, const std::string& body, const std::string& key = "",
                       const httplib::Headers& headers = {}) {
    return House::post(path, body, key, headers);
  }
  httplib::Result put(const std::string& path, const std::string& body) {
    return http->Put(path, body, "application/json");
  }
  httplib::Result patch(const std::string& path, const std::string& body) {
    return http->Patch(path, body, "application/json");
  }
  Json get(const std::string& path) {
    const auto result = http->Get(path);
    BOOST_REQUIRE(result);
    BOOST_TEST(result->status == 200);
    return Json::parse(result->body);
  }
  void be(const std::string& key) { http->set_default_headers({{"X-API-Key", key}}); }
};

const Json& schema(const std::string& name) {
  static const Json document = Json::parse(openapi_document());
  return document.at(Json::json_pointer("/components/schemas/" + name));
}
// The document knows every member of what the server says.
void check_documented(const Json& answer, const std::string& name) {
  for (const auto& [member, value] : answer.items())
    BOOST_TEST(schema(name).at("properties").contains(member), name << " has " << member);
  for (const auto& member : schema(name).at("required"))
    BOOST_TEST(answer.contains(member.get<std::string>()), name << " needs " << member);
}
}  // namespace

BOOST_FIXTURE_TEST_SUITE(operators, Operators)

BOOST_AUTO_TEST_CASE(a_doubt_is_resolved_by_two_people_who_saw_the_same) {
  const auto id = settle();
  const std::string path = "/api/v1/unknowns/" + id;
  const auto asked = post(path + "/resolve", R"({"verdict":"executed","reason":"on the statement"})");
  BOOST_REQUIRE(asked);
  BOOST_TEST(asked->status == 201);
  const auto action = Json::parse(asked->body);
  check_documented(action, "Action");
  BOOST_TEST(action.at("kind") == "resolve");
  BOOST_TEST(action.at("state") == "pending");
  BOOST_TEST(action.at("settlement") == id);
  BOOST_TEST(action.at("requested_by") == "ops");
  BOOST_TEST(action.at("approved_by").is_null());
  BOOST_TEST(action.at("bank_reference").is_null());
  const std::string digest = action.at("digest"), approve = action.at("approve");
  const auto body = R"({"digest":")" + digest + "\"}";
  check_problem(post(approve, body), 403, "same_person", "");
  be("key-of-bank");
  check_problem(post(approve, R"({"digest":")" + std::string(64, '0') + "\"}"), 409, "digest_mismatch",
                "/digest");
  check_problem(post(approve, R"({"digest":"abc"})"), 422, "invalid_value", "/digest");
  check_problem(post(approve, "{}"), 422, "missing_field", "/digest");
  const auto approved = post(path + "/approve", body);
  BOOST_REQUIRE(approved);
  BOOST_TEST(approved->status == 200);
  const auto answer = Json::parse(approved->body);
  check_documented(answer, "Approved");
  BOOST_TEST(answer.at("action").at("state") == "approved");
  BOOST_TEST(answer.at("action").at("approved_by") == "bank");
  BOOST_TEST(answer.at("action").at("approve").is_null());
  BOOST_TEST(answer.at("settlement").at("status") == "COMPLETED");
  check_problem(post(path + "/resolve", R"({"verdict":"executed","reason":"twice"})"), 409,
                "already_resolved", "path:id");
}

BOOST_AUTO_TEST_CASE(what_nobody_can_decide_is_refused_by_name) {
  const std::string other = SettlementId{books->fresh()}.text();
  const std::string body = R"({"verdict":"executed","reason":"x"})";
  check_problem(post("/api/v1/unknowns/" + other + "/resolve", body), 404, "not_found", "path:id");
  check_problem(post("/api/v1/unknowns/set_x/resolve", body), 404, "not_found", "path:id");
  // An id of another kind is no id here.
  check_problem(post("/api/v1/unknowns/" + AccountId{books->fresh()}.text() + "/resolve", body), 404,
                "not_found", "path:id");
  check_problem(post("/api/v1/actions/" + other + "/approve", body), 404, "not_found", "path:id");
  check_problem(post("/api/v1/breaks/" + other + "/close", R"({"reason":"x"})"), 404, "not_found", "path:id");
  const auto digest = R"({"digest":")" + std::string(64, '0') + "\"}";
  check_problem(post("/api/v1/actions/" + ActionId{books->fresh()}.text() + "/approve", digest), 404,
                "not_found", "path:id");
  const auto id = settle();
  check_problem(post("/api/v1/unknowns/" + id + "/resolve", R"({"verdict":"release","reason":"x"})"), 422,
                "invalid_value", "/verdict");
  const auto text = http->Post("/api/v1/unknowns/" + id + "/resolve", body, "text/plain");
  check_problem(text, 415, "unsupported_media_type", "header:Content-Type");
  BOOST_TEST(Json::parse(text->body).at("detail").get<std::string>().ends_with("Nothing was recorded."));
}

BOOST_AUTO_TEST_CASE(compensation_and_compliance_take_two_people_too) {
  const auto id = settle();
  const auto path = "/api/v1/settlements/" + id;
  const auto back = post(path + "/compensate", R"({"reason":"paid to the wrong bank"})");
  BOOST_TEST(back->status == 201);
  BOOST_TEST(Json::parse(back->body).at("kind") == "compensate");
  BOOST_TEST(Json::parse(back->body).at("verdict").is_null());
  const auto decided = post(path + "/decide", R"({"verdict":"reject","reason":"the very person"})");
  BOOST_TEST(decided->status == 201);
  BOOST_TEST(Json::parse(decided->body).at("verdict") == "reject");
  check_problem(post(path + "/decide", R"({"verdict":"executed","reason":"x"})"), 422, "invalid_value",
                "/verdict");
  check_problem(post(path + "/compensate", R"({"reason":"x","verdict":"release"})"), 422, "unknown_field",
                "/verdict");
  check_problem(post(path + "/compensate", R"({"reason":)" + Json(std::string(501, 'x')).dump() + "}"), 422,
                "invalid_value", "/reason");
}

BOOST_AUTO_TEST_CASE(an_order_that_waits_says_for_what_and_can_be_called_back) {
  auto waiting = Json::parse(order);
  waiting["outside_window"] = "queue";
  const auto sent = post("/api/v1/settlements", waiting.dump(), "k");
  BOOST_TEST(sent->status == 202);
  const auto receipt = Json::parse(sent->body);
  BOOST_TEST(receipt.at("status") == "PENDING");
  BOOST_TEST(receipt.at("checkpoints").empty());
  BOOST_TEST(receipt.at("value_date") == "2026-11-23");
  BOOST_TEST(receipt.at("waiting").at("for") == "window");
  const std::string path = receipt.at("links").at("self");
  const auto shown = get(path);
  check_documented(shown, "Settlement");
  BOOST_TEST(shown.at("waiting").at("detail") == "STAR-UEMOA has closed for today");
  BOOST_TEST(shown.at("waiting").at("release_at") == "2026-11-20T10:00:01.000000Z");
  BOOST_TEST(shown.at("checkpoints").empty());
  BOOST_TEST(shown.at("compensated_by").is_null());
  check_problem(post(path + "/cancel", "{}"), 422, "missing_field", "/reason");
  const auto cancelled = post(path + "/cancel", R"({"reason":"sent by mistake"})");
  BOOST_TEST(cancelled->status == 200);
  const auto gone = Json::parse(cancelled->body);
  BOOST_TEST(gone.at("status") == "FAILED");
  BOOST_TEST(gone.at("failure").at("code") == "cancelled");
  BOOST_TEST(gone.at("waiting").is_null());
  // The receipt stays what it was.
  BOOST_TEST(post("/api/v1/settlements", waiting.dump(), "k")->body == sent->body);
  check_problem(post("/api/v1/settlements/" + settle(order, "k2") + "/cancel", R"({"reason":"x"})"), 409,
                "illegal_transition", "path:id");
}

BOOST_AUTO_TEST_CASE(work_lists_are_narrowed_down_and_turned_page_by_page) {
  const auto seen = [&](const std::string& path) {
    const auto page = get(path);
    BOOST_TEST(page.at("data").size() == 2U);
    BOOST_TEST(page.at("data").at(0).at("age_s") == 7);
    BOOST_TEST(page.at("next_cursor").get<std::string>().size() == 26U);
    const std::lock_guard lock(books->mutex);
    return books->last_list;
  };
  BOOST_TEST(seen("/api/v1/fund-locks").state == "held");
  BOOST_TEST(seen("/api/v1/fund-locks?state=all").state.empty());
  BOOST_TEST(seen("/api/v1/fund-locks?state=expired&limit=3").limit == 3);
  const SettlementId settlement{books->fresh()};
  const AccountId account{books->fresh()};
  BOOST_TEST((seen("/api/v1/fund-locks?settlement=" + settlement.text()).subject == settlement.uuid));
  BOOST_TEST((seen("/api/v1/fund-locks?account=" + account.text()).subject == account.uuid));
  BOOST_TEST((seen("/api/v1/unknowns?cursor=" + base32(account.uuid)).before == account.uuid));
  BOOST_TEST((seen("/api/v1/held").kind == RecordKind::held_orders));
  BOOST_TEST((seen("/api/v1/compensations").kind == RecordKind::compensations));
  BOOST_TEST((seen("/api/v1/nettings").kind == RecordKind::nettings));
  BOOST_TEST(seen("/api/v1/breaks").state == "open");
  BOOST_TEST(seen("/api/v1/actions").state == "pending");
  BOOST_TEST(
      (seen("/api/v1/actions?state=approved&settlement=" + settlement.text()).subject == settlement.uuid));
  check_problem(http->Get("/api/v1/fund-locks?state=open"), 422, "invalid_value", "?state");
  check_problem(http->Get("/api/v1/fund-locks?account=" + settlement.text()), 422, "invalid_value",
                "?account");
  check_problem(
      http->Get("/api/v1/fund-locks?account=" + account.text() + "&settlement=" + settlement.text()), 422,
      "invalid_value", "?account");
  check_problem(http->Get("/api/v1/unknowns?state=held"), 422, "unknown_field", "?state");
  check_problem(http->Get("/api/v1/breaks?limit=0"), 422, "invalid_value", "?limit");
  check_problem(http->Get("/api/v1/actions?settlement=%ff"), 422, "invalid_value", "?settlement");
}

BOOST_AUTO_TEST_CASE(a_break_is_closed_with_a_reason) {
  const BreakId id{books->fresh()};
  const auto closed = post("/api/v1/breaks/" + id.text() + "/close", R"({"reason":"the bank paid it back"})");
  BOOST_TEST(closed->status == 200);
  BOOST_TEST(Json::parse(closed->body) == Json({{"id", id.text()}, {"state", "closed"}}));
  check_problem(post("/api/v1/breaks/" + id.text() + "/close", R"({"reason":"again"})"), 409,
                "already_resolved", "path:id");
  check_problem(post("/api/v1/breaks/" + id.text() + "/close", R"({"reason":""})"), 422, "invalid_value",
                "/reason");
}

BOOST_AUTO_TEST_CASE(a_dry_run_shows_who_would_pay_what_and_changes_nothing) {
  const auto body = R"({"obligations":[)" + one_obligation + ',' + too_much + R"(],"dry_run":true})";
  const auto result = post("/api/v1/nettings", body, "n");
  BOOST_TEST(result->status == 200);
  const auto run = Json::parse(result->body);
  check_documented(run, "NettingDryRun");
  BOOST_TEST(run.at("feasible") == false);
  BOOST_TEST(run.at("totals").at(0).at("gross") == "600");
  BOOST_TEST(run.at("totals").at(0).at("multilateral") == "400");
  const auto& dakar = run.at("positions").at(1);
  BOOST_TEST(dakar.at("bank") == "DAKRSNDA");
  BOOST_TEST(dakar.at("net") == "-400");
  BOOST_TEST(dakar.at("out").at("obligations") == Json::array({"O2"}));
  BOOST_TEST(run.at("payments").at(0).at("amount") == "400");
  BOOST_TEST(run.at("bilateral").at(0).at("net") == "400");
  const auto& line = run.at("lines").at(1);
  check_documented(line, "NetLines/items");
  BOOST_TEST(line.at("short_by") == "350");
  BOOST_TEST(line.at("available") == "50");
  BOOST_TEST(line.at("breaks") == true);
  BOOST_TEST(run.at("without").is_null());
  BOOST_TEST(books->last_netting.obligations.empty());

  const auto compared = Json::parse(post("/api/v1/nettings",
                                         R"({"obligations":[)" + one_obligation + ',' + too_much +
                                             R"(],"dry_run":true,"without":["DAKRSNDA"]})",
                                         "n")
                                        ->body);
  const auto& without = compared.at("without");
  BOOST_TEST(without.at("left_open") == Json::array({"O1", "O2"}));
  BOOST_TEST(without.at("feasible") == true);
  BOOST_TEST(without.at("healed").size() == 1U);
  BOOST_TEST(without.at("newly_broken").empty());
}

BOOST_AUTO_TEST_CASE(a_netting_is_booked_with_its_proof_or_not_at_all) {
  const auto body = R"({"obligations":[)" + one_obligation + "]}";
  check_problem(post("/api/v1/nettings", body), 400, "idempotency_key_missing", "header:Idempotency-Key");
  const auto result = post("/api/v1/nettings", body, "n");
  BOOST_TEST(result->status == 201);
  const auto booked = Json::parse(result->body);
  check_documented(booked, "NettingBooked");
  BOOST_TEST(booked.at("id").get<std::string>().starts_with("jrn_"));
  BOOST_TEST(booked.at("positions").at(0).at("net") == "-100");
  BOOST_TEST(books->last_netting.idempotency_key == "n");
  BOOST_TEST(books->last_netting.caller == "ops");
  BOOST_TEST(booked.at("at") == "2026-11-20T10:00:00.000000Z");
  const auto again = post("/api/v1/nettings", body, "n");
  BOOST_TEST(again->body == result->body);
  BOOST_TEST(again->get_header_value("Idempotent-Replayed") == "true");
  const auto other = post("/api/v1/nettings", R"({"obligations":[)" + too_much + "]}", "n");
  check_problem(other, 409, "idempotency_mismatch", "");
  BOOST_TEST(Json::parse(other->body).at("existing") == booked.at("id"));
  const auto refused = post("/api/v1/nettings", R"({"obligations":[)" + too_much + "]}", "n2");
  check_problem(refused, 422, "netting_infeasible", "/obligations");
  BOOST_TEST(Json::parse(refused->body).at("detail").get<std::string>().ends_with("Nothing was recorded."));
  check_problem(
      post("/api/v1/nettings", R"({"obligations":[)" + one_obligation + R"(],"without":["ABIDCIAB"]})", "n3"),
      422, "invalid_value", "/without");
  check_problem(post("/api/v1/nettings", R"({"obligations":[]})", "n4"), 422, "invalid_value",
                "/obligations");
  // Ten thousand obligations are more than the megabyte of other bodies.
  std::string many;
  for (int i = 0; i < 10'000; ++i) {
    auto each = Json::parse(one_obligation);
    each["obligation_id"] = "OBLIGATION-" + std::to_string(i);
    each["amount"] = "0";
    many += (i ? "," : "") + each.dump();
  }
  BOOST_TEST(many.size() > (1U << 20));
  check_problem(post("/api/v1/nettings", R"({"obligations":[)" + many + "]}", "n5"), 422,
                "amount_not_positive", "/obligations/0/amount");
}

BOOST_AUTO_TEST_CASE(orders_that_wait_are_netted_by_window) {
  const std::string window = R"({"window":{"currency":"XOF","method":"SWIFT"})";
  const auto dry = post("/api/v1/nettings", window + R"(,"dry_run":true,"without":["NIAMNENE"]})", "w");
  BOOST_TEST(dry->status == 200);
  const auto run = Json::parse(dry->body);
  check_documented(run, "NettingDryRun");
  BOOST_TEST(run.at("positions").at(0).at("out").at("obligations") == Json::array({"set_01j9"}));
  BOOST_TEST(run.at("without").at("left_open").empty());
  BOOST_TEST(!books->last_netting.by_window);
  const auto result = post("/api/v1/nettings", window + "}", "w");
  BOOST_TEST(result->status == 201);
  const auto booked = Json::parse(result->body);
  check_documented(booked, "NettingBooked");
  BOOST_TEST(booked.at("totals").at(0).at("gross") == "100");
  BOOST_TEST(books->last_netting.by_window);
  BOOST_TEST((books->last_netting.window.method == Method::SWIFT));
  const auto again = post("/api/v1/nettings", window + "}", "w");
  BOOST_TEST(again->body == result->body);
  BOOST_TEST(again->get_header_value("Idempotent-Replayed") == "true");
  check_problem(post("/api/v1/nettings", R"({"window":{"currency":"XOF"}})", "w"), 409,
                "idempotency_mismatch", "");
  const std::string nothing = R"({"window":{"currency":"GHS"},"dry_run":true})";
  check_problem(post("/api/v1/nettings", nothing, "w2"), 422, "nothing_to_net", "/window");
  const auto french = post("/api/v1/nettings", nothing, "w3", {{"Accept-Language", "fr"}});
  BOOST_TEST(french->body.find("aucun ordre en GHS") != std::string::npos, french->body);
}

BOOST_AUTO_TEST_CASE(windows_are_put_shown_and_dropped) {
  const std::string body = R"({"currency":"XOF","zone":"Africa/Abidjan","weekdays":[1,2,3,4,5],"sessions":[)"
                           R"({"opens":"08:00","closes":"15:30","cut_off":"15:00"}]})";
  const auto result = put("/api/v1/windows/STAR%20UEMOA", body);
  BOOST_REQUIRE(result);
  BOOST_TEST(result->status == 200);
  const auto window = Json::parse(result->body);
  check_documented(window, "Window");
  BOOST_TEST(window.at("name") == "STAR UEMOA");
  BOOST_TEST(window.at("sessions").at(0).at("cut_off") == "15:00");
  BOOST_TEST(books->last_change.caller == "ops");
  BOOST_TEST(get("/api/v1/windows").at("windows") == Json::array({window}));
  // What is shown can be put again.
  BOOST_TEST(put("/api/v1/windows/STAR%20UEMOA", window.dump())->status == 200);
  check_problem(put("/api/v1/windows/X", Json(window).dump()), 422, "invalid_value", "/name");
  check_problem(put("/api/v1/windows/%0a", body), 422, "invalid_value", "path:name");
  check_problem(put("/api/v1/windows/%ff", body), 422, "invalid_value", "path:name");
  check_problem(put("/api/v1/windows/" + std::string(65, 'x'), body), 422, "invalid_value", "path:name");
  check_problem(put("/api/v1/windows/next", body), 405, "method_not_allowed", "method:PUT");
  auto shut = Json::parse(body);
  shut["sessions"][0]["opens"] = "25:00";
  check_problem(put("/api/v1/windows/X", shut.dump()), 422, "invalid_value", "/sessions/0/opens");
  auto nowhere = Json::parse(body);
  nowhere["zone"] = "Atlantis";
  check_problem(put("/api/v1/windows/X", nowhere.dump()), 422, "invalid_value", "/zone");
  const auto gone = http->Delete("/api/v1/windows/STAR%20UEMOA");
  BOOST_REQUIRE(gone);
  BOOST_TEST(gone->status == 204);
  BOOST_TEST(gone->body.empty());
  BOOST_TEST(!gone->has_header("Content-Length"));
  // The connection goes on after an answer without a body.
  check_problem(http->Delete("/api/v1/windows/STAR%20UEMOA"), 404, "not_found", "path:name");
}

BOOST_AUTO_TEST_CASE(the_next_session_is_told_with_its_reason) {
  const auto next = get("/api/v1/windows/next?currency=XOF");
  check_documented(next, "NextWindow");
  BOOST_TEST(next.at("state") == "after_cut_off");
  BOOST_TEST(next.at("opens_at") == "2026-11-20T10:00:00.000000Z");
  BOOST_TEST(next.at("value_date") == "2026-11-23");
  const auto none = get("/api/v1/windows/next?currency=GHS&method=SWIFT");
  BOOST_TEST(none.at("state") == "none");
  BOOST_TEST(none.at("opens_at").is_null());
  BOOST_TEST(none.at("value_date").is_null());
  BOOST_TEST(books->last_window.currency.code() == "GHS");
  check_problem(http->Get("/api/v1/windows/next"), 422, "invalid_value", "?currency");
  check_problem(http->Get("/api/v1/windows/next?currency=xof"), 422, "invalid_value", "?currency");
  check_problem(http->Get("/api/v1/windows/next?currency=XOF&method=FAX"), 422, "invalid_value", "?method");
}

BOOST_AUTO_TEST_CASE(calendars_show_their_next_days_and_take_single_ones) {
  {
    const std::lock_guard lock(books->mutex);
    HolidayRule easter;
    easter.name = "Easter Monday";
    easter.kind = HolidayKind::easter;
    easter.days = 1;
    books->rules.calendars.push_back({"Federal Reserve", {easter}});
  }
  const auto calendar = get("/api/v1/calendars").at("calendars").at(0);
  check_documented(calendar, "Calendar");
  BOOST_TEST(calendar.at("next").size() == 2U);
  BOOST_TEST(calendar.at("rules").at(0).at("days") == 1);
  const std::string path = "/api/v1/calendars/Federal%20Reserve/holidays";
  const auto added = post(path, R"({"date":"2026-12-24","name":"A day off"})");
  BOOST_TEST(added->status == 201);
  BOOST_TEST(Json::parse(added->body).at("rules").size() == 2U);
  BOOST_TEST(Json::parse(added->body).at("rules").at(1).at("date") == "2026-12-24");
  BOOST_TEST(http->Delete(path + "?date=2026-12-24")->status == 204);
  BOOST_TEST((books->last_change.drop_holiday == date_from("2026-12-24")));
  check_problem(http->Delete(path), 422, "invalid_value", "?date");
  check_problem(http->Delete(path + "?date=2026-02-30"), 422, "invalid_value", "?date");
  check_problem(post(path, R"({"date":"tomorrow","name":"x"})"), 422, "invalid_value", "/date");
  check_problem(post("/api/v1/calendars/Mars/holidays", R"({"date":"2026-12-24","name":"x"})"), 404,
                "not_found", "path:name");
}

BOOST_AUTO_TEST_CASE(a_calendar_is_set_with_all_its_rules_and_takes_what_it_shows) {
  const std::string path = "/api/v1/calendars/House";
  const auto rules = Json::parse(R"([{"name":"New Year","kind":"fixed","month":1,"day":1,
      "observance":"weekend_to_next_weekday"},{"name":"Good Friday","kind":"easter","days":-2},
      {"name":"Thanksgiving","kind":"nth_weekday","nth":4,"weekday":4,"month":11,"first_year":2020},
      {"name":"Last Monday","kind":"last_weekday","weekday":1,"month":5,"last_year":2040},
      {"name":"Tabaski","kind":"single","date":"2026-05-27","provisional":true}])");
  const auto set = put(path, Json{{"rules", rules}}.dump());
  BOOST_REQUIRE_MESSAGE(set->status == 200, set->body);
  const auto shown = Json::parse(set->body);
  check_documented(shown, "Calendar");
  BOOST_TEST(shown.at("rules").size() == 5U);
  BOOST_TEST(shown.at("rules").at(2).at("nth") == 4);
  BOOST_TEST(shown.at("rules").at(4).at("provisional") == true);
  const auto kept = books->last_change.put_calendar;
  BOOST_TEST(put(path, set->body)->status == 200);
  BOOST_TEST((books->last_change.put_calendar == kept));
  const auto wrong = [&](const std::string& rule, const std::string& code, const std::string& field) {
    check_problem(put(path, R"({"rules":[)" + rule + "]}"), 422, code, field);
  };
  wrong("", "invalid_value", "/rules");
  wrong("7", "wrong_type", "/rules/0");
  wrong(R"({"name":"x","kind":"moon"})", "invalid_value", "/rules/0/kind");
  wrong(R"({"name":"x"})", "missing_field", "/rules/0/kind");
  wrong(R"({"name":"x","kind":"easter"})", "missing_field", "/rules/0/days");
  wrong(R"({"name":"x","kind":"easter","days":1,"month":4})", "unknown_field", "/rules/0/month");
  wrong(R"({"name":"x","kind":"single","date":"2026-02-30"})", "invalid_value", "/rules/0/date");
  wrong(R"({"name":"x","kind":"fixed","month":2,"day":30})", "invalid_value", "/rules/0/day");
  wrong(R"({"name":"x","kind":"fixed","month":13,"day":1})", "invalid_value", "/rules/0/month");
  check_problem(put(path, R"({"name":"Other","rules":[{"name":"x","kind":"easter","days":1}]})"), 422,
                "invalid_value", "/name");
}

BOOST_AUTO_TEST_CASE(banks_are_suspended_by_their_bic) {
  const auto result = put("/api/v1/banks/DAKRSNDA", R"({"name":"Banque de Dakar","status":"suspended"})");
  BOOST_TEST(result->status == 200);
  const Json bank{{"bic", "DAKRSNDA"}, {"name", "Banque de Dakar"}, {"status", "suspended"}};
  BOOST_TEST(Json::parse(result->body) == bank);
  BOOST_TEST(get("/api/v1/banks").at("banks") == Json::array({bank}));
  check_problem(put("/api/v1/banks/dakar", R"({"status":"active"})"), 422, "invalid_value", "path:bic");
  check_problem(put("/api/v1/banks/DAKRSNDA", R"({"name":"x"})"), 422, "missing_field", "/status");
  check_problem(put("/api/v1/banks/DAKRSNDA", R"({"status":"closed"})"), 422, "invalid_value", "/status");
}

BOOST_AUTO_TEST_CASE(an_accounts_limits_are_read_in_its_own_currency) {
  const auto opened = post("/api/v1/accounts", R"({"kind":"vostro","bank":"ABIDCIAB","currency":"GHS"})");
  const std::string path = opened->get_header_value("Location");
  BOOST_TEST(Json::parse(opened->body).at("low_threshold").is_null());
  const auto changed = patch(path, R"({"floor":"-10.50","low_threshold":5,"high_threshold":"1000.25"})");
  BOOST_REQUIRE(changed);
  BOOST_TEST(changed->status == 200);
  const auto account = Json::parse(changed->body);
  check_documented(account, "Account");
  BOOST_TEST(account.at("floor") == "-10.50");
  BOOST_TEST(account.at("low_threshold") == "5.00");
  BOOST_TEST(account.at("high_threshold") == "1000.25");
  const auto without = Json::parse(patch(path, R"({"low_threshold":null})")->body);
  BOOST_TEST(without.at("low_threshold").is_null());
  BOOST_TEST(without.at("high_threshold") == "1000.25");
  check_problem(patch(path, R"({"floor":"1.005"})"), 422, "amount_decimals", "/floor");
  check_problem(patch(path, R"({"high_threshold":"much"})"), 422, "invalid_value", "/high_threshold");
  check_problem(patch(path, "{}"), 422, "missing_field", "");
  check_problem(patch(path, R"({"balance":"1"})"), 422, "unknown_field", "/balance");
  check_problem(patch("/api/v1/accounts/" + AccountId{books->fresh()}.text(), R"({"status":"closed"})"), 404,
                "not_found", "path:id");
  check_problem(patch("/api/v1/accounts/nostro", R"({"status":"closed"})"), 405, "method_not_allowed",
                "method:PATCH");
  {
    const std::lock_guard lock(books->mutex);
    books->accounts.begin()->second.balance = 500;
  }
  check_problem(patch(path, R"({"status":"closed"})"), 422, "invalid_value", "/status");
}

BOOST_AUTO_TEST_CASE(jobs_recovery_and_invariants_are_told) {
  const auto recovery = get("/api/v1/recovery");
  check_documented(recovery, "Recovery");
  BOOST_TEST(recovery.at("found").at("CONFIRMING") == 3);
  BOOST_TEST(recovery.at("left") == 3);
  auto job = get("/api/v1/jobs").at("jobs").at(0);
  check_documented(job, "Job");
  BOOST_TEST(job.at("last_ok").is_null());
  // Without a body and its type, or with an empty object.
  const auto ran = http->Post("/api/v1/jobs/retry/run");
  BOOST_REQUIRE(ran);
  BOOST_TEST(ran->status == 200);
  BOOST_TEST(Json::parse(ran->body).at("runs") == 1);
  BOOST_TEST(Json::parse(post("/api/v1/jobs/retry/run", "{}")->body).at("last_result") == "2 asked");
  check_problem(post("/api/v1/jobs/retry/run", R"({"force":true})"), 422, "unknown_field", "/force");
  check_problem(http->Post("/api/v1/jobs/dance/run"), 404, "not_found", "path:name");
  const auto invariants = get("/api/v1/invariants");
  check_documented(invariants, "Invariants");
  BOOST_TEST(invariants.at("ok") == false);
  BOOST_TEST(invariants.at("invariants").at(0).at("example").is_null());
  BOOST_TEST(invariants.at("invariants").at(1).at("violations") == 1);
  BOOST_TEST(invariants.at("failure").is_null());
  BOOST_TEST(invariants.at("stale") == false);
  check_problem(http->Get("/api/v1/jobs?name=retry"), 422, "unknown_field", "?name");
}

BOOST_AUTO_TEST_CASE(head_answers_as_get_without_the_body) {
  const auto id = settle();
  const auto shown = http->Get("/api/v1/settlements/" + id);
  const auto head = http->Head("/api/v1/settlements/" + id);
  BOOST_REQUIRE(head);
  BOOST_TEST(head->status == 200);
  BOOST_TEST(head->body.empty());
  BOOST_TEST(head->get_header_value("Content-Length") == std::to_string(shown->body.size()));
  BOOST_TEST(http->Head("/health")->status == 200);
  BOOST_TEST(http->Head("/api/v1/settlements/" + SettlementId{books->fresh()}.text())->status == 404);
  // A stream has no end.
  BOOST_TEST(http->Head("/api/v1/events")->status == 405);
  BOOST_TEST(http->Head("/api/v1/settlements/batch")->get_header_value("Allow") == "POST");
  http->set_default_headers({});
  BOOST_TEST(http->Head("/api/v1/accounts")->status == 401);
}

BOOST_AUTO_TEST_CASE(every_operators_route_needs_a_key) {
  http->set_default_headers({});
  for (const Route& r : routes())
    if (r.needs_api_key && r.method == "GET") {
      std::string path(r.pattern);
      if (const auto at = path.find('{'); at != std::string::npos)
        path.replace(at, path.find('}') - at + 1, "x");
      const auto result = http->Get(path);
      BOOST_REQUIRE(result);
      BOOST_TEST(result->status == 401, path);
    }
  check_problem(patch("/api/v1/accounts/x", "{}"), 401, "unauthorized", "header:X-API-Key");
  check_problem(http->Delete("/api/v1/windows/x"), 401, "unauthorized", "header:X-API-Key");
  check_problem(put("/api/v1/banks/DAKRSNDA", "{}"), 401, "unauthorized", "header:X-API-Key");
}

BOOST_AUTO_TEST_SUITE_END()
