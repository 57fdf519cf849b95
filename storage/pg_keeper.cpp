#include "storage/pg_keeper.hpp"

#include "storage/pg_connect.hpp"
#include "storage/pg_settlement_row.hpp"
#include "storage/pg_verify.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <chrono>
#include <libpq-fe.h>
#include <limits>

namespace settled {
namespace {
using Self = PgKeeperActor::stateful_pointer<PgKeeperState>;
using Seconds = std::chrono::duration<double>;
constexpr auto no_limit = Seconds(std::numeric_limits<double>::max());
constexpr int watched_at_once = 200;
constexpr int archived_at_once = 5'000;

std::string time_of(std::int64_t micros) {
  return "to_timestamp(0) + " + std::to_string(micros) + " * interval '1 microsecond'";
}

/// One connection's worth of a check: its rules from where `report` ends, one at least, until they took
/// `most`. Behind everybody else for `stands_back` at most, then the server cancels it; 0: like everybody
/// else.
void check_on(const std::string& database_url, InvariantReport& report, Seconds most,
              std::chrono::milliseconds stands_back) {
  const auto db = pg_connect(database_url);
  const bool behind = stands_back.count() > 0 && stand_back(*db);
  const auto started = std::chrono::steady_clock::now();
  const auto took = [&] { return Seconds(std::chrono::steady_clock::now() - started); };
  pqxx::nontransaction tx(*db);
  tx.exec("set statement_timeout = " + std::to_string(behind ? stands_back.count() : 0));
  tx.exec(for_whole_tables);
  // It runs beside the money: one core at most, whatever the server would lend it.
  tx.exec("set max_parallel_workers_per_gather = 0");
  if (!report.checked) {
    report.at =
        tx.exec1("select (extract(epoch from clock_timestamp()) * 1000000)::bigint")[0].as<std::int64_t>();
    report.checked = report.ok = true;
  }
  const auto checks = sql_checks();
  for (bool first = true; report.invariants.size() < checks.size() && (first || took() < most);
       first = false) {
    const auto& check = checks[report.invariants.size()];
    const auto rows = tx.exec("with wrong(subject, expected, found) as (" + std::string(check.sql) +
                              ") select subject, expected, found, count(*) over () from wrong limit 1");
    InvariantView view{.name = check.name};
    if (!rows.empty()) {
      view.violations = rows[0][3].as<std::int64_t>();
      view.example = with_type_ids(std::string(rows[0][0].c_str()) + ": expected " + rows[0][1].c_str() +
                                   ", found " + rows[0][2].c_str());
      report.ok = false;
    }
    report.invariants.push_back(std::move(view));
  }
  report.seconds += took().count();
}

/// A month's partition is made before its first row comes.
void make_partitions(pqxx::work& tx, const std::string& old) {
  for (const auto& row : tx.exec("select distinct to_char(date_trunc('month', placed_at), 'YYYY_MM'), "
                                 "date_trunc('month', placed_at)::date, (date_trunc('month', placed_at) + "
                                 "interval '1 month')::date "
                                 "from fund_locks where " +
                                 old))
    tx.exec("create table if not exists fund_locks_archive_" + std::string(row[0].c_str()) +
            " partition of fund_locks_archive for values from ('" + row[1].c_str() + "') to ('" +
            row[2].c_str() + "')");
}

Count answer(pqxx::connection_base& db, const ArchiveFinished& q) {
  const auto old = "state <> 'held' and ended_at < " + time_of(q.before);
  Count moved;
  for (bool more = true; more;) {
    pqxx::work tx(db);
    make_partitions(tx, old);
    const auto rows =
        tx.exec(
              "with gone as (delete from fund_locks where settlement_id in (select settlement_id "
              "from fund_locks where " +
              old + " limit " + std::to_string(archived_at_once) +
              ") returning *) insert into fund_locks_archive select * from gone")
            .affected_rows();
    tx.commit();
    moved.value += static_cast<std::int64_t>(rows);
    more = rows == archived_at_once;
  }
  return moved;
}

WatchEnded answer(pqxx::connection_base& db, const ReadEnded& q) {
  pqxx::work tx(db);
  WatchEnded ended;
  // By chance, so that of very many each has its turn.
  for (const auto& row :
       tx.exec("select " + settlement_columns +
               " from settlement_transactions where status = 'ROLLED_BACK' and attempts > 0 and "
               "finalized_at >= " +
               time_of(q.since) + " order by random() limit " + std::to_string(watched_at_once)))
    ended.settlements.push_back(settlement_from_row(row));
  tx.commit();
  return ended;
}

Count answer(pqxx::connection_base& db, const KeepJob& q) {
  pqxx::work tx(db);
  const auto& j = q.job;
  tx.exec_params(
      "insert into jobs(name, last_started, last_ended, last_result, last_ok, runs) values ($1, " +
          time_of(j.last_started) + ", " + time_of(j.last_ended) +
          ", $2, $3, $4) on conflict (name) do update set last_started = excluded.last_started, last_ended "
          "= excluded.last_ended, last_result = excluded.last_result, last_ok = excluded.last_ok, runs = "
          "excluded.runs",
      j.name, j.last_result, j.last_ok, j.runs);
  tx.commit();
  return {1};
}

JobsReport answer(pqxx::connection_base& db, const ReadKeptJobs&) {
  pqxx::work tx(db);
  JobsReport report;
  for (const auto& row :
       tx.exec("select name, coalesce((extract(epoch from last_started) * 1000000)::bigint, 0), "
               "coalesce((extract(epoch from last_ended) * 1000000)::bigint, 0), last_result, "
               "last_ok, runs from jobs"))
    report.jobs.push_back({.name = row[0].c_str(),
                           .last_started = row[1].as<std::int64_t>(),
                           .last_ended = row[2].as<std::int64_t>(),
                           .last_result = row[3].c_str(),
                           .last_ok = row[4].as<bool>(),
                           .runs = row[5].as<std::int64_t>()});
  tx.commit();
  return report;
}

/// The server goes or is gone; a statement that was cancelled is none of that.
bool away(const pqxx::sql_error& e) {
  const auto& state = e.sqlstate();
  return state.starts_with("08") || (state.starts_with("57") && state != statement_cancelled);
}

/// What a question to the database came to: its answer, or an error in words.
template <class Work>
auto at_the_database(const std::string& database_url, Work work) -> caf::expected<decltype(work())> {
  try {
    return work();
  } catch (const pqxx::broken_connection& e) {
    // A server that takes no session from us may have others, whose writes go on.
    const bool there = PQping(connection_string(database_url).c_str()) == PQPING_OK;
    return caf::make_error(there ? caf::sec::runtime_error : database_away,
                           std::string("database: ") + e.what());
  } catch (const pqxx::sql_error& e) {
    return caf::make_error(away(e) ? database_away : caf::sec::runtime_error,
                           std::string("database: ") + e.what());
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, std::string("database: ") + e.what());
  }
}

template <class Question>
auto ask(Self self, const Question& q)
    -> caf::result<decltype(answer(std::declval<pqxx::connection_base&>(), q))> {
  return at_the_database(self->state.settings.database_url, [&] {
    const auto db = pg_connect(self->state.settings.database_url);
    return answer(*db, q);
  });
}

/// `stretch`: how long a check that nobody waits for takes at a time.
void go_on_with_the_check(Self self, Seconds stretch) {
  auto& state = self->state;
  auto& check = *state.check;
  const auto most = check.awaited ? no_limit : stretch;
  const double before = check.report.seconds;
  const auto& settings = state.settings;
  const auto stands_back = check.in_a_hurry ? std::chrono::milliseconds(0)
                           : check.awaited  ? settings.stands_back_max / 4
                                            : settings.stands_back_max;
  const auto done = at_the_database(settings.database_url, [&] {
    const auto began = std::chrono::steady_clock::now();
    try {
      check_on(settings.database_url, check.report, most, stands_back);
    } catch (const pqxx::sql_error& e) {
      const auto lost = std::chrono::steady_clock::now() - began;
      if (check.in_a_hurry || e.sqlstate() != statement_cancelled || lost < stands_back) throw;
      check.in_a_hurry = true;  // the machine has no time to give away
      check.report.seconds += Seconds(lost).count();
    }
    // Of wrong books nobody waits to hear the rest: the sends must stop now.
    return (!check.report.ok && !check.awaited) || check.report.invariants.size() == sql_checks().size();
  });
  if (done && !*done) {
    constexpr double a_twentieth = 19, longest_s = 60;
    const auto pause =
        Seconds(check.awaited ? 0 : std::min(a_twentieth * (check.report.seconds - before), longest_s));
    self->delayed_send(self, std::chrono::duration_cast<std::chrono::milliseconds>(pause),
                       CheckOn{state.checks});
    return;
  }
  for (auto& promise : check.waiting) {
    if (done)
      promise.deliver(check.report);
    else
      promise.deliver(done.error());
  }
  state.check.reset();
}

/// A check that somebody waits for begins anew: what was looked at before may have changed since.
caf::result<InvariantReport> check(Self self, const CheckInvariants& q) {
  auto& state = self->state;
  auto promise = self->make_response_promise<InvariantReport>();
  const bool under_way = state.check.has_value();
  if (!under_way) state.check.emplace();
  state.check->waiting.push_back(promise);
  if (under_way && !q.at_once) return promise;
  ++state.checks;
  state.check->report = {};
  state.check->in_a_hurry = false;
  state.check->awaited = q.at_once;
  go_on_with_the_check(self, Seconds(state.settings.at_a_stretch));
  return promise;
}
}  // namespace

PgKeeperActor::behavior_type pg_keeper(Self self, PgKeeperSettings settings) {
  self->state.settings = std::move(settings);
  return {
      [=](const CheckInvariants& q) { return check(self, q); },
      [=](const ArchiveFinished& q) { return ask(self, q); },
      [=](const ReadEnded& q) { return ask(self, q); },
      [=](const KeepJob& q) { return ask(self, q); },
      [=](const ReadKeptJobs& q) { return ask(self, q); },
      [=](const CheckOn& on) {
        // One rule at a time, of those that take longer than this.
        if (self->state.check && on.check == self->state.checks) go_on_with_the_check(self, Seconds(0.02));
      },
  };
}
}  // namespace settled
