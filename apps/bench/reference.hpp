// What ours is compared with: the same settlement in plain SQL by pgbench, and the rows alone by COPY.
#pragma once
#include "apps/bench/cluster.hpp"

#include <optional>
#include <string>
#include <vector>

namespace settled::bench {

struct ReferenceRun {
  double per_s = 0;
  double cpu_us = 0;      // of PostgreSQL, per transaction
  double average_ms = 0;  // latency, as pgbench says it
};

class PlainSql {
 public:
  /// The database is a copy of the filled one; makes the functions in it.
  PlainSql(const Cluster& cluster, std::string database, std::filesystem::path scripts,
           std::filesystem::path folder, Town town);
  ReferenceRun run(const std::string& script, int clients, bool hot, double seconds) const;
  struct Best {
    std::string script;
    int clients = 0;
    double per_s = 0;
  };
  /// Tries each script with 1, 8 and 32 clients, a second each.
  Best best_of(const std::vector<std::string>& scripts, bool hot) const;
  const std::string& database() const { return database_; }

 private:
  const Cluster& cluster_;
  const std::string database_;
  const std::filesystem::path scripts_, folder_;
  const Town town_;
};

/// One connection, binary COPY of the rows of `per_commit` settlements into the real tables per commit. The
/// bytes are made before the time counts. The books of such a database do not balance: it moves no balances.
class CopyLimit {
 public:
  CopyLimit(const Cluster& cluster, std::string database, Town town);
  ReferenceRun run(double seconds, int per_commit = 1000);

 private:
  const Cluster& cluster_;
  const std::string database_;
  const Town town_;
  std::int64_t made_ = 0;
};

}  // namespace settled::bench
