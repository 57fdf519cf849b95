// Every setting of `settled`, its default and its reason. Code takes its own section, not the whole.
// load.hpp fills it; schema.cpp gives each key its name, its range and its other names.
#pragma once
#include "config/secret.hpp"
#include "domain/limits.hpp"
#include "domain/settlement.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

/// production refuses what is only safe on a developer's machine.
enum class Environment : std::uint8_t { development, production };
enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::string_view to_string(Environment environment);
std::string_view to_string(LogFormat format);
std::string_view to_string(LogLevel level);

/// Whether settlement windows count.
enum class WindowUse : std::uint8_t { by_environment, always_open, scheduled };
std::string_view to_string(WindowUse use);

/// [server]
struct ServerConfig {
  /// Loopback: whoever wants to be reached from outside says so.
  std::string http_host = "127.0.0.1";
  /// 0 takes a free one, which endpoint.json then names.
  std::uint16_t http_port = 8086;
  std::uint16_t grpc_port = 50056;
  /// No thread waits for an answer, so a few carry thousands of connections.
  int http_threads = 2;
};

/// [database]
struct DatabaseConfig {
  /// Empty: a private PostgreSQL in the data folder. May hold a password: show it through `redacted_url`.
  std::string url;
};

/// [storage]
struct StorageConfig {
  std::string data_dir = "settled-dev";
};

/// [log]
struct LogConfig {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
};

/// [sandbox]
struct SandboxConfig {
  /// On in development, off in production, where it is refused.
  bool enabled = true;
  /// 0 takes a free one.
  std::uint16_t port = 0;
};

/// [settlement]
struct SettlementConfig {
  /// An order with no external effect yet expires after this. Never one whose intent to send is recorded.
  std::chrono::seconds transaction_timeout{300};
  /// Accepted and not final. Beyond it the front answers 503, so that memory stays flat.
  std::size_t max_in_flight = 20'000;
  /// A doubtful order is asked about this soon, then ever less often up to the maximum.
  std::chrono::milliseconds inquiry_first{500};
  std::chrono::milliseconds inquiry_max{30'000};
  /// Outside its window an order waits, or is refused; its own wish goes first.
  Otherwise outside_window = Otherwise::queue;
  /// An order that an account cannot pay now is refused, or waits; its own wish goes first.
  Otherwise insufficient_funds = Otherwise::refuse;
  /// In development every window is open unless this says scheduled.
  WindowUse windows = WindowUse::by_environment;
  /// MIN_TRANSACTION_AMOUNT, MAX_TRANSACTION_AMOUNT, and both with _XOF, _GHS …
  std::vector<LimitSetting> amount_limits;
  /// A doubt older than this becomes a break for a person.
  std::chrono::seconds unknown_limit{3'600};
  /// Send again although the database is an older copy: after its gaps were looked into.
  bool lift_quarantine = false;
  /// A payment leaves within this time of being handed to its rail, or never. After a start 'not found' is
  /// no proof before it has passed once more.
  std::chrono::milliseconds send_begins_max{10'000};
  /// After SIGTERM work in flight gets this long before it is parked.
  std::chrono::seconds shutdown_grace{5};
};

/// [compliance]
struct ComplianceConfig {
  /// A file of blocked parties, one per line: name; reason; source. Empty: nobody is blocked.
  std::string blocked_list;
};

/// [jobs]: what runs again and again.
struct JobsConfig {
  std::chrono::seconds retry_every{300};
  std::chrono::seconds cleanup_every{600};
  std::chrono::seconds escalate_every{60};
  std::chrono::seconds lock_expiry_every{60};
  /// A check of everything; a big ledger stretches it, so that it never takes more than a twentieth of the
  /// time.
  std::chrono::seconds check_invariants_every{10};
  /// Ended fund locks older than this are archived.
  std::chrono::seconds archive_after{86'400};
  /// Banks are asked again about orders that ended unpaid for so long.
  std::chrono::seconds watch_ended{86'400};
};

/// [breaker]
struct BreakerConfig {
  int failure_threshold = 5;
  int success_threshold = 2;
  /// Open for this long before the first probe.
  std::chrono::milliseconds timeout{60'000};
  int half_open_max_calls = 3;
};

/// [[connector]]: one rail each.
struct ConnectorConfig {
  std::string name;
  /// "rest_bank", or "on_us": the payee's bank has its account here, and nothing leaves.
  std::string type = "rest_bank";
  std::string url;
  std::string key_id;
  Secret secret;
  /// BICs that it serves; "*" is every bank that no other connector names.
  std::vector<std::string> banks{"*"};
  std::vector<std::string> methods{"SWIFT", "SEPA", "LOCAL_ACH", "MOCK"};
  /// Silence longer than this makes the outcome a doubt. Must exceed the bank's own limit, or we would
  /// doubt payments that it still works on.
  std::chrono::milliseconds send_timeout{15'000};
  std::chrono::milliseconds inquiry_timeout{5'000};
  /// The bank's word: a 'not found' this long after the last send is final.
  std::chrono::milliseconds not_found_final_after{30'000};
  /// Sent and unanswered. Beyond it orders wait with their funds held: a row, not a doubt.
  std::size_t in_flight_max = 256;
};

/// [security]
struct SecurityConfig {
  /// Empty in development: one is made and kept in the data folder, see `development_api_key`.
  Secret api_key;
  /// A second person's key: what one asks for, the other approves. In development one is made.
  Secret approver_key;
};

struct Config {
  Environment environment = Environment::development;
  /// FAILPOINT of the environment, for tests (telemetry/failpoint.hpp). No setting: nobody leaves it in a
  /// file.
  std::string failpoint;
  ServerConfig server;
  DatabaseConfig database;
  StorageConfig storage;
  LogConfig log;
  SandboxConfig sandbox;
  SettlementConfig settlement;
  ComplianceConfig compliance;
  JobsConfig jobs;
  BreakerConfig breaker;
  std::vector<ConnectorConfig> connectors;
  SecurityConfig security;
};

/// The URL without its password, for the log and for people.
std::string redacted_url(std::string_view url);

}  // namespace settled
