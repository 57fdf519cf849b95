#include "storage/ledger_book.hpp"

#include "security/digest.hpp"
#include "storage/bank_reference.hpp"
#include "telemetry/mutant.hpp"

#include <algorithm>

namespace settled {
namespace {
std::string opened_payload(const SettlementView& s) {
  JsonObject json;
  json.text("status", to_string(s.status))
      .text("obligation_id", s.order.obligation_id)
      .text("from_bank", s.order.from_bank)
      .text("to_bank", s.order.to_bank)
      .text("amount", format_amount(s.order.amount.minor, s.order.amount.currency))
      .text("currency", s.order.amount.currency.code());
  switch (s.status) {
    case Status::FAILED:
      json.raw("steps", R"(["PENDING","VALIDATING","FAILED"])")
          .text("code", s.failure_code)
          .text("detail", s.failure_detail);
      break;
    case Status::EXECUTING:
      json.raw("steps", R"(["PENDING","VALIDATING","FUNDS_LOCKED","EXECUTING"])")
          .text("connector", s.connector)
          .text("reference", s.reference);
      break;
    case Status::COMPLETED:
      json.raw("steps", R"(["PENDING","VALIDATING","FUNDS_LOCKED","EXECUTING","CONFIRMING","COMPLETED"])")
          .text("connector", s.connector);
      break;
    default:
      json.raw("steps", s.status == Status::PENDING ? R"(["PENDING"])" : R"(["PENDING","VALIDATING"])")
          .text("waiting", to_string(s.waiting))
          .text("detail", s.waiting_detail);
  }
  return json.done();
}

std::string opened_note(const SettlementView& s) {
  JsonObject why;
  why.text("for", to_string(s.waiting)).text("detail", s.waiting_detail);
  if (s.release_at != 0) why.text("release_at", rfc3339(s.release_at));
  JsonObject json;
  json.text("value_date", s.value_date);
  if (s.next_cut_off != 0) json.text("next_cut_off", rfc3339(s.next_cut_off));
  json.raw("waiting", why.done());
  const auto object = json.done();
  return object.substr(1, object.size() - 2);  // without its braces
}

std::string advanced_payload(const SettlementView& s, const AdvanceSettlement& step,
                             const std::string& steps) {
  JsonObject json;
  json.text("status", to_string(s.status)).raw("steps", steps);
  if (step.attempt.kind != Attempt::Kind::none) {
    json.text(step.attempt.kind == Attempt::Kind::send ? "sent" : "asked",
              to_string(step.attempt.answer.outcome));
    if (!step.attempt.answer.code.empty()) json.text("answer", step.attempt.answer.code);
    if (!step.attempt.answer.detail.empty()) json.text("words", step.attempt.answer.detail);
    json.number("took_us", step.attempt.ended_at - step.attempt.started_at);
  }
  if (!s.bank_reference.empty()) json.text("bank_reference", s.bank_reference);
  if (!step.proof.empty()) json.text("proof", step.proof);
  if (!s.failure_code.empty()) json.text("code", s.failure_code).text("detail", s.failure_detail);
  return json.done();
}

/// Two people's word comes without a call to the bank, and may bring the bank's reference all the same.
void take_answer(SettlementView& s, const Attempt& attempt) {
  if (attempt.kind != Attempt::Kind::none) s.last_outcome = to_string(attempt.answer.outcome);
  if (!attempt.answer.bank_reference.empty()) s.bank_reference = attempt.answer.bank_reference;
}
}  // namespace

std::string event_kind(Status status) {
  std::string kind = "settlement.";
  for (const char c : to_string(status)) kind += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return kind;
}

std::string_view to_string(HoldEnd end) {
  return end == HoldEnd::posted ? "posted" : end == HoldEnd::released ? "released" : "expired";
}

LedgerBook::LedgerBook(LedgerSnapshot snapshot, Clock clock, std::function<bool()> quarantined,
                       HeldBecause held_because)
    : clock_(std::move(clock)),
      quarantined_(std::move(quarantined)),
      held_because_(std::move(held_because)),
      chain_(snapshot.last_seq, snapshot.last_hash, snapshot.chain_started),
      accounts_(std::move(snapshot.accounts)),
      rules_(std::move(snapshot.rules)) {
  for (const AccountRow& a : accounts_.rows()) index(a);
  for (const Recorded& s : snapshot.open) keep_open(s);
  for (const OperatorAction& a : snapshot.pending_actions) actions_.emplace(a.settlement, a);
  for (const OpenBreak& b : snapshot.open_breaks) breaks_.emplace(std::pair{b.kind, b.settlement}, b.id);
  passed_.insert(snapshot.released.begin(), snapshot.released.end());
}

std::vector<Recorded> LedgerBook::open_settlements() const {
  std::vector<Recorded> all;
  all.reserve(open_.size());
  for (const auto& [id, s] : open_) all.push_back(s);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return all;
}

bool LedgerBook::on_us(const SettlementView& s) const {
  return accounts_.at(s.credit_account).kind == AccountKind::vostro;
}

std::vector<AccountId> LedgerBook::scarce(const SettlementView& s) const {
  if (on_us(s)) return {s.debit_account};
  return {s.debit_account, s.credit_account};
}

Submission LedgerBook::open(const std::string& caller, const OpenSettlements::Item& item,
                            LedgerBatch& batch) {
  const auto& order = item.order.order;
  if (item.connector.empty())
    return {.refusal = {Errc::no_rail, "/to_bank",
                        "no rail of ours serves " + order.to_bank + " with the method " +
                            std::string(to_string(order.method)) + ".",
                        "another method or bank: see the configured connectors"}};
  const auto debit = vostro_of(order);
  if (!debit) return {.refusal = debit.refusal()};
  const auto credit = item.on_us ? payee_vostro(order) : nostro_for(order);
  if (!credit) return {.refusal = credit.refusal()};
  const AccountRow& payer = accounts_.at(*debit);
  const AccountRow& nostro = accounts_.at(*credit);
  for (const AccountRow* a : {&payer, &nostro})
    if (a->status != AccountStatus::open)
      return {.refusal = {Errc::account_closed, a == &payer ? "/from_bank" : "/to_bank",
                          "account " + a->id.text() + " of " + a->bank() + " is closed.", ""}};

  const Admission& admission = item.admission;
  if (admission.refusal.code != Errc::ok) return {.refusal = admission.refusal};

  SettlementView s;
  s.id = item.id;
  s.order = order;
  s.debit_account = *debit;
  s.credit_account = *credit;
  s.connector = item.connector;
  s.reference = bank_reference_of(caller, item.order.idempotency_key);
  s.trace_id = item.order.trace_id;
  s.value_date = admission.value_date;
  s.next_cut_off = admission.next_cut_off;
  s.queue_if_short = admission.queue_if_short;
  s.created_at = clock_();

  const AccountRow* lacking = nullptr;
  if (admission.waiting != Waiting::no) {
    s.status = admission.waiting == Waiting::compliance ? Status::VALIDATING : Status::PENDING;
    s.waiting = admission.waiting;
    s.waiting_detail = admission.waiting_detail;
    s.release_at = admission.release_at;
  } else if (lacking = short_account(s);
             (lacking || must_queue_behind(s)) && (s.queue_if_short || quarantined_())) {
    s.waiting = Waiting::liquidity;
    s.waiting_detail = lacking ? insufficient(*lacking, order.amount.minor).detail
                               : "more urgent or older orders wait for funds of the same account.";
  } else if (lacking) {
    record_failed(s, insufficient(*lacking, order.amount.minor));
  } else {
    lock_and_send(s, s.created_at, batch);
  }
  s.opened_as = s.status;
  s.opened_note = s.waiting == Waiting::no ? "" : opened_note(s);
  chain_.append(batch, s.created_at, event_kind(s.status), s.id.uuid, opened_payload(s));
  const auto order_digest = sha256(canonical_text(instruction_of(s)));
  const Recorded row(std::move(s));
  if (!final_status(row->status)) keep_open(row);
  batch.opened.push_back({.settlement = row,
                          .caller = caller,
                          .idempotency_key = item.order.idempotency_key,
                          .request_digest = item.order.request_digest,
                          .order_digest = order_digest});
  return {.kind = Submission::Kind::accepted, .settlement = row, .refusal = {}};
}

const AccountRow* LedgerBook::short_account(const SettlementView& s) const {
  for (const AccountId id : scarce(s))
    if (const AccountRow& a = accounts_.at(id); available(a) < s.order.amount.minor) return &a;
  return nullptr;
}

void LedgerBook::lock_and_send(SettlementView& s, Micros at, LedgerBatch& batch) {
  if (on_us(s)) return settle_on_us(s, at, batch);
  s.status = Status::EXECUTING;
  s.waiting = Waiting::no;
  s.waiting_detail.clear();
  s.locked_at = s.sent_at = s.last_sent_at = at;
  s.attempts = 1;
  hold(s, batch);
}

// No outside world, so no intent before it and no outcome after it: every step in one commit.
void LedgerBook::settle_on_us(SettlementView& s, Micros at, LedgerBatch& batch) {
  walk_on_us(s, at, batch);
  post(s.debit_account, s.id.uuid, s.order.amount.minor, at, batch);
  post(s.credit_account, s.id.uuid, -s.order.amount.minor, at, batch);
}

void LedgerBook::walk_on_us(SettlementView& s, Micros at, LedgerBatch& batch) {
  s.status = Status::FUNDS_LOCKED;
  for (const Event event : {Event::send, Event::confirm, Event::confirm}) s.status = *next(s.status, event);
  s.waiting = Waiting::no;
  s.waiting_detail.clear();
  s.locked_at = s.sent_at = s.last_sent_at = s.confirmed_at = s.finalized_at = at;
  s.last_outcome = to_string(Outcome::completed);
  batch.holds.push_back({s.id, s.debit_account, s.credit_account, s.order.amount, at, true});
}

void LedgerBook::keep_open(const Recorded& s) {
  open_.insert_or_assign(s->id, s);
  if (s->status == Status::PENDING)
    queue_.insert(place_of(s));
  else
    queue_.erase(place_of(s));
  if (s->status == Status::VALIDATING)
    held_.insert(s->id);
  else
    held_.erase(s->id);
}

void LedgerBook::record_failed(SettlementView& s, const Refusal& refusal) {
  s.status = Status::FAILED;
  s.waiting = Waiting::no;
  s.waiting_detail.clear();
  s.failure_code = to_string(refusal.code);
  s.failure_detail = refusal.detail;
  s.finalized_at = clock_();
}

void LedgerBook::hold(const SettlementView& s, LedgerBatch& batch) {
  if (mutant("post_without_hold")) return;
  for (const AccountId id : {s.debit_account, s.credit_account}) {
    accounts_.at(id).held += s.order.amount.minor;
    batch.deltas[id].held += s.order.amount.minor;
  }
  batch.holds.push_back({s.id, s.debit_account, s.credit_account, s.order.amount, s.locked_at});
}

void LedgerBook::end_hold(const SettlementView& s, HoldEnd end, LedgerBatch& batch) {
  if (mutant("post_without_hold")) return;
  for (const AccountId id : {s.debit_account, s.credit_account}) {
    auto& held = accounts_.at(id).held;
    ensure(held >= s.order.amount.minor, "a hold that ends was counted");
    held -= s.order.amount.minor;
    batch.deltas[id].held -= s.order.amount.minor;
    if (end == HoldEnd::released && mutant("release_hold_twice"))
      batch.deltas[id].held -= s.order.amount.minor;
  }
  batch.hold_ends.push_back({s.id, end, s.finalized_at});
}

void LedgerBook::post(AccountId id, const Uuid& journal, std::int64_t amount, Micros at, LedgerBatch& batch) {
  const AccountRow& a = accounts_.at(id);
  const auto before = standing(a);
  enter(id, journal, amount, at, batch);
  tell_crossing(a, before, at, batch);
}

void LedgerBook::enter(AccountId id, const Uuid& journal, std::int64_t amount, Micros at,
                       LedgerBatch& batch) {
  auto& a = accounts_.at(id);
  const auto change = debit_normal(a.kind) ? amount : -amount;
  a.balance = must_add(a.balance, change);
  ++a.version;
  auto& delta = batch.deltas[id];
  delta.balance = must_add(delta.balance, change);
  ++delta.entries;
  batch.entries.push_back({id, a.version, journal, amount, a.balance, at});
}

LedgerBook::Standing LedgerBook::standing(const AccountRow& row) const {
  if (!row.watched) return {};
  const Account a = accounts_.whole(row);
  return {.below_low = a.low_threshold != no_threshold && a.balance < a.low_threshold,
          .above_high = a.high_threshold != no_threshold && a.balance > a.high_threshold};
}

void LedgerBook::tell_crossing(const AccountRow& row, Standing before, Micros at, LedgerBatch& batch) {
  if (!row.watched) return;
  const Account a = accounts_.whole(row);
  const auto tell = [&](std::string_view kind, std::int64_t threshold) {
    chain_.append(batch, at, kind, a.id.uuid,
                  JsonObject{}
                      .text("bank", a.bank)
                      .text("currency", a.currency.code())
                      .text("balance", format_amount(a.balance, a.currency))
                      .text("threshold", format_amount(threshold, a.currency))
                      .done());
  };
  const auto now = standing(row);
  if (a.low_threshold != no_threshold && before.below_low != now.below_low)
    tell(now.below_low ? "account.below_low" : "account.above_low", a.low_threshold);
  if (a.high_threshold != no_threshold && before.above_high != now.above_high)
    tell(now.above_high ? "account.above_high" : "account.below_high", a.high_threshold);
}

std::optional<SettlementFound> LedgerBook::advance(const AdvanceSettlement& step, LedgerBatch& batch) {
  const auto found = open_.find(step.id);
  if (found == open_.end()) return std::nullopt;
  SettlementView s = found->second;
  const Status from = s.status;
  const Micros now = clock_();
  std::string steps = "[";
  for (const Event event : step.path) {
    const auto to = next(s.status, event);
    // Not a step from here: a repeat of what was recorded already. The caller goes on from the truth.
    if (!to) return SettlementFound{true, found->second, false};
    if (event == Event::send) {
      ++s.attempts;
      s.last_sent_at = now;
    }
    if (event == Event::doubt && s.unknown_since == 0) s.unknown_since = now;
    if (event == Event::doubt && s.last_outcome.empty()) s.last_outcome = to_string(Outcome::unknown);
    if (event == Event::accept || event == Event::confirm || event == Event::absent) s.unknown_since = 0;
    if (event == Event::confirm && s.confirmed_at == 0) s.confirmed_at = now;
    s.status = *to;
    steps += (steps.size() > 1 ? ",\"" : "\"") + std::string(to_string(*to)) + '"';
  }
  steps += ']';
  take_answer(s, step.attempt);
  if (final_status(s.status)) {
    s.finalized_at = now;
    s.unknown_since = 0;
    s.failure_code = step.failure_code;
    s.failure_detail = step.failure_detail;
    const bool expired = step.path.back() == Event::expire;
    end_hold(s,
             s.status == Status::COMPLETED ? HoldEnd::posted
             : expired                     ? HoldEnd::expired
                                           : HoldEnd::released,
             batch);
    if (s.status == Status::COMPLETED) {
      post(s.debit_account, s.id.uuid, s.order.amount.minor, now, batch);
      post(s.credit_account, s.id.uuid, -s.order.amount.minor, now, batch);
    }
  }
  // The good case (first send, executed at once) is told by the settlement's own row.
  const bool plain = s.status == Status::COMPLETED && s.attempts == 1 && from == Status::EXECUTING &&
                     step.attempt.kind == Attempt::Kind::send;
  if (step.attempt.kind != Attempt::Kind::none && !plain)
    batch.attempts.push_back({s.id, step.attempt, step.proof});
  const bool same = s.status == from && step.attempt.kind == Attempt::Kind::inquiry;
  chain_.append(batch, now, same ? "settlement.inquired" : event_kind(s.status), s.id.uuid,
                advanced_payload(s, step, steps));
  const Recorded row(std::move(s));
  batch.changed.push_back({row, from});
  if (final_status(row->status)) {
    open_.erase(found);
    end_doubt(row, batch);
  } else {
    found->second = row;
  }
  return SettlementFound{true, row, true};
}
}  // namespace settled
