// Brings a database to the schema that this binary was built for.
#pragma once
#include <stdexcept>
#include <string>

namespace settled {
/// A database that no start can use as it is, with what to do about it.
struct UnsuitableDatabase : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs what is missing, each migration in its own transaction, under an advisory lock so that several
/// starters migrate once. Throws UnsuitableDatabase where the encoding is not UTF-8, before anything is
/// changed; std::runtime_error when the database is newer than we are, or when a recorded migration differs
/// from ours. Returns the schema number.
int migrate(const std::string& database_url);
}  // namespace settled
