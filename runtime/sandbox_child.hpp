// The sandbox as our child: started with us, started again when it dies, on the port that it had.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace settled {

class SandboxChild {
 public:
  struct Settings {
    std::filesystem::path program;   // settled-sandbox
    std::filesystem::path data_dir;  // its own folder
    std::uint16_t port = 0;          // 0: a free one, kept over restarts of the child
    std::string key_id, key;
    std::function<void(const std::string& what)> on_event = [](const std::string&) {};
  };
  explicit SandboxChild(Settings settings);
  ~SandboxChild();
  SandboxChild(const SandboxChild&) = delete;
  SandboxChild& operator=(const SandboxChild&) = delete;

  /// Blocks until it is ready; throws std::runtime_error when it cannot be started.
  void start();
  void stop();
  std::string url() const;
  int pid() const { return pid_; }

 private:
  void keep();
  int launch();

  Settings settings_;
  std::string url_, failure_;
  std::atomic<int> pid_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread keeper_;  // forks: the kernel's "your parent died" follows the thread
};

}  // namespace settled
