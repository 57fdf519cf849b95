// Brings a database to the schema that this binary was built for.
#pragma once
#include <string>

namespace settled {
/// Runs what is missing, each migration in its own transaction, under an advisory lock so that several
/// starters migrate once. Throws std::runtime_error when the database is newer than we are, or when a
/// recorded migration differs from ours. Returns the schema number.
int migrate(const std::string& database_url);
}  // namespace settled
