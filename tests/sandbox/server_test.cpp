#define BOOST_TEST_MODULE sandbox_server
#include "sandbox/server.hpp"

#include "sandbox/sandbox_process.hpp"
#include "sandbox/temp_dir.hpp"
#include "security/hmac.hpp"

#include <boost/test/unit_test.hpp>
#include <httplib.h>

#include <csignal>

using namespace settled;
using namespace settled::tests;

namespace {
struct Fixture {
  TempDir dir;
  sandbox::Server server{{.data_dir = dir.path(), .key = "secret"}};
  httplib::Client http{server.url()};
  std::int64_t now = std::time(nullptr);

  static std::string body(const std::string& reference, const std::string& amount = "150.25") {
    return R"({"reference":")" + reference + R"(","amount":")" + amount +
           R"(","currency":"GHS","debtor_bank":"ABIDCIAB","creditor_bank":"ECOCGHAC",)"
           R"("settlement_date":"2026-11-20","method":"LOCAL_ACH"})";
  }
  httplib::Headers signed_headers(const std::string& method, const std::string& target,
                                  const std::string& nonce, const std::string& text, std::int64_t time,
                                  const std::string& key = "secret") {
    return {{"X-Key-Id", "sandbox"},
            {"X-Timestamp", std::to_string(time)},
            {"X-Nonce", nonce},
            {"X-Signature", sign_request(method, target, time, nonce, text, key)},
            {"Idempotency-Key", nonce}};
  }
  httplib::Result post(const std::string& reference, const std::string& text) {
    return http.Post("/payments", signed_headers("POST", "/payments", reference, text, now), text,
                     "application/json");
  }
  httplib::Result get(const std::string& target) {
    return http.Get(target, signed_headers("GET", target, "n1", "", now));
  }
  std::string log() { return http.Get("/sandbox/log?limit=10000")->body; }
};
}  // namespace

BOOST_FIXTURE_TEST_CASE(a_payment_can_be_found_by_reference_and_by_id, Fixture) {
  const auto made = post("R1", body("R1"));
  BOOST_TEST(made->status == 201);
  BOOST_TEST(
      made->body.find(R"("reference":"R1","status":"COMPLETED","amount":"150.25","currency":"GHS"})") !=
      std::string::npos);
  BOOST_TEST(get("/payments?reference=R1")->body == made->body);
  BOOST_TEST(get("/payments/" + made->body.substr(7, 27))->body == made->body);
  BOOST_TEST(get("/payments?reference=R2")->status == 404);
  BOOST_TEST(get("/payments?reference=R2")->body == R"({"code":"not_found"})");
  BOOST_TEST(get("/payments/bp_1")->status == 404);
  BOOST_TEST(post("R1", body("R1"))->status == 200);
  BOOST_TEST(post("R1", body("R1", "150.26"))->status == 409);
}

BOOST_FIXTURE_TEST_CASE(an_answer_goes_out_when_its_line_is_on_the_disk, Fixture) {
  for (int i = 1; i <= 20; ++i) {
    const auto reference = "R" + std::to_string(i);
    BOOST_TEST(post(reference, body(reference))->status == 201);
    std::ifstream in(dir.path() / "bank.jsonl");
    const std::string lines((std::istreambuf_iterator<char>(in)), {});
    BOOST_TEST(lines.find("\"e2e\":\"" + reference + "\"") != std::string::npos);
  }
}

BOOST_FIXTURE_TEST_CASE(a_wrong_signature_executes_nothing, Fixture) {
  const auto text = body("R1");
  struct Case {
    const char* why;
    httplib::Headers headers;
  };
  auto good = signed_headers("POST", "/payments", "R1", text, now);
  const auto with = [&good](const char* name, const std::string& value) {
    auto headers = good;
    headers.erase(name);
    if (!value.empty()) headers.emplace(name, value);
    return headers;
  };
  for (const Case& c :
       {Case{"none at all", {}},
        Case{"other key", signed_headers("POST", "/payments", "R1", text, now, "guess")},
        Case{"other path", signed_headers("POST", "/payment", "R1", text, now)},
        Case{"other body", signed_headers("POST", "/payments", "R1", text + " ", now)},
        Case{"too old", signed_headers("POST", "/payments", "R1", text, now - 310)},
        Case{"too new", signed_headers("POST", "/payments", "R1", text, now + 310)},
        Case{"unknown key", with("X-Key-Id", "other")}, Case{"no time", with("X-Timestamp", "")},
        Case{"time is no number", with("X-Timestamp", "1e9")}, Case{"other nonce", with("X-Nonce", "R2")},
        Case{"other idempotency key", with("Idempotency-Key", "R2")},
        Case{"short signature", with("X-Signature", "00")}}) {
    const auto answer = http.Post("/payments", c.headers, text, "application/json");
    BOOST_TEST(answer->status == 401, c.why << " got " << answer->status);
    BOOST_TEST(answer->body.find("R1") == std::string::npos);
  }
  BOOST_TEST(get("/payments?reference=R1")->status == 404);
  BOOST_TEST(http.Get("/payments?reference=R1")->status == 401);
  BOOST_TEST(log().find("\"effect\":true") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_bad_body_is_refused_by_the_name_of_its_field, Fixture) {
  const auto changed = [](const std::string& from, const std::string& to) {
    auto text = body("R1");
    return text.replace(text.find(from), from.size(), to);
  };
  struct Case {
    std::string body;
    const char* says;
  };
  std::string deep(20'000, '[');
  for (const Case& c : {
           Case{"", "malformed_body"},
           Case{"{", "malformed_body"},
           Case{deep, "malformed_body"},
           Case{"\xff\xfe{}", "malformed_body"},
           Case{"[1]", "malformed_body"},
           Case{"{}", "/reference"},
           Case{changed("150.25", "150.255"), "/amount"},
           Case{changed("\"150.25\"", "150.25"), "/amount"},
           Case{changed("150.25", "-1"), "/amount"},
           Case{changed("150.25", "0"), "/amount"},
           Case{changed("150.25", "1e3"), "/amount"},
           Case{changed("150.25", "99999999999999999999"), "/amount"},
           Case{changed("GHS", "GHX"), "/currency"},
           Case{changed("ECOCGHAC", "eco"), "/creditor_bank"},
           Case{changed("ABIDCIAB", "12"), "/debtor_bank"},
           Case{changed("2026-11-20", "2026-02-30"), "/settlement_date"},
           Case{changed("LOCAL_ACH", "PIGEON"), "/method"},
           Case{changed("\"R1\"", "\"R1\\n\""), "/reference"},
           Case{changed("\"R1\"", "null"), "/reference"},
           Case{changed("{", R"({"reference":"R1",)"), "twice"},
           Case{changed("{", R"({"colour":"red",)"), "/colour"},
           Case{body("R2"), "reference_mismatch"},
       }) {
    const auto answer = post("R1", c.body);
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->status == 400, c.body.substr(0, 200) << " got " << answer->status);
    BOOST_TEST(answer->body.find(c.says) != std::string::npos, answer->body);
  }
  BOOST_TEST(get("/payments?reference=R1")->status == 404);
  BOOST_TEST(http.Get("/health")->status == 200);
}

BOOST_FIXTURE_TEST_CASE(bodies_and_framings_that_are_too_much_are_refused_and_the_server_lives, Fixture) {
  std::signal(SIGPIPE, SIG_IGN);  // our client writes to a connection that was refused
  const std::string megabyte(1'000'000, 'x');
  const auto large = http.Post("/payments", megabyte, "application/json");
  BOOST_TEST((!large || large->status == 413));  // it may cut the connection while we still write
  const auto chunked = httplib::Client(server.url())
                           .Post(
                               "/payments",
                               [&megabyte](std::size_t, httplib::DataSink& sink) {
                                 sink.write(megabyte.data(), megabyte.size());
                                 sink.done();
                                 return true;
                               },
                               "application/json");
  BOOST_TEST((!chunked || chunked->status == 411));
  for (int i = 0; i < 20; ++i) httplib::Client(server.url()).Post("/payments", megabyte, "application/json");
  BOOST_TEST(httplib::Client(server.url()).Get("/health")->status == 200);
}

BOOST_FIXTURE_TEST_CASE(paths_and_methods_that_are_not_there_are_told_apart, Fixture) {
  BOOST_TEST(http.Get("/nowhere")->status == 404);
  BOOST_TEST(http.Get("/nowhere")->body == R"({"code":"no_such_path"})");
  BOOST_TEST(http.Delete("/payments")->status == 405);
  BOOST_TEST(http.Get("/sandbox/log?after=x")->status == 400);
  BOOST_TEST(http.Get("/sandbox/log?limit=0")->status == 400);
  BOOST_TEST(http.Get("/sandbox/log?limit=10001")->status == 400);
  BOOST_TEST(http.Get("/sandbox/log")->get_header_value("Content-Type") == "application/x-ndjson");
}

BOOST_FIXTURE_TEST_CASE(fault_scripts_come_and_go_over_http, Fixture) {
  const auto made =
      http.Post("/sandbox/faults", R"({"kind":"refuse","count":1,"code":"AM04"})", "application/json");
  BOOST_TEST(made->status == 201);
  BOOST_TEST(made->body.starts_with(R"({"id":1,"kind":"refuse")"));
  BOOST_TEST(post("R1", body("R1"))->status == 422);
  BOOST_TEST(http.Get("/sandbox/faults")->body.find(R"("left":0,"seed":0,"code":"AM04")") !=
             std::string::npos);
  BOOST_TEST(http.Delete("/sandbox/faults/1")->status == 204);
  BOOST_TEST(http.Delete("/sandbox/faults/1")->status == 404);
  BOOST_TEST(http.Delete("/sandbox/faults/x")->status == 404);
  http.Post("/sandbox/faults", R"({"kind":"refuse","rate":1})", "application/json");
  BOOST_TEST(http.Delete("/sandbox/faults")->status == 204);
  BOOST_TEST(post("R2", body("R2"))->status == 201);
  const auto bad = http.Post("/sandbox/faults", R"({"kind":"refuse","rate":2})", "application/json");
  BOOST_TEST(bad->status == 400);
  BOOST_TEST(bad->body.find(R"("field":"/rate")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_sandboxes_cannot_share_a_port) {
  TempDir one, two;
  sandbox::Server first{{.data_dir = one.path(), .key = "k"}};
  const int port = std::stoi(first.url().substr(first.url().rfind(':') + 1));
  BOOST_CHECK_THROW((sandbox::Server{{.port = port, .data_dir = two.path(), .key = "k"}}),
                    std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_program_ends_cleanly_and_says_where_it_is) {
  TempDir dir;
  SandboxProcess sandbox(dir.path(), "secret");
  BOOST_TEST(httplib::Client(sandbox.url()).Get("/health")->status == 200);
  std::ifstream in(dir.path() / "sandbox.json");
  std::string told((std::istreambuf_iterator<char>(in)), {});
  BOOST_TEST(told.find('"' + sandbox.url() + '"') != std::string::npos);
  // A hanging request does not hold it up.
  httplib::Client(sandbox.url())
      .Post("/sandbox/faults", R"({"kind":"hang","rate":1,"op":"ANY"})", "application/json");
  std::thread hanging([&sandbox] {
    const auto time = std::time(nullptr);
    const std::string target = "/payments?reference=R1";
    httplib::Client(sandbox.url())
        .Get(target, {{"X-Key-Id", "sandbox"},
                      {"X-Timestamp", std::to_string(time)},
                      {"X-Nonce", "n"},
                      {"X-Signature", sign_request("GET", target, time, "n", "", "secret")}});
  });
  while (httplib::Client(sandbox.url()).Get("/sandbox/log")->body.empty()) std::this_thread::yield();
  BOOST_TEST(sandbox.end(SIGTERM) == 0);
  hanging.join();
}
