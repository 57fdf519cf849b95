// Numbered, forward-only SQL migrations, embedded in the binary by cmake/migrations.cmake.
#pragma once
#include <span>
#include <string_view>

namespace settled {

struct MigrationFile {
  int number;             // 1, 2, 3 … without gaps
  std::string_view name;  // the file's name without its ending
  std::string_view sql;
};

/// In the order of their numbers.
std::span<const MigrationFile> embedded_migrations();

}  // namespace settled
