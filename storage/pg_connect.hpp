// How we connect to PostgreSQL: time-outs that notice a dead server, and settings that keep it durable.
#pragma once
#include <pqxx/connection>

#include <memory>
#include <string>

namespace settled {

/// libpq's keywords for `database_url`, with the time-outs that it leaves open. Also takes the documents'
/// form with a driver suffix (postgresql+asyncpg://). Throws std::runtime_error naming what is wrong.
std::string connection_string(const std::string& database_url);

/// A session with statement and lock time-outs. Throws what libpqxx throws.
std::unique_ptr<pqxx::connection> pg_connect(const std::string& database_url);

}  // namespace settled
