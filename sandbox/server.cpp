#include "sandbox/server.hpp"

#include "sandbox/bank_routes.hpp"

#include <stdexcept>

namespace settled::sandbox {
namespace {
Settings checked(Settings settings) {
  if (settings.key.empty())
    throw std::runtime_error("the bank needs a key: --key @FILE or SETTLED_SANDBOX_KEY");
  if (settings.data_dir.empty()) throw std::runtime_error("the bank needs a folder: --data-dir DIR");
  std::filesystem::create_directories(settings.data_dir);
  return settings;
}
std::int64_t unix_seconds_now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}
}  // namespace

Server::Server(Settings settings)
    : settings_(checked(std::move(settings))),
      bank_({.data_dir = settings_.data_dir, .name = settings_.name}),
      http_({.port = settings_.port}) {
  add_bank_routes(http_, bank_, faults_,
                  {settings_.key_id, settings_.key, settings_.response_delay, unix_seconds_now});
  add_fault_routes(http_, faults_);
  http_.route("GET", "/health", [](const Request&) { return Answer{200, R"({"status":"UP"})"}; });
  http_.start();
}

Server::~Server() { stop(); }

std::string Server::url() const { return "http://127.0.0.1:" + std::to_string(http_.port()); }
}  // namespace settled::sandbox
