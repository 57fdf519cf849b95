// Rows F25 to F27, F32 and F33: the disk under the database is full, broken, slow, loses its power, or is an
// older one than the bank remembers.
#include "apps/drill/matrix.hpp"
#include "storage/child_process.hpp"
#include "storage/postgres_cluster.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace settled::drill {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::steady_clock;

bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// A file system of our own in the place of the database's folder, with what is in it.
class Volume {
 public:
  /// `make` mounts it on the empty folder it is given.
  Volume(const fs::path& folder, const std::string& mount) : folder_(folder) {
    const auto before = folder.string() + ".before";
    fs::rename(folder, before);
    fs::create_directory(folder);
    const bool done =
        shell(mount + ' ' + folder.string()) && shell("cp -a " + before + "/. " + folder.string());
    if (!done) {
      shell("umount " + folder.string());
      throw Skipped("needs root and mounts (" + mount + ")");
    }
    fs::remove_all(before);
  }
  ~Volume() { shell("umount -l " + folder_.string()); }
  /// Another one in its place.
  void replace(const std::string& mount) {
    shell("umount -l " + folder_.string());
    must(shell(mount + ' ' + folder_.string()), "cannot be mounted: " + mount);
  }
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

 private:
  const fs::path folder_;
};

void stop(Drill& drill) {
  const int code = drill.site().end(SIGTERM);
  must(code == 0, "settled ended with " + std::to_string(code) + " after SIGTERM");
}
void start(Drill& drill) {
  drill.site().start();
  drill.site().await_ready();
}
fs::path database_of(const Drill& drill) { return drill.site().data() / "postgres"; }

std::string disk_full(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  stop(drill);
  const Volume volume(database_of(drill), "mount -t tmpfs -o size=160m,mode=0700 settled-drill");
  start(drill);
  double back = 0;
  drill.under_load(1, [&] {
    const auto ballast = database_of(drill) / "ballast";
    shell("dd if=/dev/zero bs=64k of=" + ballast.string());  // until there is no room left
    // Its log grows by a file of 16 MB at a time: when the next one has no room, it stops.
    pqxx::connection db(superuser_url(drill.site()));
    try {
      for (;;)
        pqxx::nontransaction(db).exec(
            "select pg_switch_wal(), pg_logical_emit_message(false, 'x', repeat('x', 1000))");
    } catch (const pqxx::failure&) {
    }
    std::this_thread::sleep_for(settings.length(15s, 600s));
    must(drill.site().running() && Web(drill.site().endpoint().http).get("/api/v1/health/live").status == 200,
         "settled did not outlive the full disk");
    must(Web(drill.site().endpoint().http).get("/api/v1/health/ready").status == 503,
         "settled says that it takes work, on a full disk");
    must(shell("mount -o remount,size=400m " + database_of(drill).string()), "the disk cannot be enlarged");
    back = await_service(drill);
    fs::remove(ballast);
  });
  drill.settle_up(1);
  drill.close();
  must(back <= 5, "answers only " + in_seconds(back) + " after there was room again");
  return "answers " + in_seconds(back) + " after there was room again";
}

/// strace at every process of the database, present and future, as long as it lives.
class Tracer {
 public:
  Tracer(const Drill& drill, const fs::path& folder, const std::string& inject) {
    if (!fs::exists("/usr/bin/strace")) throw Skipped("needs strace");
    const auto pid = postmaster_of(database_of(drill) / "data");
    must(pid > 0, "there is no postmaster");
    std::vector<std::string> command{"/usr/bin/strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", inject};
    for (const pid_t one : processes_in(database_of(drill) / "data")) {
      command.emplace_back("-p");
      command.push_back(std::to_string(one));
    }
    pid_ = spawn_child({.command = command,
                        .environment = {"PATH=/usr/bin:/bin"},
                        .log = folder / "strace.log",
                        .death_signal = SIGTERM});
    std::this_thread::sleep_for(500ms);
    if (child_ended(pid_)) {
      pid_ = 0;
      throw Skipped("needs a strace that may attach: " + content_of(folder / "strace.log").substr(0, 120));
    }
  }
  ~Tracer() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGTERM);  // lets go of whom it holds
    if (!eventually([this] { return child_ended(pid_).has_value(); }, 5s)) ::kill(pid_, SIGKILL);
  }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

 private:
  pid_t pid_ = 0;
};

std::string fsync_fails(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  int falls = 0;
  drill.under_load(1, [&] {
    for (; falls < 3; ++falls) {
      std::this_thread::sleep_for(500ms);
      const auto panics = [&drill] {
        return count_of(content_of(drill.site().data() / "postgres.log"), "PANIC:");
      };
      const auto before = panics();
      {
        const Tracer tracer(drill, settings.folder, "inject=fdatasync:error=EIO:when=20");
        seconds_until([&] { return panics() > before; }, 30s,
                      "PostgreSQL gives up after an fsync that failed");
      }
      await_accepting(drill.site());
      await_service(drill);
    }
  });
  drill.settle_up(1);
  drill.close();
  return std::to_string(falls) + " lost commits or not, each found out";
}

std::int64_t number(const Site& site, const char* sql) {
  pqxx::connection db(site.endpoint().database_url);
  return pqxx::nontransaction(db).exec1(sql)[0].as<std::int64_t>();
}

std::string fsync_slow(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  auto chance = chance_of(settings.options.seed, 27, 2);
  // Many small callers, as many as wait for a commit of 0.3 s.
  auto calls = draw_calls(drill.history(), drill.town(), chance, 1, 20'000, 2);
  std::int64_t settled = 0, commits = 0;
  double slowest = 0;
  {
    const Tracer tracer(drill, settings.folder, "inject=fdatasync:delay_enter=300000");
    drill.history().start_clock();
    Load load(drill.site(), drill.history(), std::move(calls), 400);
    std::this_thread::sleep_for(4s);
    const auto count = "select count(*) from settlement_transactions where status = 'COMPLETED'";
    const auto settled_before = number(drill.site(), count);
    const auto commits_before = number(drill.site(), "select batch from ledger_writers");
    const auto until = steady_clock::now() + 10s;
    while (steady_clock::now() < until) {
      const auto began = steady_clock::now();
      Order* known = nullptr;
      for (Order& order : drill.history().orders())
        if (order.kind == Order::Kind::good && drill.history().answered(order)) known = &order;
      if (known) drill.site().web()->post("/api/v1/settlements", known->body, known->key);
      slowest = std::max(slowest, duration<double>(steady_clock::now() - began).count());
      std::this_thread::sleep_for(100ms);
    }
    settled = number(drill.site(), count) - settled_before;
    commits = number(drill.site(), "select batch from ledger_writers") - commits_before;
    load.no_more();
  }
  drill.settle_up(1);
  drill.close();
  const auto text = std::to_string(settled) + " settled with " + std::to_string(commits) +
                    " commits, slowest of the calls " + in_seconds(slowest);
  must(commits > 0 && settled >= 40 * commits, text);
  must(slowest <= 3, text);
  return text;
}

/// While it lives the kernel writes nothing back by itself: only what is forced reaches the disk.
class NoWriteBack {
 public:
  NoWriteBack() : before_(content_of(file)) {
    if (!(std::ofstream(file) << "0" << std::flush))
      throw Skipped("needs root (vm.dirty_writeback_centisecs)");
  }
  ~NoWriteBack() { std::ofstream(file) << before_; }
  NoWriteBack(const NoWriteBack&) = delete;
  NoWriteBack& operator=(const NoWriteBack&) = delete;

 private:
  static constexpr const char* file = "/proc/sys/vm/dirty_writeback_centisecs";
  const std::string before_;
};

std::string plug_pulled(const RowSettings& settings, const SiteSettings& site, int times) {
  Drill drill(site);
  drill.open();
  stop(drill);
  const auto image = [&](int i) {
    return (settings.folder / ("disk-" + std::to_string(i) + ".img")).string();
  };
  if (!shell("truncate -s 500M " + image(0) + " && mkfs.ext4 -q " + image(0)))
    throw Skipped("needs mkfs.ext4");
  Volume volume(database_of(drill), "mount -o loop " + image(0));
  start(drill);
  for (int i = 1; i <= times; ++i) {
    shell("sync -f " + database_of(drill).string());
    drill.under_load(i, [&] {
      {
        const NoWriteBack none;
        std::this_thread::sleep_for(2s);
        // One instant: nobody hears or writes anything while the disk is copied.
        ::kill(drill.site().pid(), SIGSTOP);
        drill.site().freeze_database(true);
        must(shell("cp --sparse=always " + image(i - 1) + ' ' + image(i)), "the disk cannot be copied");
      }
      drill.site().kill_everything();
      for (const pid_t pid : processes_in(database_of(drill) / "data")) ::kill(pid, SIGKILL);
      eventually([&] { return processes_in(database_of(drill) / "data").empty(); }, 20s);
      volume.replace("mount -o loop " + image(i));
      fs::remove(image(i - 1));
      fs::remove(database_of(drill) / "data" / "postmaster.pid");
      start(drill);
    });
    drill.settle_up(i);
  }
  const auto all = drill.history().acknowledged().size();
  drill.close();
  return std::to_string(all) + " acknowledged, all there";
}

std::string plug_pulled(const RowSettings& settings) {
  return plug_pulled(settings, settings.site(), settings.length(5, 20));
}

/// The check is worth something only where it sees what it is there for.
std::string plug_pulled_without_sync(const RowSettings& settings) {
  auto site = settings.site();
  site.program = "settled-mutant";
  site.environment = {"MUTANT=async_commit"};
  if (!fs::exists(site.program_folder / site.program)) throw Skipped("needs settled-mutant (./dev mutants)");
  std::string all_there;
  try {
    all_there = plug_pulled(settings, site, 5);
  } catch (const Broken& found) {
    const std::string what = found.what();
    return "found out: " + what.substr(0, what.find(';'));
  }
  throw Broken("synchronous_commit=off was not found out: " + all_there);
}

std::string restored_backup(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  const Plan quiet;
  drill.load(quiet, chance_of(settings.options.seed, 33, 1), 1, 50);
  drill.settle_up(1);
  stop(drill);
  const auto backup = settings.folder / "backup";
  must(shell("cp -a " + database_of(drill).string() + ' ' + backup.string()), "the backup cannot be made");
  start(drill);
  drill.load(quiet, chance_of(settings.options.seed, 33, 2), 2, 100);
  drill.settle_up(2);
  stop(drill);
  const auto executed = [&] {
    BankLog log;
    return log.read(drill.site()).size();
  };
  fs::remove_all(database_of(drill));
  must(shell("cp -a " + backup.string() + ' ' + database_of(drill).string()),
       "the backup cannot be restored");
  drill.site().start();
  const auto before = executed();
  const auto ready = Web(drill.site().endpoint().http).get("/api/v1/health/ready");
  // Clients who heard nothing of all this send their last keys again.
  int taken = 0;
  const auto web = drill.site().web();
  for (const Order& order : drill.history().orders())
    if (order.round == 2 && order.kind == Order::Kind::good && order.tries > 0)
      taken += web->post("/api/v1/settlements", order.body, order.key).status == 202;
  std::this_thread::sleep_for(3s);
  const auto twice = executed() - before;
  const auto what = std::to_string(taken) + " orders that the bank has executed were taken again, " +
                    std::to_string(twice) + " of them were paid a second time; readiness said " +
                    std::to_string(ready.status) + " (no quarantine)";
  must(twice == 0, what);
  must(ready.status != 200, "nothing was paid twice, but readiness shows no quarantine");
  return "quarantine, nothing paid twice";
}
}  // namespace

std::vector<Row> rows_of_disk() {
  return {
      {"F25", "PostgreSQL's disk is full for 15 s (600 s)",
       "settled waits and says so; answers within 5 s of there being room", disk_full},
      {"F26", "fsync fails at PostgreSQL ×3", "the outcome of each commit is found out, never guessed",
       fsync_fails},
      {"F27", "fsync takes 0.3 s", "40 settled per commit, no call above 3 s", fsync_slow},
      {"F32", "the plug is pulled ×5 (×20)", "nothing acknowledged is lost", plug_pulled},
      {"F32-", "the same with synchronous_commit=off", "it is found out", plug_pulled_without_sync},
      {"F33", "an older backup is restored", "nothing is paid a second time; readiness shows the quarantine",
       restored_backup},
  };
}
}  // namespace settled::drill
