#define BOOST_TEST_MODULE telemetry_metrics
#include "telemetry/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

using settled::Metrics;

namespace {
void check_line(const Metrics& metrics, const std::string& line) {
  BOOST_TEST(("\n" + metrics.expose()).find("\n" + line + "\n") != std::string::npos, "missing: " << line);
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_event_appears_under_its_name) {
  Metrics m;
  m.build("0.1.0", "abc");
  m.ready(true);
  m.settlement_ended("COMPLETED", "XOF", 50000, 0.5);
  m.settlement_ended("ROLLED_BACK", "XOF", 7, 0.1);
  m.atomic_operation("committed");
  m.reconciliation_discrepancy();
  m.nostro_balance("BKOAGHAC", "GHS", 12.5);
  m.vostro_balance("BKOACIAB", "XOF", 100);
  m.unknown("b1", 3);
  m.unknown_oldest(41);
  m.committed(100, 0.004, 0.002, 3);
  m.queue_depth(7);
  m.queue_limit(4096);
  m.shed();
  m.restarted("connector");
  m.http_request("/api/v1/settlements/{id}", "GET", 200, 0.002);
  m.connector_call("b1", "send", "accepted", 0.1);
  m.connector_failed("b1", "timeout");
  m.breaker("b1", Metrics::Breaker::open);
  for (
      const char* line : {
          R"(settled_build_info{revision="abc",version="0.1.0"} 1)",
          "settled_ready 1",
          R"(settlement_total{status="COMPLETED"} 1)",
          R"(settlement_total{status="ROLLED_BACK"} 1)",
          R"(settlement_amount_total{currency="XOF"} 50000)",
          "settlement_duration_seconds_count 2",
          R"(atomic_operations_total{state="committed"} 1)",
          "reconciliation_discrepancies_total 1",
          R"(nostro_balance{bank="BKOAGHAC",currency="GHS"} 12.5)",
          R"(vostro_balance{bank="BKOACIAB",currency="XOF"} 100)",
          R"(settled_unknown{rail="b1"} 3)",
          "settled_unknown_oldest_seconds 41",
          "settled_batch_orders_count 1",
          "settled_commit_seconds_count 1",
          "settled_queue_depth 7",
          "settled_queue_limit 4096",
          "settled_shed_total 1",
          R"(settled_restarts_total{actor="connector"} 1)",
          R"(settled_http_request_duration_seconds_count{method="GET",route="/api/v1/settlements/{id}",status="200"} 1)",
          R"(molam_bank_connector_requests_total{connector="b1",operation="send",status="accepted"} 1)",
          R"(molam_bank_connector_latency_seconds_count{connector="b1"} 1)",
          R"(molam_bank_connector_failures_total{connector="b1",error_code="timeout"} 1)",
          R"(molam_bank_connector_circuit_breaker_state{connector="b1"} 2)",
          R"(settled_breaker_state{connector="b1"} 2)",
      })
    check_line(m, line);
}

BOOST_AUTO_TEST_CASE(threads_that_count_the_same_thing_lose_nothing) {
  Metrics m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&m] {
      for (int i = 0; i < 1000; ++i) m.atomic_operation(i % 2 ? "odd" : "even");
    });
  for (auto& thread : threads) thread.join();
  check_line(m, R"(atomic_operations_total{state="odd"} 2000)");
  check_line(m, R"(atomic_operations_total{state="even"} 2000)");
}

BOOST_AUTO_TEST_CASE(labels_cannot_grow_without_end) {
  Metrics m;
  for (std::size_t i = 0; i < Metrics::label_values_max + 10; ++i) m.restarted("actor" + std::to_string(i));
  check_line(m, R"(settled_restarts_total{actor="other"} 10)");
}

BOOST_AUTO_TEST_CASE(a_hostile_label_stays_one_label) {
  Metrics m;
  m.restarted("a\"\n\\b");
  check_line(m, R"(settled_restarts_total{actor="a\"\n\\b"} 1)");
}
