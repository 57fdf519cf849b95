// What operators may get wrong in a body is told by name, with a pointer to the place.
#define BOOST_TEST_MODULE http_json_in_operating
#include "http/json_in_operating.hpp"

#include "http/digest.hpp"
#include "http/json_in_window.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace settled;

namespace {
struct Case {
  std::string body;
  Errc code;
  std::string pointer;
};

template <class Parse>
void check(const std::vector<Case>& cases, Parse parse) {
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT("body " << c.body.substr(0, 300)) {
      auto body = c.body;
      const auto parsed = parse(body);
      BOOST_TEST(!parsed);
      BOOST_REQUIRE(!parsed.errors.empty());
      const Refusal& first = parsed.errors.front();
      BOOST_TEST(to_string(first.code) == to_string(c.code));
      BOOST_TEST(first.field == c.pointer);
      BOOST_TEST(first.detail.size() > 4U);
    }
  }
}

std::string quoted(std::size_t n) { return '"' + std::string(n, 'x') + '"'; }

std::string window(const std::string& from, const std::string& to) {
  std::string body =
      R"({"currency":"XOF","zone":"Africa/Abidjan","weekdays":[1,2],"calendar":"UEMOA","sessions":[)"
      R"({"opens":"08:00","closes":"15:30","cut_off":"15:00"}]})";
  const auto at = body.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return body.replace(at, from.size(), to);
}

std::string obligation(const std::string& id, const std::string& from, const std::string& to,
                       const std::string& amount) {
  return R"({"obligation_id":")" + id + R"(","from_bank":")" + from + R"(","to_bank":")" + to +
         R"(","amount":)" + amount + R"(,"currency":"XOF"})";
}
std::string netting(const std::string& list, const std::string& more = "") {
  return R"({"obligations":[)" + list + ']' + more + '}';
}
const std::string one = obligation("O1", "ABIDCIAB", "DAKRSNDA", "\"100\"");
}  // namespace

BOOST_AUTO_TEST_CASE(a_wrong_proposal_is_refused_by_name) {
  const std::vector<Case> resolutions{
      {"", Errc::malformed_body, ""},
      {"[]", Errc::wrong_type, ""},
      {"{}", Errc::missing_field, "/verdict"},
      {R"({"verdict":"executed"})", Errc::missing_field, "/reason"},
      {R"({"verdict":"release","reason":"x"})", Errc::invalid_value, "/verdict"},
      {R"({"verdict":"","reason":"x"})", Errc::invalid_value, "/verdict"},
      {R"({"verdict":true,"reason":"x"})", Errc::wrong_type, "/verdict"},
      {R"({"verdict":"executed","reason":""})", Errc::invalid_value, "/reason"},
      {R"({"verdict":"executed","reason":7})", Errc::wrong_type, "/reason"},
      {R"({"verdict":"executed","reason":"a\nb"})", Errc::invalid_value, "/reason"},
      {R"({"verdict":"executed","reason":)" + quoted(501) + "}", Errc::invalid_value, "/reason"},
      {R"({"verdict":"executed","reason":"x","bank_reference":)" + quoted(65) + "}", Errc::invalid_value,
       "/bank_reference"},
      {R"({"verdict":"executed","reason":"x","bank_reference":null})", Errc::wrong_type, "/bank_reference"},
      {R"({"verdict":"not_executed","reason":"x","bank_reference":"B"})", Errc::invalid_value,
       "/bank_reference"},
      {R"({"verdict":"executed","reason":"x","approved_by":"me"})", Errc::unknown_field, "/approved_by"},
  };
  check(resolutions, [](std::string& body) { return parse_proposal(body, ActionKind::resolve); });
  check({{R"({"verdict":"executed","reason":"x"})", Errc::invalid_value, "/verdict"},
         {R"({"verdict":"release","reason":"x","bank_reference":"B"})", Errc::unknown_field,
          "/bank_reference"}},
        [](std::string& body) { return parse_proposal(body, ActionKind::decide); });
  check({{R"({"verdict":"executed","reason":"x"})", Errc::unknown_field, "/verdict"},
         {"{}", Errc::missing_field, "/reason"}},
        [](std::string& body) { return parse_proposal(body, ActionKind::compensate); });
  std::string good = R"({"verdict":"executed","reason":"seen on the statement","bank_reference":"BP-1"})";
  const auto parsed = parse_proposal(good, ActionKind::resolve);
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed.value->bank_reference == "BP-1");
}

BOOST_AUTO_TEST_CASE(an_approval_is_sixty_four_hex_digits) {
  check({{"{}", Errc::missing_field, "/digest"},
         {R"({"digest":1})", Errc::wrong_type, "/digest"},
         {R"({"digest":""})", Errc::invalid_value, "/digest"},
         {R"({"digest":")" + std::string(63, 'a') + "\"}", Errc::invalid_value, "/digest"},
         {R"({"digest":")" + std::string(63, 'a') + "g\"}", Errc::invalid_value, "/digest"},
         {R"({"digest":"x","action":"act_1"})", Errc::unknown_field, "/action"}},
        parse_approval);
  const auto digest = sha256("what was shown");
  for (auto text : {hex_of(digest), std::string(64, 'F')}) {
    auto body = R"({"digest":")" + text + "\"}";
    BOOST_TEST(!!parse_approval(body));
  }
  BOOST_TEST((digest_from(hex_of(digest)) == digest));
}

BOOST_AUTO_TEST_CASE(a_wrong_window_is_refused_by_name) {
  const auto session = std::string(R"({"opens":"08:00","closes":"15:30","cut_off":"15:00"})");
  std::string many = session;
  for (int i = 0; i < 24; ++i) many += ',' + session;
  check(
      {
          {"", Errc::malformed_body, ""},
          {"[]", Errc::wrong_type, ""},
          {"{}", Errc::missing_field, "/zone"},
          {window(R"("zone":"Africa/Abidjan",)", ""), Errc::missing_field, "/zone"},
          {window(R"("Africa/Abidjan")", "0"), Errc::wrong_type, "/zone"},
          {window(R"("Africa/Abidjan")", R"("")"), Errc::invalid_value, "/zone"},
          {window(R"("XOF")", R"("ZZZ")"), Errc::unknown_currency, "/currency"},
          {window(R"("currency")", R"("curency")"), Errc::unknown_field, "/curency"},
          {window(R"("currency":"XOF")", R"("method":"FAX")"), Errc::invalid_value, "/method"},
          {window(R"("currency":"XOF")", R"("name":"OTHER")"), Errc::invalid_value, "/name"},
          {window(R"("UEMOA")", "[]"), Errc::wrong_type, "/calendar"},
          {window(R"("calendar":"UEMOA")", R"("effective_from":"2026-02-30")"), Errc::invalid_value,
           "/effective_from"},
          {window(R"("calendar":"UEMOA")", R"("effective_to":20261231)"), Errc::wrong_type, "/effective_to"},
          {window("[1,2]", "[]"), Errc::invalid_value, "/weekdays"},
          {window(R"("weekdays":[1,2],)", ""), Errc::missing_field, "/weekdays"},
          {window("[1,2]", "1"), Errc::wrong_type, "/weekdays"},
          {window("[1,2]", "[0]"), Errc::invalid_value, "/weekdays/0"},
          {window("[1,2]", "[1,8]"), Errc::invalid_value, "/weekdays/1"},
          {window("[1,2]", "[1,2,1]"), Errc::invalid_value, "/weekdays/2"},
          {window("[1,2]", R"(["1"])"), Errc::wrong_type, "/weekdays/0"},
          {window("[1,2]", "[1.5]"), Errc::invalid_value, "/weekdays/0"},
          {window("[1,2]", "[1,2,3,4,5,6,7,1,1,1,1]"), Errc::invalid_value, "/weekdays/7"},
          {window(session, ""), Errc::invalid_value, "/sessions"},
          {window(session, "8"), Errc::wrong_type, "/sessions/0"},
          {window("\"sessions\":[" + session + "]", "\"sessions\":" + session), Errc::wrong_type,
           "/sessions"},
          {window(",\"sessions\":[" + session + "]", ""), Errc::missing_field, "/sessions"},
          {window(R"("08:00")", R"("25:00")"), Errc::invalid_value, "/sessions/0/opens"},
          {window(R"("08:00")", R"("8:00")"), Errc::invalid_value, "/sessions/0/opens"},
          {window(R"("15:30")", R"("24:00")"), Errc::invalid_value, "/sessions/0/closes"},
          {window(R"("15:30")", R"("15:60")"), Errc::invalid_value, "/sessions/0/closes"},
          {window(R"("15:30")", R"("1a:30")"), Errc::invalid_value, "/sessions/0/closes"},
          {window(R"("15:00")", R"("")"), Errc::invalid_value, "/sessions/0/cut_off"},
          {window(R"("15:00")", "900"), Errc::wrong_type, "/sessions/0/cut_off"},
          {window(R"(,"cut_off":"15:00")", ""), Errc::missing_field, "/sessions/0/cut_off"},
          {window(R"("cut_off":"15:00")", R"("cut_off":"15:00","opens_day":1)"), Errc::invalid_value,
           "/sessions/0/opens_day"},
          {window(R"("cut_off":"15:00")", R"("cut_off":"15:00","closes_day":-1)"), Errc::invalid_value,
           "/sessions/0/closes_day"},
          {window(R"("cut_off":"15:00")", R"("cut_off":"15:00","closes_day":"1")"), Errc::wrong_type,
           "/sessions/0/closes_day"},
          {window(R"("cut_off":"15:00")", R"("cut_of":"15:00")"), Errc::unknown_field, "/sessions/0/cut_of"},
          {window(session, many), Errc::invalid_value, "/sessions"},
      },
      [](std::string& body) { return parse_window(body, "STAR-UEMOA"); });
}

BOOST_AUTO_TEST_CASE(a_window_comes_back_as_it_was_written) {
  std::string body =
      R"({"name":"NIGHT","currency":null,"method":"SWIFT","zone":"Europe/Paris","weekdays":[7,1],)"
      R"("calendar":null,"effective_from":"2026-12-01","effective_to":null,"sessions":[)"
      R"({"opens":"21:00","opens_day":-1,"closes":"01:30","closes_day":1,"cut_off":"23:59","cut_off_day":-1}]})";
  const auto parsed = parse_window(body, "NIGHT");
  BOOST_REQUIRE(parsed);
  const WindowDefinition& w = *parsed.value;
  BOOST_TEST(w.sessions.at(0).opens == -180);
  BOOST_TEST(w.sessions.at(0).closes == 1530);
  BOOST_TEST(w.sessions.at(0).cut_off == -1);
  BOOST_TEST(!w.currency);
  BOOST_TEST((w.method == Method::SWIFT));
  std::string out;
  append_window(out, w);
  const auto again = parse_window(out, "NIGHT");
  BOOST_REQUIRE(again);
  BOOST_TEST((*again.value == w));
  // The end of a day is the midnight after it.
  WindowDefinition whole = always_open();
  out.clear();
  append_window(out, whole);
  BOOST_TEST(out.find(R"("closes":"00:00","closes_day":1)") != std::string::npos);
  BOOST_TEST((*parse_window(out, whole.name).value == whole));
}

BOOST_AUTO_TEST_CASE(wrong_obligations_are_refused_one_by_one) {
  const auto two = obligation("O2", "DAKRSNDA", "ABIDCIAB", "50");
  check(
      {
          {"{}", Errc::missing_field, "/obligations"},
          {"[]", Errc::wrong_type, ""},
          {netting(""), Errc::invalid_value, "/obligations"},
          {R"({"obligations":{}})", Errc::wrong_type, "/obligations"},
          {netting("1"), Errc::wrong_type, "/obligations/0"},
          {netting(one + ',' + one), Errc::invalid_value, "/obligations/1/obligation_id"},
          {netting(one + ',' + obligation("", "ABIDCIAB", "DAKRSNDA", "1")), Errc::invalid_value,
           "/obligations/1/obligation_id"},
          {netting(obligation("O", "ABIDCIAB", "ABIDCIAB", "1")), Errc::same_bank, "/obligations/0/to_bank"},
          {netting(obligation("O", "nobank", "ABIDCIAB", "1")), Errc::invalid_value,
           "/obligations/0/from_bank"},
          {netting(obligation("O", "ABIDCIAB", "DAKRSNDA", "0")), Errc::amount_not_positive,
           "/obligations/0/amount"},
          {netting(obligation("O", "ABIDCIAB", "DAKRSNDA", "1.5")), Errc::amount_decimals,
           "/obligations/0/amount"},
          {netting(obligation("O", "ABIDCIAB", "DAKRSNDA", "\"-1\"")), Errc::invalid_value,
           "/obligations/0/amount"},
          {netting(obligation("O", "ABIDCIAB", "DAKRSNDA", "1,\"priority\":\"HIGH\"")), Errc::unknown_field,
           "/obligations/0/priority"},
          {netting(one, R"(,"dry_run":"yes")"), Errc::wrong_type, "/dry_run"},
          {netting(one, R"(,"without":["ABIDCIAB"])"), Errc::invalid_value, "/without"},
          {netting(one, R"(,"dry_run":true,"without":"ABIDCIAB")"), Errc::wrong_type, "/without"},
          {netting(one, R"(,"dry_run":true,"without":["NIAMNENE"])"), Errc::invalid_value, "/without/0"},
          {netting(one, R"(,"dry_run":true,"without":["ABIDCIAB",1])"), Errc::wrong_type, "/without/1"},
          {netting(one, R"(,"windows":"today")"), Errc::unknown_field, "/windows"},
          {netting(one, R"(,"window":{"currency":"XOF"})"), Errc::invalid_value, "/window"},
      },
      parse_netting);
  auto good = netting(one + ',' + two, R"(,"dry_run":true,"without":["DAKRSNDA"])");
  const auto parsed = parse_netting(good);
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed.value->obligations.size() == 2U);
  BOOST_TEST(parsed.value->obligations[1].amount.minor == 50);
  BOOST_TEST(parsed.value->without.at(0) == "DAKRSNDA");
  auto empty = netting(one, R"(,"without":[])");
  BOOST_TEST(!!parse_netting(empty));
}

BOOST_AUTO_TEST_CASE(a_wrong_window_of_a_netting_is_refused_by_name) {
  const auto of = [](const std::string& more) { return R"({"window":{"currency":"XOF")" + more + "}}"; };
  check(
      {
          {R"({"window":"today"})", Errc::wrong_type, "/window"},
          {R"({"window":null})", Errc::wrong_type, "/window"},
          {R"({"window":{}})", Errc::missing_field, "/window/currency"},
          {R"({"window":{"currency":"xof"}})", Errc::unknown_currency, "/window/currency"},
          {of(R"(,"date":"2026-11-23")"), Errc::unknown_field, "/window/date"},
          {of(R"(,"value_date":"2026-02-30")"), Errc::invalid_value, "/window/value_date"},
          {of(R"(,"value_date":null)"), Errc::wrong_type, "/window/value_date"},
          {of(R"(,"method":"PIGEON")"), Errc::invalid_value, "/window/method"},
          {of(R"(,"banks":"ABIDCIAB")"), Errc::wrong_type, "/window/banks"},
          {of(R"(,"banks":["ABIDCIAB"])"), Errc::invalid_value, "/window/banks"},
          {of(R"(,"banks":["ABIDCIAB",1])"), Errc::wrong_type, "/window/banks/1"},
          {of(R"(,"banks":["ABIDCIAB","bank"])"), Errc::invalid_value, "/window/banks/1"},
          {of(R"(,"banks":["ABIDCIAB","ABIDCIAB"])"), Errc::invalid_value, "/window/banks/1"},
          {R"({"window":{"currency":"XOF"},"without":["ABIDCIAB"]})", Errc::invalid_value, "/without"},
          {R"({"window":{"currency":"XOF"},"dry_run":true,"without":["A"]})", Errc::invalid_value,
           "/without/0"},
      },
      parse_netting);
  auto all = of(R"(,"value_date":"2026-11-23","method":"SWIFT","banks":["ABIDCIAB","DAKRSNDA"])");
  const auto parsed = parse_netting(all);
  BOOST_REQUIRE(parsed);
  const NettingWindow& window = *parsed.value->window;
  BOOST_TEST(window.currency.code() == "XOF");
  BOOST_TEST(window.value_date == "2026-11-23");
  BOOST_TEST(window.one_method);
  BOOST_TEST(to_string(window.method) == "SWIFT");
  BOOST_TEST(window.banks.size() == 2U);
  auto plain = of("");
  BOOST_TEST(!parse_netting(plain).value->window->one_method);
  // Another filter is another request; the order of the banks says nothing.
  auto other = window;
  std::swap(other.banks[0], other.banks[1]);
  BOOST_TEST((netting_digest(other) == netting_digest(window)));
  for (auto change :
       {+[](NettingWindow& w) { w.currency = *currency_from("GHS"); },
        +[](NettingWindow& w) { w.value_date.clear(); }, +[](NettingWindow& w) { w.one_method = false; },
        +[](NettingWindow& w) { w.banks.push_back("NIAMNENE"); }}) {
    auto changed = window;
    change(changed);
    BOOST_TEST((netting_digest(changed) != netting_digest(window)));
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_obligations_fit_and_a_flood_of_errors_is_cut_short) {
  std::string many, wrong;
  for (int i = 0; i < 10'000; ++i) {
    many += (i ? "," : "") + obligation("O" + std::to_string(i), "ABIDCIAB", "DAKRSNDA", "1");
    wrong += i ? ",{}" : "{}";
  }
  auto fits = netting(many), over = netting(many + ',' + one), flood = netting(wrong);
  BOOST_TEST(!!parse_netting(fits));
  BOOST_TEST(!parse_netting(over));
  BOOST_TEST(parse_netting(flood).errors.size() < 200U);
}

BOOST_AUTO_TEST_CASE(other_changes_are_refused_by_name) {
  check({{"{}", Errc::missing_field, ""},
         {R"({"status":"frozen"})", Errc::invalid_value, "/status"},
         {R"({"status":null})", Errc::wrong_type, "/status"},
         {R"({"floor":null})", Errc::wrong_type, "/floor"},
         {R"({"low_threshold":true})", Errc::wrong_type, "/low_threshold"},
         {R"({"high_treshold":"1"})", Errc::unknown_field, "/high_treshold"},
         {R"({"balance":"1"})", Errc::unknown_field, "/balance"}},
        parse_account_change);
  std::string change = R"({"status":"closed","floor":-10.5,"low_threshold":null})";
  const auto parsed = parse_account_change(change);
  BOOST_REQUIRE(parsed);
  BOOST_TEST(*parsed.value->floor == "-10.5");
  BOOST_TEST((parsed.value->low_given && !parsed.value->low && !parsed.value->high_given));
  check({{"{}", Errc::missing_field, "/status"},
         {R"({"status":"closed"})", Errc::invalid_value, "/status"},
         {R"({"status":"active","name":)" + quoted(141) + "}", Errc::invalid_value, "/name"},
         {R"({"status":"active","bic":"ABIDCIAB"})", Errc::unknown_field, "/bic"}},
        [](std::string& body) { return parse_bank(body, "ABIDCIAB"); });
  check({{"{}", Errc::missing_field, "/date"},
         {R"({"date":"2026-02-29","name":"x"})", Errc::invalid_value, "/date"},
         {R"({"date":"2026-03-29"})", Errc::missing_field, "/name"},
         {R"({"date":"2026-03-29","name":""})", Errc::invalid_value, "/name"},
         {R"({"date":"2026-03-29","name":"x","kind":"easter"})", Errc::unknown_field, "/kind"}},
        parse_holiday);
  check({{R"({"reason":null})", Errc::wrong_type, "/reason"}, {"{}", Errc::missing_field, "/reason"}},
        parse_reason);
  std::string nothing, object = "{}", something = R"({"force":true})";
  BOOST_TEST(check_no_body(nothing).empty());
  BOOST_TEST(check_no_body(object).empty());
  BOOST_TEST(check_no_body(something).at(0).field == "/force");
}

BOOST_AUTO_TEST_CASE(the_digest_of_a_netting_knows_values_not_spelling) {
  const auto digest = [](std::string body) { return netting_digest(parse_netting(body).value->obligations); };
  const auto other = obligation("O1", "ABIDCIAB", "DAKRSNDA", "101");
  BOOST_TEST((digest(netting(one)) == digest(netting(obligation("O1", "ABIDCIAB", "DAKRSNDA", "100")))));
  BOOST_TEST((digest(netting(one)) != digest(netting(other))));
}
