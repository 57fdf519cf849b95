#define BOOST_TEST_MODULE scheduler_actor
#include "actors/scheduler.hpp"

#include "tests/sim/virtual_actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <boost/test/unit_test.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// What the keeper of these tests answers.
struct Keeper {
  std::vector<JobView> kept;
  bool forgets = false;      // the last runs cannot be read
  std::string cannot_check;  // why; empty: it can
  InvariantReport report{.checked = true, .ok = true};
  int checks = 0;
};

KeeperActor::behavior_type scripted_keeper(KeeperActor::pointer, std::shared_ptr<Keeper> script) {
  return {
      [=](const CheckInvariants&) -> caf::result<InvariantReport> {
        ++script->checks;
        if (!script->cannot_check.empty())
          return caf::make_error(caf::sec::runtime_error, script->cannot_check);
        return script->report;
      },
      [](const ArchiveFinished&) { return Count{}; },
      [](const ReadEnded&) { return WatchEnded{}; },
      [](const KeepJob&) { return Count{1}; },
      [=](const ReadKeptJobs&) -> caf::result<JobsReport> {
        if (script->forgets) return caf::make_error(caf::sec::runtime_error, "no such table");
        return JobsReport{script->kept, {}};
      },
  };
}

struct Fixture {
  tests::VirtualActors world;
  std::shared_ptr<Keeper> keeper = std::make_shared<Keeper>();
  std::vector<InvariantReport> told;
  SchedulerSettings settings;

  Fixture() {
    settings.keeper = world.system().spawn(scripted_keeper, keeper);
    settings.clock = world.wall();
    settings.on_invariants = [this](const InvariantReport& report) { told.push_back(report); };
  }
  ~Fixture() { world.kill_all_but({}); }

  SchedulerActor start() {
    auto started = caf::actor_cast<SchedulerActor>(world.system().spawn(scheduler, settings));
    world.settle();
    return started;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(scheduler_actor, Fixture)

BOOST_AUTO_TEST_CASE(the_books_are_checked_at_once_after_a_start_whenever_they_were_last_checked) {
  keeper->kept = {{.name = "check_invariants", .last_started = world.wall()(), .runs = 7}};
  start();
  world.advance(1ms);
  BOOST_TEST(keeper->checks == 1);
  BOOST_TEST(told.size() == 1U);
  world.advance(settings.check_every);
  BOOST_TEST(keeper->checks == 2);
}

BOOST_AUTO_TEST_CASE(the_books_are_checked_at_once_also_where_nobody_knows_when_jobs_ran) {
  keeper->forgets = true;
  start();
  world.advance(1ms);
  BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
