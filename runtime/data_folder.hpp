// The data folder belongs to one settled at a time: its endpoint.json, its keys and its bank's log are
// written by nobody else. The kernel gives the folder free when the process ends, however it ends.
#pragma once
#include <filesystem>

namespace settled {

class DataFolder {
 public:
  /// Makes the folder where there is none, and takes it. Throws std::runtime_error that names the other one.
  explicit DataFolder(const std::filesystem::path& folder);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

 private:
  int lock_ = -1;
};

}  // namespace settled
