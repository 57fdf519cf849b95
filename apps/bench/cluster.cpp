#include "apps/bench/cluster.hpp"

#include "storage/pg_verify.hpp"
#include "storage/verify.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace settled::bench {
namespace fs = std::filesystem;
namespace {
/// 16 MiB each: as many as the server keeps after a time of much writing, where the disk has room for them.
constexpr int wal_segments_to_reuse = 128;

/// user, system, and both of the children that were waited for.
std::array<double, 4> times_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);  // not by its buffer, which throws when the process ends meanwhile
  std::array<double, 4> times{};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return times;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  for (double& t : times) fields >> t;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  for (double& t : times) t /= ticks;
  return times;
}

std::string first_finding(const std::string& check, const pqxx::row& row) {
  return check + ": " + row[0].as<std::string>("") + ", expected " + row[1].as<std::string>("") + ", found " +
         row[2].as<std::string>("");
}
}  // namespace

double cpu_s_of(pid_t pid) {
  const auto t = times_of(pid);
  return t[0] + t[1];
}

Cluster::Cluster(const fs::path& folder, const fs::path& shim) {
  PrivatePostgresSettings settings;
  settings.max_connections = 100;
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms(0755));
  if (!shim.empty()) {
    // The server's user must be able to read both.
    const auto library = folder / "slow_sync.so";
    fs::copy_file(shim, library, fs::copy_options::overwrite_existing);
    fs::permissions(library, fs::perms(0755));
    sync_us_ = folder / "sync_us";
    slow_down(0);
    fs::permissions(sync_us_, fs::perms(0644));
    settings.server_environment = {"LD_PRELOAD=" + library.string(), "SYNC_US_FILE=" + sync_us_.string()};
  }
  postgres_ = std::make_unique<PrivatePostgres>(folder, settings);
  postgres_->start();
  assert_durable();
}

Cluster::~Cluster() = default;

void Cluster::slow_down(int us) {
  if (sync_us_.empty()) throw std::runtime_error("this cluster was started without the shim");
  // In place, not truncated: the server reads it through a mapping.
  std::fstream out(sync_us_, fs::exists(sync_us_) ? std::ios::in | std::ios::out | std::ios::binary
                                                  : std::ios::out | std::ios::binary);
  const std::int32_t value = us;
  std::array<char, sizeof value> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  out.write(bytes.data(), bytes.size());
  if (!out.flush()) throw std::runtime_error("cannot write " + sync_us_.string());
}

std::string Cluster::url(const std::string& database) const {
  return postgres_->url_for("settled", database);
}
std::string Cluster::owner_url(const std::string& database) const {
  return postgres_->url_for("postgres", database);
}

void Cluster::create(const std::string& database, const std::string& copy_of) {
  pqxx::connection db(owner_url("postgres"));
  pqxx::nontransaction(db).exec("create database " + database + " owner settled" +
                                (copy_of.empty() ? "" : " template " + copy_of));
}

void Cluster::drop(const std::string& database) {
  pqxx::connection db(owner_url("postgres"));
  pqxx::nontransaction(db).exec("drop database if exists " + database + " with (force)");
}

void Cluster::age() const {
  pqxx::connection db(owner_url("postgres"));
  pqxx::nontransaction tx(db);
  for (int i = 0; i < wal_segments_to_reuse; ++i) {
    tx.exec("select pg_current_xact_id()");  // a file of the log without anything in it is not left
    tx.exec("select pg_switch_wal()");
  }
  tx.exec("checkpoint");
}

void Cluster::assert_durable() const {
  for (const char* setting : {"fsync", "synchronous_commit", "full_page_writes"})
    for (const char* user : {"settled", "postgres"}) {
      pqxx::connection db(postgres_->url_for(user, "settled"));
      const auto is = pqxx::nontransaction(db).exec1(std::string("show ") + setting)[0].as<std::string>();
      if (is != "on") throw std::runtime_error(std::string(setting) + " is " + is + ": nothing was measured");
    }
}

std::string Cluster::version() const { return ask("postgres", "show server_version"); }

double Cluster::cpu_s() const {
  const pid_t server = postgres_->server_pid();
  const auto own = times_of(server);
  double sum = own[2] + own[3];
  for (const pid_t pid : processes_in(postgres_->paths().data)) sum += cpu_s_of(pid);
  return sum;
}

std::string Cluster::ask(const std::string& database, const std::string& sql) const {
  pqxx::connection db(owner_url(database));
  return pqxx::nontransaction(db).exec1(sql)[0].as<std::string>("");
}

std::int64_t Cluster::count(const std::string& database, const std::string& sql) const {
  return std::stoll(ask(database, sql));
}

void fill_with_accounts(const Cluster& cluster, const std::string& database, const Town& town) {
  // Numbers, not names, are what the references address accounts by: bench_vostro(n), bench_nostro(n).
  const std::string sql = R"(
    create function bench_vostro(n bigint) returns uuid language sql immutable parallel safe as
      $$ select ('00000000-0001-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
    create function bench_nostro(n bigint) returns uuid language sql immutable parallel safe as
      $$ select ('00000000-0002-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
    create function bench_bic(n bigint, rest text) returns text language sql immutable as $$
      select chr((65 + n / 17576 % 26)::int) || chr((65 + n / 676 % 26)::int) || chr((65 + n / 26 % 26)::int)
             || chr((65 + n % 26)::int) || rest $$;
    create temp table town as
      select bench_vostro(n) as id, 'vostro' as kind, bench_bic(n, 'CIAB') as bank, 1000000000000 as money,
             n from generate_series(0, $VOSTROS - 1) n
      union all
      select bench_nostro(n), 'nostro', bench_bic(n, 'SNDA'), 1000000000000000, n
      from generate_series(0, $NOSTROS - 1) n
      union all
      select ('00000000-0007-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'vostro', bench_bic(n, 'SNDA'),
             1000000000000000, n
      from generate_series(0, $NOSTROS - 1) n;
    insert into accounts(id, kind, bank, currency, name, shard, balance, version)
      select id, kind, bank, 'XOF', 'bench', 0, money, 1 from town;
    insert into accounts(id, kind, currency, name, shard, floor, balance, version)
      select '00000000-0003-7000-8000-000000000000', 'clearing', 'XOF', 'outside world', 0, -9223372036854775808,
             sum(case kind when 'vostro' then money else -money end), 1 from town;
    insert into nettings(id, caller, idem_key, request_digest, obligations, positions, at)
      values ('00000000-0004-7000-8000-000000000000', 'bench', 'opening', sha256('opening'), '[]', '[]', now());
    -- Debits are positive: money on a vostro is a credit of it, money on a nostro a debit.
    insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at)
      select id, 1, '00000000-0004-7000-8000-000000000000'::uuid,
             case kind when 'vostro' then -money else money end, money, now() from town
      union all
      select id, 1, '00000000-0004-7000-8000-000000000000'::uuid, balance, balance, now()
      from accounts where kind = 'clearing';
    drop table town;
  )";
  std::string text = sql;
  const auto replace = [&text](const std::string& what, int by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what))
      text.replace(at, what.size(), std::to_string(by));
  };
  replace("$VOSTROS", town.counterparties);
  replace("$NOSTROS", town.banks);
  pqxx::connection db(cluster.owner_url(database));
  pqxx::work tx(db);
  tx.exec("set local statement_timeout = 0; set local role settled");
  tx.exec(text);
  tx.commit();
}

std::string faults_in_books(const Cluster& cluster, const std::string& database) {
  const Verdict verdict = verify({.database_url = cluster.owner_url(database)});
  if (verdict.ok()) return {};
  const Finding& f = verdict.findings.front();
  return std::to_string(verdict.wrong) + " findings, first: " + f.check + " " + f.subject + ", expected " +
         f.expected + ", found " + f.found;
}

std::string faults_in_reference(const Cluster& cluster, const std::string& database) {
  pqxx::connection db(cluster.owner_url(database));
  pqxx::nontransaction tx(db);
  for (const SqlCheck& check : sql_checks()) {
    const std::string name = check.name;
    if (name.find("event") != std::string::npos) continue;
    const auto rows = tx.exec(std::string("select * from (") + check.sql + ") wrong");
    if (!rows.empty()) return first_finding(name, rows[0]);
  }
  return {};
}

}  // namespace settled::bench
