#include "tests/sim/sim_books.hpp"

#include "security/digest.hpp"
#include "storage/event_chain.hpp"

#include <map>

namespace settled::tests {
namespace {
struct Sums {
  std::int64_t balance = 0, held = 0, versions = 0;
};

std::string wrong_with_entries(const MemoryBooks& books, std::map<AccountId, Sums>& sums) {
  std::map<std::pair<Uuid, Currency>, std::int64_t> journals;
  for (const auto& [key, e] : books.entries) {
    const auto account = books.accounts.find(e.account);
    if (account == books.accounts.end()) return "an entry of no account";
    auto& sum = sums[e.account];
    if (e.version != ++sum.versions) return "a gap in the entries of " + e.account.text();
    sum.balance += debit_normal(account->second.kind) ? e.amount : -e.amount;
    if (sum.balance != e.balance_after) return "an entry's balance is not the sum: " + e.account.text();
    journals[{e.journal, account->second.currency}] += e.amount;
  }
  for (const auto& [journal, sum] : journals)
    if (sum != 0) return "debits and credits differ in journal " + to_string(journal.first);
  return {};
}

std::string wrong_with_holds(const MemoryBooks& books, std::map<AccountId, Sums>& sums) {
  for (const auto& [id, hold] : books.holds) {
    const auto at = books.settlements.find(id);
    if (at == books.settlements.end()) return "a hold of no settlement " + id.text();
    const SettlementView& s = at->second.settlement;
    if (hold.ended != final_status(s.status))
      return "hold and status disagree: " + id.text() + ' ' + std::string(to_string(s.status));
    if (hold.ended && (hold.end == HoldEnd::posted) != (s.status == Status::COMPLETED))
      return "the hold ended otherwise than its settlement " + id.text();
    if (hold.row.amount != s.order.amount) return "a hold of another amount: " + id.text();
    if (hold.ended) continue;
    sums[hold.row.debit_account].held += hold.row.amount.minor;
    sums[hold.row.credit_account].held += hold.row.amount.minor;
  }
  for (const auto& [id, row] : books.settlements) {
    const bool moved = row.settlement->status == Status::COMPLETED;
    const bool may_have_left =
        row.settlement->status == Status::EXECUTING || row.settlement->status == Status::CONFIRMING;
    if ((moved || may_have_left) && !books.holds.contains(id))
      return "money moves without hold: " + id.text();
  }
  return {};
}

/// Entries of a settlement: two if it is COMPLETED, none otherwise.
std::string wrong_with_postings(const MemoryBooks& books) {
  std::map<Uuid, int> counts;
  for (const auto& [key, e] : books.entries) ++counts[e.journal];
  for (const auto& [id, row] : books.settlements) {
    const int expected = row.settlement->status == Status::COMPLETED ? 2 : 0;
    const auto at = counts.find(id.uuid);
    if ((at == counts.end() ? 0 : at->second) != expected)
      return "posted " + std::to_string(at == counts.end() ? 0 : at->second) + " entries for " + id.text();
  }
  return {};
}

std::string wrong_with_commits(const MemoryBooks& books) {
  std::int64_t last = 0;
  for (const auto& commit : books.commits) {
    if (commit.number != last + 1) return "commit " + std::to_string(commit.number) + " is not the next";
    if (commit.epoch != commit.epoch_valid)
      return "a deposed writer wrote commit " + std::to_string(commit.number);
    last = commit.number;
  }
  std::map<MemoryBooks::Key, SettlementId> keys;
  for (const auto& [id, row] : books.settlements)
    if (!keys.emplace(MemoryBooks::Key{row.caller, row.idempotency_key}, id).second)
      return "one key, two settlements: " + row.idempotency_key;
  return {};
}

/// Sends, in the books: the first, and one per proof or per send that did not leave.
std::string wrong_with_attempts(const MemoryBooks& books) {
  std::map<SettlementId, int> reasons;
  std::map<SettlementId, int> numbers;
  for (const auto& a : books.attempts) {
    if (a.n != ++numbers[a.row.settlement]) return "attempts are not numbered through";
    const bool not_sent =
        a.row.attempt.kind == Attempt::Kind::send && a.row.attempt.answer.outcome == Outcome::not_sent;
    if (!a.row.proof.empty() || not_sent) ++reasons[a.row.settlement];
  }
  for (const auto& [id, row] : books.settlements)
    if (row.settlement->attempts > 1 + reasons[id])
      return "a resend of " + id.text() + " without proof or not_sent before it";
  return {};
}
}  // namespace

std::string wrong_in_books(const MemoryBooks& books) {
  std::map<AccountId, Sums> sums;
  if (auto why = wrong_with_entries(books, sums); !why.empty()) return why;
  if (auto why = wrong_with_holds(books, sums); !why.empty()) return why;
  for (const auto& [id, a] : books.accounts) {
    const auto& sum = sums[id];
    if (a.balance != sum.balance || a.version != sum.versions)
      return "the balance of " + id.text() + " is not that of its entries";
    if (a.held != sum.held)
      return "held on " + id.text() + ": " + std::to_string(a.held) + ", open orders hold " +
             std::to_string(sum.held);
    if (a.floor != no_floor && a.balance - a.held < a.floor) return "available below zero on " + id.text();
  }
  return wrong_with_postings(books);
}

std::string wrong_in_history(const MemoryBooks& books) {
  std::int64_t seq = 0;
  Digest hash{};
  for (const auto& [number, event] : books.events) {
    if (number != ++seq) return "a gap in the event log before " + std::to_string(number);
    hash = seq == 1 ? sha256(event_text(event.row)) : sha256(hash, event_text(event.row));
    if (event.row.hash != hash) return "the event chain breaks at " + std::to_string(number);
  }
  if (seq != books.last_seq || (seq > 0 && hash != books.last_hash)) return "the event chain's end is wrong";
  if (auto why = wrong_with_commits(books); !why.empty()) return why;
  return wrong_with_attempts(books);
}

std::string wrong_at_the_end(const MemoryBooks& books, const SimBank& bank) {
  std::size_t known = 0;
  for (const auto& [id, row] : books.settlements) {
    const SettlementView& s = row.settlement;
    if (!final_status(s.status)) return id.text() + " never came to an end";
    const auto at = bank.records().find(s.reference);
    const int executions = at == bank.records().end() ? 0 : at->second.executions;
    const int wanted = s.status == Status::COMPLETED ? 1 : 0;
    if (executions != wanted)
      return s.reference + " is " + std::string(to_string(s.status)) + " and was executed " +
             std::to_string(executions) + " times";
    if (at == bank.records().end()) continue;
    ++known;
    if (executions == 1 && (at->second.amount != s.order.amount || at->second.creditor != s.order.to_bank))
      return s.reference + " was executed with another content";
    if (at->second.sends > s.attempts) return s.reference + " was sent more often than recorded";
  }
  if (known != bank.records().size()) return "the bank has an order that we have not";
  return {};
}
}  // namespace settled::tests
