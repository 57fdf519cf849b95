#include "tests/sim/virtual_actors.hpp"

#include <caf/atom.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <limits>

namespace settled::tests {
namespace {
constexpr Micros never = std::numeric_limits<Micros>::max();
/// CAF's own helpers, which end with the system.
const std::vector<std::string> helpers{"spawn_server", "config_server"};

caf::scheduled_actor* actor_of(caf::resumable* job) { return dynamic_cast<caf::scheduled_actor*>(job); }
caf::scheduled_actor& actor_of(const caf::strong_actor_ptr& who) {
  return dynamic_cast<caf::scheduled_actor&>(*caf::actor_cast<caf::abstract_actor*>(who));
}
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

bool VirtualActors::paused(const caf::resumable* job) const {
  if (paused_.empty()) return false;
  const auto* actor = dynamic_cast<const caf::scheduled_actor*>(job);
  return actor && paused_.contains(actor->id());
}

/// Whose turn it is; behind the last when all are paused.
std::size_t VirtualActors::next_job() {
  const auto& jobs = scheduler_->jobs;
  std::size_t at = order_ == Order::chance ? chance_.below(jobs.size()) : 0;
  for (std::size_t tried = 0; tried < jobs.size(); ++tried, at = (at + 1) % jobs.size())
    if (!paused(jobs[at])) return at;
  return jobs.size();
}

bool VirtualActors::step() {
  if (idle()) return false;
  const auto job = next_job();
  if (job == scheduler_->jobs.size()) return false;
  run(job);
  return true;
}

void VirtualActors::pause(const caf::strong_actor_ptr& who, std::chrono::microseconds time) {
  paused_.insert(who->id());
  after(time, [this, id = who->id()] { paused_.erase(id); });
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

void VirtualActors::end_actor(const caf::strong_actor_ptr& who, caf::exit_reason how) {
  if (!alive(who)) return;
  caf::anon_send_exit(caf::actor_cast<caf::actor>(who), how);
  run_out(who);
}

void VirtualActors::run_out(const caf::strong_actor_ptr& who) {
  caf::resumable* job = &actor_of(who);
  auto& jobs = scheduler_->jobs;
  while (alive(who)) {
    const auto at = std::find(jobs.begin(), jobs.end(), job);
    if (at == jobs.end()) return;  // it awaits an answer and hears nothing else: dies when it has it
    run(static_cast<std::size_t>(at - jobs.begin()));
  }
}

std::vector<caf::strong_actor_ptr> VirtualActors::living_but(const std::vector<std::string>& names) {
  for (caf::resumable* job : scheduler_->jobs) note(job);
  std::vector<caf::strong_actor_ptr> found;
  std::erase_if(known_, [&](const auto& one) {
    auto who = caf::actor_cast<caf::strong_actor_ptr>(one.second);
    if (!alive(who)) return true;
    const std::string name = actor_of(who).name();
    if (std::find(names.begin(), names.end(), name) == names.end()) found.push_back(std::move(who));
    return false;
  });
  return found;
}

void VirtualActors::kill_all_but(std::vector<std::string> names) {
  names.insert(names.end(), helpers.begin(), helpers.end());
  // Who dies may have been about to spawn somebody: again until nobody is left.
  std::set<caf::actor_id> sentenced;
  for (int guard = 0;; ++guard) {
    const auto doomed = living_but(names);
    if (doomed.empty()) return;
    ensure(guard < 1'000, "everybody can be killed");
    for (const auto& who : doomed) {
      if (!sentenced.insert(who->id()).second) continue;
      // A supervisor that ends by itself answers what it keeps for its child.
      const bool supervisor = std::string_view(actor_of(who).name()) == "slot";
      caf::anon_send_exit(caf::actor_cast<caf::actor>(who),
                          supervisor ? caf::exit_reason::user_shutdown : caf::exit_reason::kill);
    }
    for (const auto& who : doomed) run_out(who);
  }
}

std::vector<caf::strong_actor_ptr> VirtualActors::living(const std::string& name) {
  auto found = living_but({});
  std::erase_if(found, [&](const auto& who) { return name != actor_of(who).name(); });
  return found;
}
}  // namespace settled::tests
