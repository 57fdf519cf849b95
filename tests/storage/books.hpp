// A small, right set of books in a real PostgreSQL, for tests that then falsify something. Written in SQL and
// not by our ledger writer: the checker is tested against the schema's rules, not against the code it judges.
#pragma once
#include "domain/settlement.hpp"
#include "storage/bank_reference.hpp"
#include "storage/migrate.hpp"
#include "storage/private_postgres.hpp"
#include "storage/verify.hpp"

#include <fmt/format.h>
#include <pqxx/pqxx>

#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <string>
#include <vector>

namespace settled::tests {

struct Books {
  static SettlementId settlement(int n) {
    return SettlementId{make_uuid_v7(1'700'000'000'000 + n, static_cast<std::uint64_t>(n), 7)};
  }
  static AccountId account(int n) {
    return AccountId{make_uuid_v7(1'600'000'000'000 + n, static_cast<std::uint64_t>(n), 9)};
  }
  /// As of both times: of the caller and the key, and of the id.
  static std::string reference(int n) {
    return n % 2 == 1 ? bank_reference_of("test", "o" + std::to_string(n)) : bank_reference_of(settlement(n));
  }
  /// 1 to 3 COMPLETED, 4 FAILED, 5 ROLLED_BACK, 6 EXECUTING, 7 CONFIRMING (the bank executed it already).
  static std::vector<BankEffect> bank_effects() {
    return {{reference(1), 150'000, "XOF", "DAKRSNDA"},
            {reference(2), 2'500, "XOF", "DAKRSNDA"},
            {reference(3), 15'025, "GHS", "KUMAGHKU"},
            {reference(7), 9'000, "XOF", "DAKRSNDA"}};
  }
};

/// One server for the whole test program; `fresh()` gives a copy of the right books.
class BooksServer {
 public:
  BooksServer() : folder_(make_folder()), server_(folder_) {
    server_.start();
    run("postgres", "create database books");
    migrate(url("books"));
    fill();
  }
  ~BooksServer() {
    server_.stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string fresh() {
    auto name = "books_" + std::to_string(++copies_);
    run("postgres", "create database " + name + " template books");
    return name;
  }
  std::string url(const std::string& database) const { return server_.url_for("postgres", database); }
  void run(const std::string& database, const std::string& sql) const {
    pqxx::connection db(url(database));
    pqxx::nontransaction tx(db);
    tx.exec(sql);
  }

 private:
  static std::filesystem::path make_folder() {
    std::string name = "/tmp/settled-books-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    namespace fs = std::filesystem;
    fs::permissions(name, fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
    return name;
  }
  void fill() const {
    run("books", R"(
      insert into ledger_writers(writer, owner, epoch) values (0, 'test', 1);
      create function say(k text, s uuid, p text) returns void language sql as $$
        with e as (select w.last_seq + 1 as seq, date_trunc('second', now()) as at, w.last_hash as before
                   from ledger_writers w where writer = 0),
             added as (insert into events(stream, seq, at, kind, subject, payload, hash, epoch)
                       select 0, seq, at, k, s, p, sha256(before || convert_to(event_text(seq, at, k, s, p), 'UTF8')), 1
                       from e returning seq, hash)
        update ledger_writers set last_seq = added.seq, last_hash = added.hash from added where writer = 0 $$;
      create function post(acc uuid, journal uuid, amt bigint) returns void language sql as $$
        with a as (update accounts set version = version + 1,
                     balance = balance + case when kind in ('nostro','treasury','clearing') then amt else -amt end
                   where id = acc returning id, version, balance)
        insert into ledger_entries select id, version, journal, amt, balance, now() from a $$;
      create function hold(s uuid, d uuid, c uuid, amt bigint, cur text, st text) returns void language sql as $$
        insert into fund_locks values (s, d, c, amt, cur, st, now(), case when st <> 'held' then now() end);
        update accounts set held = held + amt where id in (d, c) and st = 'held' $$;)");
    const auto acc = [](int n) { return '\'' + to_string(Books::account(n).uuid) + "'::uuid"; };
    const struct {
      int n;
      const char *kind, *bank, *currency, *floor;
    } accounts[] = {{1, "vostro", "ABIDCIAB", "XOF", "0"},
                    {2, "vostro", "ACCRGHAC", "GHS", "0"},
                    {3, "nostro", "DAKRSNDA", "XOF", "0"},
                    {4, "nostro", "KUMAGHKU", "GHS", "0"},
                    {5, "clearing", "", "XOF", "-9223372036854775808"},
                    {6, "clearing", "", "GHS", "-9223372036854775808"}};
    for (const auto& a : accounts)
      run("books",
          fmt::format("insert into accounts(id, kind, bank, currency, floor, shard) values "
                      "({0}, '{1}', '{2}', '{3}', {4}, 0); select say('account.opened', {0}, '{{}}')",
                      acc(a.n), a.kind, a.bank, a.currency, a.floor));
    for (const int n : {1, 2, 3, 4}) {
      const int outside = n % 2 == 1 ? 5 : 6;
      const auto journal = '\'' + to_string(make_uuid_v7(1'650'000'000'000 + n, 1, 1)) + "'::uuid";
      const std::string sign = n <= 2 ? "-" : "";
      const std::string other = n <= 2 ? "" : "-";
      run("books",
          fmt::format("insert into journal_entries select {0}, 'funding', 'test', 'k{1}', '', {2}, 1000000, "
                      "currency, now() from accounts where id = {2}; "
                      "select post({2}, {0}, {3}1000000), post({4}, {0}, {5}1000000), "
                      "say('account.funded', {2}, '{{}}')",
                      journal, n, acc(n), sign, acc(outside), other));
    }
    const struct {
      int n;
      const char *status, *hold, *currency;
      int amount;
    } orders[] = {{1, "COMPLETED", "posted", "XOF", 150'000}, {2, "COMPLETED", "posted", "XOF", 2'500},
                  {3, "COMPLETED", "posted", "GHS", 15'025},  {4, "FAILED", "", "XOF", 5'000'000},
                  {5, "ROLLED_BACK", "released", "XOF", 700}, {6, "EXECUTING", "held", "GHS", 100},
                  {7, "CONFIRMING", "held", "XOF", 9'000}};
    for (const auto& o : orders) {
      const auto id = Books::settlement(o.n);
      const auto set = '\'' + to_string(id.uuid) + "'::uuid";
      const bool xof = std::string(o.currency) == "XOF";
      const auto debit = acc(xof ? 1 : 2);
      const auto credit = acc(xof ? 3 : 4);
      const bool final = final_status(*status_from(o.status));
      std::string sql = fmt::format(
          "insert into settlement_transactions(id, caller, idem_key, request_digest, obligation_id, "
          "from_bank, to_bank, amount, currency, settlement_date, priority, method, status, debit_account, "
          "credit_account, reference, order_digest, created_at, finalized_at) values ({}, 'test', 'o{}', '', "
          "'OB', '{}', '{}', {}, '{}', '2026-11-20', 'NORMAL', 'LOCAL_ACH', '{}', {}, {}, '{}', '', now(), "
          "{}); ",
          set, o.n, xof ? "ABIDCIAB" : "ACCRGHAC", xof ? "DAKRSNDA" : "KUMAGHKU", o.amount, o.currency,
          o.status, debit, credit, Books::reference(o.n), final ? "now()" : "null");
      if (*o.hold)
        sql += fmt::format(
            "select hold({0}, {1}, {2}, {3}, '{4}', '{5}'), say('settlement.executing', {0}, "
            "'{{\"n\":1}}'); ",
            set, debit, credit, o.amount, o.currency, o.hold);
      std::string lower = o.status;
      for (auto& c : lower) c = c == '_' ? c : static_cast<char>(c - 'A' + 'a');
      if (lower != "executing") sql += fmt::format("select say('settlement.{}', {}, '{{}}'); ", lower, set);
      if (std::string(o.status) == "COMPLETED")
        sql += fmt::format("select post({0}, {1}, {2}), post({3}, {1}, -{2})", debit, set, o.amount, credit);
      run("books", sql);
    }
  }
  std::filesystem::path folder_;
  PrivatePostgres server_;
  int copies_ = 0;
};

}  // namespace settled::tests
