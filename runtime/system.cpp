#include "runtime/system.hpp"

#include "actors/circuit_breaker.hpp"
#include "actors/connector.hpp"
#include "actors/figures.hpp"
#include "actors/health.hpp"
#include "actors/intake.hpp"
#include "actors/scheduler.hpp"
#include "config/load.hpp"
#include "connectors/rest_bank/rest_bank.hpp"
#include "http/front.hpp"
#include "runtime/actor_clock.hpp"
#include "runtime/books_guard.hpp"
#include "runtime/clock.hpp"
#include "runtime/data_folder.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/policy.hpp"
#include "runtime/port_holder.hpp"
#include "runtime/sandbox_child.hpp"
#include "runtime/supervisor.hpp"
#include "runtime/time_zone.hpp"
#include "security/digest.hpp"
#include "security/hmac.hpp"
#include "storage/connector_registry.hpp"
#include "storage/ledger_writer.hpp"
#include "storage/migrate.hpp"
#include "storage/pg_keeper.hpp"
#include "storage/pg_ledger_store.hpp"
#include "storage/pg_reader.hpp"
#include "storage/private_postgres.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace settled {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int exit_unavailable = 69, exit_software = 70, exit_cannot_create = 73;

struct ActorConfig : caf::actor_system_config {
  ActorConfig() {
    add_message_types<caf::id_block::settled>();
    // Half the cores: the other half is the port's, the writer's and PostgreSQL's. What one worker does
    // need not wake another one.
    set("scheduler.max-threads", std::max<std::size_t>(1, std::thread::hardware_concurrency() / 2));
    load<ActorScheduler>();
  }
};

/// The sandbox's HMAC key, made once per data folder.
std::string sandbox_key(const fs::path& folder) {
  const auto file = folder / "hmac_key";
  std::string key;
  if (std::ifstream in(file); in && std::getline(in, key) && !key.empty()) return key;
  fs::create_directories(folder);
  key = random_hex(32);
  std::ofstream out(file);
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  out << key << '\n';
  if (!out.flush()) throw StartFailure(exit_cannot_create, "cannot write " + file.string());
  return key;
}

double major_units(const Money& money) {
  double value = static_cast<double>(money.minor);
  for (int i = 0; i < money.currency.exponent(); ++i) value /= 10;
  return value;  // for display in metrics only
}
}  // namespace

struct System::Impl {
  Impl(Config c, std::string dir) : config(std::move(c)), program_dir(std::move(dir)) {}

  Config config;
  std::string program_dir;
  Metrics metrics;
  const Clock clock = system_clock();
  const Clock steady = steady_clock();
  Words ledger_trouble;
  BooksGuard books{{.on_sends_stopped = [this](bool stopped) { metrics.sends_stopped(stopped); },
                    .on_lost = [this] { end_process(exit_unavailable); }}};
  const std::string owner = "node-" + std::to_string(::getpid()) + '-' + random_hex(4);  // of the books
  TimeZones time_zones;
  std::shared_ptr<const Policy> house_policy;
  std::atomic<bool> ending{false};
  std::atomic<int> exit_code{0};
  std::atomic<std::size_t> in_flight{0};
  std::atomic<Micros> proven{0};  // steady: the books were ours after this

  std::unique_ptr<DataFolder> data_folder;
  std::unique_ptr<PrivatePostgres> postgres;
  std::string database_url;
  std::unique_ptr<SandboxChild> sandbox;
  std::shared_ptr<HttpClient> http_client;
  ActorConfig actor_config;
  std::unique_ptr<caf::actor_system> actors;
  std::unique_ptr<Front> front;
  std::vector<caf::actor> slots;  // in the order of their start
  LedgerActor ledger;
  ReaderActor reader, health_reader;
  IntakeActor intake_actor;
  SchedulerActor scheduler_actor;
  std::string api_key, approver_key;

  struct Rail {
    RailRule rule;
    RailActor breaker;
    Capability capability;
    std::chrono::milliseconds send_lasts_max{0}, answer_max{0};
  };
  std::vector<Rail> rails;

  void start_log() {
    open_log(config.log.format == LogFormat::json ? LogShape::json : LogShape::text,
             static_cast<LogSeverity>(config.log.level));
  }

  void start_database() {
    if (!config.database.url.empty()) {
      database_url = config.database.url;
    } else {
      postgres = std::make_unique<PrivatePostgres>(config.storage.data_dir, PrivatePostgresSettings{},
                                                   [](bool up, const std::string& why) {
                                                     if (up)
                                                       log_info("database_up");
                                                     else
                                                       log_warning("database_down", {{"why", why}});
                                                   });
      postgres->start();
      database_url = postgres->database_url();
    }
    try {
      log_info("schema", {{"number", migrate(database_url)}});
    } catch (const UnsuitableDatabase& wrong) {
      throw StartFailure(exit_config, wrong.what());
    }
  }

  void start_sandbox() {
    if (!config.sandbox.enabled) return;
    const fs::path folder = fs::absolute(config.storage.data_dir) / "sandbox";
    SandboxChild::Settings settings{.program = fs::path(program_dir) / "settled-sandbox",
                                    .data_dir = folder,
                                    .port = config.sandbox.port,
                                    .key_id = "settled",
                                    .key = sandbox_key(folder),
                                    .on_event = [](const std::string& what) {
                                      log_warning("sandbox", {{"what", what}});
                                    }};
    ConnectorConfig bank{.name = "sandbox", .key_id = settings.key_id, .secret = Secret("", settings.key)};
    sandbox = std::make_unique<SandboxChild>(std::move(settings));
    sandbox->start();
    bank.url = sandbox->url();
    // The sandbox decides at once, and a developer does not want to wait.
    bank.not_found_final_after = 2s;
    bank.send_timeout = bank.inquiry_timeout = 5s;
    config.connectors.push_back(std::move(bank));
  }

  /// The stable handle of a supervised actor; its exhaustion ends the process.
  caf::actor supervised(std::string name, std::function<caf::actor(caf::event_based_actor*)> start,
                        RestartPolicy policy = {}) {
    auto slot = supervise(*actors, {.name = std::move(name),
                                    .start = std::move(start),
                                    .policy = policy,
                                    // Whose books are gone does not take them back while it ends.
                                    .may_restart = [this] { return !books.lost(); },
                                    .on_restart =
                                        [this](const std::string& who, const std::string& why) {
                                          metrics.restarted(who);
                                          if (who == "ledger_writer")
                                            ledger_trouble.set("the writer starts again: " + why);
                                          log_error("actor_restarts", {{"actor", who}, {"why", why}});
                                        },
                                    .on_give_up =
                                        [this](const std::string& who, const std::string& why) {
                                          log_error("actor_given_up", {{"actor", who}, {"why", why}});
                                          end_process(exit_software);
                                        }});
    slots.push_back(slot);
    return slot;
  }

  void end_process(int code) {
    int none = 0;
    // Once: a second signal would cut the orderly end short.
    if (!ending && exit_code.compare_exchange_strong(none, code)) ::kill(::getpid(), SIGTERM);
  }

  void start_ledger() {
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

  ReaderActor start_reader(const char* name, const std::string& whose = {}) {
    return caf::actor_cast<ReaderActor>(
        supervised(name, [url = database_url, whose,
                          timeout = std::chrono::milliseconds(config.settlement.transaction_timeout)](
                             caf::event_based_actor* self) {
          return caf::actor_cast<caf::actor>(self->spawn<caf::detached>(pg_reader, url, timeout, whose));
        }));
  }

  void start_rails() {
    std::chrono::milliseconds send_timeout_min = HttpClientSettings{}.unacknowledged_max;
    for (const ConnectorConfig& c : config.connectors)
      if (c.type != "on_us") send_timeout_min = std::min(send_timeout_min, c.send_timeout);
    http_client = std::make_shared<HttpClient>(
        HttpClientSettings{.http_to_loopback = config.environment == Environment::development,
                           .connect_max = begins_quarter(),
                           .queue_max = begins_quarter(),
                           .unacknowledged_max = send_timeout_min,
                           .connections_per_host = 1'024});  // each connector has its own limit
    for (const ConnectorConfig& c : config.connectors) start_rail(c);
    std::vector<RegisteredConnector> registered;
    for (std::size_t i = 0; i < rails.size(); ++i)
      registered.push_back({rails[i].rule.connector, config.connectors[i].type, rails[i].capability});
    register_connectors(database_url, registered);
  }

  /// The HTTP client's queue and its connecting together are the second half of send_begins_max.
  std::chrono::milliseconds begins_quarter() const {
    return std::min<std::chrono::milliseconds>(2s, config.settlement.send_begins_max / 4);
  }

  /// Longest silence of a connector that works: its queues, then the slower of its calls.
  std::chrono::milliseconds rail_answer_max(const ConnectorConfig& c) const {
    return config.settlement.send_begins_max + std::max(c.send_timeout, c.inquiry_timeout) + 2s;
  }

  static RailRule rule_of(const ConnectorConfig& c) {
    RailRule rule{.connector = c.name, .banks = c.banks, .methods = {}, .on_us = c.type == "on_us"};
    for (const auto& method : c.methods)
      if (const auto known = method_from(method)) rule.methods.push_back(*known);
    return rule;
  }

  void start_rail(const ConnectorConfig& c) {
    if (c.type == "on_us") {  // nobody outside: the ledger settles it
      rails.push_back({.rule = rule_of(c), .capability = {true, true, 0ms}});
      return;
    }
    auto bank = std::make_shared<RestBank>(
        RestBankSettings{.name = c.name,
                         .base_url = c.url,
                         .key_id = c.key_id,
                         .secret = c.secret.reveal(),
                         .send_max = c.send_timeout,
                         .inquiry_max = c.inquiry_timeout,
                         .capability = {true, true, c.not_found_final_after},
                         .on_call = [this](const CallRecord& call) { tell_call(call); }},
        http_client);
    const ConnectorSettings limits{.in_flight_max = c.in_flight_max, .clock = steady};
    const auto connector_actor = caf::actor_cast<RailActor>(
        supervised("connector:" + c.name, [bank, limits](caf::event_based_actor* self) {
          return caf::actor_cast<caf::actor>(
              self->spawn(connector, std::shared_ptr<Connector>(bank), limits));
        }));
    const bool ours = c.name == "sandbox" && sandbox;
    const CircuitBreakerSettings breaker{
        .connector = c.name,
        .breaker = {.failure_threshold = config.breaker.failure_threshold,
                    .success_threshold = config.breaker.success_threshold,
                    .timeout = ours ? std::min<std::chrono::milliseconds>(config.breaker.timeout, 1s)
                                    : config.breaker.timeout,
                    .half_open_max_calls = config.breaker.half_open_max_calls},
        .clock = steady,
        .answer_max = rail_answer_max(c),
        .sends_stopped = [this] { return books.sends_held(); },
        .on_state =
            [this, name = c.name](BreakerState state) {
              metrics.breaker(name, state == BreakerState::CLOSED ? Metrics::Breaker::closed
                                    : state == BreakerState::OPEN ? Metrics::Breaker::open
                                                                  : Metrics::Breaker::half_open);
              log_warning("breaker", {{"connector", name}, {"state", to_string(state)}});
            }};
    const auto breaker_actor = caf::actor_cast<RailActor>(
        supervised("breaker:" + c.name, [connector_actor, breaker](caf::event_based_actor* self) {
          return caf::actor_cast<caf::actor>(self->spawn(circuit_breaker, connector_actor, breaker));
        }));
    metrics.breaker(c.name, Metrics::Breaker::closed);
    rails.push_back({rule_of(c), breaker_actor, bank->capability(), c.send_timeout, rail_answer_max(c) + 3s});
  }

  void tell_call(const CallRecord& call) {
    const auto outcome = to_string(call.outcome);
    metrics.connector_call(call.connector, call.operation, outcome,
                           std::chrono::duration<double>(call.duration).count());
    if (call.outcome != Outcome::unknown && call.outcome != Outcome::not_sent) return;
    metrics.connector_failed(call.connector, call.code);
    log_warning("rail_failed", {{"connector", call.connector},
                                {"operation", call.operation},
                                {"reference", call.reference},
                                {"trace_id", call.trace_id},
                                {"outcome", outcome},
                                {"code", call.code}});
  }

  void start_intake() {
    IntakeSettings settings{
        .in_flight_max = config.settlement.max_in_flight,
        .policy = house_policy,
        .zone_offset = [this](std::string_view zone, std::int64_t at) { return time_zones.offset(zone, at); },
        .clock = clock,
        .ids = system_ids(),
        .ledger = ledger,
        .on_failure =
            [this](SettlementId id, const std::string& why, bool parked) {
              metrics.restarted("settlement");
              log_error(parked ? "settlement_parked" : "settlement_restarts",
                        {{"settlement", id.text()}, {"why", why}});
            },
        .on_ended = [this](const SettlementView& s) { tell_end(s); },
        .on_ready = [this] { metrics.ready(true); },
        .on_recovered =
            [](const RecoveryReport& report) {
              log_info("recovered", {{"in_flight_at_start", report.taken_up},
                                     {"funds_locked", report.funds_locked},
                                     {"executing", report.executing},
                                     {"confirming", report.confirming},
                                     {"waiting", report.waiting},
                                     {"resolved", report.resolved},
                                     {"left", report.left}});
            }};
    for (const Rail& rail : rails) {
      settings.rules.push_back(rail.rule);
      settings.rails.push_back(std::make_shared<SettlementContext>(
          SettlementContext{.ledger = ledger,
                            .rail = rail.breaker,
                            .capability = rail.capability,
                            .settings = {.transaction_timeout = config.settlement.transaction_timeout,
                                         .send_begins_max = config.settlement.send_begins_max,
                                         .answer_max = rail.answer_max,
                                         .send_lasts_max = rail.send_lasts_max,
                                         .inquiry = {.initial = config.settlement.inquiry_first,
                                                     .max = config.settlement.inquiry_max}},
                            .clock = clock,
                            .steady = steady,
                            .proven = [this] { return proven.load(); },
                            .chance = system_chance(),
                            .quarantined = [this] { return books.quarantined(); },
                            .on_final = [this](const SettlementView& s) { tell_end(s); }}));
    }
    intake_actor =
        caf::actor_cast<IntakeActor>(supervised("intake", [settings](caf::event_based_actor* self) {
          return caf::actor_cast<caf::actor>(self->spawn(intake, settings));
        }));
  }

  void start_scheduler() {
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

  /// With little history the first check is over before the first order comes, which then leaves at once.
  /// With much of it nobody waits: orders are taken, and leave after the check.
  void wait_for_the_first_check() {
    const auto until = std::chrono::steady_clock::now() + 500ms;
    while (!books.waits_for_first_check().empty() && !ending && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(5ms);
  }

  void tell_end(const SettlementView& s) {
    metrics.settlement_ended(to_string(s.status), s.order.amount.currency.code(), major_units(s.order.amount),
                             static_cast<double>(s.finalized_at - s.created_at) / 1e6);
    metrics.atomic_operation(to_string(s.status));
    log_debug("settlement_ended",
              {{"settlement", s.id.text()}, {"status", to_string(s.status)}, {"trace_id", s.trace_id}});
  }

  /// Another process may hold this database; then this one must not run.
  void wait_for_the_books() {
    caf::scoped_actor self{*actors};
    std::string why;
    self->request(ledger, 60s, ReadInFlight{})
        .receive([](const InFlight&) {}, [&](const caf::error& e) { why = actors->render(e); });
    if (!why.empty()) throw StartFailure(exit_unavailable, "the books cannot be opened: " + why + '.');
  }

  /// Before its rules are here the intake turns orders away.
  void wait_for_the_rules() {
    caf::scoped_actor self{*actors};
    for (bool known = false; !known && !ending; std::this_thread::sleep_for(known ? 0ms : 5ms))
      self->request(intake_actor, 5s, ReadHealth{})
          .receive(
              [&](const HealthReport& report) {
                for (const auto& item : report.items) known = known || (item.name == "rules" && item.ok);
              },
              [](const caf::error&) {});
  }

  void open_port() {
    try {
      front->start({intake_actor, ledger, reader, start_health(), scheduler_actor});
    } catch (const std::system_error& e) {
      throw StartFailure(exit_unavailable, no_port(e.code()));
    }
  }

  std::string no_port(const std::error_code& why) const {
    const auto at = address(config.server.http_port);
    if (why == std::errc::address_in_use)
      return at + " is taken by " + port_holder(config.server.http_port) + ". Stop it or use --http-port 0.";
    if (why == std::errc::permission_denied)
      return at + " may not be opened by this user. Use a port from 1024 on, such as --http-port 8086.";
    if (why == std::errc::address_not_available)
      return at + " cannot be opened: server.http_host is not an address of this machine.";
    return at + " cannot be opened: " + why.message() + ". Use another one, or --http-port 0.";
  }

  /// "127.0.0.1:8086", "[::1]:8086".
  std::string address(std::uint16_t port) const {
    const auto& host = config.server.http_host;
    return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
  }

  HealthActor start_health() {
    HealthSources sources{.intake = intake_actor,
                          .reader = health_reader,
                          .ledger_trouble = [this] { return ledger_trouble.get(); },
                          .sends_stopped = [this] { return books.sends_stopped(); },
                          .sends_wait = [this] { return books.waits_for_first_check(); },
                          .ending = [this] { return ending.load(); }};
    for (const Rail& rail : rails)
      if (rail.breaker) sources.rails.push_back(rail.breaker);
    return caf::actor_cast<HealthActor>(supervised("health", [sources](caf::event_based_actor* self) {
      return caf::actor_cast<caf::actor>(self->spawn(health, sources));
    }));
  }

  std::vector<ApiKey> keys() const {
    std::vector<ApiKey> all{{.id = "default", .digest = sha256(api_key)}};
    if (!approver_key.empty()) all.push_back({.id = "approver", .digest = sha256(approver_key)});
    return all;
  }

  void make_front() {
    const bool development = config.environment == Environment::development;
    api_key = config.security.api_key.empty() ? development_api_key(config.storage.data_dir).reveal()
                                              : config.security.api_key.reveal();
    approver_key = config.security.approver_key.reveal();
    if (approver_key.empty() && development)
      approver_key = development_api_key(config.storage.data_dir, "approver_key").reveal();
    FrontSettings settings{
        .host = config.server.http_host,
        .port = config.server.http_port,
        .threads = config.server.http_threads,
        .gate = {.keys = keys(), .allow_funding = development, .metrics_open_on_loopback = development},
        .metrics_text = [this] { return exposition(); },
        .on_request =
            [this](const RequestSeen& seen) {
              metrics.http_request(seen.route, seen.method, seen.status,
                                   std::chrono::duration<double>(seen.took).count());
              if (seen.status == 503 || seen.status == 429) metrics.shed();
              if (seen.status == 500)
                log_error("request_failed", {{"route", seen.route}, {"trace_id", seen.trace_id}});
            },
        .now = clock};
    metrics.queue_limit(settings.front_limits.tickets_max);
    front = std::make_unique<Front>(*actors, std::move(settings));
  }

  /// On a thread of the port, which must not wait: what only the database knows was read before, by FIGURES.
  std::string exposition() {
    metrics.queue_depth(front->pending());
    return metrics.expose();
  }

  void start_figures() {
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

  /// Of at most 200: beyond that the figure says "many".
  void tell_unknown(const std::vector<SettlementView>& confirming) {
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

  std::string http_url() const { return "http://" + address(front->port()); }

  /// Settlements whose bank is quick end by themselves; the others are rows that the next start takes up.
  void let_in_flight_end() {
    const auto until = std::chrono::steady_clock::now() + config.settlement.shutdown_grace;
    caf::scoped_actor self{*actors};
    for (std::int64_t left = 1; left > 0 && std::chrono::steady_clock::now() < until;) {
      self->request(intake_actor, 500ms, ReadHealth{})
          .receive([&](const HealthReport& report) { left = report.in_flight; },
                   [&](const caf::error&) { left = 0; });
      if (left > 0) std::this_thread::sleep_for(20ms);
    }
  }
};

System::System(Config config, std::string program_dir)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(program_dir))) {}
System::~System() { stop(); }

void System::start() {
  auto& it = *impl_;
  it.start_log();
  const fs::path data_dir = it.config.storage.data_dir;
  try {
    it.data_folder = std::make_unique<DataFolder>(data_dir);
    remove_endpoint(data_dir);  // of a killed predecessor; a living one holds the folder
    it.start_database();
    it.start_sandbox();
    it.actors = std::make_unique<caf::actor_system>(it.actor_config);
    it.books.look_for_older_books(it.database_url, data_dir, it.config.settlement.lift_quarantine);
    it.make_front();
    it.start_ledger();
    it.wait_for_the_books();
    it.start_rails();
    it.start_intake();
    it.start_scheduler();
    it.start_figures();
    it.wait_for_the_rules();
    it.wait_for_the_first_check();
    it.open_port();
    write_endpoint(
        data_dir, {.http = it.http_url(),
                   .sandbox = it.sandbox ? it.sandbox->url() : "",
                   .database_url = it.database_url,
                   .api_key = it.config.environment == Environment::development ? it.api_key : "",
                   .approver_key = it.config.environment == Environment::development ? it.approver_key : ""});
  } catch (const StartFailure&) {
    throw;
  } catch (const std::exception& e) {
    throw StartFailure(exit_unavailable, e.what());
  }
}

void System::stop() {
  auto& it = *impl_;
  if (!it.actors || it.ending.exchange(true)) return;
  log_info("stopping");
  remove_endpoint(it.config.storage.data_dir);
  if (it.front) it.front->drain();
  if (it.intake_actor) it.let_in_flight_end();
  if (it.front) it.front->stop(2s);
  for (auto slot = it.slots.rbegin(); slot != it.slots.rend(); ++slot) {
    caf::scoped_actor self{*it.actors};
    self->send_exit(*slot, caf::exit_reason::user_shutdown);
    self->wait_for(*slot);
  }
  it.http_client.reset();  // completes what is under way; nobody listens any more
  it.rails.clear();
  it.ledger = nullptr;
  it.reader = it.health_reader = nullptr;
  it.intake_actor = nullptr;
  it.scheduler_actor = nullptr;
  it.slots.clear();
  it.front.reset();
  it.actors.reset();
  it.sandbox.reset();
  if (it.postgres) it.postgres->stop();
  log_info("stopped");
}

std::string System::http_url() const { return impl_->http_url(); }

int System::wait_for_end() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  int signal = 0;
  sigwait(&ends, &signal);
  // A second signal ends at once: nothing is lost, because nothing that counts is only in memory.
  std::thread([ends] {
    int again = 0;
    sigwait(&ends, &again);
    ::_exit(128 + again);
  }).detach();
  return impl_->exit_code;
}
}  // namespace settled
