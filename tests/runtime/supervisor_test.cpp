#define BOOST_TEST_MODULE supervisor
#include "runtime/supervisor.hpp"

#include "tests/sim/virtual_actors.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;

struct Supervisor {
  tests::VirtualActors world;
  bool may_restart = true;
  int starts = 0, restarts = 0, given_up = 0;
  caf::actor child;
  caf::actor slot = supervise(
      world.system(), {.name = "child",
                       .start =
                           [this](caf::event_based_actor* self) {
                             ++starts;
                             return child =
                                        self->spawn([] { return caf::behavior{[](int n) { return n; }}; });
                           },
                       .policy = {},
                       .may_restart = [this] { return may_restart; },
                       .on_restart = [this](const std::string&, const std::string&) { ++restarts; },
                       .on_give_up = [this](const std::string&, const std::string&) { ++given_up; }});
  Supervisor() { world.settle(); }
  ~Supervisor() { world.kill_all_but({}); }
  void fail() {
    world.kill(child);
    world.advance(1min);
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(supervisor, Supervisor)

BOOST_AUTO_TEST_CASE(a_child_that_failed_comes_back_behind_the_same_handle) {
  fail();
  BOOST_TEST(starts == 2);
  BOOST_TEST(world.ask<int>(slot, 7) == 7);
}

BOOST_AUTO_TEST_CASE(a_child_that_must_not_come_back_stays_away_and_whoever_asks_is_told) {
  may_restart = false;
  fail();
  BOOST_TEST(starts == 1);
  BOOST_TEST(restarts == 0);
  BOOST_TEST(given_up == 0);
  BOOST_CHECK_THROW(world.ask<int>(slot, 7), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
