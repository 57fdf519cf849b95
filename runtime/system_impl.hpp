// The parts of a System and how each is started. For runtime/system*.cpp only: the order is in system.cpp,
// the books and what looks after them in system_books.cpp, rails and settlements in system_rails.cpp, the
// port in system_port.cpp.
#pragma once
#include "connectors/http_client.hpp"
#include "connectors/rest_bank/rest_bank.hpp"
#include "domain/routing.hpp"
#include "http/front.hpp"
#include "runtime/actor_clock.hpp"
#include "runtime/books_guard.hpp"
#include "runtime/clock.hpp"
#include "runtime/data_folder.hpp"
#include "runtime/policy.hpp"
#include "runtime/sandbox_child.hpp"
#include "runtime/supervisor.hpp"
#include "runtime/system.hpp"
#include "runtime/time_zone.hpp"
#include "security/hmac.hpp"
#include "storage/private_postgres.hpp"
#include "telemetry/metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace settled {

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

  void start_log();
  void start_database();
  void start_sandbox();
  /// The stable handle of a supervised actor; its exhaustion ends the process.
  caf::actor supervised(std::string name, std::function<caf::actor(caf::event_based_actor*)> start,
                        RestartPolicy policy = {});
  void end_process(int code);

  // The books and what looks after them.
  void start_ledger();
  ReaderActor start_reader(const char* name, const std::string& whose = {});
  /// Another process may hold this database; then this one must not run.
  void wait_for_the_books();
  void start_scheduler();
  /// With little history the first check is over before the first order comes, which then leaves at once.
  /// With much of it nobody waits: orders are taken, and leave after the check.
  void wait_for_the_first_check();
  void start_figures();
  /// Of at most 200: beyond that the figure says "many".
  void tell_unknown(const std::vector<SettlementView>& confirming);
  /// For display in metrics only.
  static double major_units(const Money& money);

  // Rails and settlements.
  void start_rails();
  /// The HTTP client's queue and its connecting together are the second half of send_begins_max.
  std::chrono::milliseconds begins_quarter() const;
  /// Longest silence of a connector that works: its queues, then the slower of its calls.
  std::chrono::milliseconds rail_answer_max(const ConnectorConfig& c) const;
  static RailRule rule_of(const ConnectorConfig& c);
  void start_rail(const ConnectorConfig& c);
  void tell_call(const CallRecord& call);
  void start_intake();
  /// Before its rules are here the intake turns orders away.
  void wait_for_the_rules();
  void tell_end(const SettlementView& s);
  /// Settlements whose bank is quick end by themselves; the others are rows that the next start takes up.
  void let_in_flight_end();

  // The port.
  void make_front();
  std::vector<ApiKey> keys() const;
  /// On a thread of the port, which must not wait: what only the database knows was read before, by FIGURES.
  std::string exposition();
  HealthActor start_health();
  void open_port();
  std::string no_port(const std::error_code& why) const;
  /// "127.0.0.1:8086", "[::1]:8086".
  std::string address(std::uint16_t port) const;
  std::string http_url() const;
};

}  // namespace settled
