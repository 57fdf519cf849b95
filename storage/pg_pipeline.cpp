#include "storage/pg_pipeline.hpp"

#include <pqxx/except>

#include <cstdlib>
#include <libpq-fe.h>
#include <memory>
#include <optional>

namespace settled {
namespace {
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
Answer next_answer(PGconn* db) { return {PQgetResult(db), PQclear}; }
}  // namespace

PgPipeline::PgPipeline(pg_conn* db) : db_(db) {
  if (PQenterPipelineMode(db_) != 1) broken();
}

PgPipeline::~PgPipeline() {
  // With answers left it stays in the mode, and whoever comes next fails: then the session is given up.
  PQexitPipelineMode(db_);
}

void PgPipeline::broken() const { throw pqxx::broken_connection(PQerrorMessage(db_)); }

void PgPipeline::sent(int ok, const char* what) {
  if (ok != 1) broken();
  under_way_.emplace_back(what);
}

void PgPipeline::exec(const char* sql) {
  sent(PQsendQueryParams(db_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0), sql);
}

void PgPipeline::exec_prepared(const char* statement, std::span<const Value> values) {
  std::vector<const char*> bytes;
  std::vector<int> sizes, formats;
  for (const Value& value : values) {
    bytes.push_back(value.bytes.data());
    sizes.push_back(static_cast<int>(value.bytes.size()));
    formats.push_back(value.binary ? 1 : 0);
  }
  sent(PQsendQueryPrepared(db_, statement, static_cast<int>(values.size()), bytes.data(), sizes.data(),
                           formats.data(), 0),
       statement);
}

std::vector<std::int64_t> PgPipeline::finish() {
  if (PQpipelineSync(db_) != 1) broken();
  std::vector<std::int64_t> rows;
  std::optional<pqxx::sql_error> failure;
  for (const auto& statement : under_way_) {
    const Answer answer = next_answer(db_);
    if (!answer || PQstatus(db_) == CONNECTION_BAD) broken();
    switch (PQresultStatus(answer.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        rows.push_back(std::strtoll(PQcmdTuples(answer.get()), nullptr, 10));
        break;
      case PGRES_PIPELINE_ABORTED:
        break;  // behind the one that failed
      default:
        failure.emplace(PQresultErrorMessage(answer.get()), statement,
                        PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE));
    }
    while (next_answer(db_)) {
    }  // the end of this statement
  }
  under_way_.clear();
  const Answer end = next_answer(db_);
  if (!end || PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) broken();
  if (failure) throw pqxx::sql_error(*failure);
  return rows;
}

}  // namespace settled
