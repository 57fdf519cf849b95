#define BOOST_TEST_MODULE scheduler_actor
#include "actors/scheduler.hpp"

#include "tests/sim/virtual_actors.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;

struct Promises {
  std::vector<caf::typed_response_promise<Count>> kept;
};

/// What the keeper of these tests answers.
struct Keeper {
  std::vector<JobView> kept;
  bool forgets = false;      // the last runs cannot be read
  std::string cannot_check;  // why; empty: it can
  caf::sec trouble = caf::sec::runtime_error;
  InvariantReport report{.checked = true, .ok = true};
  int checks = 0, archivings = 0;
  std::function<void()> on_check = [] {};
};

KeeperActor::behavior_type scripted_keeper(KeeperActor::pointer, std::shared_ptr<Keeper> script) {
  return {
      [=](const CheckInvariants&) -> caf::result<InvariantReport> {
        ++script->checks;
        script->on_check();
        if (!script->cannot_check.empty()) return caf::make_error(script->trouble, script->cannot_check);
        return script->report;
      },
      [=](const ArchiveFinished&) {
        ++script->archivings;
        return Count{};
      },
      [](const ReadEnded&) { return WatchEnded{}; },
      [](const KeepJob&) { return Count{1}; },
      [=](const ReadKeptJobs&) -> caf::result<JobsReport> {
        if (script->forgets) return caf::make_error(caf::sec::runtime_error, "no such table");
        return JobsReport{script->kept, {}};
      },
  };
}

/// Has taken a question about locks and never answers it.
IntakeActor::behavior_type silent_intake(IntakeActor::stateful_pointer<Promises> self, int* asked) {
  return {
      [](const SubmitSettlements&) { return Submissions{}; },
      [](const AwaitSettlement&) { return SettlementFound{}; },
      [](const AskedOnce&) {},
      [](const ApproveAction&) { return ActionAnswered{}; },
      [](const ChangeRules&) { return RulesFound{}; },
      [](const ReadWindow&) { return WindowFound{}; },
      [](const RetryParked&) { return Count{}; },
      [](const WatchEnded&) { return Count{}; },
      [=](const LookAfterLocks&) -> caf::result<Count> {
        ++*asked;
        self->state.kept.push_back(self->make_response_promise<Count>());
        return self->state.kept.back();
      },
      [](const ReadRecovery&) { return RecoveryReport{}; },
      [](const BookNetting&) { return NettingBooked{}; },
      [](const ReadHealth&) { return HealthReport{}; },
  };
}

struct Fixture {
  tests::VirtualActors world;
  std::shared_ptr<Keeper> keeper = std::make_shared<Keeper>();
  std::vector<InvariantReport> told;
  std::vector<std::string> doubts;
  SchedulerSettings settings;

  Fixture() {
    settings.keeper = world.system().spawn(scripted_keeper, keeper);
    settings.clock = world.wall();
    settings.steady = world.steady();
    settings.on_unchecked = [this](const std::string& why) { doubts.push_back(why); };
    settings.on_invariants = [this](const InvariantReport& report) { told.push_back(report); };
  }
  ~Fixture() { world.kill_all_but({}); }

  SchedulerActor start() {
    auto started = caf::actor_cast<SchedulerActor>(world.system().spawn(scheduler, settings));
    world.settle();
    return started;
  }
  InvariantReport invariants(const SchedulerActor& scheduler) {
    return world.ask<InvariantReport>(scheduler, ReadInvariants{});
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

BOOST_AUTO_TEST_CASE(books_that_cannot_be_checked_three_times_in_a_row_are_doubted_until_they_can_be) {
  const auto scheduler = start();
  world.advance(1ms);
  keeper->cannot_check = "no such view";
  world.advance(2 * settings.check_every);
  BOOST_TEST(doubts.empty());
  const auto failing = invariants(scheduler);
  BOOST_TEST(failing.ok);  // of the last one that ran
  BOOST_TEST(failing.failure.find("no such view") != std::string::npos);
  world.advance(settings.check_every);
  BOOST_REQUIRE(!doubts.empty());
  BOOST_TEST(doubts.front().find("no such view") != std::string::npos);
  world.advance(settings.check_every);
  BOOST_TEST(invariants(scheduler).stale);
  keeper->cannot_check.clear();
  const auto reports = told.size();
  world.advance(settings.check_every);
  BOOST_TEST(told.size() == reports + 1);
  BOOST_TEST(invariants(scheduler).failure.empty());
  BOOST_TEST(!invariants(scheduler).stale);
}

BOOST_AUTO_TEST_CASE(a_database_that_is_away_is_no_doubt_about_the_books) {
  const auto scheduler = start();
  world.advance(1ms);
  keeper->cannot_check = "connection refused";
  keeper->trouble = database_away;
  world.advance(20 * settings.check_every);
  BOOST_TEST(doubts.empty());
  BOOST_TEST(!invariants(scheduler).failure.empty());
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_while_a_job_runs_does_not_change_when_it_runs_again) {
  keeper->on_check = [this] { world.set_wall(1h); };
  start();
  world.advance(settings.check_every + 1s);
  BOOST_TEST(keeper->checks == 2);
}

BOOST_AUTO_TEST_CASE(a_last_run_in_the_future_makes_nobody_wait_longer_than_usual) {
  keeper->kept = {{.name = "cleanup", .last_started = world.wall()() + Micros(86'400'000'000) * 365}};
  start();
  world.advance(settings.cleanup_every + 1s);
  BOOST_TEST(keeper->archivings == 1);
}

BOOST_AUTO_TEST_CASE(a_job_whose_question_died_with_the_intake_has_failed_and_runs_again) {
  int asked = 0;
  std::vector<JobView> ended;
  settings.intake = world.system().spawn(silent_intake, &asked);
  settings.on_job = [&](const JobView& job) {
    if (job.name == "lock_expiry") ended.push_back(job);
  };
  start();
  world.advance(1s);
  BOOST_TEST(asked == 1);
  world.advance(settings.answer_max);
  BOOST_REQUIRE(ended.size() == 1U);
  BOOST_TEST(!ended.at(0).last_ok);
  world.advance(settings.answer_max + 1s);
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
