#include "storage/ledger_round.hpp"

#include "domain/order_difference.hpp"
#include "telemetry/failpoint.hpp"
#include "telemetry/mutant.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace settled {
namespace {
Submission replay_or_mismatch(const KnownSettlement& known, const NewSettlement& order) {
  const SettlementView& s = known.settlement;
  if (known.request_digest == order.request_digest)
    return {.kind = Submission::Kind::replayed, .settlement = known.settlement, .refusal = {}};
  return {.kind = Submission::Kind::refused,
          .settlement = known.settlement,
          .refusal = {Errc::idempotency_mismatch, "",
                      "This key was used on " + rfc3339(s.created_at).substr(0, 10) + " at " +
                          clock_time(s.created_at) + " for " + s.id.text() + " (" +
                          format_for_people(s.order.amount.minor, s.order.amount.currency) + " from " +
                          s.order.from_bank + " to " + s.order.to_bank + "). This body differs in " +
                          order_difference(s.order, order.order) +
                          ". To read the first: GET /api/v1/settlements/" + s.id.text() +
                          ". Use a new key for a new order.",
                      "the same order as before, or a new key"}};
}

/// What a key stands for: in this round, else in the store.
template <class Known, class Find>
const Known* known_under(const std::string& key, std::unordered_map<std::string, Known>& here, Find find) {
  if (const auto at = here.find(key); at != here.end()) return &at->second;
  auto stored = find();
  return stored ? &here.emplace(key, *std::move(stored)).first->second : nullptr;
}
}  // namespace

LedgerRound::LedgerRound(LedgerWriterState& state, std::vector<Pending> requests)
    : state_(state), book_(*state.book), requests_(std::move(requests)) {
  for (const auto& round : state.under_way) before_.push_back(round.get());
  batch_.number = state_.last_batch + 1 + static_cast<std::int64_t>(before_.size());
}

void LedgerRound::decide() {
  if (!requests_.empty()) oldest_ = requests_.front().since;
  KeysOfCallers keys;
  std::size_t orders = 0;
  for (const Pending& p : requests_)
    if (const auto* open = std::get_if<OpenSettlements>(&p.request)) {
      orders += open->items.size();
      auto& of_caller = keys[open->caller];
      for (const auto& item : open->items) of_caller.push_back(item.order.idempotency_key);
    }
  batch_.reserve(orders);
  opened_.reserve(orders);
  find_known(keys);
  for (Pending& p : requests_) std::visit([&](auto& request) { decide(request, p); }, p.request);
  for (Pending* p : again_) {
    state_.pending.push_back(std::move(*p));
    p->moved_on = true;
  }
  before_.clear();
}

void LedgerRound::before_commit() {
  if (mutant("ack_before_commit"))
    for (auto& answer : std::exchange(answers_, {})) answer();
  if (!batch_.opened.empty()) failpoint("before_commit1");
  if (!batch_.changed.empty()) failpoint("before_commit2");
}

void LedgerRound::write() {
  if (batch_.empty()) return;
  before_commit();
  state_.store->commit(batch_);
}

void LedgerRound::begin(const LedgerRound* before, const std::function<void()>& written) {
  before_commit();
  batch_.lane = lane_behind(before);
  std::packaged_task<void()> task(
      [this, written_before = before ? before->written_ : std::shared_future<void>()] {
        if (written_before.valid()) {
          state_.store->write_ahead(batch_);
          written_before.get();
        }
        state_.store->commit(batch_);
      });
  written_ = task.get_future().share();
  writing_ = std::jthread([task = std::move(task), written]() mutable {
    task();
    written();
  });
}

void LedgerRound::wait() {
  if (batch_.empty()) return;
  if (written_.valid()) written_.get();
  state_.last_batch = batch_.number;
  state_.idle = false;
  if (!batch_.opened.empty()) failpoint("after_commit1_before_ack");
  if (!batch_.changed.empty()) failpoint("after_commit2_before_event_read");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
  const std::chrono::duration<double> waited = started_ - oldest_;
  state_.settings.on_commit({.last_seq = batch_.events.back().seq,
                             .settlements = batch_.opened.size() + batch_.changed.size(),
                             .seconds = took.count(),
                             .oldest_waited = waited.count(),
                             .waiting = state_.pending.size()});
}

void LedgerRound::answer() {
  for (auto& answer : std::exchange(answers_, {})) answer();
}

std::vector<LedgerRound::Pending> LedgerRound::take_requests() {
  answers_.clear();
  std::erase_if(requests_, [](const Pending& p) { return p.moved_on; });
  return std::move(requests_);
}

Submission LedgerRound::open_alone(const std::string& caller, OpenSettlements::Item item) {
  find_known({{caller, {item.order.idempotency_key}}});
  OpenSettlements one{.caller = caller, .items = {}};
  one.items.push_back(std::move(item));
  auto answer = open(one);
  write();
  wait();
  return std::move(answer.results.front());
}

void LedgerRound::find_known(const KeysOfCallers& wanted) {
  for (const auto& [caller, keys] : wanted)
    for (auto& known : state_.store->find_keys(caller, keys))
      known_.emplace(key_of(caller, known.idempotency_key), std::move(known));
}

void LedgerRound::decide(OpenSettlements& request, Pending& p) { deliver(p, open(request)); }

Submissions LedgerRound::open(OpenSettlements& request) {
  Submissions answer;
  answer.results.reserve(request.items.size());
  for (auto& item : request.items) {
    const CallerKey key{request.caller, item.order.idempotency_key};
    if (const auto* known = recorded_before(key); known && !mutant("no_unique_idempotency")) {
      answer.results.push_back(replay_or_mismatch(*known, item.order));
      continue;
    }
    const OpenedRow* earlier = opened(key);
    for (auto at = before_.begin(); !earlier && at != before_.end(); ++at) earlier = (*at)->opened(key);
    if (earlier && !mutant("no_unique_idempotency")) {
      answer.results.push_back(replay_or_mismatch(
          {earlier->idempotency_key, earlier->request_digest, earlier->settlement}, item.order));
      continue;
    }
    auto result = book_.open(request.caller, item, batch_);
    // Further requests with this key, in this batch, get what this one gets.
    if (result.kind == Submission::Kind::accepted) opened_.emplace(key, batch_.opened.size() - 1);
    answer.results.push_back(std::move(result));
  }
  return answer;
}

void LedgerRound::decide(AdvanceSettlement& request, Pending& p) {
  if (!one_step(request.id, p)) return;
  auto answer = book_.advance(request, batch_);
  if (!answer) {
    auto settlement = state_.store->find(request.id);
    answer = SettlementFound{.found = settlement.has_value()};
    if (settlement) {
      const auto told_before = [&](const std::string& kind, const std::string& detail) {
        return state_.store->break_was_told(kind, request.id, detail);
      };
      book_.compare_late_answer({state_.settings.ids()}, *settlement, request.attempt, told_before, batch_);
      answer->settlement = std::move(*settlement);
    }
  }
  deliver(p, std::move(*answer));
}

void LedgerRound::decide(OpenAccount& request, Pending& p) {
  deliver(p, book_.open_account({state_.settings.ids()}, request, batch_));
}

void LedgerRound::decide(ChangeAccount& request, Pending& p) {
  deliver(p, book_.change_account(request, batch_));
}

void LedgerRound::decide(ReleaseWaiting& request, Pending& p) {
  deliver(p, request.plan ? book_.plan_waiting(request, batch_) : book_.release_waiting(request, batch_));
}

void LedgerRound::decide(CancelSettlement& request, Pending& p) {
  if (one_step(request.id, p)) deliver(p, book_.cancel(request, batch_));
}

void LedgerRound::decide(CloseBreak& request, Pending& p) { deliver(p, book_.close_break(request, batch_)); }

void LedgerRound::decide(EscalateUnknowns& request, Pending& p) {
  deliver(p, Count{book_.escalate_unknowns(
                 request, [&] { return BreakId{state_.settings.ids()}; }, batch_)});
}

void LedgerRound::decide(ChangeRules& request, Pending& p) {
  deliver(p, book_.change_rules(request, batch_));
}

void LedgerRound::decide(ProposeAction& request, Pending& p) {
  if (!one_step(request.settlement, p)) return;
  const auto s = recorded(request.settlement);
  if (!s) return deliver(p, nothing_there(request.settlement.text()));
  deliver(p, book_.propose({state_.settings.ids()}, request, *s, batch_));
}

void LedgerRound::decide(ApproveAction& request, Pending& p) {
  const auto* action = book_.pending_action(request);
  if (!action) {
    const auto name = request.action ? request.action.text() : request.settlement.text();
    return deliver(p, ActionAnswered{.refusal = {Errc::already_resolved, "path:id",
                                                 "nothing waits for an approval at " + name +
                                                     ": it was approved, superseded, or never asked for.",
                                                 "a pending one of GET /api/v1/actions"}});
  }
  if (!one_step(action->settlement, p)) return;
  const auto s = recorded(action->settlement);
  ensure(s.has_value(), "an action is about a recorded settlement");
  deliver(p, book_.approve({state_.settings.ids()}, request, *s, batch_));
}

void LedgerRound::decide(BookNetting& request, Pending& p) {
  const auto key = key_of(request.caller, request.idempotency_key);
  const auto* known = known_under(
      key, nettings_, [&] { return state_.store->find_netting(request.caller, request.idempotency_key); });
  if (known) {
    NettingBooked answer{
        .journal = known->journal, .replayed = true, .refusal = {}, .obligations = known->obligations};
    if (known->request_digest != request.request_digest)
      answer.refusal = {Errc::idempotency_mismatch, "",
                        "This key was used for another netting (" + answer.journal.text() + ").",
                        "the same netting as before, or a new key"};
    return deliver(p, std::move(answer));
  }
  if (auto refusal = netted_before(request); refusal.code != Errc::ok)
    return deliver(p, NettingBooked{.refusal = std::move(refusal)});
  auto answer = book_.book_netting({state_.settings.ids()}, request, batch_);
  if (answer.refusal.code == Errc::ok)
    nettings_.emplace(key, KnownNetting{request.request_digest, answer.journal, answer.obligations});
  for (const SettlementView& s : answer.ended) stepped_.insert(s.id);
  deliver(p, std::move(answer));
}

Refusal LedgerRound::netted_before(const BookNetting& request) {
  if (request.by_window) return {};
  const auto refuse = [&](std::size_t i, JournalId journal) {
    const auto& o = request.obligations[i];
    return Refusal{Errc::already_resolved, "/obligations/" + std::to_string(i) + "/obligation_id",
                   "the obligation \"" + o.id + "\" of " + o.from + " to " + o.to + " was netted by " +
                       journal.text() + ".",
                   "obligations that were not netted before"};
  };
  for (const NettingRow& row : batch_.nettings) {
    std::set<std::array<std::string_view, 3>> owed;
    for (const auto& o : row.owed) owed.insert({o.id, o.from, o.to});
    for (std::size_t i = 0; i < request.obligations.size(); ++i)
      if (const auto& o = request.obligations[i]; owed.contains({o.id, o.from, o.to}))
        return refuse(i, row.id);
  }
  if (const auto found = state_.store->find_netted(request.obligations))
    return refuse(found->place, found->journal);
  return {};
}

std::optional<Recorded> LedgerRound::recorded(SettlementId id) {
  if (const auto* s = book_.in_flight(id)) return *s;
  return state_.store->find(id);
}

ActionAnswered LedgerRound::nothing_there(const std::string& id) {
  return {.refusal = {Errc::not_found, "path:id", "there is no settlement " + id + ".", ""}};
}

bool LedgerRound::one_step(SettlementId id, Pending& p) {
  const auto stepped = [&](const LedgerRound* round) { return round->stepped_.contains(id); };
  if (std::none_of(before_.begin(), before_.end(), stepped) && stepped_.insert(id).second) return true;
  again_.push_back(&p);
  return false;
}

void LedgerRound::decide(FundAccount& request, Pending& p) {
  const auto key = key_of(request.caller, request.idempotency_key);
  const auto* known = known_under(
      key, fundings_, [&] { return state_.store->find_funding(request.caller, request.idempotency_key); });
  if (known) {
    AccountChanged answer{.journal = known->journal, .replayed = true};
    if (auto a = book_.account(request.account)) answer.account = std::move(*a);
    if (known->request_digest != request.request_digest)
      answer.refusal = {Errc::idempotency_mismatch, "",
                        "This key was used for another funding (" + answer.journal.text() +
                            "). Use a new key for a new funding.",
                        "the same funding as before, or a new key"};
    return deliver(p, std::move(answer));
  }
  auto answer = book_.fund({state_.settings.ids()}, {state_.settings.ids()}, request, batch_);
  if (answer.refusal.code == Errc::ok)
    fundings_.emplace(key, KnownFunding{request.request_digest, answer.journal});
  deliver(p, std::move(answer));
}

std::string LedgerRound::key_of(const std::string& caller, const std::string& key) {
  return caller + '\n' + key;
}

const KnownSettlement* LedgerRound::recorded_before(const CallerKey& key) const {
  if (known_.empty()) return nullptr;
  const auto at = known_.find(key_of(std::string(key.caller), std::string(key.key)));
  return at == known_.end() ? nullptr : &at->second;
}

const OpenedRow* LedgerRound::opened(const CallerKey& key) const {
  const auto at = opened_.find(key);
  return at == opened_.end() ? nullptr : &batch_.opened.at(at->second);
}
}  // namespace settled
