#include "storage/migrate.hpp"

#include "storage/migrations.hpp"
#include "telemetry/failpoint.hpp"

#include <pqxx/pqxx>

#include <stdexcept>

namespace settled {
namespace {
constexpr long lock_key = 0x5E77'1ED0;  // ours among the database's advisory locks
}

int migrate(const std::string& database_url) {
  pqxx::connection db(database_url);
  pqxx::nontransaction session(db);
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
