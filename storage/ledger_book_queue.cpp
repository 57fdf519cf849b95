// The orders that wait: for their window, for funds, for a person.
#include "storage/ledger_book.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace settled {
namespace {
const ReleaseWaiting::Gate* gate_of(const ReleaseWaiting& request, const SettlementOrder& order) {
  const auto at = std::find_if(request.gates.begin(), request.gates.end(), [&](const auto& gate) {
    return gate.currency == order.amount.currency && gate.method == order.method;
  });
  return at == request.gates.end() ? nullptr : &*at;
}

std::string waiting_payload(const SettlementView& s) {
  return JsonObject{}
      .text("status", to_string(s.status))
      .raw("steps", "[]")
      .text("waiting", to_string(s.waiting))
      .text("detail", s.waiting_detail)
      .done();
}
}  // namespace

bool LedgerBook::must_queue_behind(const SettlementView& s) const {
  if (!s.queue_if_short) return false;
  const auto own = place_of(s);
  const auto needs = scarce(s);
  for (const auto& place : queue_) {
    if (own < place) break;
    const SettlementView& ahead = open_.at(place.id);
    if (ahead.waiting != Waiting::liquidity) continue;
    for (const AccountId id : scarce(ahead))
      if (std::find(needs.begin(), needs.end(), id) != needs.end()) return true;
  }
  return false;
}

std::optional<Refusal> LedgerBook::barred(const SettlementView& s) const {
  for (const AccountId id : {s.debit_account, s.credit_account})
    if (const AccountRow& a = accounts_.at(id); a.status != AccountStatus::open)
      return Refusal{Errc::account_closed, id == s.debit_account ? "/from_bank" : "/to_bank",
                     "account " + id.text() + " of " + a.bank() +
                         " was closed while the order waited. No hold was placed.",
                     ""};
  if (on_us(s)) return too_much_for(accounts_.at(s.credit_account), s.order.amount);
  return std::nullopt;
}

Released LedgerBook::release_waiting(const ReleaseWaiting& request, LedgerBatch& batch) {
  Released out;
  const Micros now = clock_();
  std::unordered_set<AccountId> awaited;  // accounts that an order ahead of us waits for
  const std::vector<QueuePlace> places(queue_.begin(), queue_.end());
  for (const auto& place : places) {
    SettlementView s = open_.at(place.id);
    const auto postpone = [&](Waiting waiting, std::string why) {
      ++out.still_waiting;
      // What is lacking changes with every entry; that is not written each time.
      const bool told = waiting == Waiting::liquidity || why == s.waiting_detail;
      if (s.waiting == waiting && told && s.release_at == open_.at(s.id)->release_at) return;
      s.waiting = waiting;
      s.waiting_detail = std::move(why);
      chain_.append(batch, now, "settlement.waiting", s.id.uuid, waiting_payload(s));
      const Recorded row(s);
      batch.changed.push_back({row, Status::PENDING});
      keep_open(row);
    };
    // Older books do not know what became of the order since: only its bank's word ends it.
    const auto end = [&](const Refusal& refusal) {
      if (quarantined_())
        ++out.still_waiting;
      else
        out.ended.push_back(fail_waiting(s, refusal, batch));
    };
    if (s.release_at > now || (on_us(s) && quarantined_())) {
      ++out.still_waiting;
      continue;
    }
    if (s.waiting == Waiting::liquidity && s.next_cut_off != 0 && now >= s.next_cut_off && !quarantined_()) {
      end({Errc::insufficient_funds, "",
           "not funded before the cut-off at " + clock_time(s.next_cut_off) + ". No hold was placed.", ""});
      continue;
    }
    if (const auto* gate = gate_of(request, s.order)) {
      s.next_cut_off = gate->next_cut_off;
      s.value_date = gate->value_date;
      if (!gate->open) {
        s.release_at = gate->opens_at;
        postpone(Waiting::window, gate->reason);
        continue;
      }
    }
    if (const auto refusal = barred(s)) {
      end(*refusal);
      continue;
    }
    // That may end, so the order does not: it waits on, holds nothing, and nobody waits behind it.
    if (auto refusal = check_banks(s.order, rules_)) {
      postpone(Waiting::window, std::move(refusal->detail));
      continue;
    }
    const AccountRow* lacking = short_account(s);
    const auto needs = scarce(s);
    const bool behind = s.queue_if_short && std::any_of(needs.begin(), needs.end(),
                                                        [&](AccountId id) { return awaited.contains(id); });
    if (lacking && !s.queue_if_short) {
      end(insufficient(*lacking, s.order.amount.minor));
      continue;
    }
    if (lacking || behind) {
      if (lacking) awaited.insert(lacking->id);
      postpone(Waiting::liquidity, lacking
                                       ? insufficient(*lacking, s.order.amount.minor).detail
                                       : "more urgent or older orders wait for funds of the same account.");
      continue;
    }
    if (hold_for_compliance(s, batch)) continue;
    const auto waited_for = to_string(s.waiting);
    passed_.erase(s.id);
    queue_.erase(place_of(s));
    lock_and_send(s, now, batch);
    const bool over = final_status(s.status);
    chain_.append(
        batch, now, event_kind(s.status), s.id.uuid,
        JsonObject{}
            .text("status", to_string(s.status))
            .raw("steps", over ? R"(["VALIDATING","FUNDS_LOCKED","EXECUTING","CONFIRMING","COMPLETED"])"
                               : R"(["VALIDATING","FUNDS_LOCKED","EXECUTING"])")
            .text("waited_for", waited_for)
            .text("connector", s.connector)
            .text("reference", s.reference)
            .done());
    const Recorded row(std::move(s));
    if (over)
      open_.erase(row->id);
    else
      keep_open(row);
    batch.changed.push_back({row, Status::PENDING});
    (over ? out.ended : out.started).push_back(row);
  }
  out.still_waiting += static_cast<std::int64_t>(held_.size());
  return out;
}

bool LedgerBook::hold_for_compliance(SettlementView& s, LedgerBatch& batch) {
  if (passed_.contains(s.id)) return false;
  auto why = held_because_(s.order);
  if (why.empty()) return false;
  s.status = *next(s.status, Event::validate);
  s.waiting = Waiting::compliance;
  s.waiting_detail = std::move(why);
  chain_.append(batch, clock_(), event_kind(s.status), s.id.uuid,
                JsonObject{}
                    .text("status", to_string(s.status))
                    .raw("steps", R"(["VALIDATING"])")
                    .text("waiting", to_string(s.waiting))
                    .text("detail", s.waiting_detail)
                    .done());
  const Recorded row(s);
  batch.changed.push_back({row, Status::PENDING});
  keep_open(row);
  return true;
}

Released LedgerBook::plan_waiting(const ReleaseWaiting& request, LedgerBatch& batch) {
  const Micros now = clock_();
  std::vector<SettlementId> waiting(held_.begin(), held_.end());
  for (const auto& place : queue_) waiting.push_back(place.id);
  // A look of the same batch may have changed one already: its row is written once.
  std::unordered_map<SettlementId, std::size_t> changed;
  for (std::size_t i = 0; i < batch.changed.size(); ++i) changed.emplace(batch.changed[i].settlement->id, i);
  for (const SettlementId id : waiting) {
    SettlementView s = open_.at(id);
    if (s.release_at <= now) continue;  // tried with every look, by the windows as they then are
    const auto gate = std::find_if(request.gates.begin(), request.gates.end(), [&](const auto& g) {
      return g.currency == s.order.amount.currency && g.method == s.order.method &&
             g.settlement_date == s.order.settlement_date;
    });
    if (gate == request.gates.end()) continue;
    const auto release_at = gate->open ? now : gate->opens_at;
    if (release_at == s.release_at && gate->next_cut_off == s.next_cut_off &&
        gate->value_date == s.value_date)
      continue;
    s.release_at = release_at;
    s.next_cut_off = gate->next_cut_off;
    s.value_date = gate->value_date;
    if (s.waiting == Waiting::window)
      s.waiting_detail = "the windows have changed" + (gate->open ? std::string() : ": " + gate->reason);
    chain_.append(batch, now, "settlement.waiting", s.id.uuid, waiting_payload(s));
    const auto status = s.status;
    const Recorded row(std::move(s));
    if (const auto before = changed.find(id); before != changed.end())
      batch.changed[before->second].settlement = row;
    else
      batch.changed.push_back({row, status});
    keep_open(row);
  }
  return {.started = {}, .ended = {}, .still_waiting = static_cast<std::int64_t>(waiting.size())};
}

Recorded LedgerBook::fail_waiting(const SettlementView& waiting, const Refusal& refusal, LedgerBatch& batch) {
  SettlementView s = waiting;
  ensure(next(s.status, Event::refuse).has_value(), "only what holds nothing is refused");
  record_failed(s, refusal);
  chain_.append(batch, s.finalized_at, event_kind(s.status), s.id.uuid,
                JsonObject{}
                    .text("status", to_string(s.status))
                    .raw("steps", R"(["FAILED"])")
                    .text("code", s.failure_code)
                    .text("detail", s.failure_detail)
                    .done());
  const auto was = waiting.status;  // `waiting` may be the row that goes
  Recorded row(std::move(s));
  batch.changed.push_back({row, was});
  queue_.erase(place_of(row));
  held_.erase(row->id);
  passed_.erase(row->id);
  open_.erase(row->id);
  end_doubt(row, batch);
  return row;
}

std::optional<Refusal> LedgerBook::ends_blindly() const {
  if (!quarantined_()) return std::nullopt;
  return Refusal{Errc::illegal_transition, "",
                 "no order is ended by hand in quarantine: its bank may have executed what these books hold "
                 "as waiting.",
                 "the same after the quarantine is lifted"};
}

ActionAnswered LedgerBook::cancel(const CancelSettlement& request, LedgerBatch& batch) {
  const Recorded* found = in_flight(request.id);
  if (!found)
    return {.refusal = {Errc::already_resolved, "path:id", request.id.text() + " is not in flight any more.",
                        ""}};
  if (auto refusal = ends_blindly()) return {.settlement = *found, .refusal = std::move(*refusal)};
  const Recorded s = *found;
  if (!next(s->status, Event::refuse))
    return {.settlement = s,
            .refusal = {Errc::illegal_transition, "path:id",
                        request.id.text() + " is " + std::string(to_string(s->status)) +
                            ": the bank may have the order. Wait for its end, then compensate.",
                        "an order in PENDING or VALIDATING"}};
  return {
      .settlement = fail_waiting(
          s, {Errc::cancelled, "", "called back by " + request.caller + ": " + request.reason, ""}, batch)};
}
}  // namespace settled
