#define BOOST_TEST_MODULE circuit_breaker_actor
#include "actors/circuit_breaker.hpp"

#include "tests/actors/scripted_rail.hpp"

#include <boost/test/unit_test.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;
using tests::reply;
using tests::Reply;

struct Fixture {
  tests::VirtualActors world;
  std::shared_ptr<tests::RailScript> rail = std::make_shared<tests::RailScript>();
  RailActor connector, breaker;

  Fixture() {
    rail->clock = world.steady();
    connector = caf::actor_cast<RailActor>(world.system().spawn(tests::scripted_rail, rail));
    breaker = world.system().spawn(circuit_breaker, connector,
                                   CircuitBreakerSettings{.connector = "bank",
                                                          .breaker = {.failure_threshold = 3,
                                                                      .success_threshold = 2,
                                                                      .timeout = 10s,
                                                                      .half_open_max_calls = 1},
                                                          .clock = world.steady(),
                                                          .answer_max = 20s});
  }
  RailAnswer send() { return world.ask<RailAnswer>(breaker, SendPayment{}); }
  RailAnswer inquire() { return world.ask<RailAnswer>(breaker, InquirePayment{}); }
  void open() {
    rail->on_send = [] { return reply(Outcome::unknown); };
    for (int i = 0; i < 3; ++i) send();
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(circuit_breaker_actor, Fixture)

BOOST_AUTO_TEST_CASE(open_it_answers_a_payment_with_not_sent_and_an_inquiry_with_unknown) {
  open();
  const auto sent = send();
  BOOST_CHECK(sent.outcome == Outcome::not_sent);
  BOOST_TEST(sent.code == "breaker_open");
  const auto asked = inquire();
  BOOST_CHECK(asked.outcome == Outcome::unknown);
  BOOST_TEST(rail->sends.size() == 3U);  // none since it opened
  BOOST_TEST(rail->inquiries.size() == 0U);
}

BOOST_AUTO_TEST_CASE(half_open_the_first_call_is_a_probe_and_never_a_payment) {
  open();
  rail->on_send = [] { return reply(Outcome::completed); };
  rail->on_check = [] { return reply(Outcome::completed, 1s); };
  world.advance(10s);
  BOOST_CHECK(send().outcome == Outcome::not_sent);
  world.settle();
  BOOST_TEST(rail->checks == 1);
  BOOST_TEST(rail->sends.size() == 3U);
  world.advance(1s);  // the probe succeeds: now a payment may go
  BOOST_CHECK(send().outcome == Outcome::completed);
  BOOST_TEST(rail->sends.size() == 4U);
}

BOOST_AUTO_TEST_CASE(half_open_an_inquiry_may_be_the_probe) {
  open();
  world.advance(10s);
  BOOST_CHECK(inquire().outcome == Outcome::completed);
  rail->on_send = [] { return reply(Outcome::completed); };
  BOOST_CHECK(send().outcome == Outcome::completed);
}

BOOST_AUTO_TEST_CASE(a_connector_that_does_not_answer_leaves_a_doubt_and_never_says_not_sent) {
  rail->on_send = [] { return Reply{}; };
  const auto answer = send();
  BOOST_CHECK(answer.outcome == Outcome::unknown);
  BOOST_TEST(rail->sends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_never_answered_makes_room_for_the_next_one) {
  open();
  world.advance(10s);
  rail->on_inquiry = [] { return Reply{}; };
  BOOST_CHECK(inquire().outcome == Outcome::unknown);
  BOOST_TEST(rail->inquiries.size() == 1U);
  rail->on_inquiry = [] { return reply(Outcome::completed); };
  BOOST_CHECK(inquire().outcome == Outcome::completed);
}

BOOST_AUTO_TEST_CASE(a_connector_that_died_leaves_a_doubt_and_never_says_not_sent) {
  world.kill(connector);
  BOOST_CHECK(send().outcome == Outcome::unknown);
}

BOOST_AUTO_TEST_CASE(our_own_full_queue_says_nothing_about_the_bank) {
  rail->on_send = [] { return Reply{RailAnswer{.outcome = Outcome::not_sent, .code = "rail_busy"}, 0s}; };
  for (int i = 0; i < 10; ++i) BOOST_TEST(send().code == "rail_busy");
  BOOST_TEST(rail->sends.size() == 10U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
