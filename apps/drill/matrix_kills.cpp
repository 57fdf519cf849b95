// Rows F01, F02 and F19 to F22: processes and sessions die.
#include "apps/drill/matrix.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <set>
#include <thread>

namespace settled::drill {
namespace {
using namespace std::chrono_literals;
using std::chrono::system_clock;

double now_s() { return std::chrono::duration<double>(system_clock::now().time_since_epoch()).count(); }

/// When the last line with these words was logged, in seconds of the epoch; 0 where there is none.
double logged_at(const std::string& log, const std::string& words) {
  const auto at = log.rfind(words);
  if (at == std::string::npos) return 0;
  const auto line = log.substr(log.rfind('\n', at) + 1, 24);  // 2026-11-21T14:10:03.671Z
  std::tm parts{};
  if (!::strptime(line.c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) return 0;
  return static_cast<double>(::timegm(&parts)) + std::stod("0" + line.substr(19, 4));
}

/// Starts settled and waits until it is ready; seconds from the moment when its database answered.
double start_again(Drill& drill) {
  auto& site = drill.site();
  site.launch();
  site.await_endpoint();
  site.await_ready();
  ++drill.tally().restarts;
  return now_s() - logged_at(site.log(), " info schema");
}

std::string settled_killed_20_times(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  double worst = 0;
  drill.under_load(1, [&] {
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(settings.length(1s, 3s));
      drill.site().end(SIGKILL);
      worst = std::max(worst, start_again(drill));
    }
  });
  drill.settle_up(1);
  drill.close();
  must(worst <= 2, "ready only " + in_seconds(worst) + " after its database answered");
  return "ready at most " + in_seconds(worst) + " after its database";
}

std::string everything_killed_10_times(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  double worst = 0;
  drill.under_load(1, [&] {
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(1s);
      drill.site().kill_everything();
      const auto began = now_s();
      start_again(drill);
      worst = std::max(worst, now_s() - began);
      const int reports = count_of(drill.site().log(), " info recovered ");
      must(reports == drill.site().starts(),
           "ready before the recovery was reported: " + std::to_string(reports) + " reports after " +
               std::to_string(drill.site().starts()) + " starts");
    }
  });
  drill.settle_up(1);
  drill.close();
  return "ready at most " + in_seconds(worst) + " after the start, never before the recovery's report";
}

/// The database falls n times by `fall`; the longest time from its return to the next answers.
double falls(const RowSettings& settings, int n, const std::function<void(Drill&)>& fall) {
  Drill drill(settings.site());
  drill.open();
  double worst = 0;
  drill.under_load(1, [&] {
    for (int i = 0; i < n; ++i) {
      std::this_thread::sleep_for(700ms);
      fall(drill);
      std::this_thread::sleep_for(20ms);
      await_accepting(drill.site());
      worst = std::max(worst, await_service(drill));
    }
  });
  drill.settle_up(1);
  drill.close();
  must(worst <= 5, "ready only " + in_seconds(worst) + " after PostgreSQL took connections");
  return worst;
}

std::string postmaster_signalled(const RowSettings& settings, int signal) {
  const auto worst = falls(settings, 10, [signal](Drill& drill) {
    must(drill.site().kill_postmaster(signal), "there is no postmaster");
  });
  return "ready at most " + in_seconds(worst) + " after PostgreSQL took connections";
}
std::string fast_restarts(const RowSettings& settings) { return postmaster_signalled(settings, SIGINT); }
std::string postmaster_killed(const RowSettings& settings) { return postmaster_signalled(settings, SIGKILL); }

std::string backend_killed(const RowSettings& settings) {
  auto chance = chance_of(settings.options.seed, 21, 1);
  const auto worst = falls(settings, 10, [&chance](Drill& drill) {
    must(drill.site().kill_backend(chance), "settled has no session");
  });
  return "ready at most " + in_seconds(worst) + " after PostgreSQL took connections";
}

std::string every_failpoint(const RowSettings& settings) {
  const auto names = failpoints_of(settings.options.program_folder);
  if (names.empty()) throw Skipped("needs failpoints, which this settled has not");
  Drill drill(settings.site());
  drill.open();
  std::set<std::string> struck;
  int round = 0;
  for (const auto& name : names)
    for (const char* action : {":kill@2", ":throw@2"}) {
      drill.site().end(SIGKILL);
      ++round;
      drill.history().note(name + action);
      drill.start_failing(name + action);
      // Answers that are lost, so that there are inquiries too.
      const Plan plan{.connections = 3, .scripts = {{"drop_answer", "\"count\":3"}}, .strikes = {}};
      try {
        drill.load(plan, chance_of(settings.options.seed, round, 6), round, 20);
        drill.settle_up(round);
      } catch (const std::exception& e) {
        throw Broken(name + action + ": " + e.what());
      }
      if (drill.struck()) struck.insert(name);
    }
  drill.close();
  return std::to_string(names.size()) + " points, killed and thrown at; " + std::to_string(struck.size()) +
         " of them ended the process";
}

std::string sessions_terminated(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  double worst = 0;
  drill.under_load(1, [&] {
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(500ms);
      pqxx::connection db(superuser_url(drill.site()));
      pqxx::nontransaction tx(db);
      // The writer's session, which holds the lease; every third time all of settled's.
      tx.exec(i % 3 == 2 ? "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'settled'"
                         : "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'");
      worst = std::max(worst, await_service(drill));
      seconds_until(
          [&tx] {
            const auto holders =
                tx.exec1("select count(*) from pg_locks where locktype = 'advisory' and granted")[0]
                    .as<int>();
            must(holders <= 1, std::to_string(holders) + " sessions hold the lease");
            return holders == 1;
          },
          10s, "a session holds the lease");
    }
  });
  drill.settle_up(1);
  must(count_of(drill.site().log(), "ledger_fenced") == 0, "the writer was fenced");
  drill.close();
  must(worst <= 5, "answers only " + in_seconds(worst) + " after the session was ended");
  return "one holder of the lease, answers at most " + in_seconds(worst) + " later";
}

constexpr auto writing = " from pg_stat_activity where usename = 'settled' and backend_xid is not null";

/// Two transactions that write: a commit on its way to the disk, and the next one's rows.
void await_two_commits(pqxx::transaction_base& tx) {
  seconds_until([&tx] { return tx.exec1(std::string("select count(*)") + writing)[0].as<int>() > 1; }, 30s,
                "two commits are under way");
}

std::string killed_between_two_commits(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  const auto strikes = settings.length(12, 60);
  std::size_t ended = 0;
  const auto strike_all = [&] {
    for (int i = 0; i < strikes; ++i) {
      pqxx::connection db(superuser_url(drill.site()));
      pqxx::nontransaction tx(db);
      await_two_commits(tx);
      if (i % 3 == 0) {
        drill.site().end(SIGKILL);
        start_again(drill);
      } else if (i % 3 == 1) {
        ended += tx.exec(std::string("select pg_terminate_backend(pid)") + writing).size();
      } else {
        must(drill.site().kill_postmaster(SIGKILL), "there is no postmaster");
        std::this_thread::sleep_for(20ms);
        await_accepting(drill.site());
      }
      await_service(drill);
    }
  };
  drill.under_load(1, strike_all, {.orders = 100'000, .batch_max = 1'000, .connections = 6, .pause = 150ms});
  drill.settle_up(1);
  must(count_of(drill.site().log(), "ledger_fenced") == 0, "the writer was fenced");
  drill.close();
  must(ended > 0, "no session was caught writing");
  return std::to_string(drill.tally().orders) + " orders in the books, " + std::to_string(ended) +
         " sessions ended while they wrote";
}
}  // namespace

std::vector<Row> rows_of_kills() {
  return {
      {"F01", "settled kill -9 ×20", "ready again within 2 s, its database's start excluded",
       settled_killed_20_times},
      {"F02", "kill -9 of everything at once ×10", "not ready before the recovery is reported",
       everything_killed_10_times},
      {"F06", "each failpoint, killed and thrown at", "the books right after each", every_failpoint},
      {"F19", "PostgreSQL fast restart ×10", "ready within 5 s of PostgreSQL taking connections",
       fast_restarts},
      {"F20", "PostgreSQL kill -9 of the postmaster ×10", "ready within 5 s of PostgreSQL taking connections",
       postmaster_killed},
      {"F21", "PostgreSQL kill -9 of one session ×10", "ready within 5 s of PostgreSQL taking connections",
       backend_killed},
      {"F22", "PostgreSQL ends the writer's session ×10", "never two holders of the lease",
       sessions_terminated},
      {"F22+", "settled, sessions, PostgreSQL ended ×4 (×20) each",
       "struck where two large commits are under way", killed_between_two_commits},
  };
}
}  // namespace settled::drill
