// The files of a private PostgreSQL: where they lie, which programs serve them, who still uses them.
// private_postgres.hpp runs the server on them.
#pragma once
#include "storage/child_process.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace settled {

struct ClusterPaths {
  std::filesystem::path folder;  // DIR: the data folder of `settled`
  std::filesystem::path home;    // DIR/postgres: everything below belongs to the server's user
  std::filesystem::path unborn;  // DIR/postgres.new: a cluster whose initdb has not finished
  std::filesystem::path data;    // DIR/postgres/data
  // Ours, not the server's: we write them as whoever we are, perhaps root, so the server's user must not be
  // able to put a link in their place.
  std::filesystem::path log;         // DIR/postgres.log
  std::filesystem::path initdb_log;  // DIR/postgres-initdb.log
  std::filesystem::path lock;        // DIR/postgres.lock: held by the one `settled` that runs this cluster
  std::filesystem::path socket;      // the folder of the socket: DIR/postgres/run, or a short one under /tmp
  std::string socket_name = ".s.PGSQL.5432";
};
ClusterPaths cluster_paths(const std::filesystem::path& data_dir);

/// For the parts of a connection URI.
std::string percent_encoded(const std::string& text);

/// Makes the folder for the server's user alone (empty: for us). An existing one must belong to him or to us
/// already: under /tmp it could be anybody's. Throws std::runtime_error.
void make_private(const std::filesystem::path& folder, const std::optional<UnixUser>& owner);

/// The folder with initdb and postgres: `preferred`, or Debian's newest, or Debian's of `major`, the version
/// that made an existing cluster. Throws std::runtime_error that says what to install.
std::filesystem::path find_postgres(const std::filesystem::path& preferred, std::optional<int> major);
/// The version that made the cluster; empty when there is none yet.
std::optional<int> cluster_version(const ClusterPaths& paths);

/// The postgres processes that work in this data folder: a server, or what a killed one left behind.
std::vector<pid_t> processes_in(const std::filesystem::path& data);
/// The pid in the folder's postmaster.pid; 0 when there is none.
pid_t postmaster_of(const std::filesystem::path& data);
/// Removes lock files that name a process which is not a server of this folder (its number was given to
/// a stranger since, or the file is empty after a full disk). A file that names a dead process stays:
/// PostgreSQL then looks itself whether orphans still use the shared memory that it names.
/// Only for a caller who holds the cluster's lock and found `processes_in` empty.
void remove_strangers_locks(const ClusterPaths& paths);

struct MachineSize {
  std::int64_t memory_mib = 1024;
  std::int64_t disk_free_mib = 10240;
};
/// What this machine or our control group allows.
MachineSize machine_size(const std::filesystem::path& on_disk);
/// The "name=value" settings of the server, for its command line: there nobody can override them.
std::vector<std::string> server_settings(const std::filesystem::path& socket, const MachineSize& machine,
                                         int max_connections, bool lz4);

/// The end of a log file from `offset` on, at most `bytes` of it.
std::string log_tail(const std::filesystem::path& log, std::uintmax_t offset, std::size_t bytes);

}  // namespace settled
