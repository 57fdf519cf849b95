// How we connect to PostgreSQL: time-outs that notice a dead server, and settings that keep it durable.
#pragma once
#include <pqxx/connection>

#include <memory>
#include <string>

namespace settled {

/// SQLSTATEs that mean something to more than one of us.
inline constexpr const char* statement_cancelled = "57014";  // also by its own time-out
inline constexpr const char* lock_not_available = "55P03";

/// libpq's keywords for `database_url`, with the time-outs that it leaves open. Also takes the documents'
/// form with a driver suffix (postgresql+asyncpg://). Throws std::runtime_error naming what is wrong.
std::string connection_string(const std::string& database_url);

/// A connection of libpqxx that also tells libpq's handle, for what libpqxx 6 has no words (pg_pipeline).
class PgConnection final : public pqxx::connection_base {
 public:
  explicit PgConnection(const std::string& options);
  ~PgConnection() noexcept;
  pg_conn* handle() const { return policy_.handle_of; }

 private:
  struct Policy final : pqxx::connect_direct {
    using connect_direct::connect_direct;
    handle do_startconnect(handle before) override {
      return handle_of = connect_direct::do_startconnect(before);
    }
    handle handle_of = nullptr;
  };
  Policy policy_;
};

/// A session with statement and lock time-outs. Throws what libpqxx throws.
std::unique_ptr<PgConnection> pg_connect(const std::string& database_url);

/// From now on this session's process at the server gets the processor only when nobody else wants it: for
/// what reads whole tables beside the money. False, and nothing is done, where the server is on another
/// machine, or belongs to somebody whose processes we may not slow down.
bool stand_back(const PgConnection& session);

}  // namespace settled
