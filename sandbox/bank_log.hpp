// The bank's append-only log, the only judge of what was executed. A line counts once it is on the disk;
// whoever answers a request waits for its line first. Lines that come while the disk works share one flush.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace settled::sandbox {

class BankLog {
 public:
  /// Opens or creates the file and hands each line of it to `line`, in order. A last line without its end
  /// was never acknowledged: it is cut off. Throws std::runtime_error where the file cannot be used.
  BankLog(const std::filesystem::path& file, const std::function<void(std::string_view line)>& line);
  /// Everything that was appended is on the disk.
  ~BankLog();
  BankLog(const BankLog&) = delete;
  BankLog& operator=(const BankLog&) = delete;

  /// Number of the line that `append` would write next; lines count from 1.
  std::uint64_t next_number() const;
  /// Queues one line (without line feed). Not on the disk yet.
  void append(std::string_view line);
  /// Calls `done` when everything that was appended before is on the disk, on the log's own thread. Ends the
  /// process if the disk refuses: a bank that cannot write down what it does must not do it.
  void when_written(std::function<void()> done);
  /// Up to `limit` lines after number `after`, of those on the disk.
  std::string read(std::uint64_t after, std::size_t limit) const;
  std::size_t torn_bytes() const { return torn_bytes_; }

 private:
  void flush();

  int file_ = -1;
  std::size_t torn_bytes_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::string queued_;
  std::vector<std::uint64_t> ends_;                                      // offset behind each line
  std::uint64_t durable_ = 0;                                            // lines on the disk
  std::deque<std::pair<std::uint64_t, std::function<void()>>> waiting_;  // for this line, in its order
  bool ending_ = false;
  std::thread flusher_;
};

}  // namespace settled::sandbox
