// What people decide, and what the books refuse them.
#define BOOST_TEST_MODULE decisions
#include "tests/storage/house_impl.hpp"

#include <utility>

namespace settled {
namespace {
using namespace tests;

struct Deciding : House {
  Deciding() {
    bank(a, 1'000);
    bank(b, 0);
  }
  NettingBooked net(const std::string& key, std::vector<Obligation> obligations) {
    return ask<NettingBooked>(BookNetting{.caller = "ops",
                                          .idempotency_key = key,
                                          .request_digest = {},
                                          .obligations = std::move(obligations)});
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
  std::vector<BankEffect> paid;  // what the bank executed
  /// An order that two people gave up, and that its bank executed all the same.
  SettlementView paid_late(const std::string& key, std::int64_t minor) {
    const auto s = heard(sent(key, minor), Outcome::unknown, {Event::doubt});
    BOOST_REQUIRE(decided(ActionKind::resolve, s, "not_executed").refusal.code == Errc::ok);
    BOOST_TEST(status(s) == "ROLLED_BACK");
    paid.push_back({s.reference, minor, "XOF", "DAKRSNDA"});
    return heard(s, Outcome::completed, {Event::confirm});
  }
  std::int64_t open_breaks() { return query("select count(*) from breaks where state = 'open'"); }
  void close_break() {
    const auto id = uuid_from(query<std::string>("select id from breaks where state = 'open'"));
    const auto closed = ask<ActionAnswered>(CloseBreak{.caller = "ops", .id = {*id}, .reason = "seen"});
    BOOST_REQUIRE_MESSAGE(closed.refusal.code == Errc::ok, words(closed.refusal));
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

BOOST_AUTO_TEST_CASE(what_a_bank_keeps_in_process_is_a_break_after_its_limit_and_two_people_end_it) {
  const auto s = heard(sent("k", 100), Outcome::accepted, {Event::accept});
  BOOST_TEST(to_string(s.status) == "CONFIRMING");
  BOOST_TEST(s.unknown_since == 0);  // no doubt
  BOOST_TEST(ask<Count>(EscalateUnknowns{s.last_sent_at}).value == 0);
  BOOST_TEST(ask<Count>(EscalateUnknowns{s.last_sent_at + 1}).value == 1);
  BOOST_TEST(ask<Count>(EscalateUnknowns{s.last_sent_at + 1}).value == 0);
  BOOST_TEST(query("select count(*) from breaks where state = 'open' and kind = 'unknown_outcome' and detail "
                   "like 'the bank works on%'") == 1);
  const auto ended = decided(ActionKind::resolve, s, "not_executed");
  BOOST_REQUIRE_MESSAGE(ended.refusal.code == Errc::ok, words(ended.refusal));
  BOOST_TEST(status(s) == "ROLLED_BACK");
  BOOST_TEST(query("select count(*) from breaks where state = 'open'") == 0);
  BOOST_TEST(query("select held from accounts where id = '" + to_string(vostros.at(a).uuid) + "'") == 0);
}

BOOST_AUTO_TEST_CASE(a_closed_break_does_not_come_back_while_the_bank_says_the_same) {
  const auto s = paid_late("k", 100);
  BOOST_TEST(open_breaks() == 1);
  heard(s, Outcome::completed, {Event::confirm});
  BOOST_TEST(open_breaks() == 1);
  close_break();
  for (const bool restarted : {false, true}) {
    if (restarted) {
      stop();
      start();
    }
    heard(s, Outcome::completed, {Event::confirm});
    BOOST_TEST(query("select count(*) from breaks") == 1);
  }
  // Another payment at the bank is another thing.
  AdvanceSettlement other{.id = s.id, .path = {Event::confirm}};
  other.attempt = {
      Attempt::Kind::inquiry, {.outcome = Outcome::completed, .bank_reference = "bp-2"}, now(), now()};
  ask<SettlementFound>(other);
  BOOST_TEST(open_breaks() == 1);
}

BOOST_AUTO_TEST_CASE(what_a_bank_paid_after_the_end_is_booked_by_two_people_where_the_funds_are) {
  const auto s = paid_late("k", 1'000);
  const auto other = sent("other", 1);  // holds what is now missing
  BOOST_TEST(to_string(propose(ActionKind::resolve, s, "not_executed").refusal.code) == "illegal_transition");
  const auto refused = decided(ActionKind::resolve, s, "executed");
  BOOST_TEST(to_string(refused.refusal.code) == "insufficient_funds");
  BOOST_TEST(status(s) == "ROLLED_BACK");
  BOOST_TEST(balance(a) == 1'000);
  heard(other, Outcome::rejected, {Event::reject});

  // Its hold may have gone to the archive.
  execute(
      "with gone as (delete from fund_locks where state = 'released' returning *) insert into "
      "fund_locks_archive select * from gone");
  const auto booked = decided(ActionKind::resolve, s, "executed");
  BOOST_REQUIRE_MESSAGE(booked.refusal.code == Errc::ok, words(booked.refusal));
  BOOST_TEST(status(s) == "COMPLETED");
  BOOST_TEST(balance(a) == 0);
  BOOST_TEST(open_breaks() == 0);
  BOOST_TEST(query("select count(*) from breaks where kind = 'late_success' and close_reason like 'booked by "
                   "act_%' and closed_by = 'two'") == 1);
  BOOST_TEST(query("select count(*) from ledger_entries where journal_id = '" + to_string(s.id.uuid) + "'") ==
             2);
  // Once, and no bank's word opens it again.
  BOOST_TEST(to_string(propose(ActionKind::resolve, s, "executed").refusal.code) == "already_resolved");
  heard(s, Outcome::completed, {Event::confirm});
  BOOST_TEST(open_breaks() == 0);
  const auto verdict = verify({.database_url = url, .bank_log = [&] { return std::exchange(paid, {}); }});
  for (const auto& f : verdict.findings)
    BOOST_ERROR(f.check << ' ' << f.subject << ": " << f.expected << " / " << f.found);
  BOOST_TEST(verdict.bank->executed_completed == 1);
  BOOST_TEST(query("select count(*) from chk.transition t where not exists (select from chk.edge e where "
                   "e.from_state = t.from_state and e.to_state = t.to_state)") == 0);
  // And it can be given back like any other.
  BOOST_TEST(words(decided(ActionKind::compensate, s).refusal) == "ok  ");
  BOOST_TEST(balance(a) == 1'000);
}

BOOST_AUTO_TEST_CASE(a_closed_break_lets_nobody_book_what_it_told) {
  const auto s = paid_late("k", 100);
  close_break();
  BOOST_TEST(to_string(propose(ActionKind::resolve, s, "executed").refusal.code) == "already_resolved");
}

BOOST_AUTO_TEST_CASE(a_suspended_bank_nets_nothing_and_a_blocked_one_neither) {
  const auto suspend = [&](BankStatus status) {
    ChangeRules change{.caller = "ops"};
    change.put_bank = BankProfile{.bic = b, .name = "", .status = status};
    ask<RulesFound>(change);
  };
  BookNetting request{.caller = "ops",
                      .idempotency_key = "n",
                      .request_digest = {},
                      .obligations = {{"N-1", a, b, {10, xof}}}};
  suspend(BankStatus::suspended);
  const auto before = events();
  const auto refused = ask<NettingBooked>(request).refusal;
  BOOST_TEST(to_string(refused.code) == "bank_suspended");
  BOOST_TEST(refused.field == "/obligations/0/to_bank");
  BOOST_TEST(events() == before);
  suspend(BankStatus::active);
  request.barred = {Errc::blocked_party, "/obligations/0/to_bank", b + " is on the blocked list.", ""};
  BOOST_TEST(to_string(ask<NettingBooked>(request).refusal.code) == "blocked_party");
  request.barred = {};
  BOOST_TEST(words(ask<NettingBooked>(request).refusal) == "ok  ");
  // What was booked is answered whatever the rules say now.
  suspend(BankStatus::suspended);
  BOOST_TEST(ask<NettingBooked>(request).replayed);
  BOOST_TEST(balance(b) == 10);
}

BOOST_AUTO_TEST_CASE(an_obligation_is_netted_once_under_whatever_key) {
  const Obligation owed{"N-1", a, b, {10, xof}};
  const auto first = net("n1", {owed});
  BOOST_TEST(words(first.refusal) == "ok  ");
  for (const bool restarted : {false, true}) {
    if (restarted) {
      stop();
      start();
    }
    const auto before = events();
    const auto refused = net("n2", {{"N-2", a, b, {1, xof}}, owed}).refusal;
    BOOST_TEST(to_string(refused.code) == "already_resolved");
    BOOST_TEST(refused.field == "/obligations/1/obligation_id");
    BOOST_TEST(refused.detail == "the obligation \"N-1\" of " + a + " to " + b + " was netted by " +
                                     first.journal.text() + ".");
    BOOST_TEST(events() == before);
  }
  BOOST_TEST(balance(a) == 990);
  // The other way round it is another one, and so is that of another bank.
  BOOST_TEST(words(net("n3", {{"N-1", b, a, {10, xof}}}).refusal) == "ok  ");
  expect_right_books();
}

BOOST_AUTO_TEST_CASE(two_nettings_of_one_obligation_in_the_same_commit_are_one) {
  caf::scoped_actor self{*system};
  std::vector<std::string> said;
  for (const std::string key : {"n1", "n2"})
    self->send(writer, BookNetting{.caller = "ops",
                                   .idempotency_key = key,
                                   .request_digest = {},
                                   .obligations = {{"N-1", a, b, {10, xof}}}});
  for (int i = 0; i < 2; ++i)
    self->receive([&](const NettingBooked& booked) { said.emplace_back(to_string(booked.refusal.code)); },
                  caf::after(60s) >> [] { BOOST_FAIL("no answer"); });
  const std::vector<std::string> expected{"ok", "already_resolved"};
  BOOST_TEST(said == expected, boost::test_tools::per_element());
  BOOST_TEST(balance(b) == 10);
}

BOOST_AUTO_TEST_CASE(what_a_window_has_netted_is_not_netted_by_obligation_again) {
  wait({.key = "ab", .from = a, .to = b, .minor = 100});
  BOOST_TEST(book("w").ended.size() == 1U);
  BOOST_TEST(to_string(net("n", {{"ab", a, b, {100, xof}}}).refusal.code) == "already_resolved");
  BOOST_TEST(balance(b) == 100);
}

BOOST_AUTO_TEST_CASE(a_dry_run_shows_the_floor_as_the_net_debit_cap_and_whose_it_would_break) {
  bank(c, 10, -50);
  const std::vector<Obligation> owed{{"N-1", c, a, {70, xof}}, {"N-2", b, a, {5, xof}}};
  const auto plan = dry_run(owed, ask<MeansFound>(ReadMeans{}).means);
  BOOST_REQUIRE_EQUAL(plan->lines.size(), 3U);  // A, B, C
  const auto &rich = plan->lines[0], &poor = plan->lines[1], &capped = plan->lines[2];
  BOOST_TEST((!rich.breaks() && rich.net_debit_cap == 0));
  BOOST_TEST((poor.net_debit_cap == 0 && poor.over_cap_by == 5));
  BOOST_TEST((capped.net_debit_cap == 50 && capped.available == 60 && capped.over_cap_by == 10));
}

BOOST_AUTO_TEST_CASE(a_threshold_that_is_crossed_as_it_is_set_is_told_at_once) {
  const auto told = [&](const std::string& kind) {
    return query("select count(*) from events where kind = 'account." + kind + "'");
  };
  ChangeAccount change{.caller = "ops", .id = vostros.at(a)};
  change.set_low = true;
  const auto low = [&](std::int64_t minor) {
    change.low = minor;
    BOOST_TEST(words(ask<AccountChanged>(change).refusal) == "ok  ");
  };
  low(900);  // it has 1,000
  BOOST_TEST(told("below_low") == 0);
  low(1'001);
  BOOST_TEST(told("below_low") == 1);
  low(2'000);  // still below
  BOOST_TEST(told("below_low") == 1);
  low(1'000);
  BOOST_TEST(told("above_low") == 1);
  low(no_threshold);
  BOOST_TEST(told("above_low") == 1);
  change.set_low = false;
  change.set_high = true;
  change.high = 999;
  ask<AccountChanged>(change);
  BOOST_TEST(told("above_high") == 1);
  expect_right_books();
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
