// A ledger writer over a real PostgreSQL, and two banks whose accounts it keeps.
#pragma once
#include "tests/storage/writer_impl.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
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
  void fund(const Account& account, std::int64_t minor, const std::string& key = "fund-") {
    const auto answer = ask<AccountChanged>(FundAccount{.caller = "test",
                                                        .idempotency_key = key + account.id.text(),
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
  /// Events whose hash is not that of the chain up to them, by SQL alone.
  std::int64_t broken_links() {
    return query(
        "select count(*) from (select hash, sha256(coalesce(lag(hash) over (order by seq), ''::bytea) || "
        "convert_to(event_text(seq, at, kind, subject, payload), 'UTF8')) as expected from events) x "
        "where hash <> expected");
  }
  /// Ends the writer's sessions again and again, until it is stopped.
  std::jthread kill_sessions(std::function<std::chrono::milliseconds()> pause) {
    const auto ours = std::to_string(query("select pg_backend_pid()"));
    return std::jthread([this, ours, pause = std::move(pause)](const std::stop_token& stop) {
      pqxx::connection mine(connection_string(url));
      while (!stop.stop_requested()) {
        pqxx::nontransaction session(mine);
        session.exec(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
            "usename = 'settled' and pid not in (pg_backend_pid(), " +
            ours + ")");
        std::this_thread::sleep_for(pause());
      }
    });
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
