#include "apps/bench/reference.hpp"
#include "apps/bench/server.hpp"
#include "storage/child_process.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <sys/wait.h>

namespace settled::bench {
namespace fs = std::filesystem;
namespace {
std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

double number_behind(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + name.size(), nullptr);
}
}  // namespace

PlainSql::PlainSql(const Cluster& cluster, std::string database, fs::path scripts, fs::path folder, Town town)
    : cluster_(cluster),
      database_(std::move(database)),
      scripts_(std::move(scripts)),
      folder_(std::move(folder)),
      town_(town) {
  fs::create_directories(folder_);
  pqxx::connection db(cluster_.url(database_));
  pqxx::work tx(db);
  tx.exec(text_of(scripts_ / "functions.sql"));
  tx.commit();
}

ReferenceRun PlainSql::run(const std::string& script, int clients, bool hot, double seconds) const {
  const auto log = folder_ / "pgbench.log";
  fs::remove(log);
  const double cpu = cluster_.cpu_s();
  const pid_t pid = spawn_child({.command = {(find_postgres({}, std::nullopt) / "pgbench").string(),
                                             "-n",
                                             "-M",
                                             "prepared",
                                             "-c",
                                             std::to_string(clients),
                                             "-j",
                                             clients > 1 ? "2" : "1",
                                             "-T",
                                             std::to_string(std::max(1L, std::lround(seconds))),
                                             "-D",
                                             "vostros=" + std::to_string(town_.counterparties),
                                             "-D",
                                             "nostros=" + std::to_string(hot ? 1 : town_.banks),
                                             "-f",
                                             (scripts_ / (script + ".sql")).string(),
                                             "-h",
                                             cluster_.socket(),
                                             "-U",
                                             "settled",
                                             database_},
                                 .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"},
                                 .log = log,
                                 .death_signal = SIGKILL});
  int status = 0;
  ::waitpid(pid, &status, 0);
  const auto said = text_of(log);
  const double done = number_behind(said, "number of transactions actually processed: ");
  if (status != 0 || done <= 0) throw std::runtime_error("pgbench " + script + ": " + said);
  return {.per_s = number_behind(said, "tps = "),
          .cpu_us = (cluster_.cpu_s() - cpu) * 1e6 / done,
          .average_ms = number_behind(said, "latency average = ")};
}

PlainSql::Best PlainSql::best_of(const std::vector<std::string>& scripts, bool hot) const {
  Best best;
  for (const auto& script : scripts)
    for (const int clients : {1, 8, 32})
      if (const auto found = run(script, clients, hot, 1); found.per_s > best.per_s)
        best = {script, clients, found.per_s};
  return best;
}

}  // namespace settled::bench
