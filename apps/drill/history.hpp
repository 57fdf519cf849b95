// What the clients of a drill know: every order before the call that sends it, every answer after it. A call
// without an answer is no failure: nobody knows yet. Kept in memory for the judge and as JSON lines in
// history.jsonl for people.
#pragma once
#include "storage/verify.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace settled::drill {

struct Order {
  enum class Kind : std::uint8_t {
    good,     // 202, whatever becomes of it
    bad,      // refused by its form; never recorded
    other,    // another order under a key that is known: 409, and nothing changes
    funding,  // of the poor account: 201
  };
  Kind kind = Kind::good;
  int round = 0;
  std::string key;
  std::string body;  // of a call of its own
  std::string from, to, currency, amount;
  std::int64_t minor = 0;
  // What its client was told first.
  int tries = 0, answers = 0, status = 0;
  std::string id, receipt;  // set_…, and all of the answer to the byte
  bool refused = false;     // the receipt says that it failed
};

class History {
 public:
  explicit History(const std::filesystem::path& file);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  Order& add(Order order);
  /// Before each call.
  void intend(Order& order);
  /// After it: 0 is no answer. A later answer that differs from the first is a finding.
  void told(Order& order, int status, const std::string& id, const std::string& receipt, bool refused);
  void note(const std::string& text);

  /// A definite answer came: 202, 201 or a refusal.
  bool answered(const Order& order) const;
  /// Definite answers so far, resends included.
  std::int64_t answers() const { return answers_; }
  /// The longest time without one since the last call of `start_clock`.
  void start_clock();
  std::chrono::milliseconds silence() const;
  void progress();
  std::chrono::milliseconds longest_silence() const { return std::chrono::milliseconds(longest_ms_); }

  std::vector<Finding> take_findings();
  std::deque<Order>& orders() { return orders_; }
  const std::deque<Order>& orders() const { return orders_; }
  std::vector<std::string> acknowledged() const;
  std::int64_t resends() const { return resends_; }

 private:
  using Clock = std::chrono::steady_clock;
  void write(const std::string& line);

  std::FILE* file_ = nullptr;
  const Clock::time_point began_ = Clock::now();
  mutable std::mutex mutex_;
  std::deque<Order> orders_;  // never moved: clients hold references
  std::vector<Finding> findings_;
  std::map<std::string, std::string> key_of_id_;
  std::atomic<std::int64_t> answers_{0}, resends_{0};
  std::atomic<std::int64_t> last_progress_ms_{0}, longest_ms_{0};
};

}  // namespace settled::drill
