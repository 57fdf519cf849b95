// A whole front over small working actors, and a client of it.
#pragma once
#include "http/digest.hpp"
#include "http/front.hpp"
#include "tests/http/fake_books.hpp"
#include "tests/http/raw_client.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

namespace settled::tests {
using Json = nlohmann::json;

struct Config : caf::actor_system_config {
  Config() {
    add_message_types<caf::id_block::settled>();
    set("scheduler.max-threads", 2U);
  }
};

struct House {
  explicit House(FrontLimits limits = {}) {
    FrontSettings settings;
    settings.port = 0;
    settings.front_limits = limits;
    settings.gate.keys = {{"ops", sha256("key-of-ops")}, {"bank", sha256("key-of-bank")}};
    settings.gate.allow_funding = true;
    settings.metrics_text = [] { return std::string("settlement_total 1\n"); };
    settings.on_request = [this](const RequestSeen& seen) {
      const std::lock_guard lock(books->mutex);
      routes_seen.insert(std::string(seen.route) + ' ' + std::to_string(seen.status));
    };
    intake = system.spawn(fake_intake, books);
    ledger = system.spawn(fake_ledger, books);
    reader = system.spawn(fake_reader, books);
    health = system.spawn(fake_health, books);
    scheduler = system.spawn(fake_scheduler, books);
    front = std::make_unique<Front>(system, std::move(settings));
    front->start({intake, ledger, reader, health, scheduler});
    http = std::make_unique<httplib::Client>("127.0.0.1", front->port());
    http->set_tcp_nodelay(true);
    http->set_read_timeout(30);
    http->set_default_headers({{"X-API-Key", "key-of-ops"}});
  }
  ~House() {
    front->stop(2s);
    for (const auto& each : {caf::actor_cast<caf::actor>(intake), caf::actor_cast<caf::actor>(ledger),
                             caf::actor_cast<caf::actor>(reader), caf::actor_cast<caf::actor>(health),
                             caf::actor_cast<caf::actor>(scheduler)})
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }
  httplib::Result post(const std::string& path, const std::string& body, const std::string& key,
                       httplib::Headers headers = {}) {
    if (!key.empty()) headers.emplace("Idempotency-Key", key);
    return http->Post(path, headers, body, "application/json");
  }
  void commit(const std::string& kind) {
    std::int64_t last = 0;
    {
      const std::lock_guard lock(books->mutex);
      books->note(kind, "set_x", "{\"a\":\n1}");
      last = static_cast<std::int64_t>(books->events.size());
    }
    caf::anon_send(front->listener(), EventsCommitted{0, last});
  }
  RawClient stream(const std::string& query, const std::string& headers = "") {
    RawClient client(front->port());
    client.send("GET /api/v1/events" + query + " HTTP/1.1\r\nHost: a\r\nX-API-Key: key-of-ops\r\n" + headers +
                "\r\n");
    return client;
  }

  Books books = std::make_shared<FakeBooks>();
  std::set<std::string> routes_seen;
  Config config;
  caf::actor_system system{config};
  IntakeActor intake;
  LedgerActor ledger;
  ReaderActor reader;
  HealthActor health;
  SchedulerActor scheduler;
  std::unique_ptr<Front> front;
  std::unique_ptr<httplib::Client> http;
};

inline void check_problem(const httplib::Result& result, int status, const std::string& code,
                          const std::string& pointer) {
  BOOST_REQUIRE(result);
  BOOST_TEST(result->status == status);
  BOOST_TEST(result->get_header_value("Content-Type") == "application/problem+json");
  BOOST_TEST(!result->get_header_value("X-Request-Id").empty());
  const auto body = Json::parse(result->body);
  BOOST_TEST(body.at("code") == code);
  BOOST_TEST(body.at("status") == status);
  std::string type = "/problems/" + code;
  std::replace(type.begin(), type.end(), '_', '-');
  BOOST_TEST(body.at("type") == type);
  BOOST_TEST(body.at("errors").at(0).at("pointer") == pointer);
  BOOST_TEST(body.at("title").get<std::string>().size() > 3U);
  BOOST_TEST(body.at("detail").get<std::string>().size() >= 20U);
  BOOST_TEST(body.at("trace_id").get<std::string>().size() == 32U);
  BOOST_TEST(body.at("retryable").is_boolean());
  BOOST_TEST(body.at("lang") == "en");
}

}  // namespace settled::tests
