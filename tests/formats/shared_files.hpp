// Files beside the source tree (specifications, samples of others) that are not in the repository.
#pragma once
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace settled::tests {

inline std::filesystem::path source_folder() {
  const char* set = std::getenv("SETTLED_SOURCE");
  return set ? set : ".";
}

/// SETTLED_SHARED, else ../shared beside the source. Nothing, with a message, where it is absent.
inline std::optional<std::filesystem::path> shared_folder(const std::string& below) {
  const char* set = std::getenv("SETTLED_SHARED");
  const auto folder = (set ? std::filesystem::path(set) : source_folder() / ".." / "shared") / below;
  if (std::filesystem::is_directory(folder)) return folder;
  BOOST_TEST_MESSAGE("skipped: " + folder.string() + " is not there (SETTLED_SHARED names it)");
  return std::nullopt;
}

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, "cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace settled::tests
