// http-single, http-batch, hot-account, sync-2ms: how much is settled in a second.
#include "apps/bench/cases.hpp"

#include <algorithm>

namespace settled::bench {
namespace {
const std::vector<std::string> one_commit{"func", "stmt"};

std::string words(const PlainSql::Best& best) {
  return best.script + " with " + std::to_string(best.clients) + " client" + (best.clients == 1 ? "" : "s");
}

void take(Round& round, const Stand::Run& run) {
  round["ours"] = run.completed_per_s;
  round["cpu_us"] = run.cpu_us;
  round["driver_us"] = run.driver_cpu_us;
}

}  // namespace

std::vector<Result> http_single(Lab& lab) {
  auto sql = lab.plain_sql();
  const auto best = sql.best_of(one_commit, false);
  lab.say("  plain SQL at its best: " + words(best));
  Stand stand(lab, "http-single");
  const int connections = stand.best_connections();
  auto orders = stand.orders();
  const auto rounds = lab.rounds([&] {
    Round round;
    round["floor"] = sql.run("durable_floor", 8, false, 1).per_s;
    const auto reference = sql.run(best.script, best.clients, false, lab.options.seconds);
    round["reference"] = reference.per_s;
    round["reference_cpu_us"] = reference.cpu_us;
    take(round, stand.drive(stand.load(connections, lab.options.seconds), orders));
    return round;
  });
  auto result = compared("http-single", "settlements/s", rounds);
  result.bar = 2;
  result.goal = 4;
  result.broken = stand.faults();
  if (result.broken.empty()) result.broken = faults_in_reference(lab.cluster(), sql.database());
  result.note =
      whole(connections) + " connections; plain SQL: " + words(best) + ", " +
      whole(median(column(rounds, "reference_cpu_us"))) +
      " us of PostgreSQL each; one durable row, 8 clients: " + whole(median(column(rounds, "floor"))) + "/s";
  Result quiet;
  quiet.name = "http-single.per-s";
  quiet.unit = "settlements/s";
  const auto ours = column(rounds, "ours");
  quiet.value = *std::max_element(ours.begin(), ours.end());
  quiet.goal = 16'700;
  quiet.broken = result.broken;
  quiet.note = "the best round";
  lab.single_per_s = result.value;
  return {result.settle(), quiet.settle()};
}

std::vector<Result> http_batch(Lab& lab) {
  auto copy = lab.copy_limit();
  Stand stand(lab, "http-batch");
  auto orders = stand.orders();
  int best = 2;
  double most = 0;
  for (const int connections : {2, 4, 8}) {
    const auto run = stand.drive(stand.load(connections, 1.5), orders, 1000);
    lab.say("  " + std::to_string(connections) + " connections: " + whole(run.completed_per_s) + "/s");
    if (run.completed_per_s <= most) continue;
    most = run.completed_per_s;
    best = connections;
  }
  copy.run(1);
  // A commit has thousands of orders: a short run would count one more or less.
  const double seconds = 2 * lab.options.seconds;
  const auto rounds = lab.rounds([&] {
    Round round;
    const auto limit = copy.run(seconds);
    round["reference"] = limit.per_s;
    round["reference_cpu_us"] = limit.cpu_us;
    take(round, stand.drive(stand.load(best, seconds), orders, 1000));
    return round;
  });
  auto result = compared("http-batch", "settlements/s", rounds);
  result.bar = 0.5;
  result.goal = 0.9;
  result.broken = stand.faults();
  result.note = "1,000 orders a request, " + whole(best) +
                " connections; COPY: " + whole(median(column(rounds, "reference_cpu_us"))) +
                " us of PostgreSQL each";
  return {result.settle()};
}

std::vector<Result> hot_account(Lab& lab) {
  auto sql = lab.plain_sql();
  Stand stand(lab, "hot-account");
  const int connections = stand.best_connections();
  auto spread = stand.orders(), hot = stand.orders(true);
  sql.run("func", 32, true, 1);
  const auto rounds = lab.rounds([&] {
    Round round;
    round["sql_32"] = sql.run("func", 32, true, lab.options.seconds).per_s;
    const auto even = stand.drive(stand.load(connections, lab.options.seconds), spread);
    round["reference"] = even.completed_per_s;
    round["spread_cpu_us"] = even.cpu_us;
    take(round, stand.drive(stand.load(connections, lab.options.seconds), hot));
    return round;
  });
  auto result = compared("hot-account", "settlements/s", rounds);
  result.bar = 0.8;
  result.goal = 0.95;
  result.broken = stand.faults();
  if (result.broken.empty()) result.broken = faults_in_reference(lab.cluster(), sql.database());
  result.note =
      "reference: the same over all accounts, " + whole(median(column(rounds, "spread_cpu_us"))) + " us each";
  auto against = compared("hot-account.sql-32", "settlements/s", rounds, "ours", "sql_32");
  against.goal = 15;
  against.broken = result.broken;
  against.note = "reference: plain SQL on the hot account with 32 clients";
  return {result.settle(), against.settle()};
}

std::vector<Result> sync_2ms(Lab& lab) {
  constexpr int us = 2'000;
  lab.use_slow_disk(true);
  auto sql = lab.plain_sql();
  Stand stand(lab, "sync-2ms");
  const int connections = stand.best_connections();
  auto orders = stand.orders(), hot = stand.orders(true);
  lab.cluster().slow_down(us);
  const auto best = sql.best_of(one_commit, true);
  lab.say("  plain SQL on the hot account at its best: " + words(best));
  const auto rounds = lab.rounds([&] {
    Round round;
    const double s = lab.options.seconds;
    lab.cluster().slow_down(0);
    round["reference"] = stand.drive(stand.load(connections, s), orders).completed_per_s;
    lab.cluster().slow_down(us);
    take(round, stand.drive(stand.load(connections, s), orders));
    round["sql_hot"] = sql.run(best.script, best.clients, true, s).per_s;
    round["hot"] = stand.drive(stand.load(connections, s), hot).completed_per_s;
    return round;
  });
  lab.cluster().slow_down(0);
  auto result = compared("sync-2ms", "settlements/s", rounds);
  result.bar = 0.8;
  result.goal = 0.9;
  result.broken = stand.faults();
  if (result.broken.empty()) result.broken = faults_in_reference(lab.cluster(), sql.database());
  result.note = "2 ms more for every durable write; reference: the same without";
  auto against = compared("sync-2ms.hot", "settlements/s", rounds, "hot", "sql_hot");
  against.goal = 40;
  against.broken = result.broken;
  against.cpu_us = against.driver_cpu_us = std::nullopt;
  against.note = "the hot account with 2 ms; reference: plain SQL there, " + words(best);
  return {result.settle(), against.settle()};
}

}  // namespace settled::bench
