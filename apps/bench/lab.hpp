// What the cases share: the cluster, the filled book that every case starts from a copy of, and the way from
// rounds to a result.
#pragma once
#include "apps/bench/cluster.hpp"
#include "apps/bench/driver.hpp"
#include "apps/bench/options.hpp"
#include "apps/bench/reference.hpp"
#include "apps/bench/result.hpp"
#include "apps/bench/server.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace settled::bench {

/// What one round found out, by name. "reference" is what its steadiness is judged by.
using Round = std::map<std::string, double>;
std::vector<double> column(const std::vector<Round>& rounds, const std::string& name);

class Lab {
 public:
  explicit Lab(Options options);
  ~Lab();

  Cluster& cluster();
  /// Another cluster, whose durable writes can be slowed down; the ordinary one has nothing to do meanwhile.
  void use_slow_disk(bool slow);
  /// A copy of the filled book: 20,000 settlements, analysed.
  std::string fresh_database(const std::string& name, const std::string& copy_of = {});
  PlainSql plain_sql();
  CopyLimit copy_limit();
  /// [[connector]] of our own books, in the process; or of a bank over HTTP.
  std::string rail();
  std::vector<Round> rounds(const std::function<Round()>& round, int n = 0);
  void say(const std::string& what) const;
  void drop_databases();

  const Options options;
  const Town town;
  /// The best number of connections, and what it brought: from http-single, or found out when first asked.
  std::optional<int> best_connections;
  std::optional<double> single_per_s;

 private:
  void fill();
  std::array<std::unique_ptr<Cluster>, 2> clusters_;  // the ordinary one, and the slow one
  std::unique_ptr<Bank> bank_;
  bool slow_ = false;
  int number_ = 0;
  std::vector<std::string> databases_;
};

/// settled on a database of its own, the client that loads it, and the judgement of its books.
class Stand {
 public:
  /// `settings` is settled.toml; empty: the rail alone.
  explicit Stand(Lab& lab, const std::string& name, std::string settings = {},
                 const std::string& copy_of = {});
  ~Stand();

  struct Run {
    Traffic traffic;
    double completed_per_s = 0;            // COMPLETED within the time of the load
    double completed = 0;                  // until nothing was in flight
    double cpu_us = 0, driver_cpu_us = 0;  // per completed one
    double cpu_s = 0;
    double cpu_us_per(double orders) const { return cpu_s * 1e6 / (orders > 0 ? orders : 1); }
  };
  /// Orders alone: `batch` 0.
  Run drive(const Load& load, Orders& orders, int batch = 0, std::string_view more_headers = {});
  Orders orders(bool hot = false) const;
  Load load(int connections, double seconds) const;
  /// 64, 256 or 1,000 connections, a second each: whichever completes most. Warms up, too.
  int best_connections();
  /// Until nothing is in flight.
  void drain();
  std::int64_t count(const std::string& condition) const;
  /// Drains, and compares what was acknowledged with what is COMPLETED. Empty: all is right.
  std::string miscounted();
  /// The same, and verifies, which takes minutes where there are millions of settlements.
  std::string faults();

  Server& server() { return *server_; }
  const std::string& database() const { return database_; }
  bool on_us() const { return on_us_; }
  std::uint64_t acknowledged = 0, lost = 0;

 private:
  Lab& lab_;
  const std::string database_;
  const bool on_us_;  // else a bank over HTTP
  std::unique_ptr<Server> server_;
  std::int64_t completed_before_ = 0;
  static std::uint64_t seed_;
};

struct Case {
  const char* name;
  const char* what;
  bool quick;
  std::vector<Result> (*run)(Lab& lab);
};
const std::vector<Case>& all_cases();

/// Ours and theirs of the rounds as value, reference and ratio.
Result compared(const std::string& name, const std::string& unit, const std::vector<Round>& rounds,
                const std::string& ours = "ours", const std::string& reference = "reference");

}  // namespace settled::bench
