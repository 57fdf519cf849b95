// memory, growth: what an account and an order weigh, and what history costs.
#include "apps/bench/cases.hpp"
#include "storage/migrate.hpp"

#include <pqxx/pqxx>

#include <cmath>
#include <csignal>

namespace settled::bench {
namespace {
/// Resident bytes once they have stopped to change.
double settled_down(const Server& server) {
  double last = 0;
  for (int i = 0; i < 20; ++i) {
    sleep_ms(250);
    const auto now = static_cast<double>(server.resident_bytes());
    if (std::abs(now - last) < 64 * 1024) return now;
    last = now;
  }
  return last;
}
}  // namespace

std::vector<Result> memory(Lab& lab) {
  constexpr double mib = 1048576;
  Cluster& cluster = lab.cluster();
  double empty = 0;
  {
    const std::string database = "bench_empty";
    cluster.drop(database);
    cluster.create(database);
    migrate(cluster.url(database));
    Server server({.program_folder = lab.options.program_folder,
                   .folder = lab.options.folder / database,
                   .database_url = cluster.url(database),
                   .settings = lab.rail()});
    server.start();
    empty = settled_down(server);
    server.end(SIGTERM);
    cluster.drop(database);
  }
  constexpr int in_flight = 50'000;
  Bank bank(lab.options.program_folder, lab.options.folder / "silent-bank");
  bank.fault(R"({"kind":"hang","rate":1,"ms":600000})");
  Stand stand(
      lab, "memory",
      bank.connector("bank", 256, "send_timeout_ms = 300000\n") + "[settlement]\nmax_in_flight = 100000\n");
  const double loaded = settled_down(stand.server());
  auto orders = stand.orders();
  RequestText text(stand.server().api_key(), 250);
  Load load = stand.load(2, 120);
  load.stop_after = in_flight;
  const auto sent = drive(load, orders, text);
  const double full = settled_down(stand.server());
  const auto open = stand.count("status not in ('COMPLETED','FAILED','ROLLED_BACK')");
  const auto accounts = static_cast<double>(lab.town.counterparties + 2 * lab.town.banks + 1);
  std::vector<Result> results{
      figure("memory", empty / mib, "MiB", 50, 20),
      figure("memory.per-order", (full - loaded) / static_cast<double>(open), "bytes", 4096, 2048),
      figure("memory.per-account", (loaded - empty) / accounts, "bytes", std::nullopt, 128)};
  results[0].note = "idle, without PostgreSQL; " + whole(loaded / mib) + " MiB with " + whole(accounts) +
                    " accounts, " + whole(full / mib) + " MiB with " + std::to_string(open) +
                    " orders in flight";
  std::string broken = faults_in_books(cluster, stand.database());
  if (broken.empty() && open < static_cast<std::int64_t>(sent.acknowledged))
    broken = "orders in flight are missing";
  for (auto& r : results) r.broken = broken;
  stand.server().end(SIGKILL);  // what hangs at the bank hangs for ever
  return results;
}

std::vector<Result> growth(Lab& lab) {
  constexpr std::uint64_t measured = 8'000;
  constexpr std::uint64_t history = 600'000;  // a hundred times what the small one has on average
  const Town small{.counterparties = 1'000, .banks = 10};
  Cluster& cluster = lab.cluster();
  const std::string base = "bench_small";
  cluster.drop(base);
  cluster.create(base);
  migrate(cluster.url(base));
  fill_with_accounts(cluster, base, small);

  Stand large(lab, "growth");
  auto orders = large.orders();
  lab.say("  growing to " + std::to_string(history) + " settlements");
  Load grow = large.load(4, 150);
  grow.stop_after = history;
  large.drive(grow, orders, 1000);
  const auto reached = large.count("true");
  {
    // What growing has left for the server to tidy up is no cost of the settlements that come after.
    pqxx::connection db(cluster.owner_url(large.database()));
    pqxx::nontransaction tx(db);
    tx.exec("vacuum analyze");
    tx.exec("checkpoint");
  }
  large.best_connections();

  const auto cost = [&](Stand& stand, Orders& of) {
    Load load = stand.load(256, 60);
    load.stop_after = measured;
    return stand.drive(load, of);
  };
  std::string broken;
  int number = 0;
  const auto rounds = lab.rounds([&] {
    Round round;
    {
      // Its own history must stay small: a fresh one each time, with 2,000 to warm up.
      Stand fresh(lab, "growth-small", {}, base);
      Orders few({.seed = 7'000U + static_cast<std::uint64_t>(++number),
                  .counterparties = small.counterparties,
                  .banks = small.banks,
                  .on_us = fresh.on_us()});
      Load warm = fresh.load(256, 60);
      warm.stop_after = 2'000;
      fresh.drive(warm, few);
      const auto run = cost(fresh, few);
      round["reference"] = run.cpu_us;
      round["small_p99_ms"] = run.traffic.accepted.ms(99);
      if (broken.empty()) broken = fresh.faults();
    }
    const auto run = cost(large, orders);
    round["ours"] = run.cpu_us;
    round["large_p99_ms"] = run.traffic.accepted.ms(99);
    return round;
  });
  if (broken.empty()) broken = large.faults();
  cluster.drop(base);
  auto result = compared("growth", "us CPU each", rounds);
  result.cpu_us = result.value;
  result.goal = 1.2;
  result.less_is_better = true;
  result.broken = broken;
  result.note = "1,000 accounts and 2,000 to 10,000 settlements against " +
                std::to_string(lab.town.counterparties) + " accounts and " + std::to_string(reached) +
                " settlements; p99 " + whole(median(column(rounds, "small_p99_ms"))) + " and " +
                whole(median(column(rounds, "large_p99_ms"))) + " ms";
  return {result};
}

}  // namespace settled::bench
