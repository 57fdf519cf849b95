#define BOOST_TEST_MODULE actor_clock
#include "runtime/actor_clock.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <vector>

namespace settled {
namespace {
using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct Config : caf::actor_system_config {
  Config() {
    set("scheduler.max-threads", std::size_t{1});
    load<ActorScheduler>();
  }
};

/// Answers, or keeps silent for ever.
caf::behavior answers(caf::event_based_actor*) {
  return {[](int n) { return n; }};
}
caf::behavior is_silent(caf::event_based_actor* self) {
  return {[=](int) -> caf::result<int> { return self->make_response_promise<int>(); }};
}

struct Fixture {
  Config config;
  caf::actor_system system{config};
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(actor_clock, Fixture)

BOOST_AUTO_TEST_CASE(a_time_limit_ends_the_wait_for_an_actor_that_is_silent_and_not_before) {
  caf::scoped_actor self{system};
  const auto silent = system.spawn(is_silent);
  const auto begun = steady_clock::now();
  caf::error why;
  self->request(silent, 50ms, 1).receive([](int) {}, [&](caf::error& e) { why = std::move(e); });
  BOOST_TEST((why == caf::sec::request_timeout));
  BOOST_TEST((steady_clock::now() - begun >= 50ms));
  self->send_exit(silent, caf::exit_reason::kill);
}

BOOST_AUTO_TEST_CASE(what_is_due_first_comes_first_whatever_was_laid_down_before) {
  std::vector<int> order;
  {
    caf::scoped_actor self{system};
    const auto listener = system.spawn([&](caf::event_based_actor* me) -> caf::behavior {
      for (const int ms : {400, 40, 200, 4}) me->delayed_send(me, std::chrono::milliseconds(ms), ms);
      return {[&, me](int ms) {
        order.push_back(ms);
        if (ms == 400) me->quit();
      }};
    });
    self->wait_for(listener);
  }
  const std::vector<int> expected{4, 40, 200, 400};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(limits_that_are_taken_back_by_the_thousand_hold_up_nobody_and_ring_for_nobody) {
  constexpr int calls = 5'000;
  int answered = 0, failed = 0;
  {
    caf::scoped_actor self{system};
    const auto quick = system.spawn(answers);
    const auto caller = system.spawn([&](caf::event_based_actor* me) -> caf::behavior {
      for (int i = 0; i < calls; ++i)
        me->request(quick, i % 2 == 0 ? caf::duration{3s} : caf::duration{60min}, i)
            .then([&](int) { ++answered; }, [&](const caf::error&) { ++failed; });
      me->delayed_send(me, 4s, std::string("over"));  // later than the first limit would be
      return {[=](const std::string&) { me->quit(); }};
    });
    self->wait_for(caller);
    self->send_exit(quick, caf::exit_reason::kill);
  }
  BOOST_TEST(answered == calls);
  BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_CASE(a_system_ends_at_once_though_limits_lie_far_ahead) {
  const auto begun = steady_clock::now();
  {
    Config other;
    caf::actor_system ends{other};
    caf::scoped_actor self{ends};
    const auto silent = ends.spawn(is_silent);
    const auto caller = ends.spawn([=](caf::event_based_actor* me) -> caf::behavior {
      me->request(silent, 60min, 1).then([](int) {});
      return {[](int n) { return n; }};
    });
    self->request(caller, 10s, 1).receive([](int) {}, [](const caf::error&) { BOOST_ERROR("no answer"); });
    self->send_exit(caller, caf::exit_reason::kill);
    self->send_exit(silent, caf::exit_reason::kill);
  }
  BOOST_TEST((steady_clock::now() - begun < 10min));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
