#include "actors/health.hpp"
#include "config/load.hpp"
#include "runtime/port_holder.hpp"
#include "runtime/system_impl.hpp"
#include "security/digest.hpp"
#include "telemetry/log.hpp"

namespace settled {
void System::Impl::open_port() {
  try {
    front->start({intake_actor, ledger, reader, start_health(), scheduler_actor});
  } catch (const std::system_error& e) {
    throw StartFailure(exit_unavailable, no_port(e.code()));
  }
}

std::string System::Impl::no_port(const std::error_code& why) const {
  const auto at = address(config.server.http_port);
  if (why == std::errc::address_in_use)
    return at + " is taken by " + port_holder(config.server.http_port) + ". Stop it or use --http-port 0.";
  if (why == std::errc::permission_denied)
    return at + " may not be opened by this user. Use a port from 1024 on, such as --http-port 8086.";
  if (why == std::errc::address_not_available)
    return at + " cannot be opened: server.http_host is not an address of this machine.";
  return at + " cannot be opened: " + why.message() + ". Use another one, or --http-port 0.";
}

std::string System::Impl::address(std::uint16_t port) const {
  const auto& host = config.server.http_host;
  return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

HealthActor System::Impl::start_health() {
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

std::vector<ApiKey> System::Impl::keys() const {
  std::vector<ApiKey> all{{.id = "default", .digest = sha256(api_key)}};
  if (!approver_key.empty()) all.push_back({.id = "approver", .digest = sha256(approver_key)});
  return all;
}

void System::Impl::make_front() {
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

std::string System::Impl::exposition() {
  metrics.queue_depth(front->pending());
  return metrics.expose();
}

std::string System::Impl::http_url() const { return "http://" + address(front->port()); }
}  // namespace settled
