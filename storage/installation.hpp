// Which books a database holds, and how far they go.
#pragma once
#include <cstdint>
#include <string>

namespace settled {
struct Installation {
  std::string id;               // of the books: a restored copy has the same
  std::int64_t last_event = 0;  // of the writer's stream
};
/// Throws what libpqxx throws.
Installation read_installation(const std::string& database_url);
}  // namespace settled
