#define BOOST_TEST_MODULE intake_actor
#include "tests/actors/actor_fixture.hpp"

namespace settled {
namespace {
using namespace std::chrono_literals;
using tests::reply;
using tests::Reply;

struct Fixture : tests::ActorFixture {
  std::vector<std::pair<std::string, bool>> failures;  // why, parked
  std::vector<SettlementView> ended;                   // without an actor
  std::size_t asking_at_once = 1'000, in_flight_max = 20'000;
  std::shared_ptr<const Policy> policy = always_open();

  static std::optional<std::chrono::seconds> utc(std::string_view, std::int64_t) {
    return std::chrono::seconds(0);
  }
  std::shared_ptr<const Policy> policy = std::make_shared<const Policy>(Policy{.windows_always_open = true});
  IntakeActor start(const std::string& connector = "bank") {
    IntakeSettings intake_settings{.in_flight_max = in_flight_max,
                                   .policy = policy,
                                   .zone_offset = utc,
                                   .clock = world.wall(),
                                   .ids = world.ids(),
                                   .ledger = writer,
                                   .rules = {{.connector = connector, .banks = {"*"}, .methods = {}}},
                                   .rails = {context()},
                                   .on_failure = [this](SettlementId, const std::string& why,
                                                        bool parked) { failures.emplace_back(why, parked); },
                                   .on_ended = [this](const SettlementView& s) { ended.push_back(s); },
                                   .asking_at_once = asking_at_once};
    auto started = caf::actor_cast<IntakeActor>(world.system().spawn(intake, intake_settings));
    world.settle();
    return started;
  }
  Submission submit(const IntakeActor& intake, const std::string& key) {
    const auto answer = world.ask<Submissions>(intake, SubmitSettlements{"test", {order(key)}});
    world.settle();
    return answer.results.at(0);
  }
  /// Two banks that owe each other more than they have: both orders wait for funds.
  void owe_each_other(const IntakeActor& intake) {
    open_account(AccountKind::vostro, "DAKRSNDA");
    open_account(AccountKind::nostro, "ABIDCIAB");
    auto there = order("there"), back = order("back");
    there.order.amount.minor = 5'000;
    back.order.amount.minor = 4'500;
    std::swap(back.order.from_bank, back.order.to_bank);
    for (auto* one : {&there, &back}) one->order.insufficient_funds = Otherwise::queue;
    for (const auto& one : world.ask<Submissions>(intake, SubmitSettlements{"test", {there, back}}).results)
      BOOST_TEST(one.settlement->status == Status::PENDING);
    world.settle();
  }
  BookNetting netting() const {
    return {.caller = "ops",
            .idempotency_key = "n",
            .request_digest = {},
            .obligations = {},
            .by_window = true,
            .window = {.currency = *currency_from("XOF")}};
  }
  bool health_says_parked(const IntakeActor& intake) {
    const auto report = world.ask<HealthReport>(intake, ReadHealth{});
    for (const auto& item : report.items)
      if (item.name == "parked" && !item.ok) return true;
    return false;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(intake_actor, Fixture)

BOOST_AUTO_TEST_CASE(a_replay_while_its_actor_lives_starts_no_second_one) {
  rail->on_send = [] { return Reply{}; };
  const auto intake = start();
  BOOST_CHECK(submit(intake, "k").kind == Submission::Kind::accepted);
  BOOST_CHECK(submit(intake, "k").kind == Submission::Kind::replayed);
  BOOST_TEST(actors_alive() == 1U);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_replay_of_what_has_no_actor_gets_it_one_that_asks_first) {
  rail->on_send = [] { return Reply{}; };
  row();  // in the books by "test" with the key "k", and nobody walks it
  const auto intake = start();
  BOOST_TEST(actors_alive() == 1U);
  BOOST_TEST(rail->sends.size() == 0U);
  BOOST_TEST(rail->inquiries.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_in_flight_asks_its_banks_in_portions_and_silence_ends_a_turn_too) {
  for (const char* key : {"a", "b", "c", "d", "e"}) row(key);
  asking_at_once = 2;
  rail->on_inquiry = [] { return Reply{}; };  // no word
  const auto intake = start();
  BOOST_TEST(actors_alive() == 5U);
  BOOST_TEST(rail->inquiries.size() == 2U);
  BOOST_TEST(world.ask<HealthReport>(intake, ReadHealth{}).recovering == 5);
  world.advance(settings.answer_max);
  rail->on_inquiry = [] { return reply(Outcome::completed); };
  world.advance(1h);
  BOOST_TEST(world.ask<HealthReport>(intake, ReadHealth{}).recovering == 0);
  for (const auto& [id, s] : books->settlements) BOOST_TEST(s.settlement->status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(after_a_restart_of_the_intake_each_settlement_has_one_actor_and_it_asks_first) {
  rail->on_send = [] { return Reply{}; };
  rail->on_inquiry = [] { return reply(Outcome::unknown); };
  const auto old = start();
  submit(old, "a");
  submit(old, "b");
  BOOST_TEST(rail->sends.size() == 2U);
  const auto orphans = world.living("settlement");
  world.kill(old);
  start();
  BOOST_TEST(actors_alive() == 2U);
  for (const auto& orphan : orphans) BOOST_TEST(!world.alive(orphan));
  world.advance(1h);
  BOOST_TEST(actors_alive() == 2U);
  BOOST_TEST(rail->sends.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_a_netting_settles_waits_no_more_and_has_ended) {
  auto old = start();
  owe_each_other(old);
  world.kill(old);
  const auto intake = start();
  BOOST_TEST(world.ask<RecoveryReport>(intake, ReadRecovery{}).left == 2);
  const auto booked = world.ask<NettingBooked>(intake, netting());
  BOOST_REQUIRE(booked.refusal.code == Errc::ok);
  BOOST_TEST(ended.size() == 2U);
  BOOST_TEST(ended.at(0).status == Status::COMPLETED);
  BOOST_TEST(world.ask<RecoveryReport>(intake, ReadRecovery{}).left == 0);
  const auto commits = books->commits.size();
  world.advance(1h);
  BOOST_TEST(books->commits.size() == commits);
  BOOST_TEST(ended.size() == 2U);
  BOOST_TEST(actors_alive() == 0U);
  BOOST_TEST(rail->sends.size() + rail->inquiries.size() == 0U);
  // Told again, it has not ended again.
  BOOST_TEST(world.ask<NettingBooked>(intake, netting()).replayed);
  BOOST_TEST(ended.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_bank_on_the_blocked_list_is_not_netted) {
  Policy with_list{.windows_always_open = true};
  BOOST_REQUIRE(with_list.blocked.load("ABIDCIAB; sanctions; list of the house\n").empty());
  policy = std::make_shared<const Policy>(std::move(with_list));
  const auto intake = start();
  open_account(AccountKind::vostro, "DAKRSNDA");
  auto request = netting();
  request.by_window = false;
  request.obligations = {{"N-1", "DAKRSNDA", "ABIDCIAB", {10, *currency_from("XOF")}}};
  const auto refused = world.ask<NettingBooked>(intake, request).refusal;
  BOOST_TEST(to_string(refused.code) == "blocked_party");
  BOOST_TEST(refused.field == "/obligations/0/to_bank");
}

BOOST_AUTO_TEST_CASE(in_quarantine_nothing_that_waits_is_netted_and_a_fresh_order_is_asked_for_first) {
  in_quarantine = true;
  const auto intake = start();
  owe_each_other(intake);
  BOOST_TEST(to_string(world.ask<NettingBooked>(intake, netting()).refusal.code) == "illegal_transition");
  BOOST_TEST(ended.empty());
  // The books have lost it, the bank has executed it, and its client sends it again.
  rail->on_inquiry = [] { return reply(Outcome::completed); };
  BOOST_CHECK(submit(intake, "k").kind == Submission::Kind::accepted);
  BOOST_TEST(rail->sends.size() == 0U);
  BOOST_TEST(rail->inquiries.size() == 1U);
  world.advance(10s);
  BOOST_TEST(rail->sends.size() == 0U);
  BOOST_TEST(rail->inquiries.size() == 1U);
  BOOST_TEST(actors_alive() == 0U);
}

BOOST_AUTO_TEST_CASE(a_failed_settlement_is_taken_up_from_its_row_and_asks_first) {
  rail->on_send = [] { return Reply{}; };
  const auto intake = start();
  submit(intake, "k");
  world.kill(world.living("settlement").at(0));
  world.advance(10s);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() == 1U);
  BOOST_TEST(only_one().status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(a_settlement_whose_connector_is_gone_is_parked_and_not_given_to_another_rail) {
  row();  // for the connector "bank"
  const auto intake = start("another");
  world.advance(1h);
  BOOST_TEST(rail->sends.size() == 0U);
  BOOST_TEST(rail->inquiries.size() == 0U);
  BOOST_TEST(actors_alive() == 0U);
  BOOST_TEST(only_one().status == Status::CONFIRMING);
  BOOST_TEST(only_one().unknown_since != 0);  // a doubt, and listed as one
  BOOST_TEST(health_says_parked(intake));
  BOOST_TEST(world.ask<HealthReport>(intake, ReadHealth{}).ready);  // the others go on
}

BOOST_AUTO_TEST_CASE(a_settlement_that_fails_again_and_again_is_parked_and_health_says_so) {
  rail->on_send = [] { return Reply{}; };
  rail->on_inquiry = [] { return reply(Outcome::unknown); };
  const auto intake = start();
  submit(intake, "k");
  for (int restarts = 0; restarts < 3; ++restarts) {
    world.kill(world.living("settlement").at(0));
    world.settle();
    BOOST_TEST(actors_alive() == 1U);
    BOOST_TEST(!health_says_parked(intake));
  }
  world.kill(world.living("settlement").at(0));
  world.advance(1h);
  BOOST_TEST(actors_alive() == 0U);
  BOOST_TEST(health_says_parked(intake));
  BOOST_REQUIRE(failures.size() == 4U);
  BOOST_TEST(failures.back().second);
  BOOST_TEST(only_one().unknown_since != 0);  // a doubt, and listed as one
  // It stays in flight, with its hold, and the next start takes it up.
  BOOST_TEST(world.ask<HealthReport>(intake, ReadHealth{}).in_flight == 1);
  BOOST_TEST(!books->holds.begin()->second.ended);
  world.kill(intake);
  start();
  BOOST_TEST(actors_alive() == 1U);
}

BOOST_AUTO_TEST_CASE(an_overdue_hold_that_nobody_looks_after_expires_by_an_actor_of_its_own) {
  rail->on_send = [] { return reply(Outcome::not_sent); };
  rail->on_check = [] { return reply(Outcome::not_sent); };
  const auto intake = start();
  const auto overdue = [this] {
    return LookAfterLocks{world.wall()() - std::chrono::microseconds(60s).count()};
  };
  submit(intake, "k");
  for (int failures_of_its_actor = 0; failures_of_its_actor < 4; ++failures_of_its_actor) {
    world.advance(1s);
    world.kill(world.living("settlement").at(0));
    world.settle();
  }
  BOOST_TEST(health_says_parked(intake));
  BOOST_TEST(only_one().status == Status::FUNDS_LOCKED);
  world.advance(30s);
  BOOST_TEST(world.ask<Count>(intake, overdue()).value == 0);
  world.advance(60s);
  BOOST_TEST(only_one().status == Status::FUNDS_LOCKED);  // that is why there is a job
  BOOST_TEST(world.ask<Count>(intake, overdue()).value == 1);
  world.settle();
  BOOST_TEST(only_one().status == Status::ROLLED_BACK);
  BOOST_TEST(only_one().failure_code == "expired");
  BOOST_TEST(books->holds.begin()->second.ended);
  BOOST_TEST(!health_says_parked(intake));
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(world.ask<Count>(intake, overdue()).value == 0);
}

BOOST_AUTO_TEST_CASE(a_hold_whose_order_may_have_left_never_expires) {
  rail->on_send = [] { return Reply{}; };
  rail->on_inquiry = [] { return reply(Outcome::unknown); };
  const auto intake = start();
  submit(intake, "k");
  for (int failures_of_its_actor = 0; failures_of_its_actor < 4; ++failures_of_its_actor) {
    world.kill(world.living("settlement").at(0));
    world.settle();
  }
  world.advance(1h);
  BOOST_TEST(world.ask<Count>(intake, LookAfterLocks{world.wall()()}).value == 0);
  world.settle();
  BOOST_TEST(!final_status(only_one().status));
  BOOST_TEST(!books->holds.begin()->second.ended);
}

BOOST_AUTO_TEST_CASE(a_settlement_whose_end_was_recorded_when_it_failed_for_the_last_time_needs_nobody) {
  rail->on_send = [] { return Reply{}; };
  rail->on_inquiry = [] { return reply(Outcome::unknown); };
  const auto intake = start();
  submit(intake, "k");
  for (int restarts = 0; restarts < 3; ++restarts) {
    world.kill(world.living("settlement").at(0));
    world.settle();
  }
  rail->on_inquiry = [] { return reply(Outcome::completed); };
  store.on_durable = [this] {
    if (only_one().status == Status::COMPLETED) world.kill(world.living("settlement").at(0));
  };
  world.advance(1min);
  BOOST_TEST(only_one().status == Status::COMPLETED);
  BOOST_TEST(!health_says_parked(intake));
  BOOST_TEST(world.ask<HealthReport>(intake, ReadHealth{}).in_flight == 0);
}

BOOST_AUTO_TEST_CASE(books_that_refuse_a_step_for_ever_park_its_settlement_and_lose_nothing) {
  const auto intake = start();
  bool broken = false;
  store.fault = [&](const LedgerBatch&) { return broken ? CommitFault::refused : CommitFault::none; };
  rail->on_send = [&] {
    broken = true;
    return reply(Outcome::completed);
  };
  submit(intake, "k");
  world.advance(10min);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(health_says_parked(intake));
  BOOST_TEST(only_one().status == Status::EXECUTING);
  broken = false;
  world.kill(intake);
  start();
  world.advance(1min);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(only_one().status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(an_intake_that_cannot_have_its_rules_says_so_and_asks_again_later) {
  world.kill(writer);
  const auto intake = start();
  BOOST_TEST(world.alive(caf::actor_cast<caf::strong_actor_ptr>(intake)));
  const auto health = world.ask<HealthReport>(intake, ReadHealth{});
  BOOST_TEST(!health.ready);
  bool named = false;
  for (const auto& item : health.items) named = named || (item.name == "rules" && !item.ok);
  BOOST_TEST(named);
}

BOOST_AUTO_TEST_CASE(an_order_that_waits_is_counted_once_however_often_it_is_seen) {
  in_flight_max = 3;
  const auto intake = start();
  owe_each_other(intake);
  for (int i = 0; i < 5; ++i) {
    auto again = order("there");
    again.order.amount.minor = 5'000;
    again.order.insufficient_funds = Otherwise::queue;
    world.ask<Submissions>(intake, SubmitSettlements{"test", {again}});  // a replay
    world.ask<Count>(intake, RetryParked{});                             // everything is taken up once more
    world.settle();
  }
  BOOST_CHECK(submit(intake, "k").kind == Submission::Kind::accepted);
}

BOOST_AUTO_TEST_CASE(an_order_that_compliance_holds_counts_until_it_is_called_back) {
  in_flight_max = 2;
  Policy strict{.windows_always_open = true};
  BOOST_REQUIRE(strict.blocked.load("Fantome; sanctions; list\n").empty());
  policy = std::make_shared<const Policy>(strict);
  const auto intake = start();
  auto held = order("held");
  held.order.parties = {"Fantome"};
  const auto answer = world.ask<Submissions>(intake, SubmitSettlements{"test", {held}});
  const SettlementView row = answer.results.at(0).settlement;
  BOOST_TEST(row.status == Status::VALIDATING);
  rail->on_send = [] { return Reply{}; };
  submit(intake, "a");
  world.advance(2s);  // the queue was looked at
  BOOST_CHECK(submit(intake, "b").refusal.code == Errc::overloaded);
  world.ask<ActionAnswered>(writer, CancelSettlement{"ops", row.id, "not owed"});
  world.advance(2s);
  BOOST_CHECK(submit(intake, "b").kind == Submission::Kind::accepted);
}

BOOST_AUTO_TEST_CASE(a_window_that_is_changed_reaches_the_orders_that_wait_for_it) {
  policy = std::make_shared<const Policy>();
  const auto intake = start();
  const auto open_between = [&](int opens, int closes) {
    const WindowDefinition window{.name = "francs",
                                  .currency = *currency_from("XOF"),
                                  .zone = "UTC",
                                  .weekdays = {1, 2, 3, 4, 5, 6, 7},
                                  .sessions = {{opens * 60, closes * 60, closes * 60}}};
    const auto changed = world.ask<RulesFound>(intake, ChangeRules{.caller = "ops", .put_window = window});
    BOOST_REQUIRE(changed.refusal.code == Errc::ok);
    world.settle();
  };
  constexpr Micros hour = 3'600'000'000;
  const Micros noon = world.wall()() / hour * hour;
  BOOST_REQUIRE(noon / hour % 24 == 12);
  open_between(14, 18);
  submit(intake, "k");
  BOOST_TEST(only_one().status == Status::PENDING);
  BOOST_TEST(only_one().release_at == noon + 2 * hour);
  open_between(15, 17);
  BOOST_TEST(only_one().release_at == noon + 3 * hour);
  BOOST_TEST(only_one().next_cut_off == noon + 5 * hour);
  BOOST_TEST(rail->sends.empty());
  const auto commits = books->commits.size();
  open_between(15, 17);
  BOOST_TEST(books->commits.size() == commits + 1);  // the rule's own: nothing changed for the order
  open_between(8, 17);
  world.advance(2s);
  BOOST_TEST(only_one().status == Status::COMPLETED);
  BOOST_TEST(rail->sends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_order_beyond_the_limit_is_refused_and_not_recorded) {
  rail->on_send = [] { return Reply{}; };
  IntakeSettings narrow{.in_flight_max = 1,
                        .policy = policy,
                        .zone_offset = utc,
                        .clock = world.wall(),
                        .ids = world.ids(),
                        .ledger = writer,
                        .rules = {{.connector = "bank", .banks = {"*"}, .methods = {}}},
                        .rails = {context()}};
  const auto intake = caf::actor_cast<IntakeActor>(world.system().spawn(settled::intake, narrow));
  world.settle();  // it has its rules
  BOOST_CHECK(submit(intake, "a").kind == Submission::Kind::accepted);
  const auto refused = submit(intake, "b");
  BOOST_CHECK(refused.kind == Submission::Kind::refused);
  BOOST_CHECK(refused.refusal.code == Errc::overloaded);
  BOOST_TEST(books->settlements.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
