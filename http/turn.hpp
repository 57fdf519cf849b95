// How much the orders that the port has let in have before them until the intake takes them. The port's
// threads ask before they read an order, and turn it away by its head.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace settled {

class Turn : public std::enable_shared_from_this<Turn> {
 public:
  using Clock = std::chrono::steady_clock;

  /// What one call takes up, from when it was read until it is handed to the intake or dropped.
  class Place {
   public:
    Place(std::shared_ptr<Turn> turn, std::size_t bytes) : turn_(std::move(turn)), bytes_(bytes) {
      turn_->bytes_.fetch_add(bytes_, std::memory_order_relaxed);
    }
    ~Place() { turn_->bytes_.fetch_sub(bytes_, std::memory_order_relaxed); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::shared_ptr<Turn> turn_;
    const std::size_t bytes_;
  };
  std::shared_ptr<Place> take_place(std::size_t bytes) {
    return std::make_shared<Place>(shared_from_this(), bytes);
  }

  /// Since when the oldest gathered order waits.
  void waits_since(std::optional<Clock::time_point> since) {
    since_ = since ? since->time_since_epoch().count() : Clock::rep{0};
  }
  bool waits_longer_than(Clock::duration most) const {
    const auto since = since_.load(std::memory_order_relaxed);
    return since != 0 && Clock::now().time_since_epoch().count() - since > most.count();
  }
  bool has_more_than(std::size_t bytes) const { return bytes_.load(std::memory_order_relaxed) > bytes; }

 private:
  std::atomic<Clock::rep> since_{0};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace settled
