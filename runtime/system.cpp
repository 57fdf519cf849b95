#include "config/load.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/system_impl.hpp"
#include "storage/migrate.hpp"
#include "telemetry/log.hpp"

#include <caf/scoped_actor.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace settled {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

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

}  // namespace

void System::Impl::start_log() {
  open_log(config.log.format == LogFormat::json ? LogShape::json : LogShape::text,
           static_cast<LogSeverity>(config.log.level));
}

void System::Impl::start_database() {
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

void System::Impl::start_sandbox() {
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

caf::actor System::Impl::supervised(std::string name,
                                    std::function<caf::actor(caf::event_based_actor*)> start,
                                    RestartPolicy policy) {
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

void System::Impl::end_process(int code) {
  int none = 0;
  // Once: a second signal would cut the orderly end short.
  if (!ending && exit_code.compare_exchange_strong(none, code)) ::kill(::getpid(), SIGTERM);
}

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
