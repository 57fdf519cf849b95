// A PostgreSQL of our own: made once in the data folder, run as a child on a unix socket, gone when we are.
//
// One keeper thread forks the server and watches it for as long as we live, because the kernel's "your
// parent died" signal follows the forking thread. When the server ends unasked, the keeper starts it again,
// for ever, and tells. What a crash of ours or of the server left behind is waited for and recovered; a
// cluster is never deleted.
#pragma once
#include "storage/postgres_cluster.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace settled {

struct PrivatePostgresSettings {
  std::filesystem::path binaries;        // empty: Debian's, in the version that made the cluster
  std::string server_user = "postgres";  // who runs the server when we are root, whom PostgreSQL refuses
  int max_connections = 50;
  std::vector<std::string> server_environment;  // "NAME=value", on top of ours: a slow disk for measuring
  /// How long leftovers of a crash may keep the data folder before a start gives up.
  std::chrono::milliseconds leftover_max = std::chrono::seconds(60);
  /// A fast stop ends sessions and writes a checkpoint; beyond this an immediate one, which recovers at the
  /// next start.
  std::chrono::milliseconds stop_max = std::chrono::seconds(30);
  /// A server that does not stay up is started ever later, up to this. Whoever makes room on a full disk does
  /// not want to wait for us much longer than for the recovery.
  std::chrono::milliseconds restart_pause_max = std::chrono::seconds(2);
  std::uintmax_t log_bytes_max = 16U << 20U;  // then postgres.log becomes postgres.log.1
};

/// The sentence says what happened and what to do; it is fit for the terminal.
struct PrivatePostgresError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class PrivatePostgres {
 public:
  /// Called on the keeper thread whenever the server is up (again) or not; must not call stop().
  using OnState = std::function<void(bool up, const std::string& why)>;

  explicit PrivatePostgres(const std::filesystem::path& data_dir, PrivatePostgresSettings settings = {},
                           OnState on_state = {});
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  /// Blocks until the server answers and holds the database `settled`. Throws PrivatePostgresError.
  void start();
  /// Stops server and keeper. May be called from any thread, also while start() waits; then start() throws.
  void stop();
  /// "postgresql:///settled?host=%2F…&user=settled": libpq, psql and pqxx take it.
  std::string database_url() const;
  /// The same as the owner of the cluster (`postgres`) or for another database; for tests and repairs.
  std::string url_for(const std::string& user, const std::string& database) const;
  /// 0 while no server runs.
  pid_t server_pid() const { return server_; }
  const ClusterPaths& paths() const { return paths_; }

 private:
  enum class Stage { idle, starting, up, failed };
  void keep();
  void watch();
  void prepare();
  void take_lock();
  void release_lock();
  void make_folders();
  void make_cluster();
  void launch();
  void clear_the_way(std::chrono::steady_clock::time_point until);
  bool wait_until_it_answers(int* wait_status);
  void make_database();
  void shut_down();
  bool pause(std::chrono::milliseconds time);  // true: we are stopping
  void rotate_log();
  void tell(bool up, const std::string& why);
  ChildSpec child(std::vector<std::string> command, const std::filesystem::path& log, int death_signal,
                  const std::filesystem::path& door) const;
  std::string hint() const;
  std::filesystem::path as_seen_by_server(const std::filesystem::path& path) const;

  const PrivatePostgresSettings settings_;
  const OnState on_state_;
  const ClusterPaths paths_;
  std::optional<UnixUser> server_user_;  // when we are root
  std::optional<std::filesystem::path>
      barred_;  // the first folder above that the server's user may not enter
  std::filesystem::path binaries_;
  int lock_ = -1;
  std::atomic<pid_t> server_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  Stage stage_ = Stage::idle;
  bool stopping_ = false;
  std::string failure_;
  std::mutex stop_mutex_;
  std::thread keeper_;
};

}  // namespace settled
