#include "tests/sim/sim_clients.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <algorithm>

namespace settled::tests {
namespace {
using namespace std::chrono_literals;
struct ClientState {
  static inline const char* name = "client";
};
}  // namespace

SimClients::SimClients(VirtualActors& world, Verdict& verdict, SimClientsSettings settings)
    : world_(world), verdict_(verdict), settings_(std::move(settings)) {}

std::size_t SimClients::wish(std::string caller, NewSettlement order) {
  wishes_.push_back({std::move(caller), std::move(order)});
  return wishes_.size() - 1;
}

bool SimClients::all_answered() const {
  return std::all_of(wishes_.begin(), wishes_.end(), [](const Wish& w) { return w.answered; });
}

/// One client per call: a front's request, without the port.
void SimClients::send(const std::vector<std::size_t>& wishes) {
  const auto client = [this, wishes](caf::stateful_actor<ClientState>* self) { call(self, wishes); };
  world_.system().spawn(client);
}

void SimClients::later(std::vector<std::size_t> wishes) {
  std::erase_if(wishes, [&](std::size_t i) { return wishes_[i].answered; });
  if (wishes.empty()) return;
  ++resent;
  world_.after(std::chrono::microseconds(world_.chance().between(10'000, 5'000'000)),
               [this, wishes] { send(wishes); });
}

void SimClients::call(caf::event_based_actor* self, std::vector<std::size_t> wishes) {
  const auto intake = settings_.intake();
  if (!intake) return later(std::move(wishes));
  SubmitSettlements submit{.caller = wishes_[wishes.front()].caller, .orders = {}};
  for (const auto i : wishes) submit.orders.push_back(wishes_[i].order);
  self->request(intake, 20s, std::move(submit))
      .then(
          [this, self, wishes](const Submissions& answer) {
            if (answer.results.size() != wishes.size())
              return verdict_.fail("a call was answered with another number of results");
            if (settings_.loses_answer()) return later(wishes);
            for (std::size_t i = 0; i < wishes.size(); ++i) answered(wishes[i], answer.results[i]);
            if (const auto id = answer.results[0].settlement->id; id && world_.chance().per_mille(200))
              await(self, id);
            later(wishes);
          },
          [this, wishes](const caf::error&) { later(wishes); });
}

/// Some wait for the end. What they are told must be so in the books.
void SimClients::await(caf::event_based_actor* self, SettlementId id) {
  const auto intake = settings_.intake();
  if (!intake) return;
  self->request(intake, 60s,
                AwaitSettlement{id, std::chrono::milliseconds(world_.chance().between(0, 9'000))})
      .then(
          [this, id](const SettlementFound& told) {
            if (!told.found) return;
            const SettlementView& recorded = settings_.books->settlements.at(id).settlement;
            if (told.settlement->id != id ||
                (final_status(told.settlement->status) && told.settlement->status != recorded.status))
              verdict_.fail("a waiting client was told " + std::string(to_string(told.settlement->status)) +
                            " of " + id.text());
          },
          [](const caf::error&) {});
}

void SimClients::answered(std::size_t i, const Submission& answer) {
  auto& wish = wishes_[i];
  switch (answer.kind) {
    case Submission::Kind::accepted:
    case Submission::Kind::replayed:
      check_recorded(wish, answer);
      wish.answered = true;
      return;
    case Submission::Kind::refused:
      if (transient(answer.refusal.code)) return;
      wish.answered = true;
      const auto recorded = settings_.books->settlement_keys.find({wish.caller, wish.order.idempotency_key});
      if (recorded != settings_.books->settlement_keys.end() &&
          settings_.books->settlements.at(recorded->second).request_digest == wish.order.request_digest)
        verdict_.fail("refused, and recorded: " + wish.order.idempotency_key);
      return;
  }
}

/// An acknowledgement is a promise: the order is on the disk, under this key, with this content.
void SimClients::check_recorded(const Wish& wish, const Submission& answer) {
  const auto& key = wish.order.idempotency_key;
  const auto recorded = settings_.books->settlement_keys.find({wish.caller, key});
  if (recorded == settings_.books->settlement_keys.end())
    return verdict_.fail("acknowledged and not recorded: " + key);
  if (recorded->second != answer.settlement->id)
    return verdict_.fail("acknowledged with another id than recorded: " + key);
  const auto& row = settings_.books->settlements.at(recorded->second);
  if (row.request_digest != wish.order.request_digest ||
      row.settlement->order.amount != wish.order.order.amount)
    verdict_.fail("acknowledged with another content than recorded: " + key);
}
}  // namespace settled::tests
