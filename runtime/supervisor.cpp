#include "runtime/supervisor.hpp"

#include <caf/all.hpp>

#include <deque>

namespace settled {
namespace {
using Time = caf::actor_clock::time_point;

struct SlotState {
  Supervised spec;
  caf::actor child;
  std::deque<Time> failures;
  std::deque<std::pair<caf::response_promise, caf::message>> stash;
  static inline const char* name = "slot";
};
using Slot = caf::stateful_actor<SlotState>;
using start_atom = caf::atom_constant<caf::atom("start")>;

void give_up(Slot* self, const caf::error& why) {
  for (auto& [promise, message] : self->state.stash)
    promise.deliver(caf::make_error(caf::sec::request_receiver_down));
  self->state.stash.clear();
  self->quit(why);
}

void failed(Slot* self, const std::string& why) {
  auto& state = self->state;
  state.child = nullptr;
  if (!state.spec.may_restart()) return give_up(self, caf::make_error(caf::sec::runtime_error, why));
  const auto now = self->clock().now();  // the actor system's: tests turn it
  state.failures.push_back(now);
  while (now - state.failures.front() > state.spec.policy.window) state.failures.pop_front();
  const auto count = static_cast<int>(state.failures.size());
  if (count > state.spec.policy.restarts_max) {
    state.spec.on_give_up(state.spec.name, why);
    return give_up(self, caf::make_error(caf::sec::runtime_error, why));
  }
  state.spec.on_restart(state.spec.name, why);
  const auto chance = static_cast<std::uint64_t>(now.time_since_epoch().count());
  self->delayed_send(self, backoff(state.spec.policy.backoff, count, chance), start_atom::value);
}

void start(Slot* self) {
  auto& state = self->state;
  try {
    state.child = state.spec.start(self);
  } catch (const std::exception& e) {
    return failed(self, e.what());
  }
  self->monitor(state.child);
  for (auto& [promise, message] : state.stash) promise.delegate(state.child, std::move(message));
  state.stash.clear();
}

caf::behavior slot(Slot* self, Supervised spec) {
  self->state.spec = std::move(spec);
  self->set_down_handler([=](const caf::down_msg& down) {
    if (self->state.child && down.source == self->state.child.address())
      failed(self, self->system().render(down.reason));
  });
  self->set_exit_handler([=](const caf::exit_msg& exit) {
    if (self->state.child) {
      self->demonitor(self->state.child);
      self->send_exit(self->state.child, exit.reason);
    }
    give_up(self, exit.reason);
  });
  // Whatever is not ours goes to the child; its answer goes straight to whoever asked.
  self->set_default_handler([=](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
    auto& state = self->state;
    auto promise = self->make_response_promise();
    auto message = view.move_content_to_message();
    if (state.child)
      promise.delegate(state.child, std::move(message));
    else if (state.stash.size() < state.spec.policy.stash_max)
      state.stash.emplace_back(std::move(promise), std::move(message));
    else
      promise.deliver(caf::make_error(caf::sec::request_receiver_down));
    return caf::delegated<caf::message>{};
  });
  start(self);
  return {[=](start_atom) { start(self); }};
}
}  // namespace

caf::actor supervise(caf::actor_system& system, Supervised spec) {
  return system.spawn(slot, std::move(spec));
}
}  // namespace settled
