// latency, overload, rollback, recovery: how long somebody waits.
#include "apps/bench/cases.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <libpq-fe.h>
#include <thread>

namespace settled::bench {
namespace {
std::string two_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

/// What it takes to settle a second of orders one by one, as http-single found it or a short run does.
double most_per_s(Lab& lab, Stand& stand) {
  const int connections = stand.best_connections();
  if (!lab.single_per_s) {
    auto orders = stand.orders();
    lab.single_per_s = stand.drive(stand.load(connections, 2), orders).completed_per_s;
  }
  return std::max(*lab.single_per_s, 100.0);
}

constexpr const char* patient_rail =
    "[settlement]\nmax_in_flight = 200000\ninquiry_first_ms = 500\ninquiry_max_ms = 1000\n"
    "[breaker]\ntimeout_ms = 1000\n";
}  // namespace

std::vector<Result> latency(Lab& lab) {
  auto sql = lab.plain_sql();
  Stand stand(lab, "latency");
  const double most = most_per_s(lab, stand);
  auto orders = stand.orders();
  const double seconds = std::max(3.0, lab.options.seconds);
  double cpu = 0;
  const auto rounds = lab.rounds([&] {
    Round round;
    round["reference"] = sql.run("two_commits", 1, false, 1).average_ms;
    for (const auto& [share, name] : {std::pair{0.1, "_10"}, {0.5, "_50"}}) {
      Load load = stand.load(64, seconds);
      load.rate = most * share;
      load.connections_max = 1'000;
      const auto run = stand.drive(load, orders);
      const std::string of = name;
      round["p50" + of] = run.traffic.accepted.ms(50);
      round["p95" + of] = run.traffic.accepted.ms(95);
      round["p99" + of] = run.traffic.accepted.ms(99);
      round["p999" + of] = run.traffic.accepted.ms(99.9);
      cpu = run.cpu_us;
    }
    return round;
  });
  const auto of = [&](const char* name) { return median(column(rounds, name)); };
  auto main = figure("latency", of("p95_50"), "ms", 50, std::nullopt);
  main.reference = of("reference");
  main.cpu_us = cpu;
  main.note = "p95 at 50 % of " + whole(most) + "/s, from due to the durable answer; p99.9 " +
              two_digits(of("p999_10")) + " ms at 10 %, " + two_digits(of("p999_50")) +
              " ms at 50 %; reference: plain SQL's two commits at 1 client, without HTTP, on average";
  std::vector<Result> results{main, figure("latency.p50-at-10", of("p50_10"), "ms", std::nullopt, 1),
                              figure("latency.p99-at-10", of("p99_10"), "ms", std::nullopt, 3),
                              figure("latency.p99-at-50", of("p99_50"), "ms", std::nullopt, 10)};
  const auto broken = stand.faults();
  for (auto& r : results) r.broken = broken;
  return results;
}

std::vector<Result> overload(Lab& lab) {
  Stand stand(lab, "overload");
  // Ten orders a request, here and for the maximum: one by one the client would need more than a core of the
  // two to offer five times the maximum, and would measure itself.
  constexpr int batch = 10;
  const int connections = 128;
  const double seconds = std::max(3.0, lab.options.seconds);
  auto orders = stand.orders();
  stand.drive(stand.load(connections, 1), orders, batch);
  double memory_before = 0, memory_after = 0;
  const auto rounds = lab.rounds([&] {
    Round round;
    const auto most = stand.drive(stand.load(connections, seconds), orders, batch);
    round["reference"] = most.completed_per_s;
    memory_before = std::max(memory_before, static_cast<double>(stand.server().resident_bytes()));
    Load load = stand.load(connections, seconds);
    load.rate = 5 * most.completed_per_s / batch;
    load.connections_max = 3'900;
    const auto run = stand.drive(load, orders, batch);
    round["ours"] = run.completed_per_s;
    round["cpu_us"] = run.cpu_us;
    round["driver_us"] = run.driver_cpu_us;
    // Whoever is not told no waits: that is what overload looks like then.
    round["accepted_p99_ms"] = run.traffic.accepted.ms(99);
    round["refused_p99_ms"] =
        run.traffic.refusals > 0 ? run.traffic.refused.ms(99) : run.traffic.accepted.ms(99);
    round["refused_per_s"] = static_cast<double>(run.traffic.refusals) / run.traffic.seconds();
    round["unsent_per_s"] = static_cast<double>(run.traffic.unsent) * batch / run.traffic.seconds();
    round["failed"] = static_cast<double>(run.traffic.failed + run.traffic.lost);
    memory_after = std::max(memory_after, static_cast<double>(stand.server().resident_bytes()));
    return round;
  });
  const auto of = [&](const char* name) { return median(column(rounds, name)); };
  auto result = compared("overload", "settlements/s", rounds);
  result.bar = 0.8;
  result.goal = 0.9;
  result.broken = stand.faults();
  result.note =
      "5 times the maximum offered, 10 orders a request, of which the client found no free connection for " +
      whole(of("unsent_per_s")) + "/s; " + whole(of("refused_per_s")) +
      "/s were told 429 or 503, p99 of the accepted " + whole(of("accepted_p99_ms")) + " ms; " +
      whole(of("failed")) + " answers of another kind; memory " + whole(memory_before / 1048576) +
      " MiB before, " + whole(memory_after / 1048576) + " MiB after";
  auto refused = figure("overload.refused-p99", of("refused_p99_ms"), "ms", std::nullopt, 50);
  refused.broken = result.broken;
  if (of("refused_per_s") == 0) refused.note = "nobody was refused: p99 of those who waited";
  return {result.settle(), refused};
}

std::vector<Result> rollback(Lab& lab) {
  Bank bank(lab.options.program_folder, lab.options.folder / "refusing-bank");
  Stand stand(lab, "rollback", bank.connector("bank", 200) + patient_rail);
  auto orders = stand.orders();
  bank.fault(R"({"kind":"refuse","rate":1,"code":"AC04","reason":"closed account"})");
  Load load = stand.load(64, 1);
  load.rate = 200;
  load.connections_max = 500;
  stand.drive(load, orders, 0, "Prefer: wait=30\r\n");  // warm up
  load.seconds = std::max(3.0, lab.options.seconds);
  const auto answered = [&](double percent, std::int64_t since_us) {
    // From the answer of the bank to the moment at which the hold's end was decided: the hold was placed with
    // the intent to send, the call took took_us, and what is left is the way there and the way back.
    return std::stod(lab.cluster().ask(
        stand.database(), "select coalesce(percentile_cont(" + two_digits(percent / 100) +
                              ") within group (order by extract(epoch from l.ended_at - s.sent_at) * 1000 - "
                              "substring(e.payload from '\"took_us\":([0-9]+)')::float / 1000), 0) "
                              "from settlement_transactions s join fund_locks l on l.settlement_id = s.id "
                              "join events e on e.subject = s.id and e.kind = 'settlement.rolled_back' "
                              "where s.status = 'ROLLED_BACK' and s.created_at >= to_timestamp(" +
                              std::to_string(since_us) + " / 1e6)"));
  };
  const auto rounds = lab.rounds([&] {
    Round round;
    const auto run = stand.drive(load, orders, 0, "Prefer: wait=30\r\n");
    round["whole_way_p99_ms"] = run.traffic.accepted.ms(99);
    round["released_p50_ms"] = answered(50, run.traffic.begun_us);
    round["released_p99_ms"] = answered(99, run.traffic.begun_us);
    round["cpu_us"] = run.cpu_us_per(static_cast<double>(run.traffic.acknowledged));
    return round;
  });
  const double p99 = median(column(rounds, "released_p99_ms"));
  auto result = figure("rollback", p99, "ms", 2'000, 5);
  result.cpu_us = median(column(rounds, "cpu_us"));
  result.note = "p99 without the bank's time, commit 1 included; p50 " +
                two_digits(median(column(rounds, "released_p50_ms"))) +
                " ms; from due to the client's final answer, bank and HTTP included, p99 " +
                two_digits(median(column(rounds, "whole_way_p99_ms"))) +
                " ms; issue 3 promises 200 ms: " + (p99 < 200 ? "kept" : "NOT KEPT");
  stand.drain();
  result.broken = faults_in_books(lab.cluster(), stand.database());
  const auto rolled = stand.count("status = 'ROLLED_BACK'");
  if (result.broken.empty() && rolled != static_cast<std::int64_t>(stand.acknowledged))
    result.broken =
        std::to_string(stand.acknowledged) + " acknowledged, " + std::to_string(rolled) + " rolled back";
  return {result.settle()};
}

namespace {
/// Seconds to read all that is in flight, with its holds, by COPY.
double copy_out_s(const Cluster& cluster, const std::string& database) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> db(PQconnectdb(cluster.url(database).c_str()), PQfinish);
  const auto begun = std::chrono::steady_clock::now();
  PQclear(
      PQexec(db.get(),
             "copy (select s.*, l.amount, l.placed_at from settlement_transactions s join fund_locks l on "
             "l.settlement_id = s.id where s.status in "
             "('PENDING','VALIDATING','FUNDS_LOCKED','EXECUTING','CONFIRMING')) to stdout"));
  char* row = nullptr;
  while (PQgetCopyData(db.get(), &row, 0) > 0) PQfreemem(row);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

struct Recovery {
  double ready_s = 0, port_s = 0, copy_s = 0;
  std::string broken;
};

Recovery recover(Lab& lab, int in_flight) {
  Bank bank(lab.options.program_folder, lab.options.folder / ("hanging-bank-" + std::to_string(in_flight)));
  Stand stand(lab, "recovery-" + std::to_string(in_flight),
              bank.connector("bank", 256, "send_timeout_ms = 300000\n") + patient_rail);
  bank.fault(R"({"kind":"hang","rate":1,"ms":600000})");
  auto orders = stand.orders();
  RequestText text(stand.server().api_key(), in_flight / 100);
  Load load = stand.load(2, 120);
  load.stop_after = static_cast<std::uint64_t>(in_flight);
  const auto sent = drive(load, orders, text);
  stand.server().end(SIGKILL);
  const auto open = stand.count("status not in ('COMPLETED','FAILED','ROLLED_BACK')");
  Recovery out;
  out.copy_s = copy_out_s(lab.cluster(), stand.database());
  out.ready_s = stand.server().start_timed();
  out.port_s = stand.server().port_after_s();
  lab.say("  " + std::to_string(open) + " in flight: port after " + two_digits(out.port_s) +
          " s, ready after " + two_digits(out.ready_s) + " s; COPY out of the same rows " +
          two_digits(out.copy_s) + " s");
  if (open < static_cast<std::int64_t>(sent.acknowledged))
    out.broken = std::to_string(sent.acknowledged) + " orders were acknowledged, " + std::to_string(open) +
                 " are in flight";
  else
    out.broken = faults_in_books(lab.cluster(), stand.database());
  stand.server().end(SIGKILL);  // what hangs at the bank hangs for ever
  return out;
}
}  // namespace

std::vector<Result> recovery(Lab& lab) {
  std::vector<Result> results;
  std::string also;
  for (const int n : {1'000, 10'000, 100'000}) {
    if (n == 1'000 && lab.options.quick) continue;
    const auto found = recover(lab, n);
    if (n == 1'000) {
      also = "ready after " + two_digits(found.ready_s) + " s with 1,000; ";
      continue;
    }
    auto r = n == 100'000 ? figure("recovery", found.ready_s, "s", 5, 0.5)
                          : figure("recovery.10000", found.ready_s, "s", 10, std::nullopt);
    r.reference = found.copy_s;
    r.note = std::to_string(n) + " in flight, kill -9: " + also + "port open after " +
             two_digits(found.port_s) + " s; reference: COPY out of the same rows";
    r.broken = found.broken;
    if (n == 100'000)
      results.insert(results.begin(), r);
    else
      results.push_back(r);
    also.clear();
  }
  return results;
}

}  // namespace settled::bench
