#include "e2e/process_fixture.hpp"

#include "storage/child_process.hpp"
#include "storage/postgres_cluster.hpp"

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

namespace settled::tests {
namespace {

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::unique_ptr<httplib::Client> client_for(const std::string& url) {
  auto client = std::make_unique<httplib::Client>(url);
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);
  client->set_connection_timeout(5, 0);
  client->set_read_timeout(90, 0);
  return client;
}

Reply reply_of(const httplib::Result& result) {
  Reply reply;
  if (!result) return reply;
  reply.status = result->status;
  reply.body = result->body;
  for (const auto& [name, value] : result->headers) {
    std::string small = name;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    reply.headers[small] = value;
  }
  return reply;
}

fs::path fresh_folder() {
  std::string pattern = "/tmp/settled-e2e-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  // Root's PostgreSQL runs as another user, who must be able to pass.
  fs::permissions(pattern, fs::perms(0755));
  return pattern;
}

std::string program() {
  const char* folder = std::getenv("SETTLED_BIN");
  if (!folder) throw std::runtime_error("SETTLED_BIN must name the folder of the programs");
  return std::string(folder) + "/settled";
}

/// What the sanitizers need and nothing that could configure settled.
std::vector<std::string> environment() {
  std::vector<std::string> out{"PATH=/usr/bin:/bin", "TZ=UTC"};
  for (const char* name : {"LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "HOME"})
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + '=' + value);
  // Freed memory that ASan keeps back would look like a leak to whoever watches the resident size.
  const char* asan = std::getenv("ASAN_OPTIONS");
  out.push_back("ASAN_OPTIONS=quarantine_size_mb=8:" + std::string(asan ? asan : ""));
  return out;
}

bool alive(pid_t pid) {
  if (pid <= 0 || ::kill(pid, 0) != 0) return false;
  // A zombie has ended; only its parent has not looked yet.
  const auto stat = content_of("/proc/" + std::to_string(pid) + "/stat");
  const auto at = stat.rfind(") ");
  return at != std::string::npos && stat[at + 2] != 'Z';
}

/// The pid, if that process was started by this folder's settled: a number may belong to a stranger since.
pid_t if_of_folder(pid_t pid, const fs::path& folder) {
  const auto command = content_of("/proc/" + std::to_string(pid) + "/cmdline");
  return alive(pid) && command.find(folder.string()) != std::string::npos ? pid : 0;
}

pid_t postmaster_in(const fs::path& folder) {
  return if_of_folder(postmaster_of(folder / "postgres" / "data"), folder);
}

pid_t sandbox_in(const fs::path& folder) {
  const auto noted = json::parse(content_of(folder / "sandbox" / "sandbox.json"), nullptr, false);
  return noted.is_object() ? if_of_folder(noted.value("pid", 0), folder) : 0;
}

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

bool test_failed() {
  if (std::uncaught_exceptions() > 0) return true;
  using namespace boost::unit_test;
  const auto id = framework::current_test_case_id();
  return id != INV_TEST_UNIT_ID && !results_collector.results(id).passed();
}
}  // namespace

json Reply::json() const { return nlohmann::json::parse(body, nullptr, false); }
std::string Reply::text(const std::string& member) const {
  const auto all = json();
  const nlohmann::json::json_pointer at('/' + member);
  if (!all.is_object() || !all.contains(at)) return {};
  return all[at].is_string() ? all[at].get<std::string>() : all[at].dump();
}
std::string Reply::header(const std::string& name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string{} : at->second;
}

struct Http::Client {
  std::unique_ptr<httplib::Client> http;
};
Http::Http(const std::string& url, std::string api_key)
    : url_(url), api_key_(std::move(api_key)), client_(new Client{client_for(url)}) {}
Http::~Http() = default;
Http::Http(Http&&) noexcept = default;
Http& Http::operator=(Http&&) noexcept = default;

Reply Http::get(const std::string& path) { return send("GET", path, {{"X-API-Key", api_key_}}, ""); }
Reply Http::remove(const std::string& path) { return send("DELETE", path, {{"X-API-Key", api_key_}}, ""); }
Reply Http::post(const std::string& path, const std::string& body, const std::string& idempotency_key) {
  Headers headers{{"X-API-Key", api_key_}, {"Content-Type", "application/json"}};
  if (!idempotency_key.empty()) headers.emplace_back("Idempotency-Key", idempotency_key);
  return send("POST", path, headers, body);
}
Reply Http::send(const std::string& method, const std::string& path, const Headers& headers,
                 const std::string& body) {
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.emplace(name, value);
  return reply_of(client_->http->send(request));
}

struct EventStream::Client {
  std::unique_ptr<httplib::Client> http;
};
EventStream::EventStream(const std::string& url, const std::string& api_key, const std::string& path)
    : client_(new Client{client_for(url)}) {
  reader_ = std::thread([this, api_key, path] {
    client_->http->Get(path, {{"X-API-Key", api_key}, {"Accept", "text/event-stream"}},
                       [this](const char* data, std::size_t size) {
                         const std::lock_guard lock(mutex_);
                         seen_.append(data, size);
                         return true;
                       });
  });
  // Its first words say that it is open: what is committed from now on will be told.
  if (!eventually([this] { return !seen().empty(); })) BOOST_ERROR("the event stream did not open");
}
EventStream::~EventStream() {
  client_->http->stop();
  reader_.join();
}
std::string EventStream::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

Settled::Settled(std::vector<std::string> flags) : folder_(fresh_folder()), flags_(std::move(flags)) {}
Settled::~Settled() {
  if (test_failed()) {
    const auto all = log();
    BOOST_TEST_MESSAGE("settled said: " << all.substr(all.size() - std::min<std::size_t>(all.size(), 6'000)));
  }
  clean_up();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Settled::clean_up() {
  const pid_t postmaster = postmaster_in(folder_), sandbox = sandbox_in(folder_);
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    if (!eventually([this] { return ended().has_value(); }, 30s)) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = 0;
    }
  }
  const auto gone = [&] {
    return !alive(postmaster) && !alive(sandbox) && processes_in(folder_ / "postgres" / "data").empty();
  };
  if (eventually(gone, 15s)) return;
  for (const pid_t pid : {if_of_folder(postmaster, folder_), if_of_folder(sandbox, folder_)})
    if (pid > 0) ::kill(pid, SIGKILL);
  for (const pid_t pid : processes_in(folder_ / "postgres" / "data")) ::kill(pid, SIGKILL);
  eventually(gone, 15s);
}

void Settled::launch() {
  if (pid_ > 0) throw std::logic_error("it runs already");
  fs::remove(folder_ / "endpoint.json");
  std::vector<std::string> command{program(),     "--data-dir", folder_.string(), "--http-port", "0",
                                   "--grpc-port", "0"};
  command.insert(command.end(), flags_.begin(), flags_.end());
  auto variables = environment();
  if (!failpoint_.empty()) variables.push_back("FAILPOINT=" + failpoint_);
  pid_ = spawn_child({.command = command,
                      .environment = variables,
                      .log = folder_ / "settled.log",
                      .death_signal = SIGKILL});
}

std::optional<int> Settled::ended() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = 0;
  return exit_code(status);
}

void Settled::await_ready() {
  if (!comes_up()) throw std::runtime_error("settled ended: " + log());
}

bool Settled::comes_up() {
  std::optional<int> code;
  const auto ready = [&] {
    code = ended();
    return code || fs::exists(folder_ / "endpoint.json");
  };
  if (!eventually(ready)) throw std::runtime_error("settled is not ready: " + log());
  if (code) {
    BOOST_TEST_MESSAGE("settled ended with " << *code);
    return false;
  }
  const auto all = json::parse(content_of(folder_ / "endpoint.json"));
  const std::lock_guard lock(mutex_);
  endpoint_.clear();
  for (const auto& [name, value] : all.items())
    if (value.is_string()) endpoint_[name] = value.get<std::string>();
  return true;
}

int Settled::end(int signal) {
  if (pid_ <= 0) throw std::logic_error("it does not run");
  ::kill(pid_, signal);
  return await_end();
}

int Settled::await_end() {
  std::optional<int> code;
  if (!eventually([&] { return (code = ended()).has_value(); }))
    throw std::runtime_error("settled does not end");
  return *code;
}

void Settled::end_in_order() {
  BOOST_TEST(end(SIGTERM) == 0, "the exit code after SIGTERM is 0");
  BOOST_TEST(!fs::exists(folder_ / "endpoint.json"), "endpoint.json goes with the process");
  const auto all = log() + content_of(folder_ / "sandbox" / "sandbox.log");
  for (const char* alarm : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                            "runtime error:", "WARNING: ThreadSanitizer", "terminate called"}) {
    const auto at = all.find(alarm);
    BOOST_TEST((at == std::string::npos), all.substr(std::min(at, all.size()), 4'000));
  }
}

void Settled::kill_postmaster() {
  pid_t pid = 0;
  const auto found = [&] { return (pid = postmaster_in(folder_)) > 0 && pid != postmaster_killed_; };
  if (!eventually(found)) throw std::runtime_error("there is no PostgreSQL to kill");
  ::kill(postmaster_killed_ = pid, SIGKILL);
}

void Settled::kill_sandbox() {
  pid_t pid = 0;
  const auto found = [&] { return (pid = sandbox_in(folder_)) > 0 && pid != sandbox_killed_; };
  if (!eventually(found)) throw std::runtime_error("there is no sandbox to kill");
  ::kill(sandbox_killed_ = pid, SIGKILL);
}

std::string Settled::url() const {
  const std::lock_guard lock(mutex_);
  return endpoint_.at("http");
}
std::string Settled::api_key() const {
  const std::lock_guard lock(mutex_);
  return endpoint_.at("api_key");
}
std::string Settled::sandbox_url() const {
  const std::lock_guard lock(mutex_);
  return endpoint_.at("sandbox");
}
std::string Settled::database_url() const {
  const std::lock_guard lock(mutex_);
  return endpoint_.at("database_url");
}

long Settled::resident_kb() const {
  std::istringstream in(content_of("/proc/" + std::to_string(pid_) + "/status"));
  for (std::string word; in >> word;)
    if (long kb = 0; word == "VmRSS:" && in >> kb) return kb;
  throw std::runtime_error("settled has no memory");
}

std::string Settled::log() const { return content_of(folder_ / "settled.log"); }

void Settled::fault(const std::string& kind, const std::string& more) const {
  const auto made = Http(sandbox_url()).post("/sandbox/faults", R"({"kind":")" + kind + "\"," + more + '}');
  if (made.status != 201) throw std::runtime_error("no such fault: " + made.body);
}
void Settled::clear_faults() const { Http(sandbox_url()).remove("/sandbox/faults"); }
int Settled::faults_fired(const std::string& kind) const {
  int fired = 0;
  const auto scripts = Http(sandbox_url()).get("/sandbox/faults").json();
  for (const auto& script : scripts)
    if (kind.empty() || script["kind"] == kind) fired += script["fired"].get<int>();
  return fired;
}

Verdict Settled::verify(const std::vector<std::string>& acknowledged) const {
  std::uint64_t last = 0;
  const auto bank_log = [&last, bank = std::make_shared<Http>(sandbox_url())] {
    std::vector<BankEffect> effects;
    for (auto before = last;; before = last) {
      const auto page = bank->get("/sandbox/log?limit=10000&after=" + std::to_string(last));
      if (page.status != 200) throw std::runtime_error("the bank's log cannot be read");
      std::istringstream lines(page.body);
      for (std::string text; std::getline(lines, text);) {
        const auto line = json::parse(text);
        last = line.at("n").get<std::uint64_t>();
        if (line.at("effect").get<bool>())
          effects.push_back({line.at("e2e"), line.at("amount"), line.at("ccy"), line.at("creditor")});
      }
      if (last == before) return effects;
    }
  };
  return settled::verify(
      {.database_url = database_url(), .bank_log = bank_log, .acknowledged = acknowledged});
}
}  // namespace settled::tests
