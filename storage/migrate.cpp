#include "storage/migrate.hpp"

#include "storage/migrations.hpp"
#include "storage/pg_connect.hpp"
#include "telemetry/failpoint.hpp"

#include <pqxx/pqxx>

#include <stdexcept>

namespace settled {
namespace {
constexpr long lock_key = 0x5E77'1ED0;  // ours among the database's advisory locks

/// Elsewhere PostgreSQL would give back other bytes than it was given, and the chain of events breaks.
void check_encoding(pqxx::nontransaction& session) {
  const std::string encoding = session.exec1("show server_encoding")[0].c_str();
  if (encoding == "UTF8") return;
  throw UnsuitableDatabase("database.url names a database in the encoding " + encoding +
                           "; settled needs UTF8. Nothing was changed. Make another one: create database … "
                           "encoding 'UTF8' template template0.");
}
}  // namespace

int migrate(const std::string& database_url) {
  // With its time-outs, but not with those of pg_connect: another starter may be migrating for a while.
  pqxx::connection db(connection_string(database_url));
  pqxx::nontransaction session(db);
  check_encoding(session);
  session.exec("select pg_advisory_lock(" + std::to_string(lock_key) + ")");
  session.exec(
      "create table if not exists schema_migrations "
      "(number int primary key, name text not null, at timestamptz not null default now())");
  const auto known = embedded_migrations();
  const int newest = session.exec1("select coalesce(max(number), 0) from schema_migrations")[0].as<int>();
  if (newest > static_cast<int>(known.size()))
    throw std::runtime_error("the database has schema " + std::to_string(newest) +
                             ", this program knows up to " + std::to_string(known.size()) +
                             ": start a newer settled");
  for (const auto& file : known) {
    if (file.number <= newest) continue;
    session.exec("begin");
    session.exec(std::string(file.sql));
    session.exec("insert into schema_migrations(number, name) values (" + std::to_string(file.number) + ", " +
                 session.quote(std::string(file.name)) + ")");
    failpoint("migration_step_k", file.number);
    session.exec("commit");
  }
  session.exec("select pg_advisory_unlock(" + std::to_string(lock_key) + ")");
  return static_cast<int>(known.size());
}
}  // namespace settled
