// Books that a ledger writer keeps in PostgreSQL, with banks whose orders wait, are netted and decided upon.
#pragma once
#include "storage/verify.hpp"
#include "tests/storage/writer_impl.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace settled::tests {
using namespace std::chrono_literals;

inline const Currency xof = *currency_from("XOF");
inline const std::string a = "ABIDCIAB", b = "BAMKMLBA", c = "COTOBJBJ";

/// An order that waits, and why.
struct Wait {
  std::string key, from, to;
  std::int64_t minor = 0;
  Waiting why = Waiting::window;
  std::string value_date = "2026-11-23";
  Method method = Method::LOCAL_ACH;
  Currency currency = xof;
  std::string settlement_date = "2026-11-23";
};
inline OpenSettlements::Item item_of(const Wait& w) {
  return {.id = {fresh_id()},
          .order = {.idempotency_key = w.key,
                    .request_digest = {},
                    .order = {.obligation_id = w.key,
                              .from_bank = w.from,
                              .to_bank = w.to,
                              .amount = {w.minor, w.currency},
                              .settlement_date = w.settlement_date,
                              .method = w.method},
                    .trace_id = {}},
          .connector = "bank",
          .admission = {.waiting = w.why,
                        .waiting_detail = "opens tomorrow",
                        .release_at = now() + 3'600'000'000,
                        .value_date = w.value_date,
                        .queue_if_short = true}};
}
inline BookNetting booking(const std::string& key, NettingWindow window = {.currency = xof}) {
  return {.caller = "ops",
          .idempotency_key = key,
          .request_digest = {},
          .obligations = {},
          .by_window = true,
          .window = std::move(window)};
}
inline std::string words(const Refusal& refusal) {
  return std::string(to_string(refusal.code)) + ' ' + refusal.field + ' ' + refusal.detail;
}

/// The ledger writer over PostgreSQL, and a nostro that pays whoever has no vostro.
struct House : WriterOverPostgres {
  std::map<std::string, AccountId> vostros;

  House() {
    open({.kind = AccountKind::nostro, .bank = "DAKRSNDA", .currency = xof, .is_default = true}, 1'000'000);
  }
  AccountId open(Account account, std::int64_t minor) {
    const auto id = ask<AccountChanged>(OpenAccount{.caller = "test", .account = account}).account.id;
    if (minor > 0)
      BOOST_REQUIRE(ask<AccountChanged>(FundAccount{.caller = "test",
                                                    .idempotency_key = id.text(),
                                                    .account = id,
                                                    .amount = {minor, account.currency}})
                        .refusal.code == Errc::ok);
    return id;
  }
  void bank(const std::string& bic, std::int64_t minor, std::int64_t floor = 0) {
    vostros[bic] = open({.kind = AccountKind::vostro, .bank = bic, .currency = xof, .floor = floor}, minor);
  }
  SettlementView wait(const Wait& w) {
    auto answer = ask<Submissions>(OpenSettlements{.caller = "test", .items = {item_of(w)}});
    const auto& one = answer.results.at(0);
    BOOST_REQUIRE_MESSAGE(one.kind == Submission::Kind::accepted, words(one.refusal));
    return one.settlement;
  }
  NettingBooked book(const std::string& key, NettingWindow window = {.currency = xof}) {
    return ask<NettingBooked>(booking(key, std::move(window)));
  }
  std::vector<std::string> in(const NettingWindow& window) {
    std::vector<std::string> ids;
    for (const auto& o : ask<NettingWindowFound>(ReadNettingWindow{window}).obligations) ids.push_back(o.id);
    return ids;
  }
  std::int64_t balance(const std::string& bic) {
    return query("select balance from accounts where id = '" + to_string(vostros.at(bic).uuid) + "'");
  }
  std::string status(const SettlementView& s) {
    return query<std::string>("select status from settlement_transactions where id = '" +
                              to_string(s.id.uuid) + "'");
  }
  /// The checks of `settlectl verify`, with a bank that has executed nothing.
  Verdict expect_right_books() {
    auto verdict = verify({.database_url = url, .bank_log = [] { return std::vector<BankEffect>{}; }});
    for (const auto& f : verdict.findings)
      BOOST_ERROR(f.check << ' ' << f.subject << ": " << f.expected << " / " << f.found);
    BOOST_TEST(query("select count(*) from ledger_entries e join accounts a on a.id = e.account_id where "
                     "a.kind = 'vostro' and a.floor = 0 and e.balance_after < 0") == 0);
    return verdict;
  }
};
}  // namespace settled::tests
