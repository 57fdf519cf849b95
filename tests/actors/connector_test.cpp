#define BOOST_TEST_MODULE connector_actor
#include "actors/connector.hpp"

#include "tests/sim/virtual_actors.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// Answers when the test says so.
struct PatientBank final : Connector {
  std::vector<Done> sends, inquiries;
  std::string_view name() const override { return "bank"; }
  Capability capability() const override { return {}; }
  void send(const PaymentInstruction&, int, std::int64_t, Done done) override {
    sends.push_back(std::move(done));
  }
  void inquire(const PaymentInstruction&, Done done) override { inquiries.push_back(std::move(done)); }
  void health(Done done) override { done({.outcome = Outcome::completed}); }
};

struct Fixture {
  tests::VirtualActors world;
  std::shared_ptr<PatientBank> bank = std::make_shared<PatientBank>();
  RailActor rail = caf::actor_cast<RailActor>(
      world.system().spawn(connector, std::static_pointer_cast<Connector>(bank),
                           ConnectorSettings{.in_flight_max = 1, .clock = world.steady()}));
  std::vector<RailAnswer> answers;
  int silences = 0;

  template <class Call>
  void call(Call what) {
    world.system().spawn([this, what](caf::event_based_actor* self) {
      self->request(rail, 60min, what)
          .then([this](const RailAnswer& answer) { answers.push_back(answer); },
                [this](const caf::error&) { ++silences; });
    });
    world.settle();
  }
  SendPayment payment(std::chrono::microseconds time_left) const {
    return {.settlement = {}, .not_after = world.now() + time_left.count()};
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(connector_actor, Fixture)

BOOST_AUTO_TEST_CASE(a_payment_that_got_no_place_in_time_is_not_sent_and_never_begun) {
  call(payment(5s));
  call(payment(5s));
  BOOST_TEST(bank->sends.size() == 1U);  // one place
  world.advance(5s + 1us);
  bank->sends[0]({.outcome = Outcome::completed});
  world.settle();
  BOOST_TEST(bank->sends.size() == 1U);
  BOOST_REQUIRE(answers.size() == 2U);
  BOOST_CHECK(answers[1].outcome == Outcome::not_sent || answers[0].outcome == Outcome::not_sent);
}

BOOST_AUTO_TEST_CASE(a_payment_that_gets_a_place_in_time_is_sent) {
  call(payment(5s));
  call(payment(5s));
  world.advance(4s);
  bank->sends[0]({.outcome = Outcome::completed});
  world.settle();
  BOOST_TEST(bank->sends.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_payment_that_comes_too_late_is_not_sent_even_when_there_is_a_place) {
  const auto late = payment(5s);
  world.advance(6s);
  call(late);
  BOOST_TEST(bank->sends.size() == 0U);
  BOOST_REQUIRE(answers.size() == 1U);
  BOOST_CHECK(answers[0].outcome == Outcome::not_sent);
}

BOOST_AUTO_TEST_CASE(a_send_that_began_is_answered_by_its_bank_only_however_long_it_takes) {
  call(payment(5s));
  world.advance(30min);
  BOOST_TEST(answers.size() == 0U);
  bank->sends[0]({.outcome = Outcome::unknown, .code = "timeout"});
  world.settle();
  BOOST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].code == "timeout");
}

BOOST_AUTO_TEST_CASE(inquiries_pass_by_a_full_rail) {
  call(payment(5s));
  call(InquirePayment{});
  BOOST_TEST(bank->inquiries.size() == 1U);
}

BOOST_AUTO_TEST_CASE(who_waits_at_a_connector_that_dies_hears_nothing_and_may_not_take_that_for_not_sent) {
  call(payment(5s));
  world.kill(rail);
  world.advance(2h);
  BOOST_TEST(answers.size() == 0U);
  BOOST_TEST(silences == 1);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
