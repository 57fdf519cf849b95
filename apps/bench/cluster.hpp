// The PostgreSQL of a benchmark: one cluster for ours and for what we compare ourselves with, with the
// settings of the private one, and databases that are copies of one filled book.
#pragma once
#include "apps/bench/orders.hpp"
#include "storage/private_postgres.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace settled::bench {

/// CPU seconds that processes have used.
double cpu_s_of(pid_t pid);

class Cluster {
 public:
  /// `shim` makes durable writes slower while `slow` says so; empty: an ordinary server.
  Cluster(const std::filesystem::path& folder, const std::filesystem::path& shim);
  ~Cluster();
  /// Microseconds that every durable write takes longer from now on; needs the shim.
  void slow_down(int us);

  /// As `settled` connects.
  std::string url(const std::string& database) const;
  /// As the owner of the cluster: without the time limits of the role `settled`.
  std::string owner_url(const std::string& database) const;
  std::string socket() const { return postgres_->paths().socket.string(); }
  void create(const std::string& database, const std::string& copy_of = {});
  void drop(const std::string& database);
  /// A server that has run for a while writes its log into files that it has used before; a new one makes
  /// each, filled with zeros, while it is measured.
  void age() const;
  /// Throws when fsync, synchronous_commit or full_page_writes is off.
  void assert_durable() const;
  std::string version() const;
  /// Of the server and everything it ever forked.
  double cpu_s() const;
  /// The text of the one value that the statement selects.
  std::string ask(const std::string& database, const std::string& sql) const;
  std::int64_t count(const std::string& database, const std::string& sql) const;

 private:
  std::filesystem::path sync_us_;
  std::unique_ptr<PrivatePostgres> postgres_;
};

/// Opens the accounts of a town and gives each money out of the clearing account, in one balanced opening
/// entry. The schema must be there, and nobody may be writing.
void fill_with_accounts(const Cluster& cluster, const std::string& database, const Town& town);

/// What is wrong with the books; empty when nothing is.
std::string faults_in_books(const Cluster& cluster, const std::string& database);
/// The same for the reference's database, whose events are not chained: the checks of money alone.
std::string faults_in_reference(const Cluster& cluster, const std::string& database);

}  // namespace settled::bench
