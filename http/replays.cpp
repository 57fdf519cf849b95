#include "http/replays.hpp"

#include <utility>

namespace settled {
namespace {
std::string name_of(const ReplayKey& key) {
  return key.caller + (key.lang == Lang::fr ? "\nfr\n" : "\n\n") + key.key;
}
}  // namespace

std::shared_ptr<const Response> Replays::find(const ReplayKey& key) {
  const auto name = name_of(key);
  const std::lock_guard lock(mutex_);
  for (const Receipts* receipts : {&young_, &old_})
    if (const auto at = receipts->find(name); at != receipts->end())
      return at->second.body == key.body ? at->second.receipt : nullptr;
  return nullptr;
}

bool Replays::has(const ReplayKey& key) {
  const auto name = name_of(key);
  const std::lock_guard lock(mutex_);
  return young_.contains(name) || old_.contains(name);
}

void Replays::keep(const ReplayKey& key, Response receipt) {
  Kept kept{key.body, std::make_shared<const Response>(std::move(receipt))};
  Receipts dropped;  // outside the lock
  const std::lock_guard lock(mutex_);
  young_.insert_or_assign(name_of(key), std::move(kept));
  if (young_.size() < most_) return;
  dropped = std::exchange(old_, std::exchange(young_, {}));
}
}  // namespace settled
