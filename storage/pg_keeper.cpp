#include "storage/pg_keeper.hpp"

#include "storage/pg_connect.hpp"
#include "storage/pg_settlement_row.hpp"
#include "storage/pg_verify.hpp"

#include <pqxx/pqxx>

#include <chrono>

namespace settled {
namespace {
using Self = KeeperActor::stateful_pointer<PgKeeperState>;
constexpr int watched_at_once = 200;
constexpr int archived_at_once = 5'000;

std::string time_of(std::int64_t micros) {
  return "to_timestamp(0) + " + std::to_string(micros) + " * interval '1 microsecond'";
}

InvariantReport answer(pqxx::connection_base& db, const CheckInvariants&) {
  const auto started = std::chrono::steady_clock::now();
  {
    pqxx::nontransaction setup(db);
    setup.exec("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0");
    setup.exec(for_whole_tables);
    // It runs beside the money: one core at most, whatever the server would lend it.
    setup.exec("set max_parallel_workers_per_gather = 0");
  }
  pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> tx(db);
  InvariantReport report{.checked = true, .ok = true};
  report.at =
      tx.exec1("select (extract(epoch from clock_timestamp()) * 1000000)::bigint")[0].as<std::int64_t>();
  for (const auto& check : sql_checks()) {
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
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report;
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

/// The server goes or is gone; a statement that was cancelled (57014) is none of that.
bool away(const pqxx::sql_error& e) {
  const auto& state = e.sqlstate();
  return state.starts_with("08") || (state.starts_with("57") && state != "57014");
}

template <class Question>
auto ask(Self self, const Question& q)
    -> caf::result<decltype(answer(std::declval<pqxx::connection_base&>(), q))> {
  try {
    const auto db = pg_connect(self->state.database_url);
    return answer(*db, q);
  } catch (const pqxx::broken_connection& e) {
    return caf::make_error(database_away, std::string("database: ") + e.what());
  } catch (const pqxx::sql_error& e) {
    return caf::make_error(away(e) ? database_away : caf::sec::runtime_error,
                           std::string("database: ") + e.what());
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, std::string("database: ") + e.what());
  }
}
}  // namespace

KeeperActor::behavior_type pg_keeper(Self self, std::string database_url) {
  self->state.database_url = std::move(database_url);
  return {
      [=](const CheckInvariants& q) { return ask(self, q); },
      [=](const ArchiveFinished& q) { return ask(self, q); },
      [=](const ReadEnded& q) { return ask(self, q); },
      [=](const KeepJob& q) { return ask(self, q); },
      [=](const ReadKeptJobs& q) { return ask(self, q); },
  };
}
}  // namespace settled
