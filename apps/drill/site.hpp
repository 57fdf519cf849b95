// The real programs of one drill: settled with its PostgreSQL and the bank in its box, started, killed at
// will, started again on the same folder.
#pragma once
#include "apps/drill/web.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <vector>

namespace settled::drill {

/// The drill could not do its own part, or settled did not come back: the sentence says which.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Endpoint {
  std::string http, sandbox, database_url, api_key;
};

struct SiteSettings {
  std::filesystem::path folder, program_folder;
  std::string program = "settled";
  /// On top of --data-dir, --config and the ports.
  std::vector<std::string> flags = {};
  /// "NAME=value"
  std::vector<std::string> environment = {};
  /// Waits of a bank that decides within moments, so that a round takes about a second. The rules stay as
  /// they are: only their times are shorter.
  bool quick = true;
  /// More lines of [settlement].
  std::string settlement = {};
  /// All of settled.toml, instead of ours.
  std::string toml = {};
};

class Site {
 public:
  explicit Site(SiteSettings settings);
  /// Ends whatever is left of it. The folder stays.
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// From the thread that made this object: the kernel ends the child with that thread.
  void launch(const std::vector<std::string>& environment = {});
  /// Throws Broken when it ends instead, or takes longer than two minutes.
  void await_endpoint();
  /// Its port is open and it says that it takes work.
  void await_ready();
  void start() {
    launch();
    await_endpoint();
  }
  /// Sends the signal and waits: the exit code, or minus the signal that ended it.
  int end(int signal);
  /// The exit code, where it has ended by itself.
  std::optional<int> ended();
  bool running() const { return pid_ > 0; }
  /// Its port is open.
  bool serves() const { return std::filesystem::exists(data_ / "endpoint.json"); }
  pid_t pid() const { return pid_; }

  /// Each returns whether there was one to kill.
  bool kill_postmaster(int signal);
  bool kill_backend(std::mt19937_64& chance);
  bool kill_sandbox();
  void kill_everything();
  /// Stops, or lets go on, every process of the database.
  void freeze_database(bool frozen);

  /// As endpoint.json had it at the last start. From any thread.
  Endpoint endpoint() const;
  std::unique_ptr<Web> web() const;
  /// The bank's port for scripts and its log; waits until it answers.
  Reply bank(const std::string& method, const std::string& path, const std::string& body = {}) const;
  std::string log() const;
  const std::filesystem::path& folder() const { return settings_.folder; }
  const std::filesystem::path& data() const { return data_; }
  int starts() const { return starts_; }

 private:
  void write_settings();
  void clean_up();

  const SiteSettings settings_;
  const std::filesystem::path data_;
  pid_t pid_ = 0;
  int starts_ = 0;
  mutable std::mutex mutex_;
  Endpoint endpoint_;
};

/// Polls every few milliseconds.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    // Not a time limit of ours: how often we look.
    struct timespec pause {
      0, 4'000'000
    };
    ::nanosleep(&pause, nullptr);
  }
  return true;
}

std::string content_of(const std::filesystem::path& file);

}  // namespace settled::drill
