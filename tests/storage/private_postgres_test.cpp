#define BOOST_TEST_MODULE private_postgres
#include "storage/private_postgres.hpp"

#include <boost/test/unit_test.hpp>
#include <pqxx/pqxx>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;
using settled::PrivatePostgres;
using settled::PrivatePostgresError;

namespace {

struct Folder {
  Folder() {
    std::string name = "/tmp/settled-test-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path = name;
    // As a data folder usually is: root's server runs as another user, who must be able to pass.
    fs::permissions(path, fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
};

void note(const PrivatePostgres& pg, const std::string& text) {
  pqxx::connection db(pg.database_url());
  pqxx::work tx(db);
  tx.exec("create table if not exists notes (text text)");
  tx.exec_params("insert into notes values ($1)", text);
  tx.commit();
}

std::vector<std::string> notes(const PrivatePostgres& pg) {
  pqxx::connection db(pg.database_url());
  pqxx::nontransaction tx(db);
  std::vector<std::string> out;
  for (const auto& row : tx.exec("select text from notes order by text")) out.push_back(row[0].c_str());
  return out;
}

std::string shown(const PrivatePostgres& pg, const std::string& setting) {
  pqxx::connection db(pg.database_url());
  pqxx::nontransaction tx(db);
  return tx.exec("show " + setting)[0][0].c_str();
}

/// Polls; the limit only keeps a broken build from hanging until CTest ends it.
template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 12000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

const std::vector<std::string> first{"first"};
const std::vector<std::string> both{"first", "second"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_folder_gets_a_durable_database_that_outlives_a_stop) {
  Folder folder;
  {
    PrivatePostgres pg(folder.path / "data");
    pg.start();
    note(pg, "first");
    for (const char* setting :
         {"fsync", "synchronous_commit", "full_page_writes", "data_checksums", "autovacuum"})
      BOOST_TEST(shown(pg, setting) == "on", setting);
    BOOST_TEST(shown(pg, "listen_addresses").empty());
    BOOST_TEST(shown(pg, "client_connection_check_interval") == "2s");
    BOOST_TEST(shown(pg, "idle_in_transaction_session_timeout") == "5s");
    BOOST_TEST(shown(pg, "is_superuser") == "off");
    struct stat socket_folder {};
    BOOST_TEST(::stat(pg.paths().socket.c_str(), &socket_folder) == 0);
    BOOST_TEST((socket_folder.st_mode & 07777U) == 0700U);
    pg.stop();
    BOOST_TEST(pg.server_pid() == 0);
    BOOST_TEST(settled::processes_in(pg.paths().data).empty());
  }
  PrivatePostgres again(folder.path / "data");
  again.start();
  BOOST_TEST(notes(again) == first);
}

BOOST_AUTO_TEST_CASE(a_killed_server_comes_back_by_itself_with_its_data) {
  Folder folder;
  std::mutex mutex;
  std::vector<bool> states;
  PrivatePostgres pg(folder.path, {}, [&](bool up, const std::string&) {
    std::lock_guard lock(mutex);
    states.push_back(up);
  });
  pg.start();
  note(pg, "first");
  pid_t before = pg.server_pid();
  ::kill(before, SIGKILL);
  BOOST_REQUIRE(eventually([&] {
    std::lock_guard lock(mutex);
    return !states.empty() && states.back();
  }));
  BOOST_TEST(pg.server_pid() != before);
  BOOST_TEST(notes(pg) == first);
  note(pg, "second");
  std::lock_guard lock(mutex);
  BOOST_TEST(!states.front());
}

BOOST_AUTO_TEST_CASE(a_busy_orphan_of_a_killed_server_does_not_stop_the_restart) {
  Folder folder;
  std::atomic<bool> up_again{false};
  PrivatePostgres pg(folder.path, {}, [&](bool up, const std::string&) { up_again = up; });
  pg.start();
  note(pg, "first");
  // Computes without ever waiting for anything, so that it would not notice for minutes.
  pqxx::connection db(pg.url_for("postgres", "settled"));
  pid_t orphan = db.backendpid();
  std::thread busy([&db] {
    try {
      pqxx::nontransaction(db).exec("select count(*) from generate_series(1, 1000000000000)");
    } catch (const pqxx::failure&) {
      // Its server was killed.
    }
  });
  BOOST_TEST(eventually([&] {
    pqxx::connection look(pg.url_for("postgres", "postgres"));
    return !pqxx::nontransaction(look)
                .exec("select 1 from pg_stat_activity where state = 'active' and pid = " +
                      std::to_string(orphan))
                .empty();
  }));
  ::kill(pg.server_pid(), SIGKILL);
  BOOST_TEST(eventually([&] { return up_again.load(); }));
  BOOST_TEST(notes(pg) == first);
  busy.join();
}

BOOST_AUTO_TEST_CASE(the_server_ends_with_a_killed_parent_and_the_next_one_finds_the_data) {
  Folder folder;
  std::array<int, 2> ready{};
  BOOST_REQUIRE(::pipe(ready.data()) == 0);
  // Nothing of this process runs in a second thread now, so the child may do as it likes.
  pid_t parent = ::fork();
  if (parent == 0) {
    PrivatePostgres pg(folder.path);
    try {
      pg.start();
      note(pg, "first");
    } catch (const std::exception& e) {
      // The reader sees the closed pipe.
      ::write(2, e.what(), std::string(e.what()).size()) < 0 ? ::_exit(2) : ::_exit(1);
    }
    char byte = '!';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char byte = 0;
  BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  auto paths = settled::cluster_paths(folder.path);
  pid_t server = settled::postmaster_of(paths.data);
  BOOST_REQUIRE(server > 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);

  // At once, while the old server is still shutting down.
  PrivatePostgres pg(folder.path);
  pg.start();
  BOOST_TEST(pg.server_pid() != server);
  BOOST_TEST(notes(pg) == first);
  note(pg, "second");
  BOOST_TEST(notes(pg) == both);
  auto left = settled::processes_in(paths.data);
  BOOST_TEST((std::find(left.begin(), left.end(), server) == left.end()));
}

BOOST_AUTO_TEST_CASE(lock_files_that_name_a_stranger_do_not_stop_the_start) {
  Folder folder;
  pid_t server = 0;
  {
    PrivatePostgres pg(folder.path);
    pg.start();
    note(pg, "first");
    server = pg.server_pid();
  }
  BOOST_TEST(server > 0);
  // What a machine that lost its power leaves: lock files that name a process which is a stranger now.
  auto paths = settled::cluster_paths(folder.path);
  for (const auto& lock : {paths.data / "postmaster.pid", paths.socket / (paths.socket_name + ".lock")})
    std::ofstream(lock) << ::getpid() << '\n' << paths.data.string() << "\n0\n5432\n";
  PrivatePostgres pg(folder.path);
  pg.start();
  BOOST_TEST(notes(pg) == first);
}

BOOST_AUTO_TEST_CASE(a_long_folder_name_gets_a_short_socket_folder) {
  Folder folder;
  auto deep = folder.path / std::string(60, 'a') / ("with space & ünïcode " + std::string(60, 'b'));
  fs::path socket;
  {
    PrivatePostgres pg(deep);
    socket = pg.paths().socket;
    BOOST_TEST((socket / pg.paths().socket_name).string().size() <= 107U);
    BOOST_TEST(!socket.string().starts_with(folder.path.string()));
    pg.start();
    note(pg, "first");
    BOOST_TEST(notes(pg) == first);
  }
  std::error_code ignored;
  fs::remove_all(socket, ignored);
}

BOOST_AUTO_TEST_CASE(the_uri_survives_blanks_and_other_signs_in_the_folder) {
  Folder folder;
  PrivatePostgres pg(folder.path / "o'hara & söhne?=%");
  pg.start();
  note(pg, "first");
  BOOST_TEST(notes(pg) == first);
}

BOOST_AUTO_TEST_CASE(an_unfinished_initdb_is_started_afresh) {
  Folder folder;
  auto paths = settled::cluster_paths(folder.path);
  fs::create_directories(paths.unborn / "data" / "base");
  std::ofstream(paths.unborn / "data" / "PG_VERSION") << "15\n";
  PrivatePostgres pg(folder.path);
  pg.start();
  BOOST_TEST(!fs::exists(paths.unborn));
  note(pg, "first");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_no_cluster_is_refused_and_not_touched) {
  Folder folder;
  auto paths = settled::cluster_paths(folder.path);
  fs::create_directories(paths.home);
  std::ofstream(paths.home / "precious") << "mine";
  PrivatePostgres pg(folder.path);
  BOOST_CHECK_EXCEPTION(pg.start(), PrivatePostgresError, [](const PrivatePostgresError& e) {
    return std::string(e.what()).find("holds no PostgreSQL cluster") != std::string::npos;
  });
  BOOST_TEST(fs::exists(paths.home / "precious"));
}

BOOST_AUTO_TEST_CASE(a_second_settled_on_the_same_folder_is_told_who_holds_it) {
  Folder folder;
  PrivatePostgres pg(folder.path);
  pg.start();
  PrivatePostgres second(folder.path);
  BOOST_CHECK_EXCEPTION(second.start(), PrivatePostgresError, [](const PrivatePostgresError& e) {
    return std::string(e.what()).find("(pid " + std::to_string(::getpid()) + ")") != std::string::npos;
  });
  note(pg, "first");
}

BOOST_AUTO_TEST_CASE(missing_programs_are_named) {
  Folder folder;
  settled::PrivatePostgresSettings settings;
  settings.binaries = "/nowhere/bin";
  PrivatePostgres pg(folder.path, settings);
  BOOST_CHECK_EXCEPTION(pg.start(), PrivatePostgresError, [](const PrivatePostgresError& e) {
    return std::string(e.what()).find("/nowhere/bin") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_folder_below_one_that_the_server_may_not_enter_works_all_the_same) {
  Folder folder;
  auto barred = folder.path / "barred";
  fs::create_directory(barred);
  fs::permissions(barred, fs::perms::owner_all);
  {
    PrivatePostgres pg(barred / "data");
    pg.start();
    note(pg, "first");
    ::kill(pg.server_pid(), SIGKILL);
  }
  PrivatePostgres pg(barred / "data");
  pg.start();
  BOOST_TEST(notes(pg) == first);
  BOOST_TEST((fs::status(barred).permissions() == fs::perms::owner_all));
}

BOOST_AUTO_TEST_CASE(no_descriptor_of_ours_reaches_the_server) {
  Folder folder;
  // Without CLOEXEC on purpose: a library may be as careless.
  int leak = ::open("/dev/zero", 0);
  BOOST_REQUIRE(leak >= 0);
  PrivatePostgres pg(folder.path);
  pg.start();
  ::close(leak);
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pg.server_pid()) + "/fd")) {
    std::error_code gone;
    BOOST_TEST(fs::read_symlink(entry.path(), gone).string() != "/dev/zero");
  }
}
