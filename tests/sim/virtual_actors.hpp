// Actors without threads and without a clock of their own: CAF's test scheduler, whose next actor we choose,
// and a time that passes only when we say so. The same seed gives the same run, message by message.
//
// Detached actors would run away into a thread of theirs: spawn them without caf::detached here.
#pragma once
#include "domain/clock.hpp"
#include "messages/actors.hpp"
#include "tests/sim/chance.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace settled::tests {

enum class Order : std::uint8_t { arrival, chance };

class VirtualActors {
 public:
  explicit VirtualActors(Order order = Order::arrival, std::uint64_t seed = 1);
  ~VirtualActors();  // kills whoever still lives
  VirtualActors(const VirtualActors&) = delete;
  VirtualActors& operator=(const VirtualActors&) = delete;

  caf::actor_system& system() { return *system_; }
  Chance& chance() { return chance_; }

  /// Microseconds that never go back.
  Micros now() const;
  Clock steady() const {
    return [this] { return now(); };
  }
  /// What a clock on the wall would show: at first noon of 2026-11-20, UTC. Somebody may set it.
  Clock wall() const {
    return [this] { return now() + wall_offset_; };
  }
  void set_wall(std::chrono::microseconds ahead) { wall_offset_ = wall_right + ahead.count(); }
  Ids ids();

  /// The world outside of the actors: `what` happens in `delay`.
  void after(std::chrono::microseconds delay, std::function<void()> what);

  /// One message of one actor. False: nobody has one.
  bool step();
  bool idle() const { return !scheduler_->has_job(); }
  /// To the next moment at which something is due. False: nothing ever will be.
  bool wait();
  /// Everything that happens in this time, in order.
  void advance(std::chrono::microseconds time);
  /// Until nobody has a message; no time passes.
  void settle();

  template <class Handle>
  void kill(const Handle& who) {
    end_actor(caf::actor_cast<caf::strong_actor_ptr>(who), caf::exit_reason::kill);
  }
  /// Does not have its turn for this time, whatever is waiting for it.
  void pause(const caf::strong_actor_ptr& who, std::chrono::microseconds time);
  /// Everybody dies before anybody notices, but for actors of these names.
  void kill_all_but(std::vector<std::string> names);
  /// Living actors of this name, oldest first.
  std::vector<caf::strong_actor_ptr> living(const std::string& name);
  static bool alive(const caf::strong_actor_ptr& who);

  /// Told of every message before it is handled. Slow: for a run that is looked at.
  std::function<void(const std::string&)> trace;
  std::size_t steps() const { return steps_; }

  /// Asks and runs until the answer is there; time passes when nothing else helps. Throws the error.
  template <class Answer, class Handle, class Request>
  Answer ask(const Handle& whom, Request request);

 private:
  struct Config : caf::actor_system_config {
    Config();
  };
  void run(std::size_t job);
  std::size_t next_job();
  bool paused(const caf::resumable* job) const;
  void note(caf::resumable* job);
  void end_actor(const caf::strong_actor_ptr& who, caf::exit_reason how);
  void run_out(const caf::strong_actor_ptr& who);
  std::vector<caf::strong_actor_ptr> living_but(const std::vector<std::string>& names);
  void trace_next(caf::resumable* job);
  Micros next_due() const;
  static constexpr std::int64_t wall_right = 1795175000'000'000;
  void go_to(Micros when);

  Config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_;
  Order order_;
  Chance chance_;
  std::int64_t wall_offset_ = wall_right;
  std::multimap<Micros, std::function<void()>> world_;
  std::map<caf::actor_id, caf::actor_addr> known_;
  std::set<caf::actor_id> paused_;
  std::size_t steps_ = 0;
  std::uint64_t ids_ = 0;
};

template <class Answer, class Handle, class Request>
Answer VirtualActors::ask(const Handle& whom, Request request) {
  caf::scoped_actor asker{*system_};
  auto pending = asker->request(whom, caf::infinite, std::move(request));
  auto& mailbox = asker.ptr()->mailbox();
  while (mailbox.empty())
    if (!step() && !wait()) throw std::logic_error("nobody will ever answer");
  Answer result;
  std::string failure;
  pending.receive([&](Answer& answer) { result = std::move(answer); },
                  [&](const caf::error& why) { failure = system_->render(why); });
  if (!failure.empty()) throw std::runtime_error(failure);
  return result;
}

}  // namespace settled::tests
