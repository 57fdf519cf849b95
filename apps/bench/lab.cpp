#include "apps/bench/lab.hpp"

#include "storage/migrate.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <unistd.h>

namespace settled::bench {
namespace {
constexpr const char* base = "bench_base";
constexpr std::uint64_t filled_with = 20'000;
constexpr int repeats_max = 2;
constexpr const char* in_flight =
    "status in ('PENDING','VALIDATING','FUNDS_LOCKED','EXECUTING','CONFIRMING')";
}  // namespace

std::vector<double> column(const std::vector<Round>& rounds, const std::string& name) {
  std::vector<double> out;
  for (const Round& round : rounds)
    if (const auto at = round.find(name); at != round.end()) out.push_back(at->second);
  return out;
}

Lab::Lab(Options o) : options(std::move(o)) {}
Lab::~Lab() = default;

void Lab::say(const std::string& what) const {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::fflush(stderr);
}

Cluster& Lab::cluster() {
  auto& cluster = clusters_[slow_ ? 1 : 0];
  if (cluster) return *cluster;
  say(slow_ ? "starting another PostgreSQL, with a shim that can slow its durable writes down"
            : "starting PostgreSQL");
  cluster = std::make_unique<Cluster>(options.folder / (slow_ ? "slow" : "fast"),
                                      slow_ ? options.program_folder / "libsettled-slow-sync.so" : "");
  try {
    fill();
  } catch (...) {
    cluster.reset();  // what is half filled is no beginning
    throw;
  }
  return *cluster;
}

void Lab::use_slow_disk(bool slow) {
  if (slow == slow_) return;
  drop_databases();
  slow_ = slow;
}

std::string Lab::rail() {
  if (options.rail == "on_us") return "[[connector]]\nname = \"house\"\ntype = \"on_us\"\nbanks = [\"*\"]\n";
  if (!bank_)
    bank_ =
        std::make_unique<Bank>(options.program_folder, options.folder / "bank", std::vector<std::string>{});
  return bank_->connector("bank", 256);
}

void Lab::fill() {
  Cluster& c = *clusters_[slow_ ? 1 : 0];
  c.drop(base);  // a folder that is used again
  c.create(base);
  migrate(c.url(base));
  fill_with_accounts(c, base, town);
  say("opened " + std::to_string(town.counterparties) + " vostros, and a vostro and a nostro each of " +
      std::to_string(town.banks) + " banks");
  Server server({.program_folder = options.program_folder,
                 .folder = options.folder / "base",
                 .database_url = c.url(base),
                 .settings = rail()});
  std::filesystem::remove_all(options.folder / "base" / "data");
  server.start();
  Orders orders({.seed = 1,
                 .counterparties = town.counterparties,
                 .banks = town.banks,
                 .on_us = options.rail == "on_us"});
  RequestText text(server.api_key(), 500);
  const auto filled = drive(
      {.port = server.port(), .connections = 2, .seconds = 300, .stop_after = filled_with}, orders, text);
  if (filled.acknowledged < filled_with)
    throw std::runtime_error("cannot fill the book: " + std::to_string(filled.acknowledged) +
                             " orders taken. " + filled.first_failure + " " + server.log_end());
  while (c.count(base, std::string("select count(*) from settlement_transactions where ") + in_flight) > 0)
    sleep_ms(10);
  server.end(SIGTERM);
  pqxx::connection db(c.owner_url(base));
  pqxx::nontransaction(db).exec("vacuum analyze");
  c.age();
  say("settled " + std::to_string(filled.acknowledged) + " orders beforehand");
}

std::string Lab::fresh_database(const std::string& name, const std::string& copy_of) {
  Cluster& c = cluster();
  std::string database = "bench_" + std::to_string(++number_) + "_" + name;
  std::replace(database.begin(), database.end(), '-', '_');
  c.drop(database);
  c.create(database, copy_of.empty() ? base : copy_of);
  databases_.push_back(database);
  return database;
}

void Lab::drop_databases() {
  if (auto& cluster = clusters_[slow_ ? 1 : 0]; cluster && !options.keep)
    for (const auto& database : databases_) cluster->drop(database);
  databases_.clear();
}

PlainSql Lab::plain_sql() {
  const auto database = fresh_database("plain_sql");
  return {cluster(), database, options.bench_folder / "reference", options.folder / database, town};
}

CopyLimit Lab::copy_limit() { return {cluster(), fresh_database("copy"), town}; }

std::vector<Round> Lab::rounds(const std::function<Round()>& round, int n) {
  if (n == 0) n = options.rounds;
  std::vector<Round> done;
  int repeats = 0;
  while (static_cast<int>(done.size()) < n) {
    done.push_back(round());
    std::string line = "  round " + std::to_string(done.size()) + ':';
    for (const auto& [name, value] : done.back()) {
      char text[64];
      std::snprintf(text, sizeof text, "  %s %.*f", name.c_str(), value < 100 ? 2 : 0, value);
      line += text;
    }
    say(line);
    const auto reference = column(done, "reference");
    if (static_cast<int>(done.size()) < n || repeats == repeats_max || !unsteady(reference)) continue;
    ++repeats;
    const double middle = median(reference);
    const auto distance = [&](double value) { return std::abs(std::log(std::max(value, 1e-9) / middle)); };
    const auto odd = std::max_element(reference.begin(), reference.end(),
                                      [&](double a, double b) { return distance(a) < distance(b); });
    say("  the reference was unsteady: its oddest round is measured again");
    done.erase(done.begin() + (odd - reference.begin()));
  }
  return done;
}

Result compared(const std::string& name, const std::string& unit, const std::vector<Round>& rounds,
                const std::string& ours, const std::string& reference) {
  Result r;
  r.name = name;
  r.unit = unit;
  r.value = median(column(rounds, ours));
  r.reference = median(column(rounds, reference));
  r.ratio = spread_of(ratios(column(rounds, ours), column(rounds, reference)));
  if (const auto cpu = column(rounds, "cpu_us"); !cpu.empty()) r.cpu_us = median(cpu);
  if (const auto cpu = column(rounds, "driver_us"); !cpu.empty()) r.driver_cpu_us = median(cpu);
  return r;
}

std::uint64_t Stand::seed_ = 1'000;

Stand::Stand(Lab& lab, const std::string& name, std::string settings, const std::string& copy_of)
    : lab_(lab),
      database_(lab.fresh_database(name, copy_of)),
      on_us_(settings.empty() && lab.options.rail == "on_us") {
  server_ = std::make_unique<Server>(
      ServerSettings{.program_folder = lab.options.program_folder,
                     .folder = lab.options.folder / database_,
                     .database_url = lab.cluster().url(database_),
                     .settings = settings.empty() ? lab.rail() : std::move(settings)});
  server_->start();
  completed_before_ = count("status = 'COMPLETED'");
}

Stand::~Stand() = default;

Orders Stand::orders(bool hot) const {
  return Orders({.seed = ++seed_,
                 .counterparties = lab_.town.counterparties,
                 .banks = hot ? 1 : lab_.town.banks,
                 .on_us = on_us_});
}

Load Stand::load(int connections, double seconds) const {
  return {.port = server_->port(), .connections = connections, .seconds = seconds};
}

std::int64_t Stand::count(const std::string& condition) const {
  return lab_.cluster().count(database_, "select count(*) from settlement_transactions where " + condition);
}

void Stand::drain() {
  const auto until = now_us() + 60'000'000;
  while (count(in_flight) > 0) {
    if (now_us() > until) throw std::runtime_error("orders are still in flight a minute after the load");
    sleep_ms(5);
  }
}

Stand::Run Stand::drive(const Load& load, Orders& orders, int batch, std::string_view more_headers) {
  RequestText text(server_->api_key(), batch, more_headers);
  Run run;
  // Counting all of a long history costs more than thousands of orders: not within what is measured.
  const auto completed = count("status = 'COMPLETED'");
  const double cpu = server_->cpu_s() + lab_.cluster().cpu_s();
  run.traffic = bench::drive(load, orders, text);
  drain();
  const double used = server_->cpu_s() + lab_.cluster().cpu_s() - cpu;
  run.cpu_s = used;
  run.completed = static_cast<double>(count("status = 'COMPLETED'") - completed);
  acknowledged += run.traffic.acknowledged;
  lost += run.traffic.lost;
  // The first tenth is the way up.
  const auto from = run.traffic.begun_us + (run.traffic.ended_us - run.traffic.begun_us) / 10;
  const auto at = [](std::int64_t us) { return "to_timestamp(" + std::to_string(us) + " / 1e6)"; };
  const auto within = count("status = 'COMPLETED' and finalized_at >= " + at(from) + " and finalized_at < " +
                            at(run.traffic.ended_us));
  run.completed_per_s = static_cast<double>(within) * 1e6 / static_cast<double>(run.traffic.ended_us - from);
  const double each = std::max(run.completed, 1.0);
  run.cpu_us = used * 1e6 / each;
  run.driver_cpu_us = run.traffic.cpu_s * 1e6 / each;
  if (run.traffic.failed > 0)
    lab_.say("  " + std::to_string(run.traffic.failed) +
             " answers of another kind, first: " + run.traffic.first_failure.substr(0, 300));
  return run;
}

int Stand::best_connections() {
  if (!lab_.best_connections) {
    double best = 0;
    auto draw = orders();
    for (const int connections : {64, 256, 1000}) {
      const auto run = drive(load(connections, 1.5), draw);
      lab_.say("  " + std::to_string(connections) +
               " connections: " + std::to_string(std::lround(run.completed_per_s)) + "/s");
      if (run.completed_per_s <= best) continue;
      best = run.completed_per_s;
      lab_.best_connections = connections;
    }
    if (!lab_.best_connections) throw std::runtime_error("nothing was settled: " + server_->log_end());
  } else {
    auto draw = orders();
    drive(load(*lab_.best_connections, 1), draw);  // warm up
  }
  return *lab_.best_connections;
}

std::string Stand::faults() {
  auto wrong = miscounted();
  return wrong.empty() ? faults_in_books(lab_.cluster(), database_) : wrong;
}

std::string Stand::miscounted() {
  drain();
  const auto completed = count("status = 'COMPLETED'") - completed_before_;
  const auto told = static_cast<std::int64_t>(acknowledged);
  // What broke with its connection may have been settled: no client was told.
  if (completed < told || completed > told + static_cast<std::int64_t>(lost))
    return std::to_string(told) + " orders were acknowledged, " + std::to_string(completed) +
           " are COMPLETED";
  return {};
}

}  // namespace settled::bench
