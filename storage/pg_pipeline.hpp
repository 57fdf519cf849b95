// Statements that travel together: none waits for the answer of the one before. A commit of eight statements
// is two journeys to the server and not nine, and on a machine where waking the other side costs 0.1 ms that
// is most of a lone order's time.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

struct pg_conn;

namespace settled {

/// Libpq's pipeline mode over a session that libpqxx made; no object of libpqxx may use it meanwhile.
class PgPipeline {
 public:
  struct Value {
    std::string_view bytes;
    bool binary = true;  // else as text
  };
  explicit PgPipeline(pg_conn* db);
  /// Takes the session back to one statement at a time.
  ~PgPipeline();
  PgPipeline(const PgPipeline&) = delete;
  PgPipeline& operator=(const PgPipeline&) = delete;

  void exec(const char* sql);
  void exec_prepared(const char* statement, std::span<const Value> values);
  /// Sends what has not left yet and waits for all answers: rows that each statement changed, in order.
  /// Throws pqxx::sql_error of the first one that failed, pqxx::broken_connection.
  std::vector<std::int64_t> finish();

 private:
  void sent(int ok, const char* what);
  [[noreturn]] void broken() const;

  pg_conn* db_;
  std::vector<std::string> under_way_;
};

}  // namespace settled
