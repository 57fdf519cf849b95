#include "apps/bench/server.hpp"

#include "apps/bench/cluster.hpp"
#include "security/hmac.hpp"
#include "storage/child_process.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace settled::bench {
namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::steady_clock;
using namespace std::chrono_literals;
namespace {
json json_in(const fs::path& file) {
  std::ifstream in(file);
  return json::parse(in, nullptr, false);
}

template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds most) {
  const auto until = steady_clock::now() + most;
  while (!condition()) {
    if (steady_clock::now() > until) return false;
    sleep_ms(2);
  }
  return true;
}
}  // namespace

void sleep_ms(long ms) {
  const timespec time{ms / 1000, ms % 1000 * 1'000'000};
  ::nanosleep(&time, nullptr);
}

Server::Server(ServerSettings settings) : settings_(std::move(settings)) {
  fs::create_directories(settings_.folder);
  std::ofstream(settings_.folder / "settled.toml") << settings_.settings;
}

Server::~Server() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  if (!eventually([this] { return ended(); }, 20s)) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void Server::launch() {
  std::error_code ignored;
  fs::remove(settings_.folder / "data" / "endpoint.json", ignored);
  pid_ =
      spawn_child({.command = {(settings_.program_folder / "settled").string(), "--config",
                               (settings_.folder / "settled.toml").string(), "--data-dir",
                               (settings_.folder / "data").string(), "--database-url", settings_.database_url,
                               "--http-port", "0", "--grpc-port", "0", "--sandbox", "off"},
                   .environment = {"PATH=/usr/bin:/bin", "TZ=UTC"},
                   .log = settings_.folder / "settled.log",
                   .death_signal = SIGKILL});
}

bool Server::ended() {
  int status = 0;
  if (pid_ <= 0) return true;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = 0;
  return true;
}

void Server::await_port() {
  const auto file = settings_.folder / "data" / "endpoint.json";
  bool gone = false;
  const bool there = eventually([&] { return (gone = ended()) || fs::exists(file); }, 120s);
  if (gone || !there) throw std::runtime_error("settled did not start: " + log_end());
  const auto endpoint = json_in(file);
  url_ = endpoint.value("http", "");
  api_key_ = endpoint.value("api_key", "");
  port_ = std::stoi(url_.substr(url_.rfind(':') + 1));
}

void Server::await_ready() {
  drill::Web web(url_);
  const auto ready = [&] {
    if (ended()) throw std::runtime_error("settled ended while starting: " + log_end());
    return web.get("/api/v1/health/ready").status == 200;
  };
  if (!eventually(ready, 120s)) throw std::runtime_error("settled is not ready after 120 s: " + log_end());
}

void Server::await_first_check() {
  const auto client = web();
  const auto checked = [&] {
    const auto reply = client->get("/api/v1/invariants");
    return reply.status == 200 && reply.body.find("\"ok\":null") == std::string::npos;
  };
  if (!eventually(checked, 600s))
    throw std::runtime_error("the books are not checked after 600 s: " + log_end());
}

void Server::start() {
  start_until_ready();
  await_first_check();
}

void Server::start_until_ready() {
  const auto begun = steady_clock::now();
  launch();
  await_port();
  port_after_s_ = std::chrono::duration<double>(steady_clock::now() - begun).count();
  await_ready();
}

double Server::start_timed() {
  const auto begun = steady_clock::now();
  start_until_ready();
  const double took = std::chrono::duration<double>(steady_clock::now() - begun).count();
  await_first_check();
  return took;
}

void Server::end(int signal) {
  if (pid_ <= 0) return;
  cpu_before_ += cpu_s_of(pid_);
  ::kill(pid_, signal);
  if (!eventually([this] { return ended(); }, 60s))
    throw std::runtime_error("settled has not ended 60 s after signal " + std::to_string(signal));
}

std::unique_ptr<drill::Web> Server::web() const {
  return std::make_unique<drill::Web>(url_, api_key_, std::chrono::seconds(30));
}

double Server::cpu_s() const { return cpu_before_ + (pid_ > 0 ? cpu_s_of(pid_) : 0); }

std::int64_t Server::resident_bytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
  std::int64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::string Server::log_end() const { return log_tail(settings_.folder / "settled.log", 0, 1000); }

Bank::Bank(const fs::path& program_folder, const fs::path& folder, const std::vector<std::string>& flags)
    : key_(folder / "hmac_key") {
  fs::create_directories(folder);
  std::ofstream(key_) << random_hex(32) << '\n';
  std::vector<std::string> command{(program_folder / "settled-sandbox").string(),
                                   "--data-dir",
                                   folder.string(),
                                   "--port",
                                   "0",
                                   "--key-id",
                                   "settled",
                                   "--key",
                                   "@" + key_.string()};
  command.insert(command.end(), flags.begin(), flags.end());
  pid_ = spawn_child({.command = command,
                      .environment = {"PATH=/usr/bin:/bin", "TZ=UTC"},
                      .log = folder / "sandbox.log",
                      .death_signal = SIGKILL});
  const auto file = folder / "sandbox.json";
  if (!eventually([&] { return json_in(file).is_object(); }, 20s))
    throw std::runtime_error("the bank did not start: " + log_tail(folder / "sandbox.log", 0, 500));
  url_ = json_in(file).value("url", "");
}

Bank::~Bank() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Bank::connector(const std::string& name, int in_flight_max, const std::string& more,
                            const std::string& banks) const {
  return "[[connector]]\nname = \"" + name + "\"\nurl = \"" + url_ +
         "\"\nkey_id = \"settled\"\nsecret = \"file:" + key_.string() + "\"\nbanks = [\"" + banks +
         "\"]\nin_flight_max = " + std::to_string(in_flight_max) + "\n" + more;
}

drill::Reply Bank::fault(const std::string& script) {
  drill::Web web(url_);
  auto reply = web.post("/sandbox/faults", script);
  if (reply.status / 100 != 2) throw std::runtime_error("the bank refused a fault script: " + reply.body);
  return reply;
}

void Bank::heal() { drill::Web(url_).remove("/sandbox/faults"); }

double Bank::cpu_s() const { return cpu_s_of(pid_); }

}  // namespace settled::bench
