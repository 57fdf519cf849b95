// What is wrong with a body is told by name, with a pointer to the place, all of it at once.
#define BOOST_TEST_MODULE http_json_in
#include "http/json_in.hpp"

#include "http/digest.hpp"
#include "http/json_text.hpp"
#include "http/json_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

using namespace settled;

namespace {
constexpr std::string_view today = "2026-11-20";
using Fields = std::map<std::string, std::string>;

// A body from fields whose values are JSON text; an empty value leaves the field out.
std::string body_of(Fields base, const Fields& changes) {
  for (const auto& [name, value] : changes) base[name] = value;
  std::string body;
  for (const auto& [name, value] : base)
    if (!value.empty()) body += (body.empty() ? "\"" : ",\"") + name + "\":" + value;
  return '{' + body + '}';
}
std::string order(const Fields& changes) {
  return body_of({{"obligation_id", R"("OB-1")"},
                  {"from_bank", R"("ABIDCIAB")"},
                  {"to_bank", R"("DAKRSNDA")"},
                  {"amount", R"("150000")"},
                  {"currency", R"("XOF")"}},
                 changes);
}
std::string account(const Fields& changes) {
  return body_of({{"kind", R"("vostro")"}, {"bank", R"("ABIDCIAB")"}, {"currency", R"("XOF")"}}, changes);
}
std::string funding(const Fields& changes) {
  return body_of({{"amount", R"("1000")"}, {"currency", R"("XOF")"}}, changes);
}
std::string ghs(const std::string& amount) { return order({{"amount", amount}, {"currency", R"("GHS")"}}); }
std::string text_of(std::size_t n, char c = 'x') { return '"' + std::string(n, c) + '"'; }
std::string nested(int depth) {
  const auto n = static_cast<std::size_t>(depth);
  return std::string(n, '[') + std::string(n, ']');
}
std::string many_members(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += (i ? ",\"k" : "{\"k") + std::to_string(i) + "\":1";
  return text + '}';
}

struct Case {
  std::string body;
  Errc code;
  std::string pointer;
};

const std::vector<Case> bad_orders{
    // Not JSON, not one document, not an object.
    {"", Errc::malformed_body, ""},
    {"   ", Errc::malformed_body, ""},
    {"{", Errc::malformed_body, ""},
    {"}", Errc::malformed_body, ""},
    {"{]", Errc::malformed_body, ""},
    {"{\"a\"}", Errc::malformed_body, ""},
    {"{a:1}", Errc::malformed_body, ""},
    {"{'obligation_id':'x'}", Errc::malformed_body, ""},
    {"\xEF\xBB\xBF" + order({}), Errc::malformed_body, ""},
    {order({}) + order({}), Errc::malformed_body, ""},
    {order({}) + " x", Errc::malformed_body, ""},
    {order({}) + "]", Errc::malformed_body, ""},
    {order({}).substr(0, 40), Errc::malformed_body, ""},
    {"{\"obligation_id\":\"a\nb\"}", Errc::malformed_body, ""},
    {"[]", Errc::wrong_type, ""},
    {"[" + order({}) + "]", Errc::wrong_type, ""},
    {"1", Errc::wrong_type, ""},
    {"null", Errc::wrong_type, ""},
    {"\"order\"", Errc::wrong_type, ""},
    {order({{"obligation_id", "\"\xff\xfe\""}}), Errc::malformed_body, ""},
    {order({{"obligation_id", "\"\xc0\xaf\""}}), Errc::malformed_body, ""},
    {order({{"obligation_id", "\"\xed\xa0\x80\""}}), Errc::malformed_body, ""},
    {order({{"obligation_id", R"("\ud800")"}}), Errc::malformed_body, "/obligation_id"},
    {order({{"obligation_id", R"("\x41")"}}), Errc::malformed_body, "/obligation_id"},
    // Duplicate keys, depth, size.
    {order({}).insert(1, R"("currency":"XOF",)"), Errc::malformed_body, "/currency"},
    {order({}).insert(1, R"("amo\u0075nt":"1",)"), Errc::malformed_body, "/amount"},
    {order({{"metadata", R"({"a":1,"a":1})"}}), Errc::malformed_body, "/metadata/a"},
    {order({{"metadata", R"({"a":{"b":[{"c":1,"c":2}]}})"}}), Errc::malformed_body, "/metadata/a/b/0/c"},
    {order({{"metadata", many_members(20).insert(1, R"("k7":1,)")}}), Errc::malformed_body, "/metadata/k7"},
    {order({{"metadata", R"({"a":)" + nested(31) + "}"}}), Errc::malformed_body,
     "/metadata/a" +
         [] {
           std::string zeros;
           for (int i = 0; i < 30; ++i) zeros += "/0";
           return zeros;
         }()},
    {order({{"metadata", many_members(10'001)}}), Errc::malformed_body, "/metadata"},
    // Unknown fields.
    {order({{"amuont", "1"}}), Errc::unknown_field, "/amuont"},
    {order({{"Amount", "1"}}), Errc::unknown_field, "/Amount"},
    {order({{"", "1"}}), Errc::unknown_field, "/"},
    {order({{"a/b~c", "1"}}), Errc::unknown_field, "/a~1b~0c"},
    {order({{"idempotency_key", R"("k")"}}), Errc::unknown_field, "/idempotency_key"},
    {order({{"status", R"("COMPLETED")"}}), Errc::unknown_field, "/status"},
    // obligation_id
    {order({{"obligation_id", ""}}), Errc::missing_field, "/obligation_id"},
    {order({{"obligation_id", R"("")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", text_of(65)}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", text_of(100'000)}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("a\nb")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("a\u0000b")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("a\u0085b")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"(" ")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("\u00a0\u3000")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("OB\u202e1")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("OB\u200b1")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("OB\ufeff1")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", R"("OB\u2028")"}}), Errc::invalid_value, "/obligation_id"},
    {order({{"obligation_id", "7"}}), Errc::wrong_type, "/obligation_id"},
    {order({{"obligation_id", "null"}}), Errc::wrong_type, "/obligation_id"},
    {order({{"obligation_id", "[]"}}), Errc::wrong_type, "/obligation_id"},
    // Banks.
    {order({{"from_bank", ""}}), Errc::missing_field, "/from_bank"},
    {order({{"from_bank", R"("")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", R"("abidciab")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", R"("ABIDCIA")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", R"("ABID1IAB")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", R"("ABIDCIABX")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", R"("ABIDCIAB ")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", R"("'; drop table accounts; --")"}}), Errc::invalid_value, "/from_bank"},
    {order({{"from_bank", "1"}}), Errc::wrong_type, "/from_bank"},
    {order({{"from_bank", "{}"}}), Errc::wrong_type, "/from_bank"},
    {order({{"to_bank", ""}}), Errc::missing_field, "/to_bank"},
    {order({{"to_bank", "true"}}), Errc::wrong_type, "/to_bank"},
    {order({{"to_bank", R"("DAKR-NDA")"}}), Errc::invalid_value, "/to_bank"},
    {order({{"to_bank", text_of(100'000, 'A')}}), Errc::invalid_value, "/to_bank"},
    {order({{"to_bank", R"("ABIDCIAB")"}}), Errc::same_bank, "/to_bank"},
    // Amounts (RELIABILITY S19).
    {order({{"amount", ""}}), Errc::missing_field, "/amount"},
    {order({{"amount", "null"}}), Errc::wrong_type, "/amount"},
    {order({{"amount", "true"}}), Errc::wrong_type, "/amount"},
    {order({{"amount", "[1]"}}), Errc::wrong_type, "/amount"},
    {order({{"amount", "{}"}}), Errc::wrong_type, "/amount"},
    {order({{"amount", R"("")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("-5")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", "-5"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", "-0"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("+5")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("1e3")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", "1e3"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", "1E+3"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"(" 1")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("1 000")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("1,000")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("0x10")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("NaN")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("Infinity")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("٣")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("1.")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"(".5")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", R"("1.2.3")"}}), Errc::invalid_value, "/amount"},
    {order({{"amount", "NaN"}}), Errc::malformed_body, "/amount"},
    {order({{"amount", "Infinity"}}), Errc::malformed_body, "/amount"},
    {order({{"amount", "01"}}), Errc::malformed_body, "/amount"},
    {order({{"amount", "1."}}), Errc::malformed_body, "/amount"},
    {order({{"amount", ".5"}}), Errc::malformed_body, "/amount"},
    {order({{"amount", "+1"}}), Errc::malformed_body, "/amount"},
    {order({{"amount", "0x10"}}), Errc::malformed_body, "/amount"},
    {order({{"amount", "0"}}), Errc::amount_not_positive, "/amount"},
    {order({{"amount", R"("0")"}}), Errc::amount_not_positive, "/amount"},
    {ghs("0.00"), Errc::amount_not_positive, "/amount"},
    {order({{"amount", "1.0"}}), Errc::amount_decimals, "/amount"},
    {order({{"amount", R"("0.001")"}}), Errc::amount_decimals, "/amount"},
    {ghs(R"("150.255")"), Errc::amount_decimals, "/amount"},
    {ghs("10.999999999999999999"), Errc::amount_decimals, "/amount"},
    {order({{"amount", R"("9223372036854775808")"}}), Errc::amount_overflow, "/amount"},
    {order({{"amount", "9223372036854775808"}}), Errc::amount_overflow, "/amount"},
    {ghs("92233720368547758.08"), Errc::amount_overflow, "/amount"},
    {order({{"amount", std::string(5000, '9')}}), Errc::amount_overflow, "/amount"},
    // Currency.
    {order({{"currency", ""}}), Errc::missing_field, "/currency"},
    {order({{"currency", R"("xof")"}}), Errc::unknown_currency, "/currency"},
    {order({{"currency", R"("ZZZ")"}}), Errc::unknown_currency, "/currency"},
    {order({{"currency", R"("XAU")"}}), Errc::unknown_currency, "/currency"},
    {order({{"currency", R"("")"}}), Errc::unknown_currency, "/currency"},
    {order({{"currency", "952"}}), Errc::wrong_type, "/currency"},
    {order({{"currency", text_of(70'000)}}), Errc::unknown_currency, "/currency"},
    // Date, priority, method, metadata.
    {order({{"settlement_date", R"("2026-02-29")"}}), Errc::invalid_value, "/settlement_date"},
    {order({{"settlement_date", R"("20261120")"}}), Errc::invalid_value, "/settlement_date"},
    {order({{"settlement_date", R"("2026-11-20T10:00:00Z")"}}), Errc::invalid_value, "/settlement_date"},
    {order({{"settlement_date", R"("tomorrow")"}}), Errc::invalid_value, "/settlement_date"},
    {order({{"settlement_date", "20261120"}}), Errc::wrong_type, "/settlement_date"},
    {order({{"settlement_date", "null"}}), Errc::wrong_type, "/settlement_date"},
    {order({{"priority", R"("normal")"}}), Errc::invalid_value, "/priority"},
    {order({{"priority", "1"}}), Errc::wrong_type, "/priority"},
    {order({{"method", R"("FAX")"}}), Errc::invalid_value, "/method"},
    {order({{"method", "[]"}}), Errc::wrong_type, "/method"},
    {order({{"outside_window", R"("wait")"}}), Errc::invalid_value, "/outside_window"},
    {order({{"outside_window", R"("by_policy")"}}), Errc::invalid_value, "/outside_window"},
    {order({{"outside_window", R"("")"}}), Errc::invalid_value, "/outside_window"},
    {order({{"outside_window", "true"}}), Errc::wrong_type, "/outside_window"},
    {order({{"past_date", R"("yesterday")"}}), Errc::invalid_value, "/past_date"},
    {order({{"insufficient_funds", R"("QUEUE")"}}), Errc::invalid_value, "/insufficient_funds"},
    {order({{"insufficient_funds", "null"}}), Errc::wrong_type, "/insufficient_funds"},
    {order({{"insuficient_funds", R"("queue")"}}), Errc::unknown_field, "/insuficient_funds"},
    {order({{"metadata", R"("a")"}}), Errc::wrong_type, "/metadata"},
    {order({{"metadata", "[]"}}), Errc::wrong_type, "/metadata"},
    {order({{"metadata", "null"}}), Errc::wrong_type, "/metadata"},
    {order({{"metadata", R"({"a":)" + text_of(4096) + "}"}}), Errc::invalid_value, "/metadata"},
    {order({{"metadata", R"({"a":[1,]})"}}), Errc::malformed_body, "/metadata/a/1"},
    {order({{"metadata", R"({"a":tru})"}}), Errc::malformed_body, "/metadata/a"},
    {order({{"metadata", R"({"a":{"b":"\u0000"}})"}}), Errc::invalid_value, "/metadata/a/b"},
    {order({{"metadata", R"({"a\u0000":1})"}}), Errc::invalid_value, std::string("/metadata/a\0", 12)},
};

const std::vector<Case> bad_accounts{
    {account({{"kind", ""}}), Errc::missing_field, "/kind"},
    {account({{"kind", R"("loro")"}}), Errc::invalid_value, "/kind"},
    {account({{"kind", "1"}}), Errc::wrong_type, "/kind"},
    {account({{"bank", ""}}), Errc::missing_field, "/bank"},
    {account({{"kind", R"("nostro")"}, {"bank", ""}}), Errc::missing_field, "/bank"},
    {account({{"bank", R"("nobank")"}}), Errc::invalid_value, "/bank"},
    {account({{"currency", ""}}), Errc::missing_field, "/currency"},
    {account({{"currency", R"("ABC")"}}), Errc::unknown_currency, "/currency"},
    {account({{"name", text_of(141)}}), Errc::invalid_value, "/name"},
    {account({{"name", R"("a\tb")"}}), Errc::invalid_value, "/name"},
    {account({{"name", "{}"}}), Errc::wrong_type, "/name"},
    {account({{"floor", "null"}}), Errc::wrong_type, "/floor"},
    {account({{"floor", R"("1.5")"}}), Errc::amount_decimals, "/floor"},
    {account({{"floor", R"("--1")"}}), Errc::invalid_value, "/floor"},
    {account({{"floor", R"("100")"}}), Errc::invalid_value, "/floor"},
    {account({{"floor", "-9223372036854775808"}}), Errc::amount_overflow, "/floor"},
    {account({{"default", R"("true")"}}), Errc::wrong_type, "/default"},
    {account({{"default", "1"}}), Errc::wrong_type, "/default"},
    {account({{"default", "true"}}), Errc::invalid_value, "/default"},
    {account({{"balance", R"("1000000")"}}), Errc::unknown_field, "/balance"},
    {account({{"id", R"("acc_1")"}}), Errc::unknown_field, "/id"},
};

const std::vector<Case> bad_fundings{
    {funding({{"amount", ""}}), Errc::missing_field, "/amount"},
    {funding({{"amount", "0"}}), Errc::amount_not_positive, "/amount"},
    {funding({{"amount", "-1"}}), Errc::invalid_value, "/amount"},
    {funding({{"amount", "0.5"}}), Errc::amount_decimals, "/amount"},
    {funding({{"currency", ""}}), Errc::missing_field, "/currency"},
    {funding({{"currency", "null"}}), Errc::wrong_type, "/currency"},
    {funding({{"to", "1"}}), Errc::unknown_field, "/to"},
    {"[]", Errc::wrong_type, ""},
    {"{\"amount\":1", Errc::malformed_body, ""},
};

const std::vector<Case> bad_batches{
    {"", Errc::malformed_body, ""},
    {"{}", Errc::missing_field, "/orders"},
    {"[]", Errc::invalid_value, ""},
    {R"({"orders":[]})", Errc::invalid_value, "/orders"},
    {R"({"orders":{}})", Errc::wrong_type, "/orders"},
    {R"({"orders":"x"})", Errc::wrong_type, "/orders"},
    {R"({"order":[]})", Errc::unknown_field, "/order"},
    {R"({"orders":[],"x":1})", Errc::unknown_field, "/x"},
    {"[" + nested(32) + "]", Errc::malformed_body,
     [] {
       std::string zeros;
       for (int i = 0; i < 32; ++i) zeros += "/0";
       return zeros;
     }()},
    {nested(1000), Errc::malformed_body,
     [] {
       std::string zeros;
       for (int i = 0; i < 32; ++i) zeros += "/0";
       return zeros;
     }()},
};

template <class Parse>
void check(const std::vector<Case>& cases, Parse parse) {
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT("body " << c.body.substr(0, 200)) {
      auto body = c.body;
      const auto parsed = parse(body);
      BOOST_TEST(!parsed);
      BOOST_REQUIRE(!parsed.errors.empty());
      const Refusal& first = parsed.errors.front();
      BOOST_TEST(to_string(first.code) == to_string(c.code));
      BOOST_TEST(first.field == c.pointer);
      BOOST_TEST(first.detail.size() > 4U);
      BOOST_TEST(first.detail.size() < 400U);
    }
  }
}
OrderIn good(std::string body) {
  auto parsed = parse_order(body, today);
  BOOST_REQUIRE_MESSAGE(parsed, body + (parsed.errors.empty() ? "" : ": " + parsed.errors.front().detail));
  return *parsed.value;
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_bad_order_is_refused_by_field_and_code) {
  BOOST_TEST(bad_orders.size() >= 100U);
  check(bad_orders, [](std::string& body) { return parse_order(body, today); });
}
BOOST_AUTO_TEST_CASE(every_bad_account_is_refused_by_field_and_code) { check(bad_accounts, parse_account); }
BOOST_AUTO_TEST_CASE(every_bad_funding_is_refused_by_field_and_code) { check(bad_fundings, parse_funding); }
BOOST_AUTO_TEST_CASE(every_bad_batch_is_refused_as_a_whole) {
  check(bad_batches, [](std::string& body) { return parse_batch(body, today); });
}

BOOST_AUTO_TEST_CASE(a_good_order_arrives_as_it_was_meant) {
  const auto in = good(order({{"amount", "150000"},
                              {"priority", R"("URGENT")"},
                              {"method", R"("SWIFT")"},
                              {"settlement_date", R"("2026-12-01")"},
                              {"metadata", R"({ "é" : [1.50, null, true] , "b":"x\u00e9" })"}}));
  BOOST_TEST(in.order.obligation_id == "OB-1");
  BOOST_TEST(in.order.amount.minor == 150000);
  BOOST_TEST(in.order.settlement_date == "2026-12-01");
  BOOST_TEST((in.order.priority == Priority::URGENT));
  BOOST_TEST((in.order.method == Method::SWIFT));
  BOOST_TEST(in.order.metadata == R"({"é":[1.50,null,true],"b":"xé"})");
  BOOST_TEST(good(order({})).order.settlement_date == today);
}

BOOST_AUTO_TEST_CASE(an_order_says_what_shall_happen_where_it_cannot_go_at_once) {
  const auto plain = good(order({}));
  BOOST_TEST((plain.order.outside_window == Otherwise::by_policy));
  BOOST_TEST((plain.order.insufficient_funds == Otherwise::by_policy));
  const auto in = good(order({{"outside_window", R"("refuse")"}, {"insufficient_funds", R"("queue")"}}));
  BOOST_TEST((in.order.outside_window == Otherwise::refuse));
  BOOST_TEST((in.order.insufficient_funds == Otherwise::queue));
  // Another wish is another request.
  const auto queued = good(order({{"outside_window", R"("queue")"}}));
  const auto swapped = good(order({{"insufficient_funds", R"("queue")"}}));
  BOOST_TEST((order_digest(plain) != order_digest(queued)));
  BOOST_TEST((order_digest(queued) != order_digest(swapped)));
  BOOST_TEST((order_digest(queued) == order_digest(good(order({{"outside_window", R"("queue")"}})))));
}

BOOST_AUTO_TEST_CASE(a_date_that_is_over_becomes_today_on_demand_and_stays_the_same_request) {
  const auto sent = [](std::string_view on, const char* past_date) {
    auto body = order({{"settlement_date", R"("2026-11-20")"}, {"past_date", past_date}});
    auto parsed = parse_order(body, on);
    BOOST_REQUIRE(parsed);
    return std::move(*parsed.value);
  };
  const auto early = sent("2026-11-19", R"("today")");
  const auto first = sent("2026-11-20", R"("today")");
  const auto again = sent("2026-11-23", R"("today")");
  BOOST_TEST(early.order.settlement_date == "2026-11-20");
  BOOST_TEST(first.order.settlement_date == "2026-11-20");
  BOOST_TEST(again.order.settlement_date.empty());  // the rules give it their today
  BOOST_TEST((order_digest(first) == order_digest(again)));
  BOOST_TEST((order_digest(first) == order_digest(early)));
  // Who does not ask for it keeps the day, and the rules refuse it.
  const auto strict = sent("2026-11-23", R"("refuse")");
  BOOST_TEST(strict.order.settlement_date == "2026-11-20");
  BOOST_TEST((order_digest(strict) == order_digest(first)));
  BOOST_TEST((order_digest(good(order({}))) != order_digest(first)));
}

BOOST_AUTO_TEST_CASE(the_texts_of_the_metadata_are_found_wherever_they_stand) {
  const auto in = good(order(
      {{"metadata",
        R"({"donneur_ordre":"Soci\u00e9t\u00e9 \"A\"","n":1,"deep":[{"x":"B"},["C",{"y":"D\ud83d\ude00"}]],"empty":""})"}}));
  const std::vector<std::string> expected{"Société \"A\"", "B", "C", "D\xF0\x9F\x98\x80"};
  BOOST_TEST(texts_in(in.order.metadata) == expected, boost::test_tools::per_element());
  BOOST_TEST(texts_in(good(order({})).order.metadata).empty());
}

BOOST_AUTO_TEST_CASE(the_largest_amount_keeps_every_digit) {
  BOOST_TEST(good(order({{"amount", "9223372036854775807"}})).order.amount.minor == 9223372036854775807);
  BOOST_TEST(good(ghs("90071992547409.93")).order.amount.minor == 9007199254740993);
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_is_told_at_once) {
  auto body = order({{"from_bank", "1"}, {"amount", R"("x")"}, {"currency", R"("ZZZ")"}, {"prioritty", "1"}});
  const auto parsed = parse_order(body, today);
  std::vector<std::string> pointers;
  for (const auto& e : parsed.errors) pointers.push_back(e.field);
  const std::vector<std::string> expected{"/prioritty", "/from_bank", "/currency", "/amount"};
  BOOST_TEST(pointers == expected, boost::test_tools::per_element());
  BOOST_TEST(parsed.errors.front().detail == "unknown field. Did you mean \"priority\"?");
}

BOOST_AUTO_TEST_CASE(a_wrong_element_of_a_batch_refuses_only_itself) {
  auto body = "{\"orders\":[" + order({}) + "," + order({{"amount", "0"}}) + ",7," +
              order({{"idempotency_key", R"("own key")"}}) + "," + order({{"idempotency_key", R"("own")"}}) +
              "]}";
  const auto parsed = parse_batch(body, today);
  BOOST_REQUIRE(parsed);
  const auto& orders = parsed.value->orders;
  BOOST_REQUIRE(orders.size() == 5U);
  BOOST_TEST(!!orders[0]);
  BOOST_TEST(orders[1].errors.at(0).field == "/orders/1/amount");
  BOOST_TEST(orders[2].errors.at(0).field == "/orders/2");
  BOOST_TEST(orders[3].errors.at(0).field == "/orders/3/idempotency_key");
  BOOST_TEST(orders[4].value->idempotency_key == "own");
}

BOOST_AUTO_TEST_CASE(a_batch_has_at_most_a_thousand_orders) {
  std::string list;
  for (int i = 0; i < 1000; ++i) list += order({}) + ',';
  auto fits = '[' + list.substr(0, list.size() - 1) + ']';
  auto over = '[' + list + order({}) + ']';
  BOOST_TEST(!!parse_batch(fits, today));
  BOOST_TEST(!parse_batch(over, today));
}

BOOST_AUTO_TEST_CASE(a_digest_knows_values_not_spelling) {
  const auto digest = [](const std::string& body) { return order_digest(good(body)); };
  const auto plain = digest(ghs("150.5"));
  BOOST_TEST((plain == digest(ghs(R"("150.50")"))));
  BOOST_TEST(
      (plain ==
       digest("{ \"currency\":\"GHS\",\"priority\":\"NORMAL\",\"amount\":150.50,\"to_bank\":\"DAKRSNDA\","
              "\"from_bank\":\"ABIDCIAB\",\"metadata\":{},\"obligation_id\":\"OB-\\u0031\"}")));
  BOOST_TEST((plain != digest(ghs("150.51"))));
  BOOST_TEST((plain != digest(order({{"amount", "15050"}}))));
  // Left out and written are two wishes: what is left out means the day of the first call.
  auto dated = ghs("150.5");
  dated.insert(1, R"("settlement_date":"2026-11-20",)");
  BOOST_TEST((plain != digest(dated)));
  auto retried = ghs("150.5");
  BOOST_TEST((plain == order_digest(*parse_order(retried, "2026-11-21").value)));
}

BOOST_AUTO_TEST_CASE(whatever_a_client_sent_can_be_shown_as_json) {
  std::string out;
  append_json_string(out, std::string_view("a\"\\\n\x01\x7f\xff\xc3\xa9\xe2\x82\0", 12));
  BOOST_TEST(out == "\"a\\\"\\\\\\n\\u0001\\u007f\xEF\xBF\xBD\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\\u0000\"");
  std::string time;
  append_json_time(time, 1'763'632'800'123'456);
  BOOST_TEST(time == "\"2025-11-20T10:00:00.123456Z\"");
}

BOOST_AUTO_TEST_CASE(bodies_of_any_bytes_never_do_more_than_get_refused) {
  // Cut and twisted versions of a good body: no crash, no leak, no undefined behaviour.
  const auto whole = order({{"metadata", R"({"a":[1,{"b":"\u00e9"}],"c":null})"}});
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char c : {'\0', '"', '{', ']', ',', ':', '\\', '9', '\xff', '\x1f'}) {
      auto twisted = whole;
      twisted[i] = c;
      (void)parse_order(twisted, today);
    }
    auto cut = whole.substr(0, i);
    BOOST_TEST(!parse_order(cut, today));
  }
}
