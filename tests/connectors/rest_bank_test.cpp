#define BOOST_TEST_MODULE rest_bank
#include "connectors/rest_bank/rest_bank.hpp"

#include "connectors/raw_server.hpp"
#include "sandbox/sandbox_process.hpp"
#include "sandbox/server.hpp"
#include "sandbox/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <map>
#include <mutex>
#include <thread>

using namespace settled;
using namespace settled::tests;
using namespace std::chrono_literals;

namespace settled {
std::ostream& operator<<(std::ostream& out, Outcome outcome) { return out << to_string(outcome); }
}  // namespace settled

namespace {
PaymentInstruction order(const std::string& reference, const std::string& to = "ECOCGHAC") {
  return {reference,
          "ABIDCIAB",
          to,
          {15025, *currency_from("GHS")},
          "2026-11-20",
          Method::LOCAL_ACH,
          "4bf92f3577b34da6a3ce929d0e0e4736"};
}

/// Our side of the wire.
struct Rail {
  std::mutex mutex;
  std::vector<CallRecord> calls;
  std::shared_ptr<HttpClient> client =
      std::make_shared<HttpClient>(HttpClientSettings{.http_to_loopback = true});
  std::unique_ptr<RestBank> bank;

  explicit Rail(const std::string& url, const std::string& secret = "secret",
                std::chrono::milliseconds send_max = 10s) {
    RestBankSettings settings;
    settings.base_url = url;
    settings.key_id = "sandbox";
    settings.secret = secret;
    settings.send_max = send_max;
    settings.inquiry_max = send_max;
    settings.on_call = [this](const CallRecord& record) {
      const std::lock_guard lock(mutex);
      calls.push_back(record);
    };
    bank = std::make_unique<RestBank>(settings, client);
  }
  ~Rail() {
    bank.reset();
    client.reset();  // ends its thread before what the hook uses goes
  }
  /// Microseconds of the steady clock.
  static std::int64_t in(std::chrono::seconds time) {
    const auto then = std::chrono::steady_clock::now() + time;
    return std::chrono::duration_cast<std::chrono::microseconds>(then.time_since_epoch()).count();
  }
  RailAnswer send(const PaymentInstruction& what, int attempt = 1, std::int64_t not_after = in(5s)) {
    std::promise<RailAnswer> promise;
    bank->send(what, attempt, not_after, [&promise](RailAnswer a) { promise.set_value(std::move(a)); });
    return promise.get_future().get();
  }
  RailAnswer inquire(const PaymentInstruction& what) {
    std::promise<RailAnswer> promise;
    bank->inquire(what, [&promise](RailAnswer a) { promise.set_value(std::move(a)); });
    return promise.get_future().get();
  }
  RailAnswer health() {
    std::promise<RailAnswer> promise;
    bank->health([&promise](RailAnswer a) { promise.set_value(std::move(a)); });
    return promise.get_future().get();
  }
};

struct Fixture {
  TempDir dir;
  sandbox::Server sandbox{{.data_dir = dir.path(), .key = "secret"}};
  Rail rail{sandbox.url()};

  void fault(const std::string& json) {
    auto script = sandbox::fault_script_from(json);
    BOOST_REQUIRE_MESSAGE(script, json);
    sandbox.faults().add(*script);
  }
  /// How often the bank executed this reference, by its log.
  int executed(const std::string& reference) {
    const auto log = sandbox.bank().log().read(0, 1'000'000);
    int times = 0;
    for (std::size_t at = 0, end = 0; (end = log.find('\n', at)) != std::string::npos; at = end + 1) {
      const auto line = log.substr(at, end - at);
      times += line.find("\"e2e\":\"" + reference + '"') != std::string::npos &&
               line.find("\"effect\":true") != std::string::npos;
    }
    return times;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_CASE(a_payment_is_sent_told_and_found, Fixture) {
  BOOST_TEST(rail.health().outcome == Outcome::completed);
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::not_found);
  const auto sent = rail.send(order("R1"));
  BOOST_TEST(sent.outcome == Outcome::completed);
  BOOST_TEST(sent.bank_reference.starts_with("bp_"));
  const auto found = rail.inquire(order("R1"));
  BOOST_TEST(found.outcome == Outcome::completed);
  BOOST_TEST(found.bank_reference == sent.bank_reference);
  BOOST_TEST(rail.send(order("R1"), 2).outcome == Outcome::completed);
  BOOST_TEST(executed("R1") == 1);
  const std::lock_guard lock(rail.mutex);
  BOOST_TEST(rail.calls.size() == 5u);
  BOOST_TEST(rail.calls[2].operation == "send");
  BOOST_TEST(rail.calls[2].reference == "R1");
  BOOST_TEST(rail.calls[2].http_status == 201);
  BOOST_TEST(rail.calls[4].attempt == 2);
}

BOOST_FIXTURE_TEST_CASE(a_lost_answer_is_unknown_until_the_inquiry_finds_it_executed_once, Fixture) {
  fault(R"({"kind":"drop_answer","count":1})");
  const auto sent = rail.send(order("R1"));
  BOOST_TEST(sent.outcome == Outcome::unknown);
  BOOST_TEST(sent.code == "connection_lost");
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::completed);
  BOOST_TEST(executed("R1") == 1);
}

BOOST_FIXTURE_TEST_CASE(answers_lost_on_kept_connections_are_not_sent_again_by_the_library, Fixture) {
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST(rail.health().outcome == Outcome::completed);  // so that a connection is kept
    fault(R"({"kind":"drop_before","count":1})");
    const auto reference = std::string("R").append(std::to_string(i));
    BOOST_TEST(rail.send(order(reference)).outcome == Outcome::unknown);
    BOOST_TEST(rail.inquire(order(reference)).outcome == Outcome::not_found);
    BOOST_TEST(executed(reference) == 0);
  }
}

BOOST_FIXTURE_TEST_CASE(a_hanging_bank_is_unknown_after_the_time_out, Fixture) {
  Rail hasty(sandbox.url(), "secret", 200ms);
  fault(R"({"kind":"hang","count":1})");
  const auto before = hasty.send(order("R1"));
  BOOST_TEST(before.outcome == Outcome::unknown);
  BOOST_TEST(before.code == "timeout");
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::not_found);
  fault(R"({"kind":"hang","count":1,"when":"after"})");
  BOOST_TEST(hasty.send(order("R2")).outcome == Outcome::unknown);
  BOOST_TEST(rail.inquire(order("R2")).outcome == Outcome::completed);
  fault(R"({"kind":"hang","count":1,"op":"INQUIRY"})");
  BOOST_TEST(hasty.inquire(order("R2")).outcome == Outcome::unknown);
}

BOOST_FIXTURE_TEST_CASE(a_delay_only_takes_its_time, Fixture) {
  fault(R"({"kind":"delay","rate":1,"ms":150,"op":"ANY"})");
  const auto start = std::chrono::steady_clock::now();
  BOOST_TEST(rail.send(order("R1")).outcome == Outcome::completed);
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::completed);
  BOOST_TEST((std::chrono::steady_clock::now() - start >= 300ms));
}

BOOST_FIXTURE_TEST_CASE(an_error_proves_nothing_about_the_order, Fixture) {
  fault(R"({"kind":"error","count":1,"status":503})");
  const auto before = rail.send(order("R1"));
  BOOST_TEST(before.outcome == Outcome::unknown);
  BOOST_TEST(before.code == "http_503");
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::not_found);
  fault(R"({"kind":"error","count":1,"status":500,"when":"after"})");
  BOOST_TEST(rail.send(order("R2")).outcome == Outcome::unknown);
  BOOST_TEST(rail.inquire(order("R2")).outcome == Outcome::completed);
  BOOST_TEST(executed("R2") == 1);
  fault(R"({"kind":"error","count":1,"status":429})");
  BOOST_TEST(rail.send(order("R3")).outcome == Outcome::not_sent);
  fault(R"({"kind":"error","count":1,"op":"INQUIRY"})");
  BOOST_TEST(rail.inquire(order("R2")).outcome == Outcome::unknown);
}

BOOST_FIXTURE_TEST_CASE(a_refusal_is_a_verdict_and_stays_one, Fixture) {
  fault(R"({"kind":"refuse","count":1,"code":"AC04","reason":"closed account","bank":"ECOCGHAC"})");
  BOOST_TEST(rail.send(order("R0", "GHCBGHAC")).outcome == Outcome::completed);
  const auto sent = rail.send(order("R1"));
  BOOST_TEST(sent.outcome == Outcome::rejected);
  BOOST_TEST(sent.code == "AC04");
  BOOST_TEST(sent.detail == "closed account");
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::rejected);
  BOOST_TEST(rail.send(order("R1"), 2).outcome == Outcome::rejected);
  BOOST_TEST(rail.send(order("R2", "UNKNGHAC")).code == "RC01");
  BOOST_TEST(executed("R1") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_request_delivered_twice_is_one_payment, Fixture) {
  fault(R"({"kind":"duplicate","count":1})");
  BOOST_TEST(rail.send(order("R1")).outcome == Outcome::completed);
  BOOST_TEST(executed("R1") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_pending_payment_is_accepted_and_completes_later, Fixture) {
  fault(R"({"kind":"pending","count":1,"ms":100})");
  BOOST_TEST(rail.send(order("R1")).outcome == Outcome::accepted);
  auto outcome = Outcome::accepted;
  while (outcome == Outcome::accepted) outcome = rail.inquire(order("R1")).outcome;
  BOOST_TEST(outcome == Outcome::completed);
  BOOST_TEST(executed("R1") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_late_effect_comes_after_not_found, Fixture) {
  fault(R"({"kind":"late_effect","count":1,"ms":200})");
  const auto sent = rail.send(order("R1"));
  BOOST_TEST(sent.outcome == Outcome::unknown);
  BOOST_TEST(sent.code == "http_504");
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::not_found);
  auto outcome = Outcome::not_found;
  while (outcome == Outcome::not_found) outcome = rail.inquire(order("R1")).outcome;
  BOOST_TEST(outcome == Outcome::completed);
  BOOST_TEST(executed("R1") == 1);
}

BOOST_FIXTURE_TEST_CASE(what_is_handed_over_long_after_its_time_is_not_sent, Fixture) {
  const auto answer = rail.send(order("R1"), 1, Rail::in(-60s));  // the process stood still
  BOOST_TEST(answer.outcome == Outcome::not_sent);
  BOOST_TEST(answer.code == "queue_timeout");
  BOOST_TEST(executed("R1") == 0);
}

BOOST_FIXTURE_TEST_CASE(two_hundred_sends_of_one_reference_execute_once, Fixture) {
  std::vector<std::promise<RailAnswer>> promises(200);
  for (auto& promise : promises)
    rail.bank->send(order("R1"), 1, Rail::in(5s),
                    [&promise](RailAnswer a) { promise.set_value(std::move(a)); });
  std::string bank_reference;
  for (auto& promise : promises) {
    const auto answer = promise.get_future().get();
    BOOST_TEST(answer.outcome == Outcome::completed);
    if (bank_reference.empty()) bank_reference = answer.bank_reference;
    BOOST_TEST(answer.bank_reference == bank_reference);
  }
  BOOST_TEST(executed("R1") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_reference_used_for_another_order_needs_a_person, Fixture) {
  BOOST_TEST(rail.send(order("R1")).outcome == Outcome::completed);
  auto other = order("R1");
  other.amount.minor = 1;
  const auto answer = rail.send(other);
  BOOST_TEST(answer.outcome == Outcome::unknown);
  BOOST_TEST(answer.code == "reference_reused");
  BOOST_TEST(rail.inquire(other).code == "wrong_amount");
}

BOOST_FIXTURE_TEST_CASE(a_wrong_secret_is_turned_away_unexecuted, Fixture) {
  Rail stranger(sandbox.url(), "guess");
  const auto sent = stranger.send(order("R1"));
  BOOST_TEST(sent.outcome == Outcome::not_sent);
  BOOST_TEST(sent.code == "http_401");
  BOOST_TEST(stranger.inquire(order("R1")).outcome == Outcome::unknown);
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::not_found);
}

BOOST_AUTO_TEST_CASE(a_bank_that_is_not_there_is_not_sent) {
  Rail rail("http://127.0.0.1:" + std::to_string(closed_port()));
  BOOST_TEST(rail.send(order("R1")).outcome == Outcome::not_sent);
  BOOST_TEST(rail.send(order("R1")).code == "connection_refused");
  BOOST_TEST(rail.inquire(order("R1")).outcome == Outcome::unknown);
  BOOST_TEST(rail.health().outcome == Outcome::not_sent);
}

BOOST_AUTO_TEST_CASE(the_wire_carries_what_the_protocol_asks) {
  std::string head;
  RawServer server([&head](int, int, const std::string& request) {
    head = request;
    return RawServer::ok("{}");
  });
  Rail rail(server.url() + "/api");
  rail.send(order("R1"));
  BOOST_TEST(head.starts_with("POST /api/payments HTTP/1.1\r\n"));
  for (const char* part : {"\r\nIdempotency-Key: R1\r\n", "\r\nX-Key-Id: sandbox\r\n", "\r\nX-Nonce: R1\r\n",
                           "\r\nX-Timestamp: ", "\r\nX-Signature: ", "\r\nContent-Type: application/json\r\n",
                           "\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"})
    BOOST_TEST(head.find(part) != std::string::npos, part);
  BOOST_TEST(head.ends_with("\r\n\r\n" + RestBank::encode_order(order("R1"))));
  BOOST_TEST(head.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_killed_bank_comes_back_on_its_port_and_knows_what_it_paid) {
  TempDir dir;
  auto first = std::make_unique<SandboxProcess>(dir.path(), "secret");
  const int port = first->port();
  Rail rail(first->url());
  std::map<std::string, Outcome> sent;
  std::mutex mutex;
  std::atomic<bool> go_on = true;
  std::vector<std::thread> senders;
  senders.reserve(4);
  for (int s = 0; s < 4; ++s)
    senders.emplace_back([&, s] {
      for (int i = 0; go_on; ++i) {
        const auto reference =
            std::string("S").append(std::to_string(s)).append("-").append(std::to_string(i));
        const auto outcome = rail.send(order(reference)).outcome;
        const std::lock_guard lock(mutex);
        sent[reference] = outcome;
      }
    });
  const auto sent_so_far = [&] {
    const std::lock_guard lock(mutex);
    return sent.size();
  };
  while (sent_so_far() < 200) std::this_thread::sleep_for(1ms);
  BOOST_TEST(first->end(SIGKILL) == -SIGKILL);
  go_on = false;
  for (auto& sender : senders) sender.join();
  SandboxProcess second(dir.path(), "secret", port);
  BOOST_TEST(second.port() == port);
  for (const auto& [reference, outcome] : sent) {
    BOOST_TEST(
        (outcome == Outcome::completed || outcome == Outcome::unknown || outcome == Outcome::not_sent));
    const auto found = rail.inquire(order(reference)).outcome;
    if (outcome == Outcome::completed) BOOST_TEST(found == Outcome::completed);
    if (outcome == Outcome::not_sent) BOOST_TEST(found == Outcome::not_found);
    BOOST_TEST(rail.send(order(reference), 2).outcome == Outcome::completed);
  }
  BOOST_TEST(second.end(SIGTERM) == 0);
}
