// How far the books went as this node last saw them, kept outside the database: a database that goes less
// far is an older copy, and what was sent since must not be sent again (DESIGN.md 4.8).
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

namespace settled {

class HighWater {
 public:
  /// `books` is the installation's id: other books begin anew.
  HighWater(const std::filesystem::path& data_dir, std::string books);
  ~HighWater();
  HighWater(const HighWater&) = delete;
  HighWater& operator=(const HighWater&) = delete;

  /// The last event of these books that was seen, now or in an earlier run; 0 for unknown books.
  std::int64_t seen() const { return newest_; }
  /// From any thread; written down within half a second. Never goes back.
  void saw(std::int64_t event);
  /// Older books are the ones that count from now on. Only at a start, and after their quarantine has begun.
  void go_back_to(std::int64_t event) { newest_ = event; }

  /// Why nothing may be sent; empty: no quarantine. Survives restarts.
  std::string quarantine() const;
  void begin_quarantine(const std::string& why);
  void lift_quarantine();

 private:
  void keep();

  const std::filesystem::path file_, quarantine_file_;
  const std::string books_;
  std::atomic<std::int64_t> newest_{0};
  std::int64_t written_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread keeper_;
};

}  // namespace settled
