#include "storage/postgres_cluster.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace settled {
namespace fs = std::filesystem;
namespace {

/// FNV-1a: the same folder must get the same name in every run and build.
std::string digest(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ULL;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[(hash >> shift) & 15U];
  return out;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

bool usable(const fs::path& bin) {
  return ::access((bin / "initdb").c_str(), X_OK) == 0 && ::access((bin / "postgres").c_str(), X_OK) == 0;
}

}  // namespace

std::string percent_encoded(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '_' || c == '.' || c == '~';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += digits[c >> 4U];
      out += digits[c & 15U];
    }
  }
  return out;
}

ClusterPaths cluster_paths(const fs::path& data_dir) {
  ClusterPaths paths;
  paths.folder = fs::weakly_canonical(fs::absolute(data_dir));
  if (!paths.folder.has_filename()) paths.folder = paths.folder.parent_path();
  paths.home = paths.folder / "postgres";
  paths.unborn = paths.folder / "postgres.new";
  paths.data = paths.home / "data";
  paths.log = paths.folder / "postgres.log";
  paths.initdb_log = paths.folder / "postgres-initdb.log";
  paths.lock = paths.folder / "postgres.lock";
  paths.socket = paths.home / "run";
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if ((paths.socket / paths.socket_name).string().size() > longest)
    paths.socket = fs::path("/tmp") / ("settled-" + digest(paths.folder.string()));
  return paths;
}

fs::path find_postgres(const fs::path& preferred, std::optional<int> major) {
  if (!preferred.empty()) {
    if (usable(preferred)) return preferred;
    throw std::runtime_error("no initdb and postgres in " + preferred.string());
  }
  std::vector<std::pair<int, fs::path>> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    auto version = number_in<int>(entry.path().filename().string());
    if (version && usable(entry.path() / "bin")) found.emplace_back(*version, entry.path() / "bin");
  }
  std::sort(found.begin(), found.end());
  if (found.empty())
    throw std::runtime_error(
        "PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin. Install it (apt-get install "
        "postgresql-15) or name a server of yours with --database-url");
  if (!major) return found.back().second;
  for (const auto& [version, bin] : found)
    if (version == *major) return bin;
  throw std::runtime_error("the cluster was made by PostgreSQL " + std::to_string(*major) +
                           ", installed is " + std::to_string(found.back().first) + ". Install postgresql-" +
                           std::to_string(*major) + "; the data is untouched");
}

std::optional<int> cluster_version(const ClusterPaths& paths) {
  return number_in<int>(first_line(paths.data / "PG_VERSION"));
}

std::vector<pid_t> processes_in(const fs::path& data) {
  std::vector<pid_t> out;
  std::error_code error;
  auto wanted = fs::weakly_canonical(data, error);
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    auto pid = number_in<pid_t>(entry.path().filename().string());
    if (!pid) continue;
    // A server and all its children stay in the data folder. A zombie has no folder any more.
    std::error_code gone;
    if (fs::read_symlink(entry.path() / "cwd", gone) != wanted || gone) continue;
    if (first_line(entry.path() / "comm").starts_with("postgres")) out.push_back(*pid);
  }
  return out;
}

pid_t postmaster_of(const fs::path& data) {
  return number_in<pid_t>(first_line(data / "postmaster.pid")).value_or(0);
}

void remove_strangers_locks(const ClusterPaths& paths) {
  const fs::path locks[] = {paths.data / "postmaster.pid", paths.socket / (paths.socket_name + ".lock")};
  for (const auto& lock : locks) {
    std::error_code error;
    if (!fs::exists(lock, error)) continue;
    // A second number with a minus sign belongs to a server in single-user mode.
    auto pid = number_in<pid_t>(first_line(lock)).value_or(0);
    bool dead = pid != 0 && ::kill(std::abs(pid), 0) != 0 && errno == ESRCH;
    if (!dead) fs::remove(lock, error);
  }
}

void make_private(const fs::path& folder, const std::optional<UnixUser>& owner) {
  uid_t uid = owner ? owner->uid : ::geteuid();
  gid_t gid = owner ? owner->gid : ::getegid();
  auto failed = [&](const std::string& what) {
    throw std::runtime_error(what + " " + folder.string() + ": " + std::strerror(errno));
  };
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) failed("cannot create");
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) failed("cannot open");
  struct stat is {};
  int bad = ::fstat(fd, &is);
  bool strangers = bad == 0 && is.st_uid != uid && is.st_uid != ::geteuid();
  if (bad == 0 && !strangers && is.st_uid != uid) bad = ::fchown(fd, uid, gid);
  if (bad == 0 && !strangers && (is.st_mode & 07777U) != 0700) bad = ::fchmod(fd, 0700);
  int error = errno;
  ::close(fd);
  errno = error;
  if (strangers)
    throw std::runtime_error(folder.string() + " belongs to another user (uid " + std::to_string(is.st_uid) +
                             "). Nothing was touched. Start as that user or choose another --data-dir");
  if (bad != 0) failed("cannot make private");
}

MachineSize machine_size(const fs::path& on_disk) {
  constexpr std::int64_t mib = 1024 * 1024;
  MachineSize size;
  size.memory_mib = ::sysconf(_SC_PHYS_PAGES) * (::sysconf(_SC_PAGESIZE) / 1024) / 1024;
  for (const char* limit : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
    if (auto bytes = number_in<std::int64_t>(first_line(limit)))
      size.memory_mib = std::min(size.memory_mib, *bytes / mib);
  size.memory_mib = std::max<std::int64_t>(size.memory_mib, 256);
  std::error_code error;
  auto space = fs::space(on_disk, error);
  if (!error) size.disk_free_mib = static_cast<std::int64_t>(space.available / mib);
  return size;
}

std::vector<std::string> server_settings(const fs::path& socket, const MachineSize& machine,
                                         int max_connections, bool lz4) {
  auto mib = [](std::int64_t n) { return std::to_string(n) + "MB"; };
  auto memory = machine.memory_mib;
  // Between checkpoints the log may take a tenth of what is free: fewer checkpoints mean fewer full pages.
  auto wal = std::clamp<std::int64_t>(machine.disk_free_mib / 10, 256, 4096);
  return {
      // An acknowledged commit survives the loss of power (RELIABILITY: with any of these off it does not).
      "fsync=on",
      "synchronous_commit=on",
      "full_page_writes=on",
      // Reachable through the socket's folder only.
      "listen_addresses=",
      "port=5432",
      "unix_socket_directories=" + socket.string(),
      "unix_socket_permissions=0700",
      "max_connections=" + std::to_string(max_connections),
      // A client that was killed must not keep its locks: noticed within this time also during a query.
      "client_connection_check_interval=2s",
      // We share the machine with `settled` itself.
      "shared_buffers=" + mib(std::clamp<std::int64_t>(memory / 8, 32, 2048)),
      "effective_cache_size=" + mib(std::max<std::int64_t>(memory / 2, 128)),
      "maintenance_work_mem=" + mib(std::clamp<std::int64_t>(memory / 32, 32, 512)),
      "work_mem=8MB",
      "max_wal_size=" + mib(wal),
      "min_wal_size=" + mib(std::min<std::int64_t>(wal / 2, 512)),
      "checkpoint_timeout=15min",
      "checkpoint_completion_target=0.9",
      lz4 ? "wal_compression=lz4" : "wal_compression=on",
      "random_page_cost=1.1",
      // Our statements are short: compiling them costs more than running them.
      "jit=off",
      "autovacuum=on",
      "logging_collector=off",
      "log_destination=stderr",
      "log_line_prefix=%m [%p] ",
      // DETAIL lines would carry values of rows into the log.
      "log_error_verbosity=terse",
  };
}

std::string log_tail(const fs::path& log, std::uintmax_t offset, std::size_t bytes) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  if (!in) return {};
  auto size = static_cast<std::uintmax_t>(std::max<std::streamoff>(in.tellg(), 0));
  auto from = std::max(std::min(offset, size), size > bytes ? size - bytes : 0);
  in.seekg(static_cast<std::streamoff>(from));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace settled
