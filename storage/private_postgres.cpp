#include "storage/private_postgres.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace settled {
namespace fs = std::filesystem;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

[[noreturn]] void fail(const std::string& text) { throw PrivatePostgresError(text); }

void sync_folder(const fs::path& folder) {
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

PrivatePostgres::PrivatePostgres(const fs::path& data_dir, PrivatePostgresSettings settings, OnState on_state)
    : settings_(std::move(settings)), on_state_(std::move(on_state)), paths_(cluster_paths(data_dir)) {}

PrivatePostgres::~PrivatePostgres() { stop(); }

void PrivatePostgres::start() {
  std::unique_lock lock(mutex_);
  if (stage_ != Stage::idle) fail("the private PostgreSQL was started already");
  stage_ = Stage::starting;
  stopping_ = false;
  keeper_ = std::thread([this] { keep(); });
  changed_.wait(lock, [this] { return stage_ != Stage::starting; });
  if (stage_ == Stage::up) return;
  auto why = failure_;
  lock.unlock();
  stop();
  fail(why);
}

void PrivatePostgres::stop() {
  // Two callers may ask at once (a signal and the destructor); the second waits for the first.
  std::lock_guard one_at_a_time(stop_mutex_);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  std::lock_guard lock(mutex_);
  stage_ = Stage::idle;
}

std::string PrivatePostgres::url_for(const std::string& user, const std::string& database) const {
  return "postgresql:///" + database + "?host=" + percent_encoded(paths_.socket.string()) + "&user=" + user;
}

std::string PrivatePostgres::database_url() const { return url_for("settled", "settled"); }

bool PrivatePostgres::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return stopping_; });
}

void PrivatePostgres::tell(bool up, const std::string& why) {
  if (on_state_) on_state_(up, why);
}

void PrivatePostgres::keep() {
  // Signals to the process are for the threads that handle them.
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  ::pthread_setname_np(::pthread_self(), "postgres-keeper");
  auto enter = [this](Stage stage, const std::string& failure) {
    std::lock_guard lock(mutex_);
    stage_ = stage;
    failure_ = failure;
    changed_.notify_all();
  };
  try {
    prepare();
    launch();
    make_database();
  } catch (const std::exception& e) {
    shut_down();
    release_lock();
    enter(Stage::failed, e.what());
    return;
  }
  enter(Stage::up, "");
  watch();
  shut_down();
  release_lock();
}

void PrivatePostgres::watch() {
  bool up = true;
  auto up_since = steady_clock::now();
  auto log_checked = up_since;
  std::chrono::milliseconds next_pause{0};
  for (;;) {
    if (up) {
      if (pause(50ms)) return;
      if (steady_clock::now() - log_checked > 60s) {
        rotate_log();
        log_checked = steady_clock::now();
      }
      auto ended = child_ended(server_);
      if (!ended) continue;
      server_ = 0;
      up = false;
      // A server that ran well for a while is started again at once.
      if (steady_clock::now() - up_since > 5s) next_pause = 0ms;
      tell(false, "PostgreSQL " + describe_end(*ended));
    }
    if (pause(next_pause)) return;
    next_pause = std::clamp<std::chrono::milliseconds>(next_pause * 2, 250ms, settings_.restart_pause_max);
    try {
      launch();
      up = true;
      up_since = steady_clock::now();
      tell(true, "PostgreSQL answers again");
    } catch (const std::exception& e) {
      shut_down();
      tell(false, e.what());
    }
  }
}

void PrivatePostgres::prepare() {
  if (::geteuid() == 0) {
    server_user_ = unix_user(settings_.server_user);
    if (!server_user_)
      fail("PostgreSQL does not run as root, and there is no user \"" + settings_.server_user +
           "\". Install postgresql-15, which makes it, or start settled as another user");
  }
  make_folders();
  take_lock();
  make_cluster();
}

void PrivatePostgres::make_folders() {
  std::error_code error;
  fs::create_directories(paths_.folder, error);
  if (error)
    fail("cannot create the data folder " + paths_.folder.string() + ": " + error.message() +
         ". Choose a folder that you may write with --data-dir");
  if (::access(paths_.folder.c_str(), W_OK | X_OK) != 0)
    fail("cannot write the data folder " + paths_.folder.string() + ": " + std::strerror(errno) +
         ". Choose a folder that you may write with --data-dir");
  if (!server_user_) return;
  std::vector<fs::path> way;
  fs::path at;
  for (const auto& part : paths_.folder) way.push_back(at /= part);
  barred_ = first_barred(way, *server_user_);
}

void PrivatePostgres::take_lock() {
  lock_ = ::open(paths_.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) fail("cannot write " + paths_.lock.string() + ": " + std::strerror(errno));
  // One that was just killed gives its lock back within moments.
  auto until = steady_clock::now() + 5s;
  while (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (steady_clock::now() > until || pause(50ms))
      fail(paths_.folder.string() + " is in use by another settled (pid " + log_tail(paths_.lock, 0, 20) +
           "). Stop it or choose another --data-dir");
  }
  auto pid = std::to_string(::getpid());
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, pid.data(), pid.size(), 0) < 0)
    fail("cannot write " + paths_.lock.string() + ": " + std::strerror(errno));
}

void PrivatePostgres::release_lock() {
  if (lock_ >= 0) ::close(lock_);
  lock_ = -1;
}

void PrivatePostgres::make_cluster() {
  std::error_code error;
  auto version = cluster_version(paths_);
  binaries_ = find_postgres(settings_.binaries, version);
  if (!version) {
    if (fs::exists(paths_.home) && !fs::is_empty(paths_.home, error))
      fail(paths_.home.string() + " exists but holds no PostgreSQL cluster (data/PG_VERSION is missing). " +
           "It was not touched. Move it away, or choose another --data-dir");
    // An initdb whose parent was killed may live a moment longer than we waited for the lock.
    auto until = steady_clock::now() + settings_.leftover_max;
    while (!processes_in(paths_.unborn / "data").empty())
      if (steady_clock::now() > until || pause(50ms))
        fail("another initdb runs in " + paths_.unborn.string());
    fs::remove_all(paths_.unborn, error);
    if (error) fail("cannot remove the unfinished " + paths_.unborn.string() + ": " + error.message());
    make_private(paths_.unborn, server_user_);
    pid_t initdb =
        spawn_child(child({(binaries_ / "initdb").string(), "-D",
                           as_seen_by_server(paths_.unborn / "data").string(), "-U", "postgres", "-E", "UTF8",
                           "--locale=C", "--auth-local=trust", "--auth-host=reject", "--data-checksums"},
                          paths_.initdb_log, SIGKILL, paths_.unborn));
    std::optional<int> ended;
    while (!(ended = child_ended(initdb))) {
      if (!pause(10ms)) continue;
      ::kill(-initdb, SIGKILL);
      ::kill(initdb, SIGKILL);
      while (!child_ended(initdb)) std::this_thread::sleep_for(5ms);
      fail("stopped while the database was being made");
    }
    if (*ended != 0)
      fail("initdb " + describe_end(*ended) + ": " + log_tail(paths_.initdb_log, 0, 600) + hint());
    // From here on the cluster counts as made: initdb has synced its files, the rename makes them ours.
    fs::rename(paths_.unborn, paths_.home, error);
    if (error) fail("cannot rename " + paths_.unborn.string() + ": " + error.message());
    sync_folder(paths_.folder);
  }
  make_private(paths_.home, server_user_);
  make_private(paths_.socket, server_user_);
}

ChildSpec PrivatePostgres::child(std::vector<std::string> command, const fs::path& log, int death_signal,
                                 const fs::path& door) const {
  // UTC and C: neither the machine's zone nor its language may change what is stored or how we read the log.
  return {std::move(command),
          {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"},
          log,
          death_signal,
          server_user_,
          barred_ ? door : fs::path()};
}

std::string PrivatePostgres::hint() const {
  if (!barred_) return {};
  return "\nThe server runs as user \"" + server_user_->name + "\", who may not enter " + barred_->string() +
         ". Should that be the cause: use a data folder that this user can reach, such as --data-dir " +
         "/var/lib/settled, or start settled as another user than root";
}

fs::path PrivatePostgres::as_seen_by_server(const fs::path& path) const {
  if (!barred_) return path;
  for (const auto& door : {paths_.home, paths_.unborn}) {
    auto below = path.lexically_relative(door);
    if (!below.empty() && *below.begin() != "..") return child_door / below;
  }
  return path;  // the socket's folder under /tmp
}

void PrivatePostgres::clear_the_way(steady_clock::time_point until) {
  auto began = steady_clock::now();
  for (;;) {
    auto left = processes_in(paths_.data);
    if (left.empty()) break;
    auto waited = steady_clock::now() - began;
    // A server whose settled was killed has its SIGINT already and may write a checkpoint; a killed server's
    // orphans end when they look for it, which a busy one does late. Whoever stays is told: both signals are
    // safe at any moment, since recovery finds what was committed.
    pid_t server = postmaster_of(paths_.data);
    bool serving = std::find(left.begin(), left.end(), server) != left.end();
    bool tell_them = waited > (serving ? 10s : 1s);
    if (tell_them)
      for (pid_t pid : left) ::kill(pid, pid == server && waited < 30s ? SIGINT : SIGQUIT);
    if (steady_clock::now() > until)
      fail("processes of an earlier PostgreSQL still use " + paths_.data.string() + " (pid " +
           std::to_string(left.front()) + "). Nothing was touched; they must end first");
    if (pause(tell_them ? 1000ms : 50ms)) fail("stopped while starting PostgreSQL");
  }
  remove_strangers_locks(paths_);
}

void PrivatePostgres::launch() {
  // Binaries of Debian know lz4 from version 15 on; it costs a tenth of the old method.
  bool lz4 =
      binaries_.string().starts_with("/usr/lib/postgresql/") && cluster_version(paths_).value_or(0) >= 15;
  std::vector<std::string> command{(binaries_ / "postgres").string(), "-D",
                                   as_seen_by_server(paths_.data).string()};
  for (const auto& setting : server_settings(as_seen_by_server(paths_.socket), machine_size(paths_.data),
                                             settings_.max_connections, lz4)) {
    command.emplace_back("-c");
    command.push_back(setting);
  }
  auto until = steady_clock::now() + settings_.leftover_max;
  for (;;) {
    clear_the_way(until);
    rotate_log();
    std::error_code error;
    auto before = fs::file_size(paths_.log, error);
    if (error) before = 0;
    // SIGINT is a fast stop: it is what the server gets when we are killed.
    auto server = child(command, paths_.log, SIGINT, paths_.home);
    server.environment.insert(server.environment.end(), settings_.server_environment.begin(),
                              settings_.server_environment.end());
    server_ = spawn_child(server);
    int status = 0;
    if (wait_until_it_answers(&status)) return;
    server_ = 0;
    auto said = log_tail(paths_.log, before, 1000);
    // Shared memory that orphans hold is PostgreSQL's own discovery: we only see its refusal.
    bool held =
        said.find("shared memory block") != std::string::npos || said.find("lock file") != std::string::npos;
    if (!held || steady_clock::now() > until)
      fail("PostgreSQL " + describe_end(status) + " while starting on " + paths_.data.string() +
           ". The data is untouched. Its log says: " + said + hint());
    if (pause(500ms)) fail("stopped while starting PostgreSQL");
  }
}

bool PrivatePostgres::wait_until_it_answers(int* wait_status) {
  // No limit: recovery after a crash takes as long as it takes, and the child tells by ending when it cannot.
  auto url = url_for("postgres", "postgres") + "&connect_timeout=3";
  for (auto next = 2ms;; next = std::min(next * 2, std::chrono::milliseconds(100))) {
    if (auto ended = child_ended(server_)) {
      *wait_status = *ended;
      return false;
    }
    try {
      pqxx::connection db(url);
      pqxx::nontransaction(db).exec("select 1");
      return true;
    } catch (const pqxx::failure&) {
      // Not yet.
    }
    if (pause(next)) fail("stopped while starting PostgreSQL");
  }
}

void PrivatePostgres::make_database() {
  try {
    pqxx::connection db(url_for("postgres", "postgres"));
    pqxx::nontransaction tx(db);
    if (tx.exec("select 1 from pg_roles where rolname = 'settled'").empty())
      tx.exec("create role settled login");
    // A client that freezes or a statement that hangs must not hold rows for ever.
    tx.exec("alter role settled set statement_timeout = '10s'");
    tx.exec("alter role settled set lock_timeout = '2s'");
    tx.exec("alter role settled set idle_in_transaction_session_timeout = '5s'");
    if (tx.exec("select 1 from pg_database where datname = 'settled'").empty())
      tx.exec("create database settled owner settled");
  } catch (const pqxx::failure& e) {
    fail(std::string("cannot make the database: ") + e.what());
  }
}

void PrivatePostgres::shut_down() {
  pid_t server = server_;
  if (server == 0) return;
  struct Step {
    int signal;
    std::chrono::milliseconds wait;
  };
  // Fast, then immediate (recovers at the next start), then what the kernel does with it.
  for (auto [signal, wait] : {Step{SIGINT, settings_.stop_max}, Step{SIGQUIT, 10s}, Step{SIGKILL, 60s}}) {
    ::kill(server, signal);
    auto until = steady_clock::now() + wait;
    for (;;) {
      if (child_ended(server)) {
        server_ = 0;
        return;
      }
      if (steady_clock::now() > until) break;
      std::this_thread::sleep_for(5ms);
    }
  }
}

void PrivatePostgres::rotate_log() {
  std::error_code error;
  if (fs::file_size(paths_.log, error) < settings_.log_bytes_max || error) return;
  // The server appends to the file it has open, so it is emptied, not replaced.
  fs::copy_file(paths_.log, paths_.log.string() + ".1", fs::copy_options::overwrite_existing, error);
  if (!error) fs::resize_file(paths_.log, 0, error);
}

}  // namespace settled
