#include "storage/account_table.hpp"

#include <algorithm>
#include <limits>

namespace settled {

std::string_view AccountRow::bank_text() const {
  return {bic.data(), static_cast<std::size_t>(std::find(bic.begin(), bic.end(), '\0') - bic.begin())};
}

void AccountTable::add(const Account& account) {
  ensure(account.bank.size() <= AccountRow{}.bic.size(), "a bank is known by its BIC");
  ensure(rows_->size() < std::numeric_limits<std::uint32_t>::max(), "the accounts can be counted");
  const auto number = static_cast<std::uint32_t>(rows_->size());
  AccountRow& row = rows_->emplace_back();
  row.id = account.id;
  row.balance = account.balance;
  row.held = account.held;
  row.version = account.version;
  account.bank.copy(row.bic.data(), row.bic.size());
  row.currency = account.currency;
  row.kind = account.kind;
  row.is_default = account.is_default;
  name_at_.push_back(static_cast<std::uint32_t>(names_.size()));
  names_.append(account.name.c_str(), account.name.size() + 1);
  ensure(names_.size() < std::numeric_limits<std::uint32_t>::max(), "the accounts' names fit");
  ensure(by_id_.insert(number).second, "an account is in the book once");
  if (account.kind == AccountKind::vostro) vostros_.insert(number);
  set_limits(row, account);
}

void AccountTable::change(const Account& account) { set_limits(at(account.id), account); }

void AccountTable::set_limits(AccountRow& row, const Account& account) {
  row.status = account.status;
  row.floor = account.floor;
  row.watched = account.low_threshold != no_threshold || account.high_threshold != no_threshold;
  if (row.watched)
    thresholds_[row.id] = {account.low_threshold, account.high_threshold};
  else
    thresholds_.erase(row.id);
}

const AccountRow* AccountTable::find(const AccountId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &(*rows_)[*found];
}

std::uint32_t AccountTable::number_of(const AccountId& id) const {
  const auto found = by_id_.find(id);
  ensure(found != by_id_.end(), "the account is in the book");
  return *found;
}

const AccountRow& AccountTable::at(const AccountId& id) const { return (*rows_)[number_of(id)]; }
AccountRow& AccountTable::at(const AccountId& id) { return (*rows_)[number_of(id)]; }

const AccountRow* AccountTable::vostro(std::string_view bank, Currency currency) const {
  const auto found = vostros_.find(BankCurrency{bank, currency});
  return found == vostros_.end() ? nullptr : &(*rows_)[*found];
}

Account AccountTable::whole(const AccountRow& row) const {
  Account account{.id = row.id,
                  .kind = row.kind,
                  .bank = row.bank(),
                  .currency = row.currency,
                  .status = row.status,
                  .is_default = row.is_default,
                  .balance = row.balance,
                  .held = row.held,
                  .floor = row.floor,
                  .version = row.version};
  account.name = names_.c_str() + name_at_[number_of(row.id)];
  if (!row.watched) return account;
  const auto& thresholds = thresholds_.at(row.id);
  account.low_threshold = thresholds.low;
  account.high_threshold = thresholds.high;
  return account;
}
}  // namespace settled
