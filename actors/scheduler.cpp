#include "actors/scheduler.hpp"

#include <algorithm>

namespace settled {
namespace {
using Self = SchedulerWithClock::stateful_pointer<SchedulerState>;

Micros micros(std::chrono::seconds s) { return std::chrono::microseconds(s).count(); }

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
  self->request(state.settings.keeper, caf::infinite, KeepJob{view})
      .then([](const Count&) {}, [](const caf::error&) {});
  // A job that takes long never takes more than a twentieth of the time.
  const auto took = view.last_ended - view.last_started;
  const auto pause = std::max(micros(std::chrono::seconds(view.every_s)), 20 * took);
  self->delayed_send(self, std::chrono::microseconds(pause), JobDue{name, view.runs});
}

/// Asks `whom`; `words` says what came of it.
template <class Answer, class Whom, class Question, class Words>
void ask(Self self, const std::string& name, const Whom& whom, Question question, Words words) {
  self->request(whom, caf::infinite, std::move(question))
      .then([=](const Answer& answer) { ended(self, name, true, words(answer)); },
            [=](const caf::error& why) { ended(self, name, false, self->system().render(why)); });
}

void retry(Self self) {
  const auto& settings = self->state.settings;
  self->request(settings.intake, caf::infinite, RetryParked{})
      .then(
          [=](const Count& parked) {
            const auto& s = self->state.settings;
            self->request(s.keeper, caf::infinite, ReadEnded{s.clock() - micros(s.watch_ended)})
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

void check(Self self) {
  self->request(self->state.settings.keeper, caf::infinite, CheckInvariants{})
      .then(
          [=](const InvariantReport& report) {
            self->state.invariants = report;
            self->state.settings.on_invariants(report);
            std::int64_t wrong = 0;
            for (const auto& one : report.invariants) wrong += one.violations;
            ended(self, "check_invariants", true,
                  report.ok ? "the books are right" : std::to_string(wrong) + " violations");
          },
          [=](const caf::error& why) { ended(self, "check_invariants", false, self->system().render(why)); });
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
  job.run();
}

/// From what the database knows of the last runs: when each is due.
void plan(Self self) {
  self->request(self->state.settings.keeper, caf::infinite, ReadKeptJobs{})
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
              const auto due = job.view.last_started + micros(std::chrono::seconds(job.view.every_s));
              // The books are looked at with every start.
              const auto wait =
                  name == "check_invariants" ? 0 : std::max<Micros>(0, due - state.settings.clock());
              self->delayed_send(self, std::chrono::microseconds(wait), JobDue{name, job.view.runs});
            }
          },
          [=](const caf::error&) {
            for (const auto& [name, job] : self->state.jobs)
              self->delayed_send(self, std::chrono::seconds(job.view.every_s), JobDue{name, job.view.runs});
          });
}
}  // namespace

SchedulerWithClock::behavior_type scheduler(Self self, SchedulerSettings settings) {
  auto& state = self->state;
  state.settings = std::move(settings);
  const auto& s = state.settings;
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
  add(self, "check_invariants", "check that the books are right; stop sending when they are not",
      s.check_every, [=] { check(self); });
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
        begin(self, wish.name);
        return promise;
      },
      [=](const ReadInvariants&) { return self->state.invariants; },
      [=](const JobDue& due) {
        if (due.run == self->state.jobs.at(due.name).view.runs) begin(self, due.name);
      },
  };
}
}  // namespace settled
