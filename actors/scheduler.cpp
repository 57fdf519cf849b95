#include "actors/scheduler.hpp"

#include <algorithm>
#include <type_traits>

namespace settled {
namespace {
using Self = SchedulerWithClock::stateful_pointer<SchedulerState>;

constexpr const char* check_invariants = "check_invariants";

Micros micros(std::chrono::seconds s) { return std::chrono::microseconds(s).count(); }

/// A job that takes long never takes more than a twentieth of the time.
Micros pause_after(Micros took) { return 20 * took; }

JobsReport report_of(const SchedulerState& state, const std::string& only = "") {
  JobsReport report;
  for (const auto& [name, job] : state.jobs)
    if (only.empty() || only == name) report.jobs.push_back(job.view);
  return report;
}

void ended(Self self, const std::string& name, bool ok, std::string result) {
  auto& state = self->state;
  auto& job = state.jobs.at(name);
  auto& view = job.view;
  view.running = false;
  view.last_ended = state.settings.clock();
  view.last_ok = ok;
  view.last_result = std::move(result);
  ++view.runs;
  for (auto& promise : job.waiting) promise.deliver(report_of(state, name));
  job.waiting.clear();
  state.settings.on_job(view);
  self->request(state.settings.keeper, state.settings.keeper_max, KeepJob{view})
      .then([](const Count&) {}, [](const caf::error&) {});
  const auto took = state.settings.steady() - job.started;
  const auto every = micros(std::chrono::seconds(view.every_s));
  // The keeper spreads a check by itself.
  const auto pause = name == check_invariants ? every : std::max(every, ok ? pause_after(took) : took);
  self->delayed_send(self, std::chrono::microseconds(pause), JobDue{name, view.runs});
}

/// Asks `whom`; `words` says what came of it.
template <class Answer, class Whom, class Question, class Words>
void ask(Self self, const std::string& name, const Whom& whom, Question question, Words words) {
  const auto& settings = self->state.settings;
  const auto most = std::is_same_v<Whom, KeeperActor> ? settings.keeper_max : settings.answer_max;
  self->request(whom, most, std::move(question))
      .then([=](const Answer& answer) { ended(self, name, true, words(answer)); },
            [=](const caf::error& why) { ended(self, name, false, self->system().render(why)); });
}

void retry(Self self) {
  const auto& settings = self->state.settings;
  self->request(settings.intake, settings.answer_max, RetryParked{})
      .then(
          [=](const Count& parked) {
            const auto& s = self->state.settings;
            self->request(s.keeper, s.keeper_max, ReadEnded{s.clock() - micros(s.watch_ended)})
                .then(
                    [=](WatchEnded& over) {
                      ask<Count>(self, "retry", self->state.settings.intake, std::move(over),
                                 [parked = parked.value](const Count& asked) {
                                   return std::to_string(parked) + " parked settlements taken up, " +
                                          std::to_string(asked.value) + " ended ones asked about";
                                 });
                    },
                    [=](const caf::error& why) { ended(self, "retry", false, self->system().render(why)); });
          },
          [=](const caf::error& why) { ended(self, "retry", false, self->system().render(why)); });
}

/// Three checks should have run since the last one did.
bool stale(const SchedulerState& state) {
  const auto took =
      std::chrono::duration<double, std::micro>(std::chrono::duration<double>(state.invariants.seconds));
  const auto interval =
      std::max(micros(state.settings.check_every), pause_after(static_cast<Micros>(took.count())));
  return state.settings.steady() - state.checked_at > 3 * interval;
}

void check_failed(SchedulerState& state, const caf::error& error, const std::string& why) {
  state.invariants.failure = why;
  if (error == database_away) {
    state.checked_at = state.settings.steady();
    return;
  }
  if (++state.failed_checks < state.settings.failed_checks_max && !stale(state)) return;
  state.settings.on_unchecked("sends are stopped: the books could not be checked " +
                              std::to_string(state.failed_checks) +
                              (state.failed_checks == 1 ? " time" : " times in a row") + " (" + why + ")");
}

void check(Self self) {
  auto& state = self->state;
  // Sends wait for the first one and for the end of red, and people for those that they ask for.
  const bool at_once =
      !state.invariants.checked || !state.invariants.ok || !state.jobs.at(check_invariants).waiting.empty();
  self->request(state.settings.keeper, state.settings.keeper_max, CheckInvariants{at_once})
      .then(
          [=](const InvariantReport& report) {
            self->state.invariants = report;
            self->state.failed_checks = 0;
            self->state.checked_at = self->state.settings.steady();
            self->state.settings.on_invariants(report);
            std::int64_t wrong = 0;
            for (const auto& one : report.invariants) wrong += one.violations;
            ended(self, check_invariants, true,
                  report.ok ? "the books are right" : std::to_string(wrong) + " violations");
          },
          [=](const caf::error& error) {
            const auto why = self->system().render(error);
            check_failed(self->state, error, why);
            ended(self, check_invariants, false, why);
          });
}

void add(Self self, const std::string& name, std::string purpose, std::chrono::seconds every,
         std::function<void()> run) {
  auto& job = self->state.jobs[name];
  job.view = {.name = name, .purpose = std::move(purpose), .every_s = every.count()};
  job.run = std::move(run);
}

void begin(Self self, const std::string& name) {
  auto& job = self->state.jobs.at(name);
  if (job.view.running) return;
  job.view.running = true;
  job.view.last_started = self->state.settings.clock();
  job.started = self->state.settings.steady();
  job.run();
}

/// From what the database knows of the last runs: when each is due.
void plan(Self self) {
  self->request(self->state.settings.keeper, self->state.settings.answer_max, ReadKeptJobs{})
      .then(
          [=](const JobsReport& kept) {
            auto& state = self->state;
            for (const JobView& k : kept.jobs) {
              const auto job = state.jobs.find(k.name);
              if (job == state.jobs.end()) continue;
              auto& view = job->second.view;
              view.last_started = k.last_started;
              view.last_ended = k.last_ended;
              view.last_result = k.last_result;
              view.last_ok = k.last_ok;
              view.runs = k.runs;
            }
            for (const auto& [name, job] : state.jobs) {
              const auto every = micros(std::chrono::seconds(job.view.every_s));
              const auto due = job.view.last_started + every;
              // The books are looked at with every start.
              // A clock that was set back would show a last run in the future: that is no reason to wait
              // longer.
              const auto wait =
                  std::clamp<Micros>(due - state.settings.clock(), 0, name == check_invariants ? 0 : every);
              self->delayed_send(self, std::chrono::microseconds(wait), JobDue{name, job.view.runs});
            }
          },
          [=](const caf::error&) {
            // Nothing is sent before the first check: it does not wait.
            for (const auto& [name, job] : self->state.jobs)
              self->delayed_send(self, std::chrono::seconds(name == check_invariants ? 0 : job.view.every_s),
                                 JobDue{name, job.view.runs});
          });
}
}  // namespace

SchedulerWithClock::behavior_type scheduler(Self self, SchedulerSettings settings) {
  auto& state = self->state;
  state.settings = std::move(settings);
  const auto& s = state.settings;
  state.checked_at = s.steady();
  add(self, "retry", "take up parked settlements; ask banks again about orders that ended unpaid",
      s.retry_every, [=] { retry(self); });
  add(self, "cleanup", "move ended fund locks to the archive", s.cleanup_every, [=] {
    const auto& at = self->state.settings;
    ask<Count>(self, "cleanup", at.keeper, ArchiveFinished{at.clock() - micros(at.archive_after)},
               [](const Count& moved) { return std::to_string(moved.value) + " locks archived"; });
  });
  add(self, "escalate_unknowns",
      "open a break for every doubt, and every order in process at a bank, that is older than the limit",
      s.escalate_every, [=] {
        const auto& at = self->state.settings;
        ask<Count>(self, "escalate_unknowns", at.ledger,
                   EscalateUnknowns{at.clock() - micros(at.unknown_limit)},
                   [](const Count& opened) { return std::to_string(opened.value) + " breaks opened"; });
      });
  add(self, "lock_expiry", "let holds expire whose order has not left in time and that nobody looks after",
      s.lock_expiry_every, [=] {
        const auto& at = self->state.settings;
        ask<Count>(
            self, "lock_expiry", at.intake, LookAfterLocks{at.clock() - micros(at.transaction_timeout)},
            [](const Count& taken) { return std::to_string(taken.value) + " overdue holds taken up"; });
      });
  add(self, check_invariants, "check that the books are right; stop sending when they are not", s.check_every,
      [=] { check(self); });
  plan(self);
  return {
      [=](const ReadJobs&) { return report_of(self->state); },
      [=](const RunJob& wish) -> caf::result<JobsReport> {
        const auto job = self->state.jobs.find(wish.name);
        if (job == self->state.jobs.end()) {
          std::string names;
          for (const auto& [name, known] : self->state.jobs) names += (names.empty() ? "" : ", ") + name;
          return JobsReport{{},
                            {Errc::not_found, "path:id", "there is no job \"" + wish.name + "\".", names}};
        }
        auto promise = self->make_response_promise<JobsReport>();
        job->second.waiting.push_back(promise);
        // One that is spread over time is hurried.
        if (job->second.view.running && wish.name == check_invariants)
          self->request(self->state.settings.keeper, self->state.settings.keeper_max, CheckInvariants{true})
              .then([](const InvariantReport&) {}, [](const caf::error&) {});
        begin(self, wish.name);
        return promise;
      },
      [=](const ReadInvariants&) {
        auto report = self->state.invariants;
        report.stale = report.checked && stale(self->state);
        return report;
      },
      [=](const JobDue& due) {
        if (due.run == self->state.jobs.at(due.name).view.runs) begin(self, due.name);
      },
  };
}
}  // namespace settled
