#define BOOST_TEST_MODULE health_actor
#include "actors/health.hpp"

#include "tests/sim/virtual_actors.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// Promises an answer and keeps its promise to itself.
struct Silence {
  caf::typed_response_promise<EventsCommitted> events;
  caf::typed_response_promise<SettlementPage> settlements;
};
caf::behavior silent(caf::stateful_actor<Silence>* self) {
  return {[=](const ReadLastEvent&) {
            return self->state.events = self->make_response_promise<EventsCommitted>();
          },
          [=](const ListSettlements&) {
            return self->state.settlements = self->make_response_promise<SettlementPage>();
          }};
}
caf::behavior well(caf::event_based_actor*) {
  return {[](const ReadHealth&) { return HealthReport{.ready = true}; }};
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_database_that_is_silent_is_told_in_words) {
  tests::VirtualActors world;
  HealthSources sources;
  sources.intake = caf::actor_cast<IntakeActor>(world.system().spawn(well));
  sources.reader = caf::actor_cast<ReaderActor>(world.system().spawn(silent));
  sources.ledger_trouble = [] { return std::string(); };
  sources.ending = [] { return false; };
  const auto asked = world.system().spawn(health, sources);
  const auto report = world.ask<HealthReport>(asked, ReadHealth{});
  const auto database = std::find_if(report.items.begin(), report.items.end(),
                                     [](const HealthItem& item) { return item.name == "database"; });
  BOOST_REQUIRE((database != report.items.end()));
  BOOST_TEST(!report.ready);
  BOOST_TEST(database->detail == "does not answer");
  world.kill_all_but({});
}
}  // namespace settled
