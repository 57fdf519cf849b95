// SCHEDULER: runs what must run again and again, and remembers when it did.
//
// Spawned by   runtime/, one per process; the writer's lease makes it one per database.
// Jobs         retry (parked settlements; asks banks again about orders that ended unpaid), cleanup (archives
//              ended locks), escalate_unknowns (opens breaks for old doubts), lock_expiry (holds that should
//              have expired and that nobody looks after), check_invariants.
// Remembers    nothing that the database does not: a job whose time came while nobody ran is run at once.
// Stops money  when the books are not right: `on_invariants` is told before anybody else, and again when they
//              are right again. The first check begins with the scheduler: nothing is sent before it has
//              passed. Books that cannot be checked three times in a row are doubted: `on_unchecked`. A
//              database that is away is no such doubt: nobody can write to it either.
// Waits for    an answer at most `answer_max` (`keeper_max`); then the run failed, and the next one comes.
// On failure   the supervisor spawns it anew; a job that was under way is run again, which each bears.
#pragma once
#include "domain/clock.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <vector>

namespace settled {

struct SchedulerSettings {
  std::chrono::seconds retry_every{300};
  std::chrono::seconds cleanup_every{600};
  std::chrono::seconds escalate_every{60};
  std::chrono::seconds lock_expiry_every{60};
  std::chrono::seconds check_every{10};
  /// Ended locks older than this are archived.
  std::chrono::seconds archive_after{86'400};
  /// A doubt older than this becomes a break for a person.
  std::chrono::seconds unknown_limit{3'600};
  /// A hold whose order has not left within this time ends: SettlementSettings::transaction_timeout.
  std::chrono::seconds transaction_timeout{300};
  /// Orders that ended unpaid are asked about again for so long.
  std::chrono::seconds watch_ended{86'400};
  /// Silence of the intake or the ledger writer beyond this fails the run: who died with a question has no
  /// answer to it, and the job is due again. Longer than both ever need; a late answer is nobody's.
  std::chrono::milliseconds answer_max{60'000};
  /// The same for the keeper, whose checks and archives read whole tables.
  std::chrono::milliseconds keeper_max{1'800'000};
  IntakeActor intake;
  LedgerActor ledger;
  KeeperActor keeper;
  Clock clock;   // of what is recorded
  Clock steady;  // of what is waited for: never set back or forward
  /// Checks that cannot run, in a row, before the sends stop.
  int failed_checks_max = 3;
  /// Told why, when the books could not be checked for too long; it is over with the next `on_invariants`.
  std::function<void(const std::string& why)> on_unchecked = [](const std::string&) {};
  std::function<void(const InvariantReport&)> on_invariants = [](const InvariantReport&) {};
  std::function<void(const JobView&)> on_job = [](const JobView&) {};
};

/// Scheduler to itself: it is time for this job.
struct JobDue {
  std::string name;
  std::int64_t run = 0;  // counted from 0: a plan that a run in between has overtaken is void
};

using SchedulerWithClock = SchedulerActor::extend<caf::reacts_to<JobDue>>;

struct SchedulerState {
  using Promise = caf::typed_response_promise<JobsReport>;
  struct Job {
    JobView view;
    std::function<void()> run;
    Micros started = 0;            // steady: the run that is under way
    std::vector<Promise> waiting;  // who asked for a run
  };
  SchedulerSettings settings;
  std::map<std::string, Job> jobs;
  InvariantReport invariants;
  int failed_checks = 0;  // in a row
  Micros checked_at = 0;  // steady: when the books were last checked, or could not be written either
  static inline const char* name = "scheduler";
};

SchedulerWithClock::behavior_type scheduler(SchedulerWithClock::stateful_pointer<SchedulerState> self,
                                            SchedulerSettings settings);

}  // namespace settled

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::JobDue)
