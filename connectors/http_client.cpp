#include "connectors/http_client.hpp"

#include "connectors/curl_events.hpp"
#include "connectors/http_call.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <thread>
#include <unordered_map>
#include <utility>

namespace settled {
namespace {
using Clock = HttpCall::Clock;
using Kind = HttpResponse::Kind;

struct UrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// "http://127.0.0.1:8080", and whether we may speak to it; empty if not.
std::string origin_of(const std::string& text, bool http_to_loopback) {
  const std::unique_ptr<CURLU, UrlFree> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
  const auto part = [&url](CURLUPart which) {
    char* raw = nullptr;
    if (curl_url_get(url.get(), which, &raw, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
    std::string value = raw;
    curl_free(raw);
    return value;
  };
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty()) return {};
  const auto scheme = part(CURLUPART_SCHEME), host = part(CURLUPART_HOST);
  // Curl itself maps "localhost" to this machine. A name such as 127.example.org is not an address.
  in_addr address{};
  const bool in_127 = inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
  const bool loopback = in_127 || host == "localhost" || host == "[::1]";
  if (scheme != "https" && !(scheme == "http" && http_to_loopback && loopback)) return {};
  return scheme + "://" + host + ':' + part(CURLUPART_PORT);
}

}  // namespace

std::string_view to_string(Kind kind) {
  constexpr std::array<std::string_view, 3> names{"answered", "not_sent", "unknown"};
  return names.at(static_cast<std::size_t>(kind));
}

class HttpClient::Loop {
 public:
  explicit Loop(const HttpClientSettings& settings) : settings_(settings) {
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    stopping_ = true;
    events_.wake();
    thread_.join();
    for (CURL* easy : spare_) curl_easy_cleanup(easy);
  }

  void submit(std::unique_ptr<HttpCall> call) {
    std::unique_lock lock(mutex_);
    if (closed_) {
      lock.unlock();
      return finish_as(*call, Kind::not_sent, "shutting_down");
    }
    const bool first = incoming_.empty();
    incoming_.push_back(std::move(call));
    lock.unlock();
    // Whoever found the list filled can rely on the one who filled it: the loop empties it as a whole.
    if (first) events_.wake();
  }

 private:
  struct Host {
    std::deque<std::unique_ptr<HttpCall>> waiting;
    long running = 0;
  };

  void run() {
    auto next_look = Clock::now();
    while (!stopping_) {
      take_incoming();
      events_.turn(Clock::now() + std::chrono::milliseconds(waiting_ > 0 ? 100 : 1'000));
      events_.collect([this](CURL* easy, CURLcode result) { ended(easy, result); });
      const auto now = Clock::now();
      if (waiting_ > 0 && now >= next_look) {
        expire_waiting(now);
        next_look = now + std::chrono::milliseconds(100);
      }
    }
    for (auto& [easy, call] : running_) {
      events_.remove(easy);
      curl_easy_cleanup(easy);
      finish_as(*call, Kind::unknown, "shutting_down");
    }
    running_.clear();
    for (auto& [origin, host] : hosts_)
      for (auto& call : host.waiting) finish_as(*call, Kind::unknown, "shutting_down");
    // A callback may ask for further calls: they are answered too, until it stops.
    while (true) {
      std::vector<std::unique_ptr<HttpCall>> late;
      {
        const std::lock_guard lock(mutex_);
        late.swap(incoming_);
        closed_ = late.empty();
      }
      if (late.empty()) return;
      for (auto& call : late) finish_as(*call, Kind::unknown, "shutting_down");
    }
  }

  void take_incoming() {
    std::vector<std::unique_ptr<HttpCall>> taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(incoming_);
    }
    for (auto& call : taken) {
      call->origin = origin_of(call->request.url, settings_.http_to_loopback);
      if (call->origin.empty() || (call->request.method != "GET" && call->request.method != "POST")) {
        finish_as(*call, Kind::not_sent, "url_refused", "only https, or http to this machine in development");
        continue;
      }
      Host& host = hosts_[call->origin];
      if (host.running < settings_.connections_per_host) {
        start(host, std::move(call));
      } else if (host.waiting.size() >= settings_.queued_per_host) {
        finish_as(*call, Kind::not_sent, "queue_full");
      } else {
        host.waiting.push_back(std::move(call));
        ++waiting_;
      }
    }
  }

  void start(Host& host, std::unique_ptr<HttpCall> call) {
    const auto handed_over = std::min(call->asked, call->request.handed_over_by);
    call->begin_before = handed_over + settings_.queue_max + settings_.connect_max;
    if (const auto now = Clock::now(); now - call->asked >= settings_.queue_max || now > call->begin_before)
      return expire(*call);
    CURL* easy = handle();
    attach(easy, *call, settings_);
    if (!events_.add(easy)) {
      curl_easy_cleanup(easy);
      finish_as(*call, Kind::not_sent, "transport", "curl took no further transfer");
      return;
    }
    ++host.running;
    running_.emplace(easy, std::move(call));
  }

  CURL* handle() {
    if (spare_.empty()) return new_handle(settings_);
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }

  void ended(CURL* easy, CURLcode result) {
    auto node = running_.extract(easy);
    std::unique_ptr<HttpCall> call = std::move(node.mapped());
    HttpResponse out = response_of(result, *call);
    detach(easy);  // the call and its buffers go now
    spare_.push_back(easy);
    Host& host = hosts_[call->origin];
    --host.running;
    while (!host.waiting.empty() && host.running < settings_.connections_per_host) {
      auto next = std::move(host.waiting.front());
      host.waiting.pop_front();
      --waiting_;
      start(host, std::move(next));
    }
    call->done(std::move(out));
  }

  void expire_waiting(Clock::time_point now) {
    for (auto& [origin, host] : hosts_) {
      // In the order of their arrival, and all have the same limit: the oldest stand in front.
      while (!host.waiting.empty() && now - host.waiting.front()->asked >= settings_.queue_max) {
        auto call = std::move(host.waiting.front());
        host.waiting.pop_front();
        --waiting_;
        expire(*call);
      }
    }
  }

  static void expire(HttpCall& call) {
    finish_as(call, Kind::not_sent, "queue_timeout", "no free connection in time to " + call.origin);
  }

  const HttpClientSettings settings_;
  CurlEvents events_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<HttpCall>> incoming_;
  bool closed_ = false;  // the loop has ended; with mutex_
  std::atomic<bool> stopping_{false};
  // The rest belongs to the loop's thread.
  std::unordered_map<CURL*, std::unique_ptr<HttpCall>> running_;
  std::map<std::string, Host> hosts_;
  std::size_t waiting_ = 0;
  std::vector<CURL*> spare_;
  std::thread thread_;
};

HttpClient::HttpClient(const HttpClientSettings& settings) : loop_(std::make_unique<Loop>(settings)) {}
HttpClient::~HttpClient() = default;

void HttpClient::perform(HttpRequest request, Done done) {
  auto call = std::make_unique<HttpCall>();
  call->request = std::move(request);
  call->done = std::move(done);
  loop_->submit(std::move(call));
}
}  // namespace settled
