// The accounts of the book in memory, a cache line each: with a hundred thousand of them an order's two
// accounts are hardly ever in the processor's cache, and what an account weighs is what a lookup costs.
#pragma once
#include "domain/account.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace settled {

/// What a decision needs of an account. Amounts as in Account.
struct alignas(64) AccountRow {
  AccountId id;
  std::int64_t balance = 0, held = 0, floor = 0, version = 0;
  std::array<char, 11> bic{};  // filled up with zeros
  Currency currency;
  AccountKind kind = AccountKind::vostro;
  AccountStatus status = AccountStatus::open;
  bool is_default = false;
  bool watched = false;  // it has a threshold

  std::string_view bank_text() const;
  std::string bank() const { return std::string(bank_text()); }
};
static_assert(sizeof(AccountRow) == 64);

inline std::int64_t available(const AccountRow& account) {
  return available(account.balance, account.held, account.floor);
}

class AccountTable {
 public:
  /// A row stays where it is.
  void add(const Account& account);
  /// Its status, floor and thresholds.
  void change(const Account& account);

  const AccountRow* find(const AccountId& id) const;
  const AccountRow& at(const AccountId& id) const;
  AccountRow& at(const AccountId& id);
  /// A bank has one vostro in a currency.
  const AccountRow* vostro(std::string_view bank, Currency currency) const;
  const std::deque<AccountRow>& rows() const { return *rows_; }

  /// With its name and its thresholds.
  Account whole(const AccountRow& row) const;

 private:
  struct Thresholds {
    std::int64_t low = no_threshold, high = no_threshold;
  };
  struct BankCurrency {
    std::string_view bank;
    Currency currency;
  };
  static std::size_t hash(const BankCurrency& x) {
    return std::hash<std::string_view>{}(x.bank) * 31 + x.currency.index();
  }

  struct ById {
    using is_transparent = void;
    const std::deque<AccountRow>* rows;
    std::size_t operator()(const AccountId& id) const { return std::hash<AccountId>{}(id); }
    std::size_t operator()(std::uint32_t n) const { return (*this)((*rows)[n].id); }
    bool operator()(std::uint32_t a, std::uint32_t b) const { return (*rows)[a].id == (*rows)[b].id; }
    bool operator()(const AccountId& id, std::uint32_t n) const { return (*rows)[n].id == id; }
    bool operator()(std::uint32_t n, const AccountId& id) const { return (*rows)[n].id == id; }
  };
  struct ByBank {
    using is_transparent = void;
    const std::deque<AccountRow>* rows;
    std::size_t operator()(const BankCurrency& x) const { return hash(x); }
    std::size_t operator()(std::uint32_t n) const {
      return hash({(*rows)[n].bank_text(), (*rows)[n].currency});
    }
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(const BankCurrency& x, std::uint32_t n) const {
      return (*rows)[n].currency == x.currency && (*rows)[n].bank_text() == x.bank;
    }
    bool operator()(std::uint32_t n, const BankCurrency& x) const { return (*this)(x, n); }
  };
  template <class By>
  using Index = boost::unordered_flat_set<std::uint32_t, By, By>;

  std::uint32_t number_of(const AccountId& id) const;
  void set_limits(AccountRow& row, const Account& account);

  // At one address, whoever holds the table: the indexes look at it.
  std::unique_ptr<std::deque<AccountRow>> rows_ = std::make_unique<std::deque<AccountRow>>();
  Index<ById> by_id_{0, ById{rows_.get()}, ById{rows_.get()}};
  Index<ByBank> vostros_{0, ByBank{rows_.get()}, ByBank{rows_.get()}};
  // Names are given once and hardly ever read: one text with all of them, and where each begins.
  std::string names_;
  std::vector<std::uint32_t> name_at_;                    // by row; they end with a zero
  std::unordered_map<AccountId, Thresholds> thresholds_;  // of those that are watched
};

}  // namespace settled
