#include "apps/settlectl/api_client.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

namespace settled::ctl {
namespace {
constexpr int connect_seconds = 5;
constexpr int answer_seconds = 60;
/// The server sends a comment every 15 s: a longer silence is a dead line.
constexpr int stream_silence_seconds = 40;

Answer answer_of(const httplib::Result& result) {
  Answer answer;
  if (!result) {
    answer.error = httplib::to_string(result.error());
    return answer;
  }
  answer.status = result->status;
  answer.body = result->body;
  answer.replayed = result->get_header_value("Idempotent-Replayed") == "true";
  const auto wait = result->get_header_value("Retry-After");
  if (!wait.empty() && wait.size() < 6 &&
      std::all_of(wait.begin(), wait.end(), [](char c) { return c >= '0' && c <= '9'; }))
    answer.retry_after_seconds = std::stoi(wait);
  return answer;
}

std::unique_ptr<httplib::Client> client_of(const std::string& url) {
  auto client = std::make_unique<httplib::Client>(url);
  if (!client->is_valid()) throw Stop(exit_config, '"' + url + "\" is not an http:// or https:// address.");
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);
  client->set_connection_timeout(connect_seconds, 0);
  client->set_read_timeout(answer_seconds, 0);
  client->set_write_timeout(answer_seconds, 0);
  return client;
}
}  // namespace

struct ApiClient::Http {
  std::unique_ptr<httplib::Client> client;
  httplib::Headers headers;
};

ApiClient::ApiClient(const Context& context) : context_(context), http_(std::make_unique<Http>()) {
  connect();
}
ApiClient::~ApiClient() = default;

void ApiClient::connect() {
  const auto endpoint = find_server(context_);
  url_ = endpoint.http;
  http_->client = client_of(url_);
  http_->headers.clear();
  if (!endpoint.api_key.empty()) http_->headers.emplace("X-API-Key", endpoint.api_key);
}

void ApiClient::look_again() {
  try {
    if (find_server(context_).http != url_) connect();
  } catch (const Stop&) {
    // Away just now: its folder may be between two starts. The old address stays.
  }
}

Answer ApiClient::get(const std::string& path) { return answer_of(http_->client->Get(path, http_->headers)); }

Answer ApiClient::post(const std::string& path, const std::string& body, const std::string& idempotency_key) {
  auto headers = http_->headers;
  if (!idempotency_key.empty()) headers.emplace("Idempotency-Key", idempotency_key);
  return answer_of(http_->client->Post(path, headers, body, "application/json"));
}

Answer ApiClient::send(const std::string& method, const std::string& path, const std::string& body) {
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.headers = http_->headers;
  if (!body.empty()) {
    request.headers.emplace("Content-Type", "application/json");
    request.body = body;
  }
  return answer_of(http_->client->send(request));
}

Answer ApiClient::stream(const std::string& path, const std::string& last_event_id,
                         const std::function<bool(std::string_view)>& on_bytes) {
  auto headers = http_->headers;
  headers.emplace("Accept", "text/event-stream");
  if (!last_event_id.empty()) headers.emplace("Last-Event-ID", last_event_id);
  auto client = client_of(url_);
  client->set_read_timeout(stream_silence_seconds, 0);
  int status = 0;
  std::string refused;
  const auto result = client->Get(
      path, headers,
      [&](const httplib::Response& response) {
        status = response.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        if (status == 200) return on_bytes({data, size});
        refused.append(data, std::min<std::size_t>(size, 64 * 1024));
        return refused.size() < 64 * 1024;
      });
  Answer answer;
  answer.status = status;
  answer.body = std::move(refused);
  if (!result) answer.error = httplib::to_string(result.error());
  return answer;
}

Answer get_url(const std::string& base, const std::string& path) {
  return answer_of(client_of(base)->Get(path));
}

Answer with_patience(const Context& context, ApiClient& client, const std::function<Answer()>& call) {
  using namespace std::chrono;
  const auto until = steady_clock::now() + seconds(context.timeout_seconds);
  milliseconds pause{100};
  for (;;) {
    auto answer = call();
    if (!answer.transient()) return answer;
    const auto wait = std::max<milliseconds>(pause, seconds(answer.retry_after_seconds));
    if (steady_clock::now() + wait > until) return answer;
    std::this_thread::sleep_for(wait);
    pause = std::min<milliseconds>(pause * 2, seconds(2));
    if (answer.status == 0) client.look_again();
  }
}

int exit_code_of(const Answer& answer) {
  if (answer.ok()) return exit_ok;
  if (answer.status == 0) return exit_away;
  if (answer.status == 401 || answer.status == 403) return exit_not_allowed;
  if (answer.status == 429 || answer.status == 503) return exit_try_again;
  if (answer.status >= 500) return exit_our_fault;
  return exit_data;
}

std::string sentences_of(const Answer& answer, const std::string& url) {
  if (answer.status == 0)
    return "No answer from " + url + " (" + answer.error +
           "). Is settled running? Start it with `./dev run`.";
  const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
  const auto text = [](const nlohmann::json& of, const char* key) {
    if (!of.is_object()) return std::string{};
    const auto at = of.find(key);
    return at != of.end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  std::string out = std::to_string(answer.status) + ": ";
  const auto detail = text(problem, "detail");
  out += !detail.empty()                  ? detail
         : text(problem, "title").empty() ? "no further explanation"
                                          : text(problem, "title");
  if (problem.is_object() && problem.contains("errors") && problem["errors"].is_array()) {
    const auto& errors = problem["errors"];
    for (const auto& e : errors) {
      // The detail has told the only error already.
      if (errors.size() > 1) out += "\n  " + text(e, "pointer") + ": " + text(e, "reason");
      if (const auto allowed = text(e, "allowed"); !allowed.empty())
        out += (errors.size() > 1 ? " (allowed: " : "\n(allowed: ") + allowed + ")";
    }
  }
  if (answer.status == 401) out += "\nSet SETTLED_API_KEY, or use --data-dir of a development server.";
  if (!text(problem, "code").empty()) out += "\ncode " + text(problem, "code");
  if (!text(problem, "trace_id").empty()) out += " · trace " + text(problem, "trace_id");
  return out;
}

void require(const Answer& answer, const std::string& url) {
  if (!answer.ok()) throw Stop(exit_code_of(answer), sentences_of(answer, url));
}

std::string percent_encoded(std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

std::string fresh_key() {
  std::random_device chance;
  char key[48];
  std::snprintf(key, sizeof key, "settlectl-%08x%08x%08x", chance(), chance(), chance());
  return key;
}
}  // namespace settled::ctl
