// The book's accounts: how an order finds its two, how one is opened and funded.
#include "storage/ledger_book.hpp"

namespace settled {
namespace {
std::string account_payload(const Account& a) {
  return JsonObject{}
      .text("kind", to_string(a.kind))
      .text("bank", a.bank)
      .text("currency", a.currency.code())
      .text("name", a.name)
      .done();
}
}  // namespace

void LedgerBook::add(const Account& a) {
  accounts_.add(a);
  index(accounts_.at(a.id));
}

void LedgerBook::index(const AccountRow& a) {
  if (a.kind == AccountKind::nostro) {
    nostros_[{a.bank(), a.currency}].push_back(a.id);
    if (a.is_default) default_nostros_[a.currency.index()] = a.id;
  }
  if (a.kind == AccountKind::clearing && a.bank().empty()) clearings_[a.currency.index()] = a.id;
}

std::optional<Account> LedgerBook::account(AccountId id) const {
  const auto* row = accounts_.find(id);
  return row ? std::optional(accounts_.whole(*row)) : std::nullopt;
}

Result<AccountId> LedgerBook::vostro_of(const SettlementOrder& order) const {
  if (const auto* own = accounts_.vostro(order.from_bank, order.amount.currency)) return own->id;
  std::string elsewhere;
  for (std::uint8_t i = 0; i < Currency::count(); ++i)
    if (const auto currency = Currency::from_index(i); accounts_.vostro(order.from_bank, currency))
      elsewhere += (elsewhere.empty() ? "" : ", ") + std::string(currency.code());
  if (!elsewhere.empty())
    return Refusal{Errc::currency_mismatch, "/currency",
                   order.from_bank + " has no vostro in " + std::string(order.amount.currency.code()) + ".",
                   elsewhere};
  return Refusal{Errc::unknown_bank, "/from_bank", order.from_bank + " has no vostro account with us.",
                 "a bank with a vostro: GET /api/v1/accounts/vostro"};
}

Result<AccountId> LedgerBook::nostro_for(const SettlementOrder& order) const {
  const auto at = nostros_.find({order.to_bank, order.amount.currency});
  if (at != nostros_.end()) {
    for (const AccountId id : at->second)
      if (const auto& a = accounts_.at(id);
          a.status == AccountStatus::open && available(a) >= order.amount.minor)
        return id;
    return at->second.front();
  }
  const auto fallback = default_nostros_.find(order.amount.currency.index());
  if (fallback != default_nostros_.end()) return fallback->second;
  return Refusal{Errc::unknown_bank, "/to_bank",
                 "we hold no nostro at " + order.to_bank + " in " +
                     std::string(order.amount.currency.code()) + " and no default nostro in that currency.",
                 "a bank with a nostro: GET /api/v1/accounts/nostro"};
}

Result<AccountId> LedgerBook::payee_vostro(const SettlementOrder& order) const {
  const auto* payee = accounts_.vostro(order.to_bank, order.amount.currency);
  if (!payee)
    return Refusal{Errc::unknown_bank, "/to_bank",
                   order.to_bank + " has no vostro account with us in " +
                       std::string(order.amount.currency.code()) + ".",
                   "a bank with a vostro: GET /api/v1/accounts/vostro"};
  if (auto refusal = too_much_for(*payee, order.amount)) return std::move(*refusal);
  return payee->id;
}

std::optional<Refusal> LedgerBook::too_much_for(const AccountRow& payee, const Money& amount) {
  const auto balance = checked_add(payee.balance, amount.minor);
  if (balance && *balance <= largest_balance) return std::nullopt;
  return Refusal{Errc::amount_overflow, "/amount", "the payee's balance would be larger than it may be.",
                 "balances up to " + format_amount(largest_balance, amount.currency)};
}

AccountChanged LedgerBook::open_account(AccountId id, const OpenAccount& request, LedgerBatch& batch) {
  Account a = request.account;
  const auto exists = [&](AccountId other, std::string_view what) {
    return AccountChanged{.account = accounts_.whole(accounts_.at(other)),
                          .refusal = {Errc::account_exists, "",
                                      std::string(what) + " exists already: " + other.text() + ".", ""}};
  };
  if (a.kind == AccountKind::vostro)
    if (const auto* own = accounts_.vostro(a.bank, a.currency))
      return exists(own->id, "a vostro of " + a.bank + " in " + std::string(a.currency.code()));
  if (a.kind == AccountKind::nostro && a.is_default)
    if (const auto at = default_nostros_.find(a.currency.index()); at != default_nostros_.end())
      return exists(at->second, "a default nostro in " + std::string(a.currency.code()));
  if (a.kind == AccountKind::clearing && a.bank.empty())
    if (const auto at = clearings_.find(a.currency.index()); at != clearings_.end())
      return exists(at->second, "the clearing account in " + std::string(a.currency.code()));
  a.id = id;
  a.status = AccountStatus::open;
  a.balance = a.held = a.version = 0;
  // The outside world's account goes as low as the world wants.
  if (a.kind == AccountKind::clearing && a.bank.empty()) a.floor = no_floor;
  if (a.floor < -largest_balance && a.floor != no_floor)
    return {.account = {},
            .refusal = {Errc::invalid_value, "/floor",
                        "the floor " + format_amount(a.floor, a.currency) + " is too low.",
                        "at least " + format_amount(-largest_balance, a.currency)}};
  if (a.floor > 0)
    return {
        .account = {},
        .refusal = {Errc::invalid_value, "/floor",
                    "the floor " + format_amount(a.floor, a.currency) + " is above the opening balance 0.",
                    "0, or minus a credit line"}};
  add(a);
  batch.new_accounts.push_back(a);
  chain_.append(batch, clock_(), "account.opened", a.id.uuid, account_payload(a));
  return {.account = a};
}

AccountChanged LedgerBook::fund(JournalId journal, AccountId clearing_id, const FundAccount& request,
                                LedgerBatch& batch) {
  const AccountRow* target = accounts_.find(request.account);
  const auto refuse = [](Errc code, std::string field, std::string detail, std::string allowed = "") {
    return AccountChanged{.refusal = {code, std::move(field), std::move(detail), std::move(allowed)}};
  };
  if (!target)
    return refuse(Errc::unknown_account, "path:id", "there is no account " + request.account.text() + ".");
  if (target->status != AccountStatus::open)
    return refuse(Errc::account_closed, "path:id", "account " + request.account.text() + " is closed.");
  if (target->currency != request.amount.currency)
    return refuse(Errc::currency_mismatch, "/currency",
                  "the account is kept in " + std::string(target->currency.code()) + ", not in " +
                      std::string(request.amount.currency.code()) + ".",
                  std::string(target->currency.code()));
  const auto clearing = clearings_.find(request.amount.currency.index());
  const bool fresh = clearing == clearings_.end();
  if (!fresh && clearing->second == request.account)
    return refuse(Errc::invalid_value, "path:id", "the clearing account is where funds come from.",
                  "another account");
  const std::int64_t clearing_balance = fresh ? 0 : accounts_.at(clearing->second).balance;
  // A funding raises the target; the clearing account takes the other side, up or down.
  const auto debit = debit_normal(target->kind) ? request.amount.minor : -request.amount.minor;
  const auto fits = [](const Result<std::int64_t>& sum) {
    return sum && *sum <= largest_balance && *sum >= -largest_balance;
  };
  if (!fits(checked_add(target->balance, request.amount.minor)) ||
      !fits(checked_add(clearing_balance, -debit)))
    return refuse(Errc::amount_overflow, "/amount", "the balance would be larger than an account may hold.",
                  "balances up to " + format_amount(largest_balance, target->currency));

  const Micros now = clock_();
  if (fresh) {
    Account a{.id = clearing_id,
              .kind = AccountKind::clearing,
              .currency = request.amount.currency,
              .name = "outside world",
              .floor = no_floor};
    add(a);
    batch.new_accounts.push_back(a);
    chain_.append(batch, now, "account.opened", a.id.uuid, account_payload(a));
  }
  post(request.account, journal.uuid, debit, now, batch);
  post(clearings_.at(request.amount.currency.index()), journal.uuid, -debit, now, batch);
  batch.fundings.push_back({.journal = journal,
                            .caller = request.caller,
                            .idempotency_key = request.idempotency_key,
                            .request_digest = request.request_digest,
                            .account = request.account,
                            .amount = request.amount,
                            .at = now});
  chain_.append(batch, now, "account.funded", request.account.uuid,
                JsonObject{}
                    .text("journal", journal.text())
                    .text("amount", format_amount(request.amount.minor, request.amount.currency))
                    .text("currency", request.amount.currency.code())
                    .done());
  return {.account = *account(request.account), .journal = journal};
}
}  // namespace settled
