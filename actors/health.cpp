#include "actors/health.hpp"

#include <memory>

namespace settled {
namespace {
using Self = HealthActor::stateful_pointer<HealthState>;

/// One question under way: its parts come in one by one, the last one answers.
struct Gathering {
  HealthReport report;
  std::size_t missing = 0;
  caf::typed_response_promise<HealthReport> promise;

  void part_done() {
    if (--missing == 0) promise.deliver(std::move(report));
  }
  void must(HealthItem item) {
    report.ready = report.ready && item.ok;
    report.items.push_back(std::move(item));
  }
};

void gather(Self self, const std::shared_ptr<Gathering>& all) {
  const auto& sources = self->state.sources;
  all->report.ready = true;
  all->missing = 3 + sources.rails.size();
  if (sources.ending()) all->must({"process", false, "shutting down"});
  const auto trouble = sources.ledger_trouble();
  all->must({"ledger", trouble.empty(), trouble.empty() ? "writes" : trouble});

  // Not ready: what is taken in cannot leave. Intake and questions go on all the same.
  const auto stopped = sources.sends_stopped();
  const auto waits = sources.sends_wait();
  if (stopped.empty() && !waits.empty())
    all->report.items.push_back({"sending", false, waits});
  else
    all->must({"sending", stopped.empty(), stopped.empty() ? "allowed" : stopped});

  self->request(sources.reader, sources.patience, ReadLastEvent{})
      .then(
          [=](const EventsCommitted& last) {
            all->must({"database", true, "event " + std::to_string(last.last_seq)});
            all->part_done();
          },
          [=](const caf::error& e) {
            // In words for operators, who do not know what the actor system calls it.
            all->must(
                {"database", false,
                 e == caf::sec::request_timeout ? "does not answer" : "the part that reads it is away"});
            all->part_done();
          });
  self->request(sources.reader, sources.patience, ListSettlements{.status = "CONFIRMING", .limit = 200})
      .then(
          [=](const SettlementPage& page) {
            for (const auto& s : page.settlements) all->report.unknown += s.unknown_since > 0;
            all->part_done();
          },
          [=](const caf::error&) { all->part_done(); });
  self->request(sources.intake, sources.patience, ReadHealth{})
      .then(
          [=](const HealthReport& intake) {
            all->report.in_flight = intake.in_flight;
            all->report.recovering = intake.recovering;
            all->report.ready = all->report.ready && intake.ready;
            all->report.items.insert(all->report.items.end(), intake.items.begin(), intake.items.end());
            all->part_done();
          },
          [=](const caf::error&) {
            all->must({"intake", false, "does not answer"});
            all->part_done();
          });
  // A sick bank is shown, but it is no reason to send callers away: orders for it wait with their funds held.
  for (const auto& rail : sources.rails)
    self->request(rail, sources.patience, ReadHealth{})
        .then(
            [=](const HealthReport& one) {
              all->report.items.insert(all->report.items.end(), one.items.begin(), one.items.end());
              all->part_done();
            },
            [=](const caf::error&) {
              all->report.items.push_back({"rail", false, "does not answer"});
              all->part_done();
            });
}
}  // namespace

HealthActor::behavior_type health(Self self, HealthSources sources) {
  self->state.sources = std::move(sources);
  return {
      [=](const ReadHealth&) -> caf::result<HealthReport> {
        auto all = std::make_shared<Gathering>();
        all->promise = self->make_response_promise<HealthReport>();
        gather(self, all);
        return all->promise;
      },
  };
}
}  // namespace settled
