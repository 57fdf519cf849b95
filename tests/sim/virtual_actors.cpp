#include "tests/sim/virtual_actors.hpp"

#include <caf/atom.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <limits>
#include <set>

namespace settled::tests {
namespace {
constexpr Micros never = std::numeric_limits<Micros>::max();
/// CAF's own helpers, which end with the system.
const std::vector<std::string> helpers{"spawn_server", "config_server"};

caf::scheduled_actor* actor_of(caf::resumable* job) { return dynamic_cast<caf::scheduled_actor*>(job); }
}  // namespace

VirtualActors::Config::Config() {
  add_message_types<caf::id_block::settled>();
  set("scheduler.policy", caf::atom("testing"));
}

VirtualActors::VirtualActors(Order order, std::uint64_t seed)
    : system_(std::make_unique<caf::actor_system>(config_)),
      scheduler_(&dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler())),
      order_(order),
      chance_(seed) {
  while (scheduler_->try_run_once()) {
  }
  // Not zero: a time of zero means "has not happened".
  scheduler_->clock().current_time = caf::actor_clock::time_point(std::chrono::seconds(1'000));
}

VirtualActors::~VirtualActors() {
  trace = nullptr;
  kill_all_but({});
  scheduler_->clock().cancel_all();
}

Micros VirtualActors::now() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             scheduler_->clock().current_time.time_since_epoch())
      .count();
}

Ids VirtualActors::ids() {
  return [this] {
    ++ids_;
    return make_uuid_v7(wall()() / 1'000, ids_, ids_ * 0x9E3779B97F4A7C15ULL);
  };
}

void VirtualActors::after(std::chrono::microseconds delay, std::function<void()> what) {
  world_.emplace(now() + delay.count(), std::move(what));
}

void VirtualActors::note(caf::resumable* job) {
  const auto* actor = actor_of(job);
  if (actor && !known_.contains(actor->id())) known_.emplace(actor->id(), actor->address());
}

void VirtualActors::trace_next(caf::resumable* job) {
  auto* actor = actor_of(job);
  if (!actor) return;
  auto* next = actor->peek_at_next_mailbox_element();
  auto text = next ? caf::deep_to_string(next->content()) : std::string("starts");
  if (text.size() > 400) text.resize(400);
  trace(std::string(actor->name()) + '#' + std::to_string(actor->id()) + " <- " + text);
}

void VirtualActors::run(std::size_t job) {
  auto& jobs = scheduler_->jobs;
  if (job != 0) std::swap(jobs[0], jobs[job]);
  note(jobs[0]);
  if (trace) trace_next(jobs[0]);
  ++steps_;
  scheduler_->try_run_once();
}

bool VirtualActors::step() {
  if (idle()) return false;
  run(order_ == Order::chance ? chance_.below(scheduler_->jobs.size()) : 0);
  return true;
}

Micros VirtualActors::next_due() const {
  Micros next = world_.empty() ? never : world_.begin()->first;
  const auto& timers = scheduler_->clock().schedule();
  if (!timers.empty()) {
    // Rounded up: a timer must be due at the microsecond that we go to.
    const auto due = std::chrono::ceil<std::chrono::microseconds>(timers.begin()->first.time_since_epoch());
    next = std::min(next, due.count());
  }
  return next;
}

void VirtualActors::go_to(Micros when) {
  const auto by = std::chrono::microseconds(std::max<Micros>(0, when - now()));
  scheduler_->clock().advance_time(by);
  while (!world_.empty() && world_.begin()->first <= now()) {
    const auto what = std::move(world_.begin()->second);
    world_.erase(world_.begin());
    what();
  }
}

bool VirtualActors::wait() {
  const auto next = next_due();
  if (next == never) return false;
  go_to(next);
  return true;
}

void VirtualActors::advance(std::chrono::microseconds time) {
  const Micros end = now() + time.count();
  for (;;) {
    settle();
    if (next_due() > end) break;
    wait();
  }
  go_to(end);
  settle();
}

void VirtualActors::settle() {
  while (step()) {
  }
}

bool VirtualActors::alive(const caf::strong_actor_ptr& who) {
  if (!who) return false;
  auto* actor = dynamic_cast<caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(who));
  return actor && !actor->mailbox().closed();
}

void VirtualActors::kill_actor(const caf::strong_actor_ptr& who) {
  if (!alive(who)) return;
  auto* actor = dynamic_cast<caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(who));
  caf::anon_send_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::kill);
  auto& jobs = scheduler_->jobs;
  while (alive(who)) {
    const auto at = std::find(jobs.begin(), jobs.end(), static_cast<caf::resumable*>(actor));
    ensure(at != jobs.end(), "whoever has a message has a job");
    run(static_cast<std::size_t>(at - jobs.begin()));
  }
}

void VirtualActors::kill_all_but(const std::vector<std::string>& names) {
  const auto spared = [&](const caf::scheduled_actor& actor) {
    const std::string name = actor.name();
    return std::find(names.begin(), names.end(), name) != names.end() ||
           std::find(helpers.begin(), helpers.end(), name) != helpers.end();
  };
  // Who dies may have been about to spawn somebody: again until nobody is left.
  for (std::set<caf::actor_id> sentenced;;) {
    for (caf::resumable* job : scheduler_->jobs) note(job);
    std::vector<caf::strong_actor_ptr> doomed;
    std::erase_if(known_, [&](const auto& one) {
      auto who = caf::actor_cast<caf::strong_actor_ptr>(one.second);
      if (!alive(who)) return true;
      const auto& actor =
          dynamic_cast<const caf::scheduled_actor&>(*caf::actor_cast<caf::abstract_actor*>(who));
      if (!spared(actor)) doomed.push_back(std::move(who));
      return false;
    });
    if (doomed.empty()) return;
    for (const auto& who : doomed)
      if (sentenced.insert(who->id()).second)
        caf::anon_send_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::kill);
    for (const auto& who : doomed) kill_actor(who);
  }
}

std::vector<caf::strong_actor_ptr> VirtualActors::living(const std::string& name) {
  for (caf::resumable* job : scheduler_->jobs) note(job);
  std::vector<caf::strong_actor_ptr> found;
  std::erase_if(known_, [&](const auto& one) {
    auto who = caf::actor_cast<caf::strong_actor_ptr>(one.second);
    if (!alive(who)) return true;
    const auto* actor = dynamic_cast<const caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(who));
    if (name == actor->name()) found.push_back(std::move(who));
    return false;
  });
  return found;
}
}  // namespace settled::tests
