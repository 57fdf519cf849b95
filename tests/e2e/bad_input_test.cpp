// Whatever comes over the port, the answer says what is wrong, the process lives and its memory stays flat.
// Every single rule of a body is tested in tests/http; here a sample of each kind meets the real program.
#define BOOST_TEST_MODULE e2e_bad_input
#include "e2e/load.hpp"
#include "http/raw_client.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace settled;
using namespace settled::tests;

namespace {
const std::string post = "POST", get = "GET", settlements = "/api/v1/settlements",
                  batch = settlements + "/batch", accounts = "/api/v1/accounts";
const std::string good = order_body("OB-1", "ABIDCIAB", "DAKRSNDA", "1000", "XOF");

std::string with(std::string field, const std::string& value) {
  auto all = nlohmann::json::parse(good);
  all[field] = nullptr;
  auto text = all.dump();
  field = '"' + field + "\":null";
  return text.replace(text.find(field), field.size(), field.substr(0, field.size() - 4) + value);
}
std::string without(const std::string& field) {
  auto all = nlohmann::json::parse(good);
  all.erase(field);
  return all.dump();
}
std::string deep(std::size_t n) { return std::string(n, '[') + std::string(n, ']'); }

enum Who { known, nobody, stranger };
struct Case {
  std::string method, path, body;
  int status;
  std::string code;   // of the problem; empty: there is no problem body
  std::string named;  // the field that errors[] points to, or what the problem must mention
  Who who = known;
  std::string content_type = "application/json", key = "bad-input";
};

std::vector<Case> cases(const std::string& payer) {
  const auto fund = accounts + '/' + payer + "/fund";
  const std::string xof = R"({"amount":"1","currency":"XOF"})";
  std::vector<Case> all{
      // Bodies.
      {post, settlements, "", 400, "malformed_body", ""},
      {post, settlements, "{", 400, "malformed_body", ""},
      {post, settlements, "\xff\xfe", 400, "malformed_body", ""},
      {post, settlements, "[]", 422, "wrong_type", ""},
      {post, settlements, deep(1'000), 400, "malformed_body", ""},
      {post, settlements, with("metadata", "{\"a\":" + deep(1'000) + '}'), 400, "malformed_body", ""},
      {post, settlements, with("obligation_id", "\"\xc3\x28\""), 400, "malformed_body", ""},
      {post, settlements, good.substr(0, good.size() - 1) + R"(,"amount":"2"})", 400, "malformed_body",
       "/amount"},
      {post, settlements, with("colour", "\"red\""), 422, "unknown_field", "/colour"},
      {post, settlements, with("metadata", '"' + std::string(5'000, 'x') + '"'), 422, "wrong_type",
       "/metadata"},
      // Fields.
      {post, settlements, without("obligation_id"), 422, "missing_field", "/obligation_id"},
      {post, settlements, without("amount"), 422, "missing_field", "/amount"},
      {post, settlements, without("currency"), 422, "missing_field", "/currency"},
      {post, settlements, without("from_bank"), 422, "missing_field", "/from_bank"},
      {post, settlements, without("to_bank"), 422, "missing_field", "/to_bank"},
      {post, settlements, with("obligation_id", '"' + std::string(65, 'x') + '"'), 422, "", "/obligation_id"},
      {post, settlements, with("obligation_id", "7"), 422, "wrong_type", "/obligation_id"},
      {post, settlements, with("amount", "\"-1\""), 422, "", "/amount"},
      {post, settlements, with("amount", "-1"), 422, "", "/amount"},
      {post, settlements, with("amount", "\"0\""), 422, "", "/amount"},
      {post, settlements, with("amount", "\"1.5\""), 422, "", "/amount"},
      {post, settlements, with("amount", "1e3"), 422, "", "/amount"},
      {post, settlements, with("amount", "\"99999999999999999999\""), 422, "", "/amount"},
      {post, settlements, with("amount", "true"), 422, "wrong_type", "/amount"},
      {post, settlements, with("amount", "null"), 422, "wrong_type", "/amount"},
      {post, settlements, with("currency", "\"XXX\""), 422, "", "/currency"},
      {post, settlements, with("currency", "\"xof\""), 422, "", "/currency"},
      {post, settlements, with("currency", "\"GHS\""), 422, "", "/currency"},
      {post, settlements, with("from_bank", "\"NOBODY\""), 422, "", "/from_bank"},
      {post, settlements, with("from_bank", "\"NONECIAB\""), 422, "unknown_bank", "/from_bank"},
      {post, settlements, with("to_bank", "\"NONESNDA\""), 422, "unknown_bank", "/to_bank"},
      {post, settlements, with("to_bank", "\"ABIDCIAB\""), 422, "", "/to_bank"},
      {post, settlements, with("settlement_date", "\"2026-02-30\""), 422, "", "/settlement_date"},
      {post, settlements, with("priority", "\"SOON\""), 422, "", "/priority"},
      {post, settlements, with("method", "\"PIGEON\""), 422, "", "/method"},
      // Keys and heads.
      {post, settlements, good, 400, "idempotency_key_missing", "Idempotency-Key", known, "application/json",
       ""},
      {post, settlements, good, 422, "", "Idempotency-Key", known, "application/json", std::string(256, 'k')},
      {post, settlements, good, 415, "", "", known, "text/plain"},
      {post, settlements, good, 401, "unauthorized", "X-API-Key", nobody},
      {post, settlements, good, 401, "unauthorized", "X-API-Key", stranger},
      {get, settlements, "", 401, "unauthorized", "X-API-Key", nobody},
      // Batches.
      {post, batch, "[]", 422, "", ""},
      {post, batch, "{}", 422, "", ""},
      {post, batch, R"({"orders":7})", 422, "wrong_type", "/orders"},
      // Accounts.
      {post, accounts, "{}", 422, "missing_field", "/kind"},
      {post, accounts, R"({"kind":"piggy","bank":"ABIDCIAB","currency":"XOF"})", 422, "", "/kind"},
      {post, accounts, R"({"kind":"vostro","currency":"XOF"})", 422, "", "/bank"},
      {post, accounts, R"({"kind":"vostro","bank":"ABIDCIAB","currency":"XOF","floor":"x"})", 422, "",
       "/floor"},
      {post, accounts, R"({"kind":"vostro","bank":"ABIDCIAB","currency":"XOF"})", 409, "account_exists",
       payer},
      {post, fund, R"({"amount":"-1","currency":"XOF"})", 422, "", "/amount"},
      {post, fund, R"({"amount":"1","currency":"GHS"})", 422, "", "/currency"},
      {post, fund, R"({"amount":"9223372036854775807","currency":"XOF"})", 422, "", "/amount"},
      {post, accounts + "/acc_00000000000000000000000000/fund", xof, 404, "", ""},
      // Paths, methods, queries.
      {get, "/nowhere", "", 404, "not_found", ""},
      {get, settlements + "/set_00000000000000000000000000", "", 404, "not_found", ""},
      {get, settlements + "/..%2f..%2fetc%2fpasswd", "", 404, "not_found", ""},
      {get, accounts + "/1", "", 404, "not_found", ""},
      {"DELETE", settlements, "", 405, "", ""},
      {"PUT", accounts, "{}", 405, "", ""},
      {"TRACE", "/health", "", 405, "", ""},
      {get, settlements + "?limit=0", "", 422, "", "limit"},
      {get, settlements + "?limit=999999999999999999999", "", 422, "", "limit"},
      {get, settlements + "?status=HAPPY", "", 422, "", "status"},
      {get, settlements + "?cursor=%00", "", 422, "", "cursor"},
      {get, settlements + "?colour=red", "", 422, "", "colour"},
      {get, "/api/v1/events?after=yesterday", "", 422, "", "after"},
  };
  return all;
}

Reply send(Http& http, const std::string& api_key, const Case& c) {
  Headers headers;
  if (c.who != nobody) headers.emplace_back("X-API-Key", c.who == known ? api_key : "sk_test_of_a_stranger");
  if (c.method == post || c.method == "PUT") headers.emplace_back("Content-Type", c.content_type);
  if (c.method == post && !c.key.empty()) headers.emplace_back("Idempotency-Key", c.key);
  return http.send(c.method, c.path, headers, c.body);
}

struct Running {
  Settled settled;
  std::string payer;
  Running() {
    settled.start();
    payer = open_account(settled, "vostro", "ABIDCIAB", "XOF", "1000");
    open_account(settled, "nostro", "DAKRSNDA", "XOF", "1000");
  }
  std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoul(settled.url().substr(settled.url().rfind(':') + 1)));
  }
};
}  // namespace

BOOST_FIXTURE_TEST_CASE(bad_input_is_refused_by_name_and_costs_no_memory, Running) {
  auto http = settled.http();
  const auto all = cases(payer);
  for (const Case& c : all) {
    const auto reply = send(http, settled.api_key(), c);
    const auto what = c.method + ' ' + c.path + ' ' + c.body.substr(0, 200) + " -> " +
                      std::to_string(reply.status) + ' ' + reply.body;
    BOOST_TEST(reply.status == c.status, what);
    BOOST_TEST(reply.header("content-type") == "application/problem+json", what);
    if (!c.code.empty()) BOOST_TEST(reply.text("code") == c.code, what);
    BOOST_TEST((reply.body.find(c.named) != std::string::npos), what);
    BOOST_TEST(!reply.text("detail").empty(), what);
    BOOST_TEST(!reply.header("x-request-id").empty(), what);
  }
  // The same again, many times: what it costs once is not counted.
  for (int i = 0; i < 500; ++i) send(http, settled.api_key(), all[static_cast<std::size_t>(i) % all.size()]);
  const auto before = settled.resident_kb();
  for (int i = 0; i < 2'000; ++i)
    send(http, settled.api_key(), all[static_cast<std::size_t>(i) % all.size()]);
  const auto grown = settled.resident_kb() - before;
  BOOST_TEST_MESSAGE("resident size grew by " << grown << " kB in 2,000 bad requests");
  BOOST_TEST(grown < 32 * 1024);

  // Nothing of it left a trace, and the program works.
  auto verdict = settled.verify({});
  BOOST_TEST(verdict.ok());
  BOOST_TEST(verdict.recorded == 0);
  BOOST_TEST(account(http, payer).text("balance") == "1000");
  Load load(settled, orders("good", 1, "ABIDCIAB", "DAKRSNDA", "1000"), 1);
  BOOST_TEST(load.finish().front().status == 202);
  await_all_final(settled);
  settled.end_in_order();
}

BOOST_FIXTURE_TEST_CASE(ten_megabytes_and_broken_frames_are_refused_and_cost_no_memory, Running) {
  auto http = settled.http();
  const std::string huge = with("metadata", "{\"a\":\"" + std::string(10 << 20, 'x') + "\"}");
  const auto head = "X-API-Key: " + settled.api_key() + "\r\nHost: x\r\nContent-Type: application/json\r\n";
  const std::vector<std::string> frames{
      "\x16\x03\x01\x02\x01 this is TLS\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "POST /api/v1/settlements HTTP/1.1\r\n" + head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}}}",
      "POST /api/v1/settlements HTTP/1.1\r\n" + head + "Transfer-Encoding: gzip\r\n\r\n{}",
      "GET /health HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n",
      std::string(64 * 1024, 'A'),
  };
  const auto once = [&] {
    const auto reply = http.post("/api/v1/settlements", huge, "huge");
    // A client that is refused while it still sends may find the connection closed.
    BOOST_TEST((reply.status == 413 || reply.status == 0), reply.status);
    for (const auto& frame : frames) {
      RawClient raw(port());
      raw.send(frame);
      const auto answer = raw.read(std::chrono::seconds(30));
      BOOST_TEST((answer.empty() || status_of(answer) / 100 == 4 || status_of(answer) / 100 == 5), answer);
    }
  };
  once();
  const auto before = settled.resident_kb();
  for (int i = 0; i < 10; ++i) once();
  const auto grown = settled.resident_kb() - before;
  BOOST_TEST_MESSAGE("resident size grew by " << grown << " kB");
  BOOST_TEST(grown < 32 * 1024);
  auto honest = settled.http();
  BOOST_TEST(honest.get("/health").status == 200);
  BOOST_TEST(settled.verify({}).recorded == 0);
  settled.end_in_order();
}
