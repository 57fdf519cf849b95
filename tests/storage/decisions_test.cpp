// What people decide, and what the books refuse them.
#define BOOST_TEST_MODULE decisions
#include "tests/storage/house.hpp"

namespace settled {
namespace {
using namespace tests;

struct Deciding : House {
  Deciding() {
    bank(a, 1'000);
    bank(b, 0);
  }
  NettingBooked net(const std::string& key, std::vector<Obligation> obligations) {
    return ask<NettingBooked>(BookNetting{
        .caller = "ops", .idempotency_key = key, .request_digest = {}, .obligations = std::move(obligations)});
  }
  AccountChanged close(AccountId id) {
    auto answer = ask<AccountChanged>(ChangeAccount{.caller = "ops", .id = id, .status = "closed"});
    BOOST_REQUIRE_MESSAGE(answer.refusal.code == Errc::ok, words(answer.refusal));
    return answer;
  }
  /// An order of A to a bank elsewhere: sent, and nothing heard of it yet.
  SettlementView sent(const std::string& key, std::int64_t minor) {
    OpenSettlements request{.caller = "test", .items = {item_of({key, a, "DAKRSNDA", minor})}};
    request.items[0].admission = {};
    const auto answer = ask<Submissions>(request).results.at(0);
    BOOST_REQUIRE_MESSAGE(answer.kind == Submission::Kind::accepted, words(answer.refusal));
    BOOST_TEST(to_string(answer.settlement->status) == "EXECUTING");
    return answer.settlement;
  }
  /// What the bank said of it, and the steps that it stands for.
  SettlementView heard(const SettlementView& s, Outcome outcome, std::vector<Event> path) {
    AdvanceSettlement step{.id = s.id, .path = std::move(path)};
    step.attempt = {Attempt::Kind::inquiry, {.outcome = outcome, .bank_reference = "bp-1"}, now(), now()};
    return ask<SettlementFound>(step).settlement;
  }
  ActionAnswered propose(ActionKind kind, const SettlementView& s, const std::string& verdict = "") {
    return ask<ActionAnswered>(
        ProposeAction{.caller = "one", .kind = kind, .settlement = s.id, .verdict = verdict, .reason = "so"});
  }
  /// Asked for by one, approved by two.
  ActionAnswered decided(ActionKind kind, const SettlementView& s, const std::string& verdict = "") {
    const auto asked = propose(kind, s, verdict);
    if (asked.refusal.code != Errc::ok) return asked;
    return ask<ActionAnswered>(
        ApproveAction{.caller = "two", .action = asked.action.id, .digest = asked.action.digest});
  }
  std::int64_t events() { return query("select count(*) from events"); }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(decisions, Deciding)

BOOST_AUTO_TEST_CASE(a_closed_account_is_not_netted_onto) {
  close(vostros.at(b));
  const auto before = events();
  const auto refused = net("n", {{"N-1", a, b, {10, xof}}});
  BOOST_TEST(to_string(refused.refusal.code) == "account_closed");
  BOOST_TEST(refused.refusal.detail.find(vostros.at(b).text() + " of " + b) != std::string::npos);
  BOOST_TEST(events() == before);
  BOOST_TEST(balance(a) == 1'000);
}

BOOST_AUTO_TEST_CASE(nothing_is_given_back_to_a_closed_account) {
  const auto s = heard(sent("k", 1'000), Outcome::completed, {Event::confirm, Event::confirm});
  BOOST_TEST(status(s) == "COMPLETED");
  close(vostros.at(a));
  const auto refused = decided(ActionKind::compensate, s);
  BOOST_TEST(to_string(refused.refusal.code) == "account_closed");
  BOOST_TEST(balance(a) == 0);
  BOOST_TEST(query("select count(*) from compensation_transactions") == 0);
  // The wish stays: once the account is open again it can be approved.
  ask<AccountChanged>(ChangeAccount{.caller = "ops", .id = vostros.at(a), .status = "open"});
  BOOST_TEST(words(decided(ActionKind::compensate, s).refusal) == "ok  ");
  BOOST_TEST(balance(a) == 1'000);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
