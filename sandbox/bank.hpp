// A bank: executes each reference once, remembers its refusals as well as its payments, and has every request
// in its log. After a restart it is what its log says: whoever tells what it said waits for the log first.
#pragma once
#include "domain/money.hpp"
#include "sandbox/bank_log.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

namespace settled::sandbox {

struct BankSettings {
  std::filesystem::path data_dir;  // bank.jsonl lives here
  std::string name = "sandbox";    // "bank" in the log: what its clients call the connector to it
  /// Every well-formed BIC is a bank that this one can pay, except those that begin so.
  std::string unknown_bank_prefix = "UNKN";
};

/// The business fields of a request; each has been checked for its form.
struct Order {
  std::string reference;
  Money amount;
  std::string debtor_bank, creditor_bank, settlement_date, method;
};
/// biz_sha of the log: SHA-256 over reference, amount in minor units, currency, debtor, creditor, date and
/// method, joined by line feeds. Two requests are the same order exactly if these agree.
std::string business_digest(const Order& order);

enum class Standing : std::uint8_t {
  PENDING,    // accepted, will be executed
  COMPLETED,  // executed
  REJECTED,   // refused for ever
  LATE,       // on its way inside the bank: nobody who asks hears of it before it is executed
};
std::string_view to_string(Standing standing);
std::optional<Standing> standing_from(std::string_view text);

struct Payment {
  std::string id, reference, creditor_bank, digest;
  Money amount;
  Standing standing = Standing::COMPLETED;
  std::string code, reason;  // of a refusal
  std::int64_t due_ms = 0;   // when PENDING or LATE is executed, Unix time
};
/// What the bank says about a payment on the wire.
std::string to_json(const Payment& payment);

/// How an order shall be treated: as usual, or as a fault script says.
struct Treatment {
  Standing standing = Standing::COMPLETED;
  std::chrono::milliseconds time{0};  // PENDING, LATE: until it is executed
  std::string code, reason;           // REJECTED
  std::string answer;                 // what goes out instead of the verdict, for the log; empty: the verdict
};

struct Verdict {
  enum class Kind : std::uint8_t { first, repeated, reference_reused } kind = Kind::first;
  Payment payment;
  int http_status() const;
};

class Bank {
 public:
  /// Rebuilds itself from the log. Throws std::runtime_error where the log cannot be used.
  explicit Bank(BankSettings settings);
  ~Bank();

  // Each of these appends a line to the log.
  Verdict submit(const Order& order, const Treatment& treatment);
  /// By our reference or by the bank's id. `answer` as in Treatment.
  std::optional<Payment> by_reference(const std::string& reference, std::string_view answer = "");
  std::optional<Payment> by_id(const std::string& id, std::string_view answer = "");
  /// A request that had no effect: bad signature, bad body, lost on the way.
  void note(std::string_view op, std::string_view reference, bool signature_ok, std::string_view answer);
  void note_order(const Order& order, std::string_view answer);

  /// Who is paid by this payment? Empty if it is not known. Writes nothing.
  std::string creditor_of(const std::string& reference_or_id) const;
  /// {"ours":[…],"banks":[…]}
  std::string accounts_json();
  BankLog& log() { return log_; }

 private:
  struct Line;  // one line of the log
  void write(const Line& line);
  void restore(std::string_view line);
  void remember(Payment payment);
  void move(const std::string& creditor, Money amount);
  bool can_move(const std::string& creditor, Money amount) const;
  void decide(Payment& asked, const Treatment& treatment) const;
  std::optional<Payment> inquire(const std::string& reference, std::string_view asked,
                                 std::string_view answer);
  void execute_due();

  BankSettings settings_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Payment> payments_;        // by reference
  std::unordered_map<std::string, std::string> references_;  // by the bank's id
  std::multimap<std::int64_t, std::string> due_;
  std::map<Currency, std::int64_t> ours_;
  std::map<std::pair<std::string, Currency>, std::int64_t> theirs_;
  std::uint64_t lines_restored_ = 0;
  BankLog log_;  // after everything that its constructor fills
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread executor_;
};

}  // namespace settled::sandbox
