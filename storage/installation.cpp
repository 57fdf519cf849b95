#include "storage/installation.hpp"

#include "storage/pg_connect.hpp"

#include <pqxx/pqxx>

namespace settled {
Installation read_installation(const std::string& database_url) {
  const auto db = pg_connect(database_url);
  pqxx::work tx(*db);
  const auto row = tx.exec1(
      "select (select id::text from installation), (select coalesce(max(last_seq), 0) from "
      "ledger_writers)");
  return {row[0].c_str(), row[1].as<std::int64_t>()};
}
}  // namespace settled
