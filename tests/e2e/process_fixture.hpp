// The real settled with all that comes with it (its PostgreSQL, its sandbox), as a child of the test:
// driven over its port, killed at will, started again on the same folder, and judged from outside.
#pragma once
#include "storage/verify.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace settled::tests {

/// Polls; the limit only keeps a broken build from hanging until CTest ends it.
template <class Condition>
bool eventually(Condition condition, std::chrono::seconds most = std::chrono::seconds(120)) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Reply {
  int status = 0;  // 0: no answer
  std::string body;
  std::map<std::string, std::string> headers;  // names in small letters
  nlohmann::json json() const;                 // discarded where the body is none
  /// The member "status" or "failure/code" or "data/0/id" as text; empty where there is none.
  std::string text(const std::string& member) const;
  std::string header(const std::string& name) const;
  /// Nothing that a client may rely on: it asks again.
  bool indefinite() const { return status == 0 || status == 429 || status >= 500; }
};

/// One connection, kept alive. One thread at a time.
class Http {
 public:
  explicit Http(const std::string& url, std::string api_key = {});
  ~Http();
  Http(Http&&) noexcept;
  Http& operator=(Http&&) noexcept;

  Reply get(const std::string& path);
  Reply post(const std::string& path, const std::string& body, const std::string& idempotency_key = {});
  Reply remove(const std::string& path);
  /// With these headers and no others of ours, not even the key.
  Reply send(const std::string& method, const std::string& path, const Headers& headers,
             const std::string& body);
  const std::string& url() const { return url_; }

 private:
  struct Client;
  std::string url_, api_key_;
  std::unique_ptr<Client> client_;
};

/// Collects what an event stream says, until it goes.
class EventStream {
 public:
  EventStream(const std::string& url, const std::string& api_key, const std::string& path);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  std::string seen() const;

 private:
  struct Client;
  std::unique_ptr<Client> client_;
  mutable std::mutex mutex_;
  std::string seen_;
  std::thread reader_;
};

class Settled {
 public:
  /// A fresh folder, nothing started. `flags` come on top of --data-dir and free ports.
  explicit Settled(std::vector<std::string> flags = {});
  /// Ends whatever is left of it and removes the folder; shows the log when the test has failed.
  ~Settled();
  Settled(const Settled&) = delete;
  Settled& operator=(const Settled&) = delete;

  /// Returns at once. From the thread that made this object: the kernel ends the child with that thread.
  void launch();
  /// Throws with the log when it ended instead.
  void await_ready();
  /// The same; false when it ended instead.
  bool comes_up();
  /// FAILPOINT of the next launches; empty for none.
  void arm(std::string failpoint) { failpoint_ = std::move(failpoint); }
  /// Looks whether it has died.
  bool has_ended() { return pid_ == 0 || ended().has_value(); }
  void start() {
    launch();
    await_ready();
  }
  /// Sends the signal and waits: the exit code, or minus the signal that ended it.
  int end(int signal);
  /// The same without a signal of ours.
  int await_end();
  /// With SIGTERM; the exit code must be 0 and no sanitizer may have said a word.
  void end_in_order();
  bool running() const { return pid_ > 0; }
  /// kill -9, by the pid that the child wrote down; waits until it has one that was not killed yet.
  void kill_postmaster();
  void kill_sandbox();

  // As endpoint.json had it at the last start; from any thread.
  std::string url() const;
  std::string api_key() const;
  std::string sandbox_url() const;
  std::string database_url() const;
  Http http() const { return Http(url(), api_key()); }
  pid_t pid() const { return pid_; }
  long resident_kb() const;
  const std::filesystem::path& folder() const { return folder_; }
  std::string log() const;

  /// Scripts a fault at the bank: "error", {{"rate", 0.3}, …}.
  void fault(const std::string& kind, const std::string& more) const;
  void clear_faults() const;
  /// How often the scripts in force have struck, all of them or those of one kind.
  int faults_fired(const std::string& kind = "") const;
  /// The books against the bank's log.
  Verdict verify(const std::vector<std::string>& acknowledged) const;

 private:
  void clean_up();
  std::optional<int> ended();

  const std::filesystem::path folder_;
  const std::vector<std::string> flags_;
  std::string failpoint_;
  pid_t pid_ = 0, postmaster_killed_ = 0, sandbox_killed_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> endpoint_;
};

}  // namespace settled::tests
