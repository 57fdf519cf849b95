// A ledger writer over a real PostgreSQL, and two banks whose accounts it keeps.
#pragma once
#include "tests/storage/writer_impl.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

namespace settled::tests {
/// A ledger writer over PostgreSQL, and the bank accounts of one payer (vostro) and one payee (nostro).
struct Books : WriterOverPostgres {
  Account open_account(AccountKind kind, const std::string& bank, std::string_view currency = "XOF") {
    const auto answer = ask<AccountChanged>(OpenAccount{
        .caller = "test", .account = {.kind = kind, .bank = bank, .currency = *currency_from(currency)}});
    BOOST_REQUIRE_EQUAL(to_string(answer.refusal.code), "ok");
    return answer.account;
  }
  void fund(const Account& account, std::int64_t minor) {
    const auto answer = ask<AccountChanged>(FundAccount{.caller = "test",
                                                        .idempotency_key = "fund-" + account.id.text(),
                                                        .account = account.id,
                                                        .amount = {minor, account.currency}});
    BOOST_REQUIRE_EQUAL(to_string(answer.refusal.code), "ok");
  }
  NewSettlement order(const std::string& key, std::int64_t minor, std::string_view currency = "XOF") {
    return {.idempotency_key = key,
            .request_digest = {static_cast<std::uint8_t>(minor), static_cast<std::uint8_t>(minor >> 8)},
            .order = {.obligation_id = "ob-" + key,
                      .from_bank = "ABIDCIAB",
                      .to_bank = "DAKRSNDA",
                      .amount = {minor, *currency_from(currency)},
                      .settlement_date = "2026-11-20"}};
  }
  OpenSettlements call(std::vector<NewSettlement> orders) {
    OpenSettlements open{.caller = "test", .items = {}};
    for (auto& o : orders) open.items.push_back({SettlementId{fresh_id()}, std::move(o), "bank"});
    return open;
  }
  Submission submit(const NewSettlement& o) { return ask<Submissions>(call({o})).results.at(0); }
  SettlementView advance(SettlementId id, std::vector<Event> path, Outcome outcome = Outcome::completed) {
    return ask<SettlementFound>(
               AdvanceSettlement{.id = id,
                                 .path = std::move(path),
                                 .attempt = {Attempt::Kind::send, {.outcome = outcome}, now(), now()}})
        .settlement;
  }
  void expect_account(const Account& a, std::int64_t balance, std::int64_t held) {
    BOOST_TEST(query("select balance from accounts where id = '" + to_string(a.id.uuid) + "'") == balance);
    BOOST_TEST(query("select held from accounts where id = '" + to_string(a.id.uuid) + "'") == held);
  }
};

struct TwoBanks : Books {
  Account vostro = open_account(AccountKind::vostro, "ABIDCIAB");
  Account nostro = open_account(AccountKind::nostro, "DAKRSNDA");
  TwoBanks() {
    fund(vostro, 1'000);
    fund(nostro, 1'000'000);
  }
};
}  // namespace settled::tests
