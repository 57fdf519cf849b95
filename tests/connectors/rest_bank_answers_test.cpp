#define BOOST_TEST_MODULE rest_bank_answers
#include "connectors/rest_bank/rest_bank.hpp"

#include <boost/test/unit_test.hpp>

using namespace settled;

namespace settled {
std::ostream& operator<<(std::ostream& out, Outcome outcome) { return out << to_string(outcome); }
}  // namespace settled

namespace {
PaymentInstruction order() {
  return {"ST1", "ABIDCIAB", "ECOCGHAC", {15025, *currency_from("GHS")}, "2026-11-20", Method::LOCAL_ACH, ""};
}
HttpResponse said(int status, std::string body) {
  HttpResponse r;
  r.kind = HttpResponse::Kind::answered;
  r.status = status;
  r.body = std::move(body);
  return r;
}
std::string payment(const std::string& status, const std::string& reference = "ST1",
                    const std::string& amount = "150.25", const std::string& currency = "GHS") {
  return R"({"id":"bp_1","reference":")" + reference + R"(","status":")" + status + R"(","amount":")" +
         amount + R"(","currency":")" + currency + "\"}";
}
}  // namespace

BOOST_AUTO_TEST_CASE(the_body_is_a_function_of_the_order) {
  BOOST_TEST(RestBank::encode_order(order()) ==
             R"({"reference":"ST1","amount":"150.25","currency":"GHS","debtor_bank":"ABIDCIAB",)"
             R"("creditor_bank":"ECOCGHAC","settlement_date":"2026-11-20","method":"LOCAL_ACH"})");
  auto odd = order();
  odd.debtor_bank = "a\"b\\c\n";
  BOOST_TEST(RestBank::encode_order(odd).find(R"("a\"b\\c\u000a")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_readable_word_about_our_payment_is_a_verdict_on_a_send) {
  struct Case {
    int status;
    std::string body;
    Outcome outcome;
    const char* code;
    int attempt = 1;
  };
  const Case cases[] = {
      {201, payment("COMPLETED"), Outcome::completed, ""},
      {200, payment("COMPLETED"), Outcome::completed, ""},
      {202, payment("PENDING"), Outcome::accepted, ""},
      {200, payment("PENDING"), Outcome::accepted, ""},
      {200, payment("REJECTED"), Outcome::rejected, "rejected"},
      {201, payment("COMPLETED", "ST1", "150.25", "GHS").insert(1, R"("new":{"x":[1]},)"), Outcome::completed,
       ""},
      {422, R"({"status":"REJECTED","code":"AC04","reason":"closed"})", Outcome::rejected, "AC04"},
      {422, payment("REJECTED"), Outcome::rejected, "rejected"},
      {422, payment("REJECTED", "ST2"), Outcome::unknown, "wrong_reference"},
      {422, payment("COMPLETED"), Outcome::unknown, "contradiction"},
      {422, "<html>", Outcome::unknown, "unreadable_answer"},
      {422, R"({"code":"whatever"})", Outcome::unknown, "unreadable_answer"},
      {201, payment("COMPLETED", "ST2"), Outcome::unknown, "wrong_reference"},
      {201, payment("COMPLETED", "ST1", "150.26"), Outcome::unknown, "wrong_amount"},
      {201, payment("COMPLETED", "ST1", "15025"), Outcome::unknown, "wrong_amount"},
      {201, payment("COMPLETED", "ST1", "-150.25"), Outcome::unknown, "wrong_amount"},
      {201, payment("COMPLETED", "ST1", "150.25", "NGN"), Outcome::unknown, "wrong_amount"},
      {201, payment("completed"), Outcome::unknown, "unknown_status"},
      {201, payment("DONE"), Outcome::unknown, "unknown_status"},
      {201, payment("BAD\\nLINE"), Outcome::unknown, "unreadable_answer"},
      {201, R"({"reference":"ST1","status":"COMPLETED","amount":"150.25","currency":"GHS"})",
       Outcome::unknown, "unreadable_answer"},
      {201,
       R"({"id":"a","id":"b","reference":"ST1","status":"COMPLETED","amount":"150.25","currency":"GHS"})",
       Outcome::unknown, "unreadable_answer"},
      {201, R"({"id":"a","reference":"ST1","status":"COMPLETED","amount":150.25,"currency":"GHS"})",
       Outcome::unknown, "unreadable_answer"},
      {200, "", Outcome::unknown, "unreadable_answer"},
      {200, "<html>ok</html>", Outcome::unknown, "unreadable_answer"},
      {200, std::string(50'000, '['), Outcome::unknown, "unreadable_answer"},
      {200, "\xff\xfe", Outcome::unknown, "unreadable_answer"},
      {200, "null", Outcome::unknown, "unreadable_answer"},
      {204, "", Outcome::unknown, "http_204"},
      {302, "", Outcome::unknown, "http_302"},
      {400, R"({"code":"wrong_type"})", Outcome::rejected, "wrong_type"},
      {400, R"({"code":"wrong_type"})", Outcome::unknown, "http_400", 2},
      {400, "<html>", Outcome::unknown, "http_400"},
      {401, "", Outcome::not_sent, "http_401"},
      {403, "<html>", Outcome::not_sent, "http_403"},
      {404, R"({"code":"not_found"})", Outcome::unknown, "http_404"},
      {408, "", Outcome::unknown, "http_408"},
      {409, R"({"code":"reference_reused"})", Outcome::unknown, "reference_reused"},
      {409, "", Outcome::unknown, "http_409"},
      {425, "", Outcome::unknown, "http_425"},
      {429, "", Outcome::not_sent, "http_429"},
      {500, payment("COMPLETED"), Outcome::unknown, "http_500"},
      {503, "", Outcome::unknown, "http_503"},
  };
  for (const Case& c : cases) {
    const auto answer = RestBank::read_send(said(c.status, c.body), order(), c.attempt);
    BOOST_TEST(answer.outcome == c.outcome,
               c.status << ' ' << c.body.substr(0, 120) << " -> " << answer.outcome);
    BOOST_TEST(answer.code == c.code, c.status << ' ' << c.body.substr(0, 120) << " -> " << answer.code);
  }
}

BOOST_AUTO_TEST_CASE(an_inquiry_believes_only_the_banks_own_not_found) {
  struct Case {
    int status;
    std::string body;
    Outcome outcome;
  };
  for (const Case& c :
       {Case{200, payment("COMPLETED"), Outcome::completed}, Case{200, payment("PENDING"), Outcome::accepted},
        Case{200, payment("REJECTED"), Outcome::rejected},
        Case{200, payment("COMPLETED", "ST2"), Outcome::unknown},
        Case{404, R"({"code":"not_found"})", Outcome::not_found},
        Case{404, R"({"code":"no_such_path"})", Outcome::unknown},
        Case{404, "<html>not found</html>", Outcome::unknown}, Case{404, "", Outcome::unknown},
        Case{400, R"({"code":"x"})", Outcome::unknown}, Case{401, "", Outcome::unknown},
        Case{422, payment("REJECTED"), Outcome::unknown}, Case{429, "", Outcome::unknown},
        Case{503, "", Outcome::unknown}}) {
    const auto answer = RestBank::read_inquiry(said(c.status, c.body), order());
    BOOST_TEST(answer.outcome == c.outcome, c.status << ' ' << c.body << " -> " << answer.outcome);
  }
  HttpResponse refused;
  refused.kind = HttpResponse::Kind::not_sent;
  BOOST_TEST(RestBank::read_inquiry(refused, order()).outcome == Outcome::unknown);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused) {
  RestBankSettings good;
  good.base_url = "https://bank.example/api";
  good.key_id = "k";
  good.secret = "s";
  BOOST_TEST(good.problems().empty());
  struct Case {
    const char* name;
    std::function<void(RestBankSettings&)> spoil;
  };
  for (const Case& c :
       {Case{"no url", [](auto& s) { s.base_url = ""; }}, Case{"slash", [](auto& s) { s.base_url += '/'; }},
        Case{"other scheme", [](auto& s) { s.base_url = "ftp://x"; }},
        Case{"no key", [](auto& s) { s.key_id = ""; }},
        Case{"header injection", [](auto& s) { s.key_id = "a\r\nX: y"; }},
        Case{"token injection", [](auto& s) { s.bearer_token = "a\nb"; }},
        Case{"no secret", [](auto& s) { s.secret = ""; }},
        Case{"no time", [](auto& s) { s.send_max = {}; }}}) {
    auto settings = good;
    c.spoil(settings);
    BOOST_TEST(settings.problems().size() == 1u, c.name);
    BOOST_CHECK_THROW((RestBank{settings, nullptr}), std::invalid_argument);
  }
}
