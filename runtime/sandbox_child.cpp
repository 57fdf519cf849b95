#include "runtime/sandbox_child.hpp"

#include "storage/child_process.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <signal.h>
#include <stdexcept>
#include <unistd.h>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// What the child wrote down when it was ready: its URL, once it is this child's.
std::string ready_url(const std::filesystem::path& file, int pid) {
  std::ifstream in(file);
  const auto json = nlohmann::json::parse(in, nullptr, false);
  // Half written or not ours: not ready yet.
  if (json.is_discarded() || !json.is_object() || !json.contains("pid") || !json.contains("url")) return {};
  if (!json["pid"].is_number_integer() || json["pid"].get<int>() != pid || !json["url"].is_string())
    return {};
  const auto url = json["url"].get<std::string>();
  return url.starts_with("http://127.0.0.1:") ? url : std::string();
}
}  // namespace

SandboxChild::SandboxChild(Settings settings) : settings_(std::move(settings)) {}
SandboxChild::~SandboxChild() { stop(); }

void SandboxChild::start() {
  std::filesystem::create_directories(settings_.data_dir);
  keeper_ = std::thread([this] { keep(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !url_.empty() || !failure_.empty(); });
  if (!failure_.empty()) throw std::runtime_error("the sandbox did not start: " + failure_);
}

void SandboxChild::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

std::string SandboxChild::url() const {
  const std::lock_guard lock(mutex_);
  return url_;
}

int SandboxChild::launch() {
  ChildSpec spec;
  spec.command = {settings_.program.string(),
                  "--data-dir",
                  settings_.data_dir.string(),
                  "--port",
                  std::to_string(settings_.port),
                  "--key-id",
                  settings_.key_id};
  spec.environment = {"PATH=/usr/bin:/bin", "TZ=UTC", "SETTLED_SANDBOX_KEY=" + settings_.key};
  // How a sanitizer shall look at it, where the program was built with one.
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) spec.environment.push_back(std::string(name) + '=' + value);
  spec.log = settings_.data_dir / "sandbox.log";
  spec.death_signal = SIGTERM;
  return spawn_child(spec);
}

void SandboxChild::keep() {
  auto pause = 50ms;
  for (bool first = true;; first = false) {
    std::string why;
    try {
      pid_ = launch();
    } catch (const std::exception& e) {
      why = e.what();
    }
    const auto started = std::chrono::steady_clock::now();
    bool told = false;
    std::unique_lock lock(mutex_);
    while (why.empty()) {
      if (!told) {
        const auto url = ready_url(settings_.data_dir / "sandbox.json", pid_);
        if (!url.empty()) {
          told = true;
          url_ = url;
          settings_.port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
          changed_.notify_all();
          if (!first) settings_.on_event("back at " + url);
        }
      }
      if (const auto status = child_ended(pid_)) {
        why = describe_end(*status);
        break;
      }
      if (changed_.wait_for(lock, told ? 50ms : 5ms, [this] { return stopping_; })) {
        ::kill(pid_, SIGTERM);
        bool ended = false;
        for (int i = 0; i < 400 && !(ended = child_ended(pid_).has_value()); ++i)
          std::this_thread::sleep_for(5ms);
        if (!ended) ::kill(pid_, SIGKILL);
        return;
      }
    }
    pid_ = 0;
    if (first && !told) {
      failure_ = why + ", see " + (settings_.data_dir / "sandbox.log").string();
      changed_.notify_all();
      return;
    }
    settings_.on_event(why + "; starting it again");
    // One that ran for a while may come back at once; one that dies at its start, ever later.
    pause = std::chrono::steady_clock::now() - started > 5s ? 50ms : std::min(pause * 2, 2000ms);
    if (changed_.wait_for(lock, pause, [this] { return stopping_; })) return;
  }
}
}  // namespace settled
