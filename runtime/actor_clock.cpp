#include "runtime/actor_clock.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// So many entries wake the thread even if none of them is due.
constexpr std::size_t laid_down_max = 1'024;

template <class To, class From>
std::unique_ptr<To> as(std::unique_ptr<From>& entry) {
  return std::unique_ptr<To>(static_cast<To*>(entry.release()));
}
}  // namespace

void ActorClock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                      std::uint64_t id) {
  lay_down(std::make_unique<ordinary_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), type, id), t);
}

void ActorClock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  lay_down(std::make_unique<request_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), id), t);
}

void ActorClock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                   std::uint64_t id) {
  lay_down(std::make_unique<multi_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), type, id), t);
}

void ActorClock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  lay_down(std::make_unique<ordinary_timeout_cancellation>(self->id(), type));
}

void ActorClock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  lay_down(std::make_unique<request_timeout_cancellation>(self->id(), id));
}

void ActorClock::cancel_timeouts(caf::abstract_actor* self) {
  lay_down(std::make_unique<timeouts_cancellation>(self->id()));
}

void ActorClock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                  caf::mailbox_element_ptr content) {
  lay_down(std::make_unique<actor_msg>(t, std::move(receiver), std::move(content)), t);
}

void ActorClock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                                  caf::message content) {
  lay_down(std::make_unique<group_msg>(t, std::move(target), std::move(sender), std::move(content)), t);
}

void ActorClock::cancel_all() { lay_down(std::make_unique<drop_all>()); }

void ActorClock::lay_down(unique_event_ptr entry, time_point due) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    laid_down_.push_back(std::move(entry));
    wake = due < looks_at_ || laid_down_.size() == laid_down_max;
    if (wake) looks_at_ = time_point::min();  // once is enough
  }
  if (wake) early_.notify_one();
}

void ActorClock::run() {
  std::vector<unique_event_ptr> taken;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      // What was laid down while we looked is not in the schedule yet.
      if (laid_down_.empty() && !ended_) {
        looks_at_ = schedule_.empty() ? clock_type::now() + 1h : schedule_.begin()->first;
        early_.wait_until(lock, looks_at_, [this] { return ended_ || looks_at_ == time_point::min(); });
      }
      if (ended_) break;
      looks_at_ = time_point::min();
      taken.swap(laid_down_);
    }
    // Without the lock: what is delivered or dropped here may end an actor, which comes back to this clock.
    for (auto& entry : taken) take(std::move(entry));
    taken.clear();
    trigger_expired_timeouts();
  }
  // What is dropped may end actors, which come back here; nothing is laid down any more.
  schedule_.clear();
  actor_lookup_.clear();
  laid_down_.clear();
}

void ActorClock::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  early_.notify_one();
}

void ActorClock::take(unique_event_ptr entry) {
  switch (entry->subtype) {
    case ordinary_timeout_type:
      return add_schedule_entry(as<ordinary_timeout>(entry));
    case multi_timeout_type:
      return add_schedule_entry(as<multi_timeout>(entry));
    case request_timeout_type:
      return add_schedule_entry(as<request_timeout>(entry));
    case actor_msg_type:
      return add_schedule_entry(as<actor_msg>(entry));
    case group_msg_type:
      return add_schedule_entry(as<group_msg>(entry));
    case ordinary_timeout_cancellation_type:
      return handle(static_cast<ordinary_timeout_cancellation&>(*entry));
    case multi_timeout_cancellation_type:
      return handle(static_cast<multi_timeout_cancellation&>(*entry));
    case request_timeout_cancellation_type:
      return handle(static_cast<request_timeout_cancellation&>(*entry));
    case timeouts_cancellation_type:
      return handle(static_cast<timeouts_cancellation&>(*entry));
    case drop_all_type:
      schedule_.clear();
      actor_lookup_.clear();
      return;
    case shutdown_type:
      return;  // end() says it
  }
}

void ActorScheduler::start() {
  thread_ = std::thread([this] {
    caf::detail::set_thread_name("caf.clock");
    system().thread_started();
    clock_.run();
    system().thread_terminates();
  });
  super::start();
}

void ActorScheduler::stop() {
  super::stop();
  clock_.end();
  thread_.join();
}
}  // namespace settled
