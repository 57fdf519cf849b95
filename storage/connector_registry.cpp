#include "storage/connector_registry.hpp"

#include "storage/pg_connect.hpp"

#include <pqxx/pqxx>

namespace settled {

void register_connectors(const std::string& database_url,
                         const std::vector<RegisteredConnector>& connectors) {
  const auto db = pg_connect(database_url);
  pqxx::work tx(*db);
  for (const auto& c : connectors)
    tx.exec_params0(
        "insert into bank_connectors_registry(name, type, idempotent, status_by_reference, "
        "notfound_final_after) values ($1, $2, $3, $4, $5 * interval '1 millisecond') on conflict (name) do "
        "update set type = excluded.type, idempotent = excluded.idempotent, status_by_reference = "
        "excluded.status_by_reference, notfound_final_after = excluded.notfound_final_after, updated_at = "
        "now()",
        c.name, c.type, c.capability.idempotent_by_reference, c.capability.status_by_reference,
        c.capability.not_found_final_after.count());
  tx.commit();
}
}  // namespace settled
