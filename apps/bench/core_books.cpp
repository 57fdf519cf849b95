#include "apps/bench/core_books.hpp"

#include <stdexcept>

namespace settled::bench {
namespace {
void rule(bool kept, const char* what) {
  if (!kept) throw std::logic_error(what);
}

std::size_t key_of(std::string_view caller, std::string_view key) {
  return std::hash<std::string_view>{}(caller)*31 + std::hash<std::string_view>{}(key);
}

class CoreStore final : public LedgerStore {
 public:
  explicit CoreStore(std::shared_ptr<CoreBooks> books) : books_(std::move(books)) {}

  LedgerSnapshot take_over() override {
    LedgerSnapshot snapshot;
    snapshot.epoch = 1;
    return snapshot;
  }
  std::vector<KnownSettlement> find_keys(const std::string& caller,
                                         std::span<const std::string_view> keys) override {
    for (const auto key : keys)
      rule(!books_->keys.contains(key_of(caller, key)), "every key of this case is new");
    return {};
  }
  std::optional<KnownFunding> find_funding(const std::string&, const std::string&) override { return {}; }
  std::optional<KnownNetting> find_netting(const std::string&, const std::string&) override { return {}; }
  std::optional<NettedBefore> find_netted(const std::vector<Obligation>&) override { return {}; }
  bool break_was_told(const std::string&, SettlementId, const std::string&) override { return false; }
  std::optional<Recorded> find(SettlementId) override { return {}; }
  void commit(const LedgerBatch& batch) override { books_->write(batch); }
  bool end_with(std::int64_t batch) override { return books_->batch == batch; }

 private:
  std::shared_ptr<CoreBooks> books_;
};
}  // namespace

void CoreBooks::write(const LedgerBatch& b) {
  rule(b.number == batch + 1, "batches come in order");
  batch = b.number;
  for (const Account& a : b.new_accounts) accounts.emplace(a.id, a);
  for (const OpenedRow& row : b.opened) {
    rule(keys.insert(key_of(row.caller, row.idempotency_key)).second, "a key is used once");
    completed += row.settlement->status == Status::COMPLETED ? 1 : 0;
  }
  for (const auto& [id, delta] : b.deltas) {
    auto& a = accounts.at(id);
    a.balance += delta.balance;
    a.held += delta.held;
    a.version += delta.entries;
    rule(a.held >= 0 && (a.floor == no_floor || a.balance - a.held >= a.floor), "available is not negative");
  }
  for (const EntryRow& row : b.entries) {
    auto& of = entered[row.account];
    rule(row.version == ++of.last_version, "an account's entries have no gap");
    of.sum += row.amount;
  }
}

std::string CoreBooks::check(std::uint64_t accepted) const {
  std::int64_t sum = 0, held = 0;
  for (const auto& [id, a] : accounts) {
    const auto at = entered.find(id);
    const auto entries = at == entered.end() ? 0 : at->second.sum;
    sum += entries;
    held += a.held;
    if (a.balance != (debit_normal(a.kind) ? entries : -entries))
      return "balance of " + id.text() + " is not its entries";
  }
  if (sum != 0) return "the ledger's sum is " + std::to_string(sum);
  if (held != 0) return "nothing is in flight and " + std::to_string(held) + " is held";
  if (completed != static_cast<std::int64_t>(accepted))
    return std::to_string(accepted) + " accepted, " + std::to_string(completed) + " COMPLETED";
  return {};
}

std::unique_ptr<LedgerStore> make_core_store(std::shared_ptr<CoreBooks> books) {
  return std::make_unique<CoreStore>(std::move(books));
}
}  // namespace settled::bench
