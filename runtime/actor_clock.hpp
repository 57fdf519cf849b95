// The clock of CAF's actors, without a waking for each time limit.
//
// CAF's own clock hands every limit that is set, every one that is taken back and every actor's end to its
// thread at once, through a ring of 64 places; a payment at a bank has five of those, and each woke a thread.
// Nearly all limits are taken back long before they are due. So here they are laid down and the thread is
// woken only for what is due before it would look by itself, or for a thousand of them.
#pragma once
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace settled {

class ActorClock : public caf::detail::thread_safe_actor_clock {
 public:
  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

  /// On a thread of its own, until end().
  void run();
  void end();

 private:
  /// Laid down for the thread; what is due earlier than the thread looks wakes it.
  void lay_down(unique_event_ptr entry, time_point due = time_point::max());
  void take(unique_event_ptr entry);

  std::mutex mutex_;
  std::condition_variable early_;
  // With mutex_:
  std::vector<unique_event_ptr> laid_down_;
  time_point looks_at_ = time_point::min();  // when the thread looks by itself; min: it is looking
  bool ended_ = false;
};

/// CAF's scheduler whose workers wait at one queue, with this clock.
class ActorScheduler : public caf::scheduler::coordinator<caf::policy::work_sharing> {
 public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;
  using super::super;
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new ActorScheduler(system);  // CAF's own way: the system deletes it
  }
  ActorClock& clock() noexcept override { return clock_; }

 protected:
  void start() override;
  void stop() override;

 private:
  ActorClock clock_;
  std::thread thread_;
};

}  // namespace settled
