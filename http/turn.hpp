// How many orders wait until the intake takes them, and since when the oldest does. The port's threads ask
// before they read a further one, and turn it away by its head.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace settled {

class Turn : public std::enable_shared_from_this<Turn> {
 public:
  using Clock = std::chrono::steady_clock;

  /// Of the orders of one call, from when they were read until they are handed to the intake or dropped.
  class Place {
   public:
    Place(std::shared_ptr<Turn> turn, std::size_t orders) : turn_(std::move(turn)), orders_(orders) {
      turn_->orders_.fetch_add(orders_, std::memory_order_relaxed);
    }
    ~Place() { turn_->orders_.fetch_sub(orders_, std::memory_order_relaxed); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::shared_ptr<Turn> turn_;
    const std::size_t orders_;
  };
  std::shared_ptr<Place> take_place(std::size_t orders) {
    return std::make_shared<Place>(shared_from_this(), orders);
  }

  /// Since when the oldest gathered order waits.
  void waits_since(std::optional<Clock::time_point> since) {
    since_ = since ? since->time_since_epoch().count() : Clock::rep{0};
  }
  bool waits_longer_than(Clock::duration most) const {
    const auto since = since_.load(std::memory_order_relaxed);
    return since != 0 && Clock::now().time_since_epoch().count() - since > most.count();
  }
  bool has_more_than(std::size_t orders) const { return orders_.load(std::memory_order_relaxed) > orders; }

 private:
  std::atomic<Clock::rep> since_{0};
  std::atomic<std::size_t> orders_{0};
};

}  // namespace settled
