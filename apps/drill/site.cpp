#include "apps/drill/site.hpp"

#include "security/hmac.hpp"
#include "storage/child_process.hpp"
#include "storage/postgres_cluster.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace settled::drill {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

namespace {
bool alive(pid_t pid) {
  if (pid <= 0 || ::kill(pid, 0) != 0) return false;
  // A zombie has ended; only its parent has not looked yet.
  const auto stat = content_of("/proc/" + std::to_string(pid) + "/stat");
  const auto at = stat.rfind(") ");
  return at != std::string::npos && stat[at + 2] != 'Z';
}
std::string command_of(pid_t pid) { return content_of("/proc/" + std::to_string(pid) + "/cmdline"); }

/// The pid, if that process belongs to this folder: a number may have been given to a stranger since.
pid_t if_of_folder(pid_t pid, const fs::path& folder) {
  return alive(pid) && command_of(pid).find(folder.string()) != std::string::npos ? pid : 0;
}
/// Known by where it works, not by its command line: a server that may not pass our folders is started by a
/// path of another kind.
pid_t postmaster_in(const fs::path& data) {
  const auto folder = data / "postgres" / "data";
  const pid_t pid = postmaster_of(folder);
  const auto all = processes_in(folder);
  return std::find(all.begin(), all.end(), pid) == all.end() ? 0 : pid;
}
pid_t sandbox_in(const fs::path& data) {
  const auto noted = json::parse(content_of(data / "sandbox" / "sandbox.json"), nullptr, false);
  return noted.is_object() ? if_of_folder(noted.value("pid", 0), data) : 0;
}

/// Outside the range from which the kernel takes ports for connections, so that nobody has it by the time
/// the bank opens it again.
int free_port() {
  std::random_device chance;
  for (int i = 0; i < 1'000; ++i) {
    const int port = 20'000 + static_cast<int>(chance() % 12'000);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    if (free) return port;
  }
  throw Broken("no free port on 127.0.0.1");
}

/// What the programs need and nothing that could configure settled.
std::vector<std::string> bare_environment() {
  std::vector<std::string> out{"PATH=/usr/sbin:/usr/bin:/bin", "TZ=UTC"};
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "HOME"})
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + '=' + value);
  return out;
}
}  // namespace

Site::Site(SiteSettings settings) : settings_(std::move(settings)), data_(settings_.folder / "data") {
  fs::create_directories(data_ / "sandbox");

  write_settings();
}

Site::~Site() { clean_up(); }

void Site::write_settings() {
  const auto key = data_ / "sandbox" / "hmac_key";
  if (!fs::exists(key)) {
    std::ofstream(key) << random_hex(32) << '\n';
    fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
  }
  std::ofstream out(settings_.folder / "settled.toml");
  out << settings_.toml << std::flush;
  if (!settings_.quick || !settings_.toml.empty()) return;
  const auto port = std::to_string(free_port());
  out << "[sandbox]\nport = " << port
      << "\n[settlement]\ninquiry_first_ms = 50\ninquiry_max_ms = 250\nsend_begins_max_ms = "
         "1000\nshutdown_grace_s = 1\n"  // half of it from a commit to its sends, on a busy machine
      << settings_.settlement
      << "[breaker]\ntimeout_ms = 1000\n"
         "[[connector]]\nname = \"bank\"\nurl = \"http://127.0.0.1:"
      << port << "\"\nkey_id = \"settled\"\nsecret = \"file:" << key.string()
      << "\"\nsend_timeout_ms = 500\ninquiry_timeout_ms = 500\nnot_found_final_after_ms = 300\n"
         "in_flight_max = 200\n";
  if (!out.flush()) throw Broken("cannot write " + (settings_.folder / "settled.toml").string());
}

void Site::launch(const std::vector<std::string>& environment) {
  if (pid_ > 0) throw Broken("settled runs already");
  std::error_code ignored;
  fs::remove(data_ / "endpoint.json", ignored);
  std::vector<std::string> command{(settings_.program_folder / settings_.program).string(),
                                   "--config",
                                   (settings_.folder / "settled.toml").string(),
                                   "--data-dir",
                                   data_.string(),
                                   "--http-port",
                                   "0",
                                   "--grpc-port",
                                   "0"};
  command.insert(command.end(), settings_.flags.begin(), settings_.flags.end());
  auto all = bare_environment();
  for (const auto* more : {&settings_.environment, &environment})
    all.insert(all.end(), more->begin(), more->end());
  pid_ = spawn_child({.command = command,
                      .environment = all,
                      .log = settings_.folder / "settled.log",
                      .death_signal = SIGKILL});
  ++starts_;
}

std::optional<int> Site::ended() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void Site::await_endpoint() {
  std::optional<int> code;
  const auto there = [&] { return (code = ended()) || fs::exists(data_ / "endpoint.json"); };
  const bool done = eventually(there, 120s);
  if (code) throw Broken("settled ended with " + std::to_string(*code) + " instead of starting");
  if (!done) throw Broken("settled has not started for two minutes");
  const auto all = json::parse(content_of(data_ / "endpoint.json"), nullptr, false);
  const auto text = [&all](const char* name) {
    return all.contains(name) && all[name].is_string() ? all[name].get<std::string>() : std::string();
  };
  const std::lock_guard lock(mutex_);
  endpoint_ = {text("http"), text("sandbox"), text("database_url"), text("api_key")};
}

void Site::await_ready() {
  const auto ready = [this] {
    if (const auto code = ended()) throw Broken("settled ended by itself with " + std::to_string(*code));
    return Web(endpoint().http).get("/api/v1/health/ready").status == 200;
  };
  if (!eventually(ready, 60s)) throw Broken("settled has not been ready for 60 s although all is healed");
}

int Site::end(int signal) {
  if (pid_ <= 0) throw Broken("settled does not run");
  ::kill(pid_, signal);
  std::optional<int> code;
  if (!eventually([&] { return (code = ended()).has_value(); }, 60s))
    throw Broken("settled has not ended 60 s after signal " + std::to_string(signal));
  return *code;
}

bool Site::kill_postmaster(int signal) {
  const pid_t pid = postmaster_in(data_);
  return pid > 0 && ::kill(pid, signal) == 0;
}

bool Site::kill_backend(std::mt19937_64& chance) {
  std::vector<pid_t> sessions;
  for (const pid_t pid : processes_in(data_ / "postgres" / "data"))
    if (command_of(pid).find("settled settled") != std::string::npos) sessions.push_back(pid);
  return !sessions.empty() && ::kill(sessions[chance() % sessions.size()], SIGKILL) == 0;
}

bool Site::kill_sandbox() {
  const pid_t pid = sandbox_in(data_);
  return pid > 0 && ::kill(pid, SIGKILL) == 0;
}

void Site::kill_everything() {
  kill_sandbox();
  kill_postmaster(SIGKILL);
  if (pid_ > 0) end(SIGKILL);
}

void Site::freeze_database(bool frozen) {
  for (const pid_t pid : processes_in(data_ / "postgres" / "data")) ::kill(pid, frozen ? SIGSTOP : SIGCONT);
}

Endpoint Site::endpoint() const {
  const std::lock_guard lock(mutex_);
  return endpoint_;
}
std::unique_ptr<Web> Site::web() const {
  const auto at = endpoint();
  return std::make_unique<Web>(at.http, at.api_key);
}

Reply Site::bank(const std::string& method, const std::string& path, const std::string& body) const {
  Reply reply;
  eventually(
      [&] {
        Web web(endpoint().sandbox, {}, 10s);
        reply = method == "POST"     ? web.post(path, body)
                : method == "DELETE" ? web.remove(path)
                                     : web.get(path);
        return reply.status != 0;
      },
      20s);
  if (reply.status == 0) throw Broken("the bank has not answered for 20 s: " + method + ' ' + path);
  return reply;
}

std::string Site::log() const { return content_of(settings_.folder / "settled.log"); }

void Site::clean_up() {
  freeze_database(false);
  const pid_t postmaster = postmaster_in(data_), sandbox = sandbox_in(data_);
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    if (!eventually([this] { return ended().has_value(); }, 20s)) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = 0;
    }
  }
  const auto gone = [&] {
    return !alive(postmaster) && !alive(sandbox) && processes_in(data_ / "postgres" / "data").empty();
  };
  if (eventually(gone, 15s)) return;
  if (const pid_t pid = if_of_folder(sandbox, data_); pid > 0) ::kill(pid, SIGKILL);
  for (const pid_t pid : processes_in(data_ / "postgres" / "data")) ::kill(pid, SIGKILL);
  eventually(gone, 15s);
}
}  // namespace settled::drill
