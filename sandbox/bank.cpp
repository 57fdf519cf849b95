#include "sandbox/bank.hpp"

#include "security/hmac.hpp"

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include <array>
#include <ctime>
#include <stdexcept>

namespace settled::sandbox {
namespace {
constexpr std::array<std::string_view, 4> standings{"PENDING", "COMPLETED", "REJECTED", "LATE"};

std::int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}
std::int64_t now_ms() { return now_us() / 1000; }
/// To the microsecond: a checker compares it with the sender's own times.
std::string iso_time(std::int64_t us) {
  const std::time_t seconds = us / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::array<char, 64> all{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(all.data(), all.size(), "%s.%06dZ", text.data(), static_cast<int>(us % 1'000'000));
  return all.data();
}
std::string said(int status, const Payment& payment) {
  std::string text = std::to_string(status) + ' ' + std::string(to_string(payment.standing));
  return payment.code.empty() ? text : text + ' ' + payment.code;
}
}  // namespace

/// The fields that RELIABILITY.md 5.1 names, and behind them what a restart needs.
struct Bank::Line {
  std::string_view op;
  std::string_view reference;
  const Payment* payment = nullptr;  // amount, creditor, digest; and, if `changes`, its new standing
  bool changes = false;
  bool signature_ok = true;
  bool effect = false;
  std::string answer{};
};

std::string_view to_string(Standing standing) { return standings.at(static_cast<std::size_t>(standing)); }
std::optional<Standing> standing_from(std::string_view text) {
  for (std::size_t i = 0; i < standings.size(); ++i)
    if (standings[i] == text) return static_cast<Standing>(i);
  return std::nullopt;
}

std::string business_digest(const Order& o) {
  std::string text = o.reference + '\n' + std::to_string(o.amount.minor) + '\n';
  text.append(o.amount.currency.code()).append(1, '\n').append(o.debtor_bank).append(1, '\n');
  text.append(o.creditor_bank).append(1, '\n').append(o.settlement_date).append(1, '\n').append(o.method);
  return sha256_hex(text);
}

std::string to_json(const Payment& p) {
  nlohmann::ordered_json out{{"id", p.id},
                             {"reference", p.reference},
                             {"status", to_string(p.standing)},
                             {"amount", format_amount(p.amount.minor, p.amount.currency)},
                             {"currency", p.amount.currency.code()}};
  if (p.standing == Standing::REJECTED) out["code"] = p.code, out["reason"] = p.reason;
  return out.dump();
}

int Verdict::http_status() const {
  if (kind == Kind::reference_reused) return 409;
  switch (payment.standing) {
    case Standing::PENDING:
      return 202;
    case Standing::REJECTED:
      return 422;
    case Standing::LATE:
      return 504;
    case Standing::COMPLETED:
      break;
  }
  return kind == Kind::first ? 201 : 200;
}

Bank::Bank(BankSettings settings)
    : settings_(std::move(settings)),
      log_(settings_.data_dir / "bank.jsonl", [this](std::string_view line) { restore(line); }) {
  executor_ = std::thread([this] { execute_due(); });
}

Bank::~Bank() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  executor_.join();
}

void Bank::write(const Line& line) {
  nlohmann::ordered_json out{{"n", log_.next_number()},
                             {"ts", iso_time(now_us())},
                             {"bank", settings_.name},
                             {"op", line.op},
                             {"e2e", line.reference}};
  const Payment* p = line.payment;
  out["amount"] = p ? p->amount.minor : 0;
  out["ccy"] = p ? p->amount.currency.code() : std::string_view{};
  out["creditor"] = p ? std::string_view{p->creditor_bank} : std::string_view{};
  out["biz_sha"] = p ? std::string_view{p->digest} : std::string_view{};
  out["sig_ok"] = line.signature_ok;
  out["effect"] = line.effect;
  out["answer"] = line.answer;
  if (p && line.changes) {
    out["id"] = p->id;
    out["status"] = to_string(p->standing);
    if (!p->code.empty()) out["code"] = p->code, out["reason"] = p->reason;
    if (p->due_ms != 0) out["due_ms"] = p->due_ms;
  }
  log_.append(out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Bank::restore(std::string_view line) {
  ++lines_restored_;
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element in;
  const auto text = [&in](const char* name) {
    std::string_view value;
    return in[name].get(value) ? std::string() : std::string(value);
  };
  const auto fail = [this](const char* what) {
    throw std::runtime_error("line " + std::to_string(lines_restored_) + " of bank.jsonl: " + what);
  };
  if (parser.parse(line.data(), line.size()).get(in)) fail("not JSON");
  const auto standing = standing_from(text("status"));
  if (!standing) return;  // a request that changed nothing
  Payment p{text("id"), text("e2e"), text("creditor"), text("biz_sha"),
            {},         *standing,   text("code"),     text("reason"),
            0};
  const auto currency = currency_from(text("ccy"));
  bool effect = false;
  if (!currency || p.reference.empty() || in["amount"].get(p.amount.minor) || in["effect"].get(effect))
    fail("a field is missing");
  p.amount.currency = *currency;
  if (in["due_ms"].get(p.due_ms)) p.due_ms = 0;
  if (effect) move(p.creditor_bank, p.amount);
  remember(std::move(p));
}

void Bank::remember(Payment payment) {
  references_[payment.id] = payment.reference;
  if (payment.standing == Standing::PENDING || payment.standing == Standing::LATE)
    due_.emplace(payment.due_ms, payment.reference);
  payments_[payment.reference] = std::move(payment);
}

bool Bank::can_move(const std::string& creditor, Money amount) const {
  const auto our = ours_.find(amount.currency);
  const auto their = theirs_.find({creditor, amount.currency});
  return checked_add(our == ours_.end() ? 0 : our->second, -amount.minor) &&
         checked_add(their == theirs_.end() ? 0 : their->second, amount.minor);
}

void Bank::move(const std::string& creditor, Money amount) {
  // Our account may go below zero: this bank lends without limit, limits are the ledger's business.
  auto& our = ours_[amount.currency];
  auto& their = theirs_[{creditor, amount.currency}];
  our = must_add(our, -amount.minor);
  their = must_add(their, amount.minor);
}

// The standing that a new order gets.
void Bank::decide(Payment& asked, const Treatment& treatment) const {
  const auto refuse = [&asked](std::string code, std::string reason) {
    asked.standing = Standing::REJECTED;
    asked.code = std::move(code);
    asked.reason = std::move(reason);
  };
  if (treatment.standing == Standing::REJECTED) return refuse(treatment.code, treatment.reason);
  if (!settings_.unknown_bank_prefix.empty() &&
      asked.creditor_bank.starts_with(settings_.unknown_bank_prefix))
    return refuse("RC01", "no bank is known here as " + asked.creditor_bank);
  if (!can_move(asked.creditor_bank, asked.amount))
    return refuse("AM02", "the amount is more than an account can hold");
  asked.standing = treatment.standing;
  if (treatment.standing != Standing::COMPLETED) asked.due_ms = now_ms() + treatment.time.count();
}

Verdict Bank::submit(const Order& order, const Treatment& treatment) {
  // The bank's own id is a function of the reference, so that a log line is all that a restart needs.
  Payment asked{"bp_" + sha256_hex(settings_.name + '\n' + order.reference).substr(0, 24),
                order.reference,
                order.creditor_bank,
                business_digest(order),
                order.amount,
                Standing::COMPLETED,
                "",
                "",
                0};
  Verdict verdict;
  {
    const std::lock_guard lock(mutex_);
    Line line{"SEND", order.reference, &asked, false, true, false, treatment.answer};
    const auto known = payments_.find(order.reference);
    // What is LATE has not reached the desk yet: this request overtakes it, and the late one will find
    // its reference used.
    if (known != payments_.end() && known->second.standing != Standing::LATE) {
      const bool same = known->second.digest == asked.digest;
      verdict = {same ? Verdict::Kind::repeated : Verdict::Kind::reference_reused, known->second};
    } else {
      decide(asked, treatment);
      line.changes = true;
      line.effect = asked.standing == Standing::COMPLETED;
      verdict = {Verdict::Kind::first, asked};
    }
    if (line.answer.empty())
      line.answer = verdict.kind == Verdict::Kind::reference_reused
                        ? "409 reference_reused"
                        : said(verdict.http_status(), verdict.payment);
    write(line);
    if (line.effect) move(asked.creditor_bank, asked.amount);
    if (line.changes) remember(asked);
  }
  if (verdict.payment.due_ms != 0) wake_.notify_all();
  return verdict;
}

std::optional<Payment> Bank::inquire(const std::string& reference, std::string_view asked,
                                     std::string_view answer) {
  std::optional<Payment> found;
  const std::lock_guard lock(mutex_);
  const auto at = payments_.find(reference);
  if (at != payments_.end() && at->second.standing != Standing::LATE) found = at->second;
  Line line{"INQUIRY", found ? std::string_view{found->reference} : asked, found ? &*found : nullptr};
  line.answer = !answer.empty() ? std::string(answer) : found ? said(200, *found) : "404 not_found";
  write(line);
  return found;
}

std::optional<Payment> Bank::by_reference(const std::string& reference, std::string_view answer) {
  return inquire(reference, reference, answer);
}

std::optional<Payment> Bank::by_id(const std::string& id, std::string_view answer) {
  std::string reference;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = references_.find(id); at != references_.end()) reference = at->second;
  }
  return inquire(reference, "", answer);
}

void Bank::note(std::string_view op, std::string_view reference, bool signature_ok, std::string_view answer) {
  const std::lock_guard lock(mutex_);
  write({op, reference, nullptr, false, signature_ok, false, std::string(answer)});
}

void Bank::note_order(const Order& order, std::string_view answer) {
  const Payment asked{"",
                      order.reference,
                      order.creditor_bank,
                      business_digest(order),
                      order.amount,
                      Standing::COMPLETED,
                      "",
                      "",
                      0};
  const std::lock_guard lock(mutex_);
  write({"SEND", order.reference, &asked, false, true, false, std::string(answer)});
}

std::string Bank::creditor_of(const std::string& reference_or_id) const {
  const std::lock_guard lock(mutex_);
  const auto by_id = references_.find(reference_or_id);
  const auto at = payments_.find(by_id == references_.end() ? reference_or_id : by_id->second);
  return at == payments_.end() ? std::string() : at->second.creditor_bank;
}

std::string Bank::accounts_json() {
  auto ours = nlohmann::ordered_json::array(), banks = nlohmann::ordered_json::array();
  const std::lock_guard lock(mutex_);
  for (const auto& [currency, minor] : ours_)
    ours.push_back(
        {{"currency", currency.code()}, {"balance", format_amount(minor, currency)}, {"minor", minor}});
  for (const auto& [key, minor] : theirs_)
    banks.push_back({{"bank", key.first},
                     {"currency", key.second.code()},
                     {"balance", format_amount(minor, key.second)},
                     {"minor", minor}});
  return nlohmann::ordered_json{{"ours", std::move(ours)}, {"banks", std::move(banks)}}.dump();
}

// Executes what was accepted for later. Its line has op EXECUTE: nobody asked at that moment.
void Bank::execute_due() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto left = std::chrono::milliseconds(due_.begin()->first - now_ms());
    if (left.count() > 0) {
      wake_.wait_for(lock, left);
      continue;
    }
    const auto [due_ms, reference] = *due_.begin();
    due_.erase(due_.begin());
    auto& payment = payments_.at(reference);
    const bool waiting = payment.standing == Standing::PENDING || payment.standing == Standing::LATE;
    // Overtaken by a request of the same reference, or entered twice while the log was read.
    if (!waiting || payment.due_ms != due_ms) continue;
    const bool fits = can_move(payment.creditor_bank, payment.amount);
    payment.standing = fits ? Standing::COMPLETED : Standing::REJECTED;
    payment.due_ms = 0;
    if (!fits) payment.code = "AM02", payment.reason = "the amount is more than an account can hold";
    write({"EXECUTE", reference, &payment, true, true, fits, std::string(to_string(payment.standing))});
    if (fits) move(payment.creditor_bank, payment.amount);
  }
}
}  // namespace settled::sandbox
