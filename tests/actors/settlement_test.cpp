#define BOOST_TEST_MODULE settlement_actor
#include "actors/settlement.hpp"

#include "tests/actors/actor_fixture.hpp"

#include <caf/send.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;
using tests::reply;
using tests::Reply;

struct Fixture : tests::ActorFixture {
  std::vector<SettlementId> asked_once;
  caf::actor intake;

  SettlementActor start(const SettlementView& row, Start how = Start::fresh) {
    intake = world.system().spawn([this](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      return {[this](const AskedOnce& done) { asked_once.push_back(done.id); }};
    });
    auto begun = world.system().spawn(settlement, context(), caf::actor_cast<IntakeActor>(intake), row, how);
    if (how == Start::recovered) caf::anon_send(begun, NextStep{});  // as the intake does when it is its turn
    return begun;
  }
  /// Its last send did not leave, as far as the books go.
  SettlementView locked_only() {
    const AdvanceSettlement back{.id = row().id, .path = {Event::not_sent}};
    return world.ask<SettlementFound>(writer, back).settlement;
  }
  std::chrono::microseconds since(Micros began, Micros at) const {
    return std::chrono::microseconds(at - began);
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(settlement_actor, Fixture)

BOOST_AUTO_TEST_CASE(a_fresh_intent_is_sent_once_and_completed) {
  const auto s = row();
  start(s);
  world.advance(1s);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() == 0U);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
  BOOST_TEST(actors_alive() == 0U);
}

BOOST_AUTO_TEST_CASE(an_ended_settlement_leaves_nothing_behind) {
  const auto address = start(row()).address();
  world.advance(1s);
  BOOST_TEST(actors_alive() == 0U);
  // Whoever still knew its address would keep its memory.
  BOOST_TEST(address.get()->strong_refs == 0U);
  BOOST_TEST(address.get()->weak_refs == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_executing_at_a_start_is_asked_for_before_anything_is_sent) {
  const auto s = row();
  start(s, Start::recovered);
  world.advance(10s);
  BOOST_TEST(rail->sends.size() == 0U);
  BOOST_TEST(rail->inquiries.size() == 1U);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
  BOOST_TEST(asked_once.size() == 1U);
}

BOOST_AUTO_TEST_CASE(who_slept_since_the_books_were_last_proved_ours_asks_and_does_not_send) {
  const auto s = row();
  world.advance(settings.send_begins_max);  // somebody may have taken over, and sent it
  start(s);
  world.advance(1s);
  BOOST_TEST(rail->sends.size() == 0U);
  BOOST_TEST(rail->inquiries.size() == 1U);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(any_later_commit_proves_the_books_ours_as_well) {
  const auto s = row();
  world.advance(settings.send_begins_max);
  row("other");
  start(s);
  world.advance(1s);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() == 0U);
}

BOOST_AUTO_TEST_CASE(who_slept_sends_once_the_bank_never_had_it_and_the_next_intent_is_recorded) {
  const auto s = row();
  world.advance(settings.send_begins_max);
  const auto began = world.now();
  rail->on_inquiry = [] { return reply(Outcome::not_found); };
  start(s);
  world.advance(10min);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(since(began, rail->sends.front().at).count() >= (15s + 2s) / 1us);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
  BOOST_TEST(recorded(s.id).attempts == 2);
}

BOOST_AUTO_TEST_CASE(an_intent_that_this_request_did_not_write_is_asked_for_and_not_sent) {
  const auto s = row();
  rail->on_send = [] { return reply(Outcome::not_sent); };
  // The second intent is written, and its writer does not believe it.
  store.on_durable = [this, told = false]() mutable {
    if (told || only_one().attempts != 2) return;
    told = true;
    throw std::runtime_error("nobody knows");
  };
  start(s);
  world.advance(5s);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() == 1U);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(silence_is_a_doubt_that_is_asked_for_and_never_sent_again_without_proof) {
  const auto s = row();
  rail->on_send = [] { return Reply{}; };
  rail->on_inquiry = [] { return reply(Outcome::unknown); };
  start(s);
  world.advance(1h);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() > 10U);
  BOOST_TEST(recorded(s.id).status == Status::CONFIRMING);
}

BOOST_AUTO_TEST_CASE(a_doubt_is_not_expired_by_any_time) {
  settings.transaction_timeout = 15s;
  const auto s = row();
  rail->on_send = [] { return reply(Outcome::unknown); };
  rail->on_inquiry = [] { return reply(Outcome::not_sent); };  // not even our own breaker says so
  start(s);
  world.advance(48h);
  BOOST_TEST(recorded(s.id).status == Status::CONFIRMING);
  rail->on_inquiry = [] { return reply(Outcome::completed); };
  world.advance(1min);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
  BOOST_TEST(rail->sends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(not_found_counts_from_the_end_of_our_own_send) {
  const auto s = row();
  const auto began = world.now();
  rail->on_send = [first = true]() mutable {  // silence, once
    return std::exchange(first, false) ? Reply{} : reply(Outcome::completed);
  };
  rail->on_inquiry = [] { return reply(Outcome::not_found); };
  start(s);
  world.advance(10min);
  BOOST_REQUIRE(rail->sends.size() == 2U);
  // We wait 30 s for the answer (10 s to begin, 20 s for the connector): until then it may be on its way.
  const auto last_question = rail->inquiries.back().at;
  BOOST_TEST(since(began, last_question).count() >= (30s + 2s) / 1us);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
  BOOST_TEST(recorded(s.id).attempts == 2);
  BOOST_TEST(std::count_if(books->attempts.begin(), books->attempts.end(),
                           [](const auto& attempt) { return !attempt.row.proof.empty(); }) == 1);
}

BOOST_AUTO_TEST_CASE(not_found_counts_from_the_last_send_that_a_dead_predecessor_may_have_begun) {
  const auto s = row();
  world.advance(1h);  // however long ago the intent was written
  const auto began = world.now();
  rail->on_inquiry = [] { return reply(Outcome::not_found); };
  start(s, Start::recovered);
  world.advance(10min);
  BOOST_REQUIRE(rail->sends.size() == 1U);
  // 10 s to begin and 5 s to send, after this actor began; then the bank's 2 s.
  BOOST_TEST(since(began, rail->inquiries.back().at).count() >= (15s + 2s) / 1us);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(in_quarantine_what_the_books_hold_as_never_sent_ends_only_after_a_final_not_found) {
  in_quarantine = true;
  const auto s = locked_only();
  world.advance(1h);  // long overdue
  const auto began = world.now();
  rail->on_inquiry = [] { return reply(Outcome::not_found); };
  start(s, Start::recovered);
  world.advance(10s);
  BOOST_TEST(rail->inquiries.size() > 1U);
  BOOST_TEST(recorded(s.id).status == Status::FUNDS_LOCKED);
  world.advance(10min);
  // A send that the books lost may have begun until now: 10 s to begin, 5 s to send, and the bank's 2 s.
  BOOST_TEST(since(began, rail->inquiries.back().at).count() >= (15s + 2s) / 1us);
  BOOST_TEST(recorded(s.id).failure_code == "expired");
  BOOST_TEST(rail->sends.size() == 0U);
}

BOOST_AUTO_TEST_CASE(in_quarantine_a_bank_that_cannot_be_asked_by_our_reference_proves_nothing) {
  in_quarantine = true;
  capability.status_by_reference = false;
  const auto s = locked_only();
  rail->on_inquiry = [] { return reply(Outcome::not_found); };
  start(s, Start::recovered);
  world.advance(1h);
  BOOST_TEST(recorded(s.id).status == Status::FUNDS_LOCKED);
}

BOOST_AUTO_TEST_CASE(not_found_counts_from_when_the_question_was_put_not_from_its_answer) {
  const auto s = row();
  rail->on_send = [] { return reply(Outcome::unknown); };
  // Put after half a second, answered when 'not found' would long be final.
  rail->on_inquiry = [] { return reply(Outcome::not_found, 19s); };
  start(s);
  world.advance(20s);
  BOOST_TEST(rail->inquiries.size() == 1U);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(recorded(s.id).status == Status::CONFIRMING);
}

BOOST_AUTO_TEST_CASE(not_found_is_no_proof_where_the_bank_cannot_be_asked_by_our_reference) {
  capability.status_by_reference = false;
  const auto s = row();
  rail->on_send = [] { return reply(Outcome::unknown); };
  rail->on_inquiry = [] { return reply(Outcome::not_found); };
  start(s);
  world.advance(1h);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(recorded(s.id).status == Status::CONFIRMING);
}

BOOST_AUTO_TEST_CASE(what_did_not_leave_is_free_to_go_again_and_its_next_intent_is_recorded_first) {
  const auto s = row();
  rail->on_send = [this, &s] {
    BOOST_TEST(recorded(s.id).status == Status::EXECUTING);
    BOOST_TEST(static_cast<std::size_t>(recorded(s.id).attempts) == rail->sends.size());
    return reply(rail->sends.size() < 3 ? Outcome::not_sent : Outcome::completed);
  };
  start(s);
  world.advance(30s);
  BOOST_TEST(rail->sends.size() == 3U);
  BOOST_TEST(rail->inquiries.size() == 0U);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(what_did_not_leave_expires_after_the_transaction_timeout_and_not_before) {
  const auto s = row();
  rail->on_send = [] { return reply(Outcome::not_sent); };
  rail->on_check = [] { return reply(Outcome::not_sent); };
  start(s);
  world.advance(59s);
  BOOST_TEST(recorded(s.id).status == Status::FUNDS_LOCKED);
  BOOST_TEST(!books->holds.at(s.id).ended);
  world.advance(20s);
  BOOST_TEST(recorded(s.id).status == Status::ROLLED_BACK);
  BOOST_TEST(recorded(s.id).failure_code == "expired");
  BOOST_TEST(books->holds.at(s.id).ended);
  BOOST_TEST(rail->sends.size() == 1U);
}

// Its intake is gone and a new one has taken its settlement up, while its own notice of that is still waiting
// behind the writer's answer.
BOOST_AUTO_TEST_CASE(an_orphan_that_has_not_heard_of_it_yet_sends_nothing) {
  const auto s = row();
  SettlementActor orphan;
  rail->on_send = [] { return reply(Outcome::not_sent); };
  store.on_durable = [&] {
    if (only_one().attempts != 2) return;
    world.pause(caf::actor_cast<caf::strong_actor_ptr>(orphan), 4s);  // not so long that it would ask
    caf::anon_send(orphan, PatienceOver{});                           // so that it has two messages
  };
  orphan = start(s);
  world.advance(3s);
  BOOST_TEST(only_one().attempts == 2);
  BOOST_TEST(rail->sends.size() == 1U);
  while (!world.step()) world.wait();  // it takes both, and has handled the first
  world.kill(intake);
  world.settle();
  BOOST_TEST(actors_alive() == 0U);
  BOOST_TEST(rail->sends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_step_that_could_not_be_recorded_is_recorded_before_anything_else_happens) {
  const auto s = row();
  int refusals = 6;
  store.fault = [&](const LedgerBatch&) {
    return refusals > 0 && refusals-- > 0 ? CommitFault::refused : CommitFault::none;
  };
  start(s);
  world.advance(5s);
  BOOST_TEST(refusals == 0);
  BOOST_TEST(rail->sends.size() == 1U);
  BOOST_TEST(rail->inquiries.size() == 0U);
  BOOST_TEST(recorded(s.id).status == Status::COMPLETED);
}

BOOST_AUTO_TEST_CASE(a_refusal_gives_the_hold_back) {
  const auto s = row();
  rail->on_send = [] { return reply(Outcome::rejected); };
  start(s);
  world.advance(1s);
  BOOST_TEST(recorded(s.id).status == Status::ROLLED_BACK);
  BOOST_TEST(recorded(s.id).failure_code == "bank_refused");
  BOOST_TEST(books->entries.size() == 4U);  // of the two fundings
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
