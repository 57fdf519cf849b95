#include "storage/memory_ledger_store.hpp"

#include <algorithm>
#include <set>

namespace settled {
namespace {
void rule(bool kept, const char* name) {
  if (!kept) throw RuleBroken(name);
}

/// The CHECK available_not_negative of the accounts table, and the range of balances.
bool within_limits(const Account& a) {
  if (a.held < 0 || a.balance > largest_balance || a.balance < -largest_balance) return false;
  return a.floor == no_floor || (a.balance >= a.floor && a.held <= a.balance - a.floor);
}

/// Accounts of which there may be only one: by kind, bank and currency.
std::string place_of(const Account& a) {
  const auto currency = std::string(a.currency.code());
  if (a.kind == AccountKind::vostro) return "vostro " + a.bank + ' ' + currency;
  if (a.kind == AccountKind::nostro && a.is_default) return "default nostro " + currency;
  if (a.kind == AccountKind::clearing && a.bank.empty()) return "clearing " + currency;
  return {};
}
}  // namespace

std::string_view to_string(CommitFault fault) {
  switch (fault) {
    case CommitFault::none:
      return "none";
    case CommitFault::refused:
      return "refused";
    case CommitFault::request_lost:
      return "request_lost";
    case CommitFault::answer_lost:
      return "answer_lost";
    case CommitFault::deposed:
      return "deposed";
  }
  return "";
}

void MemoryBooks::check_accounts(const LedgerBatch& b) const {
  std::map<AccountId, Account> fresh;
  std::set<std::string> places;
  for (const Account& a : b.new_accounts) {
    rule(!accounts.contains(a.id) && fresh.emplace(a.id, a).second, "accounts_pkey");
    const auto place = place_of(a);
    if (place.empty()) continue;
    rule(places.insert(place).second, "one account of a kind, bank and currency");
    for (const auto& [id, other] : accounts)
      rule(place_of(other) != place, "one account of a kind, bank and currency");
  }
  for (const auto& [id, delta] : b.deltas) {
    const auto at = accounts.find(id);
    const auto added = fresh.find(id);
    rule(at != accounts.end() || added != fresh.end(), "every account of a batch exists");
    Account a = at != accounts.end() ? at->second : added->second;
    a.balance += delta.balance;
    a.held += delta.held;
    rule(within_limits(a), "available_not_negative");
  }
}

void MemoryBooks::check_settlements(const LedgerBatch& b) const {
  std::set<SettlementId> opened, changed;
  std::set<Key> keys;
  for (const OpenedRow& row : b.opened) {
    const Key key{row.caller, row.idempotency_key};
    rule(row.settlement->order.amount.minor > 0, "amount above zero");
    rule(!settlements.contains(row.settlement->id) && opened.insert(row.settlement->id).second,
         "settlement_transactions_pkey");
    rule(!settlement_keys.contains(key) && keys.insert(key).second, "settlement_idempotency");
  }
  for (const ChangedRow& row : b.changed) {
    const auto at = settlements.find(row.settlement->id);
    rule(at != settlements.end() && at->second.settlement->status == row.from &&
             changed.insert(row.settlement->id).second,
         "a settlement is in the state the book believes");
  }
}

void MemoryBooks::check_holds(const LedgerBatch& b) const {
  std::set<SettlementId> placed, ended;
  for (const HoldRow& row : b.holds) {
    rule(row.amount.minor > 0, "amount above zero");
    rule(!holds.contains(row.settlement) && placed.insert(row.settlement).second, "fund_locks_pkey");
  }
  for (const HoldEndRow& row : b.hold_ends) {
    const auto at = holds.find(row.settlement);
    const bool held = at == holds.end() ? placed.contains(row.settlement) : !at->second.ended;
    rule(held && ended.insert(row.settlement).second, "a hold ends once");
  }
}

void MemoryBooks::check_rows(const LedgerBatch& b) const {
  std::set<std::pair<AccountId, std::int64_t>> versions;
  for (const EntryRow& row : b.entries) {
    const std::pair key{row.account, row.version};
    rule(row.amount != 0, "amount not zero");
    rule(!entries.contains(key) && versions.insert(key).second, "ledger_entries_pkey");
  }
  std::set<Key> keys;
  for (const FundingRow& row : b.fundings) {
    const Key key{row.caller, row.idempotency_key};
    rule(row.amount.minor > 0, "amount above zero");
    rule(!fundings.contains(key) && keys.insert(key).second, "journal_entries_caller_idem_key_key");
  }
  std::set<std::int64_t> numbers;
  for (const EventRow& row : b.events)
    rule(!events.contains(row.seq) && numbers.insert(row.seq).second, "events_pkey");
}

void MemoryBooks::check(const LedgerBatch& b) const {
  check_accounts(b);
  check_settlements(b);
  check_holds(b);
  check_rows(b);
  check_decisions(b);
}

void MemoryBooks::check_decisions(const LedgerBatch& b) const {
  for (const OperatorAction& a : b.ended_actions) {
    const auto at = actions.find(a.id);
    rule(at != actions.end() && at->second.state == ActionState::pending, "an action ends once");
    rule(a.state != ActionState::approved || (!a.approved_by.empty() && a.approved_by != a.requested_by),
         "two_people");
  }
  for (const CompensationRow& c : b.compensations)
    rule(!compensations.contains(c.settlement->id) &&
             settlements.at(c.settlement->id).settlement->status == Status::COMPLETED,
         "a settlement is compensated once");
  for (const ClosedBreakRow& c : b.closed_breaks) {
    const auto at = breaks.find(c.id);
    rule(at != breaks.end() && at->second.open, "a break is closed once");
  }
  for (const BookedLateRow& row : b.booked_late) {
    const auto at = holds.find(row.settlement);
    rule(at != holds.end() && at->second.ended && at->second.end != HoldEnd::posted,
         "what is booked late has a hold that was given back");
  }
  for (const NettedRow& n : b.netted)
    rule(std::any_of(b.changed.begin(), b.changed.end(),
                     [&](const ChangedRow& row) {
                       return row.settlement->id == n.settlement &&
                              row.settlement->credit_account == n.credit_account &&
                              row.settlement->connector == netting_connector;
                     }),
         "a netted order is a changed one");
  std::set<Owed> owed;
  for (const NettingRow& n : b.nettings) {
    rule(!nettings.contains({n.caller, n.idempotency_key}), "nettings_caller_idem_key_key");
    for (const auto& o : n.owed) {
      const Owed key{o.id, o.from, o.to};
      rule((!netted_obligations.contains(key) && owed.insert(key).second) || n.by_window,
           "netted_obligations_pkey");
    }
  }
}

void MemoryBooks::write_decisions(const LedgerBatch& b) {
  for (const Account& a : b.changed_accounts) {
    auto& row = accounts.at(a.id);
    row.status = a.status;
    row.floor = a.floor;
    row.low_threshold = a.low_threshold;
    row.high_threshold = a.high_threshold;
  }
  for (const OperatorAction& a : b.ended_actions) actions.at(a.id) = a;
  for (const OperatorAction& a : b.new_actions) actions.emplace(a.id, a);
  for (const CompensationRow& c : b.compensations) {
    compensations.emplace(c.settlement->id, c);
    auto& given_back = settlements.at(c.settlement->id).settlement;
    SettlementView row = given_back;
    row.compensated_by = c.id;
    given_back = std::move(row);
  }
  for (const OpenBreakRow& row : b.opened_breaks) breaks.emplace(row.id, StoredBreak{row, true});
  for (const BookedLateRow& row : b.booked_late) holds.at(row.settlement).end = HoldEnd::posted;
  for (const ClosedBreakRow& c : b.closed_breaks) breaks.at(c.id).open = false;
  for (const NettingRow& n : b.nettings) {
    nettings.emplace(Key{n.caller, n.idempotency_key}, n);
    for (const auto& o : n.owed) netted_obligations.emplace(Owed{o.id, o.from, o.to}, n.id);
  }
}

void MemoryBooks::write(const LedgerBatch& b, std::int64_t writer_epoch) {
  commits.push_back({b.number, writer_epoch, epoch});
  batch = b.number;
  for (const Account& a : b.new_accounts) accounts.emplace(a.id, a);
  for (const OpenedRow& row : b.opened) {
    settlements.emplace(row.settlement->id, row);
    settlement_keys.emplace(Key{row.caller, row.idempotency_key}, row.settlement->id);
  }
  for (const ChangedRow& row : b.changed) settlements.at(row.settlement->id).settlement = row.settlement;
  for (const auto& [id, delta] : b.deltas) {
    auto& row = accounts.at(id);
    row.balance += delta.balance;
    row.held += delta.held;
    row.version += delta.entries;
  }
  for (const HoldRow& row : b.holds)
    holds.emplace(row.settlement, Hold{.row = row, .ended = row.posted, .end = HoldEnd::posted});
  for (const HoldEndRow& row : b.hold_ends) {
    auto& hold = holds.at(row.settlement);
    hold.ended = true;
    hold.end = row.end;
  }
  for (const EntryRow& row : b.entries) entries.emplace(std::pair{row.account, row.version}, row);
  for (const AttemptRow& row : b.attempts) {
    int n = 1;
    for (const auto& earlier : attempts) n += earlier.row.settlement == row.settlement;
    attempts.push_back({row, n, writer_epoch});
  }
  for (const FundingRow& row : b.fundings) fundings.emplace(Key{row.caller, row.idempotency_key}, row);
  write_decisions(b);
  for (const EventRow& row : b.events) events.emplace(row.seq, StoredEvent{row, writer_epoch});
  if (!b.events.empty()) {
    last_seq = b.events.back().seq;
    last_hash = b.events.back().hash;
    chain_started = true;
  }
}

namespace {
class MemoryLedgerStore final : public LedgerStore {
 public:
  explicit MemoryLedgerStore(MemoryLedgerSettings settings)
      : settings_(std::move(settings)), books_(*settings_.books) {}

  LedgerSnapshot take_over() override {
    settings_.on_read();
    epoch_ = ++books_.epoch;
    LedgerSnapshot snapshot{.epoch = epoch_,
                            .batch = books_.batch,
                            .last_seq = books_.last_seq,
                            .last_hash = books_.last_hash,
                            .chain_started = books_.chain_started,
                            .accounts = {},
                            .open = {}};
    for (const auto& [id, account] : books_.accounts) snapshot.accounts.add(account);
    for (const auto& [id, row] : books_.settlements)
      if (!final_status(row.settlement->status)) snapshot.open.push_back(row.settlement);
    for (const auto& [id, action] : books_.actions)
      if (action.state == ActionState::pending) snapshot.pending_actions.push_back(action);
    for (const auto& [id, action] : books_.actions)
      if (action.kind == ActionKind::decide && action.verdict == "release" &&
          action.state == ActionState::approved)
        snapshot.released.push_back(action.settlement);
    for (const auto& [id, one] : books_.breaks)
      if (one.open) snapshot.open_breaks.push_back({id, one.row.kind, one.row.settlement->id});
    snapshot.rules = books_.rules;
    settings_.on_proved(settings_.steady());
    return snapshot;
  }

  std::vector<KnownSettlement> find_keys(const std::string& caller,
                                         std::span<const std::string_view> keys) override {
    settings_.on_read();
    std::vector<KnownSettlement> known;
    for (const std::string& key : std::set<std::string>(keys.begin(), keys.end())) {
      const auto at = books_.settlement_keys.find({caller, key});
      if (at == books_.settlement_keys.end()) continue;
      const OpenedRow& row = books_.settlements.at(at->second);
      known.push_back({row.idempotency_key, row.request_digest, row.settlement});
    }
    return known;
  }

  std::optional<KnownFunding> find_funding(const std::string& caller, const std::string& key) override {
    settings_.on_read();
    const auto at = books_.fundings.find({caller, key});
    if (at == books_.fundings.end()) return std::nullopt;
    return KnownFunding{at->second.request_digest, at->second.journal};
  }

  std::optional<KnownNetting> find_netting(const std::string& caller, const std::string& key) override {
    settings_.on_read();
    const auto at = books_.nettings.find({caller, key});
    if (at == books_.nettings.end()) return std::nullopt;
    return KnownNetting{at->second.request_digest, at->second.id, at->second.obligations};
  }

  std::optional<NettedBefore> find_netted(const std::vector<Obligation>& obligations) override {
    settings_.on_read();
    for (std::size_t i = 0; i < obligations.size(); ++i) {
      const auto& o = obligations[i];
      const auto at = books_.netted_obligations.find({o.id, o.from, o.to});
      if (at != books_.netted_obligations.end()) return NettedBefore{i, at->second};
    }
    return std::nullopt;
  }

  bool break_was_told(const std::string& kind, SettlementId settlement, const std::string& detail) override {
    settings_.on_read();
    return std::any_of(books_.breaks.begin(), books_.breaks.end(), [&](const auto& known) {
      const OpenBreakRow& row = known.second.row;
      return row.kind == kind && row.settlement->id == settlement && row.detail == detail;
    });
  }

  std::optional<Recorded> find(SettlementId id) override {
    settings_.on_read();
    const auto at = books_.settlements.find(id);
    if (at == books_.settlements.end()) return std::nullopt;
    return at->second.settlement;
  }

  bool end_with(std::int64_t batch) override {
    settings_.on_read();
    prove_epoch(batch);
    settings_.on_proved(settings_.steady());
    return books_.batch == batch;
  }

  void commit(const LedgerBatch& batch) override {
    ensure(!batch.events.empty(), "a batch has events");
    for (bool doubt = false;; doubt = true) {
      const auto since = settings_.steady();
      // After a lost session: the recorded number tells whether the last try was written.
      if (doubt && prove_epoch(batch.number) && books_.batch == batch.number)
        return settings_.on_proved(since);
      switch (settings_.fault(batch)) {
        case CommitFault::refused:
          throw std::runtime_error("the database refused the commit");
        case CommitFault::deposed:
          ++books_.epoch;
          [[fallthrough]];
        case CommitFault::none:
          write(batch);
          return settings_.on_proved(since);
        case CommitFault::request_lost:
          continue;
        case CommitFault::answer_lost:
          write(batch);
          continue;
      }
    }
  }

 private:
  bool prove_epoch(std::int64_t batch) {
    if (epoch_ == books_.epoch) return true;
    const auto why =
        "commit " + std::to_string(batch) + " refused: epoch " + std::to_string(epoch_) + " has passed";
    settings_.on_fenced(why);
    throw Fenced(why);
  }

  void write(const LedgerBatch& batch) {
    if (!prove_epoch(batch.number) || batch.number != books_.batch + 1)
      throw Fenced("the batch number was used");
    books_.check(batch);
    books_.write(batch, epoch_);
    settings_.on_durable();
  }

  MemoryLedgerSettings settings_;
  MemoryBooks& books_;
  std::int64_t epoch_ = 0;
};
}  // namespace

std::unique_ptr<LedgerStore> make_memory_ledger_store(MemoryLedgerSettings settings) {
  return std::make_unique<MemoryLedgerStore>(std::move(settings));
}
}  // namespace settled
