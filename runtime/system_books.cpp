#include "actors/figures.hpp"
#include "actors/scheduler.hpp"
#include "runtime/system_impl.hpp"
#include "storage/ledger_writer.hpp"
#include "storage/pg_keeper.hpp"
#include "storage/pg_ledger_store.hpp"
#include "storage/pg_reader.hpp"
#include "telemetry/log.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;
}  // namespace

void System::Impl::start_ledger() {
  PgLedgerSettings store{.database_url = database_url,
                         .owner = owner,
                         .on_database =
                             [this](bool up, const std::string& why) {
                               ledger_trouble.set(up ? "" : "the database is away: " + why);
                               if (!up) log_warning("ledger_waits", {{"why", why}});
                               if (up) log_info("ledger_writes_again");
                             },
                         .steady = steady,
                         .on_proved = [this](Micros since) { proven = since; },
                         .keep_waiting = [this] { return !ending.load(); },
                         // Another process writes now: whatever we believe may be wrong.
                         .on_fenced = [this](const std::string& why) { books.lose(why); }};
  house_policy = std::make_shared<const Policy>(policy_of(config));
  LedgerWriterSettings settings{
      .make_store = [store] { return make_pg_ledger_store(store); },
      .clock = clock,
      .ids = system_ids(),
      .held_because = [rules = house_policy](
                          const SettlementOrder& order) { return held_because(order, rules->blocked); },
      .quarantined = [this] { return books.quarantined(); },
      .on_take_over = [this](const LedgerSnapshot& taken) { books.took_over(taken); },
      .prove_every = 1s,
      .beside_commit = true,
      .on_commit =
          [this, listener = front->listener()](const LedgerWriterSettings::Commit& commit) {
            metrics.committed(commit.settlements, commit.seconds, commit.oldest_waited, commit.waiting);
            books.saw(commit.last_seq);
            caf::anon_send(listener, EventsCommitted{0, commit.last_seq});
          }};
  ledger = caf::actor_cast<LedgerActor>(
      supervised("ledger_writer",
                 [settings](caf::event_based_actor* self) {
                   return caf::actor_cast<caf::actor>(self->spawn<caf::detached>(ledger_writer, settings));
                 },
                 {.window = 10min}));  // each try to get the lease takes a while
  reader = start_reader("reader");
  // Health must not wait behind a slow list, and who slept while another took the books is not ready.
  health_reader = start_reader("health_reader", owner);
}

ReaderActor System::Impl::start_reader(const char* name, const std::string& whose) {
  return caf::actor_cast<ReaderActor>(supervised(
      name,
      [url = database_url, whose, timeout = std::chrono::milliseconds(config.settlement.transaction_timeout)](
          caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn<caf::detached>(pg_reader, url, timeout, whose));
      }));
}

void System::Impl::start_scheduler() {
  const auto keeper =
      caf::actor_cast<KeeperActor>(supervised("keeper", [url = database_url](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(
            self->spawn<caf::detached>(pg_keeper, PgKeeperSettings{.database_url = url}));
      }));
  auto settings = scheduler_settings(config);
  settings.intake = intake_actor;
  settings.ledger = ledger;
  settings.keeper = keeper;
  settings.clock = clock;
  settings.steady = steady;
  settings.on_unchecked = [this](const std::string& why) { books.unchecked(why); };
  settings.on_invariants = [this](const InvariantReport& report) {
    for (const auto& one : report.invariants) metrics.invariant(one.name, one.violations);
    books.checked(report);
  };
  books.wait_for_first_check();
  settings.on_job = [](const JobView& job) {
    if (!job.last_ok) log_warning("job_failed", {{"job", job.name}, {"why", job.last_result}});
  };
  scheduler_actor =
      caf::actor_cast<SchedulerActor>(supervised("scheduler", [settings](caf::event_based_actor* self) {
        return caf::actor_cast<caf::actor>(self->spawn(scheduler, settings));
      }));
}

void System::Impl::wait_for_the_first_check() {
  const auto until = std::chrono::steady_clock::now() + 500ms;
  while (!books.waits_for_first_check().empty() && !ending && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
}

void System::Impl::wait_for_the_books() {
  caf::scoped_actor self{*actors};
  std::string why;
  self->request(ledger, 60s, ReadInFlight{})
      .receive([](const InFlight&) {}, [&](const caf::error& e) { why = actors->render(e); });
  if (!why.empty()) throw StartFailure(exit_unavailable, "the books cannot be opened: " + why + '.');
}

void System::Impl::start_figures() {
  FiguresSettings settings{
      .reader = reader,
      .on_accounts =
          [this](const std::vector<Account>& accounts) {
            for (const Account& a : accounts) {
              const auto major = major_units({a.balance, a.currency});
              if (a.kind == AccountKind::nostro) metrics.nostro_balance(a.bank, a.currency.code(), major);
              if (a.kind == AccountKind::vostro) metrics.vostro_balance(a.bank, a.currency.code(), major);
            }
          },
      .on_confirming = [this](const std::vector<SettlementView>& found) { tell_unknown(found); }};
  supervised("figures", [settings](caf::event_based_actor* self) {
    return caf::actor_cast<caf::actor>(self->spawn(figures, settings));
  });
}

void System::Impl::tell_unknown(const std::vector<SettlementView>& confirming) {
  Micros oldest = 0;
  for (const Rail& rail : rails) {
    std::size_t count = 0;
    for (const auto& one : confirming) {
      if (one.unknown_since == 0 || one.connector != rail.rule.connector) continue;
      ++count;
      if (oldest == 0 || one.unknown_since < oldest) oldest = one.unknown_since;
    }
    metrics.unknown(rail.rule.connector, count);
  }
  metrics.unknown_oldest(oldest == 0 ? 0 : static_cast<double>(clock() - oldest) / 1e6);
}

double System::Impl::major_units(const Money& money) {
  double value = static_cast<double>(money.minor);
  for (int i = 0; i < money.currency.exponent(); ++i) value /= 10;
  return value;
}
}  // namespace settled
