// Sends rows in batches over a few connections and follows them until nothing more will happen.
//
// Every order has its own key, made from what it pays, so a batch whose answer was lost is simply sent again
// until there is a definite answer: the server may be killed at any moment of it.
#pragma once
#include "apps/settlectl/api_client.hpp"
#include "apps/settlectl/order_file.hpp"
#include "apps/settlectl/terminal.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace settled::ctl {

struct SettleSettings {
  std::size_t batch = 200;  // the server takes 1,000
  std::size_t connections = 4;
  bool wait = true;  // follow until final
};

class SettleRun {
 public:
  SettleRun(const Context& context, const SettleSettings& settings, std::vector<Row>& rows);
  /// Returns when every row is settled (or sent, without `wait`), when nothing has moved for the context's
  /// time limit, or after stop(). Throws Stop where the server is not there to begin with.
  void run();
  /// May be called from a signal handler.
  void stop() { stopped_ = true; }
  /// Why the run ended early: a refused key, a fault of ours. Nothing for a time-out or stop().
  const std::optional<Stop>& refused() const { return refused_; }

 private:
  using Batch = std::vector<std::size_t>;  // indices of rows
  using Clock = std::chrono::steady_clock;
  void guarded(void (SettleRun::*work)());
  void send_batches();
  /// False: the same batch has to be sent again, later.
  bool take_answer(const Batch& batch, const Answer& answer, const std::string& url);
  bool take_results(const Batch& batch, const std::string& body);
  void requeue(Batch batch);
  void refuse(std::size_t row, const std::string& body, int status);
  void follow();
  void ask_list(ApiClient& client, std::map<std::string, std::size_t>& open);
  void ask_each(ApiClient& client, const std::map<std::string, std::size_t>& open, std::size_t at_most);
  bool sending() const;  // call with the lock
  bool stuck() const;
  void progress(bool last);

  const Context& context_;
  const SettleSettings settings_;
  std::vector<Row>& rows_;
  Progress progress_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> to_send_;
  std::size_t in_flight_ = 0;
  std::map<std::string, std::size_t> open_;  // id → row, acknowledged and not final
  std::string last_asked_;                   // the follower's alone
  Clock::time_point moved_ = Clock::now();   // when a row last changed
  std::optional<Stop> refused_;
  std::atomic<bool> stopped_{false};
};

}  // namespace settled::ctl
