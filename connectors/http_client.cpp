#include "connectors/http_client.hpp"

#include "telemetry/failpoint.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <charconv>
#include <deque>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace settled {
namespace {
using Clock = std::chrono::steady_clock;
using Kind = HttpResponse::Kind;

void check(CURLcode code, const char* what) {
  if (code != CURLE_OK)
    throw std::runtime_error(std::string("curl: ") + what + ": " + curl_easy_strerror(code));
}

struct SlistFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {
    if (fd < 0) throw std::runtime_error("curl's loop: no file descriptor left");
  }
  ~Descriptor() { ::close(fd); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int fd;
};
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

/// One call, from perform() to its answer. Lives at one address while curl knows it.
struct Call {
  HttpRequest request;
  HttpClient::Done done;
  Clock::time_point asked = Clock::now();
  Clock::time_point begin_before = Clock::time_point::max();
  std::string origin;
  // While curl has it:
  CURL* easy = nullptr;
  std::unique_ptr<curl_slist, SlistFree> headers;
  std::string body;
  std::size_t header_bytes = 0;
  std::size_t body_max = 0, header_max = 0;
  bool too_large = false;
  bool too_late = false;
  std::size_t body_sent = 0;  // with failpoints only
  bool cut = false;           // by a failpoint
  int starts = 0;             // how often curl began to write the request
  std::optional<std::chrono::seconds> retry_after;
  std::array<char, CURL_ERROR_SIZE> error{};
};

std::size_t on_body(char* data, std::size_t one, std::size_t count, void* self) {
  auto& call = *static_cast<Call*>(self);
  if (call.body.size() + one * count > call.body_max) {
    call.too_large = true;
    return 0;
  }
  call.body.append(data, one * count);
  return one * count;
}

std::size_t on_header(char* data, std::size_t one, std::size_t count, void* self) {
  auto& call = *static_cast<Call*>(self);
  if (call.cut) return 0;
  const std::string_view line(data, one * count);
  call.header_bytes += line.size();
  if (call.header_bytes > call.header_max) {
    call.too_large = true;
    return 0;
  }
  constexpr std::string_view name = "retry-after:";
  if (line.size() > name.size() && curl_strnequal(line.data(), name.data(), name.size())) {
    auto value = line.substr(name.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    std::int64_t seconds = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc{} && seconds >= 0)
      call.retry_after = std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400));
  }
  return line.size();
}

/// Curl gives us each socket before it connects.
///
/// A call that has timed out is closed, but what the kernel had taken and not yet delivered it would go on
/// sending, for minutes, to a bank that is just coming back: after 'not found' was taken as final and the
/// order sent again. So a close drops it and resets the connection, and the kernel itself gives up what
/// nobody acknowledges. No socket without both.
int on_socket(void* self, curl_socket_t socket, curlsocktype) {
  const auto& settings = *static_cast<const HttpClientSettings*>(self);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  const auto unacknowledged_ms = static_cast<unsigned>(settings.unacknowledged_max.count());
  const bool set =
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0 &&
      ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms) == 0;
  return set ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

/// Curl asks this each time before it writes a request, on whatever connection.
///
/// When a kept connection turns out to be dead, curl by itself sends the request again on a fresh one, as
/// long as no byte of an answer has come. It cannot know whether the other side read the first copy and
/// acted on it before the connection went away, so this would be a resend on a doubt. A POST is therefore
/// begun once. What has started and failed is `unknown`, and somebody inquires: curl's own count of written
/// bytes is no proof, it misses what goes out after a first write that would have blocked. A GET may be
/// repeated as often as curl likes.
int on_before_request(void* self, char*, char*, int, int) {
  auto& call = *static_cast<Call*>(self);
  if (call.starts > 0 && call.request.method == "POST") return CURL_PREREQFUNC_ABORT;
  // The last look before the first byte: this thread may have stood still since the call began.
  call.too_late = call.request.method == "POST" && Clock::now() > call.begin_before;
  if (call.too_late) return CURL_PREREQFUNC_ABORT;
  if (call.request.method == "POST" && failpoint_fails("before_first_byte")) return CURL_PREREQFUNC_ABORT;
  ++call.starts;
  return CURL_PREREQFUNC_OK;
}

/// Gives curl the body when the head is out. Only with failpoints: otherwise both leave in one write.
std::size_t on_read(char* into, std::size_t one, std::size_t count, void* self) {
  auto& call = *static_cast<Call*>(self);
  if (failpoint_fails("after_first_byte")) return CURL_READFUNC_ABORT;
  const auto n = call.request.body.copy(into, one * count, call.body_sent);
  call.body_sent += n;
  return n;
}
/// Only with failpoints: curl tells what it has written.
int on_written(CURL*, curl_infotype type, char*, std::size_t, void* self) {
  auto& call = *static_cast<Call*>(self);
  if (type == CURLINFO_DATA_OUT && call.body_sent == call.request.body.size())
    call.cut = failpoint_fails("after_last_byte") || call.cut;
  return 0;
}

std::string_view code_of(CURLcode code, const Call& call) {
  if (call.too_large) return "answer_too_large";
  if (call.too_late) return "queue_timeout";
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "dns";
    case CURLE_COULDNT_CONNECT:
      return "connection_refused";
    case CURLE_OPERATION_TIMEDOUT:
      return call.starts == 0 ? "connect_timeout" : "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return "tls";
    case CURLE_FILESIZE_EXCEEDED:
      return "answer_too_large";
    case CURLE_ABORTED_BY_CALLBACK:  // our own refusal to resend after the connection was lost
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return "connection_lost";
    default:
      return "transport";
  }
}
}  // namespace

std::string_view to_string(Kind kind) {
  constexpr std::array<std::string_view, 3> names{"answered", "not_sent", "unknown"};
  return names.at(static_cast<std::size_t>(kind));
}

class HttpClient::Loop {
 public:
  explicit Loop(const HttpClientSettings& settings) : settings_(settings) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    check(started, "global_init");
    multi_ = curl_multi_init();
    if (!multi_) throw std::runtime_error("curl: no multi handle");
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, settings_.connections_per_host);
    // Kept connections; without it curl keeps four times the handles it runs, and closes the rest.
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 4 * settings_.connections_per_host);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Loop::on_watch);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    watch(wake_.fd, CURL_POLL_IN);
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    stopping_ = true;
    wake();
    thread_.join();
    for (CURL* easy : spare_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
  }

  void submit(std::unique_ptr<Call> call) {
    std::unique_lock lock(mutex_);
    if (closed_) {
      lock.unlock();
      return finish_as(*call, Kind::not_sent, "shutting_down");
    }
    const bool first = incoming_.empty();
    incoming_.push_back(std::move(call));
    lock.unlock();
    // Whoever found the list filled can rely on the one who filled it: the loop empties it as a whole.
    if (first) wake();
  }

 private:
  struct Host {
    std::deque<std::unique_ptr<Call>> waiting;
    long running = 0;
  };

  // Curl says which sockets it waits for and when it wants to be called, and is told only of those where
  // something happened: with a thousand calls under way, curl_multi_perform would look at all of them each
  // time.

  static int on_watch(CURL*, curl_socket_t socket, int what, void* self, void* watched) {
    auto& loop = *static_cast<Loop*>(self);
    if (what == CURL_POLL_REMOVE) {
      ::epoll_ctl(loop.epoll_.fd, EPOLL_CTL_DEL, socket, nullptr);
      return 0;
    }
    loop.watch(socket, what, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    if (!watched) curl_multi_assign(loop.multi_, socket, self);
    return 0;
  }
  static int on_timer(CURLM*, long ms, void* self) {
    static_cast<Loop*>(self)->call_curl_at_ =
        ms < 0 ? Clock::time_point::max() : Clock::now() + std::chrono::milliseconds(ms);
    return 0;
  }
  void watch(int fd, int what, int operation = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    event.data.fd = fd;
    // A number may have been closed and taken again without our hearing of it.
    if (::epoll_ctl(epoll_.fd, operation, fd, &event) != 0)
      ::epoll_ctl(epoll_.fd, operation == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  }
  void wake() const { ::eventfd_write(wake_.fd, 1); }

  /// Waits until a socket is ready, it is time, or somebody wakes us; then lets curl work.
  void turn() {
    auto until = Clock::now() + std::chrono::milliseconds(waiting_ > 0 ? 100 : 1'000);
    until = std::min(until, call_curl_at_);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    std::array<epoll_event, 256> events;
    const int ready = ::epoll_wait(epoll_.fd, events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(std::max<std::int64_t>(0, left.count())));
    int running = 0;
    for (int i = 0; i < ready; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == wake_.fd) {
        eventfd_t times = 0;
        ::eventfd_read(wake_.fd, &times);
        continue;
      }
      const int what = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                       ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
      curl_multi_socket_action(multi_, event.data.fd, what, &running);
    }
    if (Clock::now() >= call_curl_at_) {
      call_curl_at_ = Clock::time_point::max();
      curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
  }

  void run() {
    auto next_look = Clock::now();
    while (!stopping_) {
      take_incoming();
      turn();
      collect();
      const auto now = Clock::now();
      if (waiting_ > 0 && now >= next_look) {
        expire_waiting(now);
        next_look = now + std::chrono::milliseconds(100);
      }
    }
    for (auto& [easy, call] : running_) {
      curl_multi_remove_handle(multi_, easy);
      curl_easy_cleanup(easy);
      finish_as(*call, Kind::unknown, "shutting_down");
    }
    running_.clear();
    for (auto& [origin, host] : hosts_)
      for (auto& call : host.waiting) finish_as(*call, Kind::unknown, "shutting_down");
    // A callback may ask for further calls: they are answered too, until it stops.
    while (true) {
      std::vector<std::unique_ptr<Call>> late;
      {
        const std::lock_guard lock(mutex_);
        late.swap(incoming_);
        closed_ = late.empty();
      }
      if (late.empty()) return;
      for (auto& call : late) finish_as(*call, Kind::unknown, "shutting_down");
    }
  }

  static void finish_as(Call& call, Kind kind, std::string_view code, std::string detail = "") {
    HttpResponse out;
    out.kind = kind;
    out.code = code;
    out.detail = std::move(detail);
    out.duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - call.asked);
    call.done(std::move(out));
  }

  void take_incoming() {
    std::vector<std::unique_ptr<Call>> taken;
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

  void start(Host& host, std::unique_ptr<Call> call) {
    const auto handed_over = std::min(call->asked, call->request.handed_over_by);
    call->begin_before = handed_over + settings_.queue_max + settings_.connect_max;
    if (const auto now = Clock::now(); now - call->asked >= settings_.queue_max || now > call->begin_before)
      return expire(*call);
    CURL* easy = handle();
    call->easy = easy;
    call->body_max = settings_.answer_bytes_max;
    call->header_max = settings_.header_bytes_max;
    for (const auto& header : call->request.headers) append(call->headers, header);
    append(call->headers, "Expect:");  // no 100-continue: it would cost a round trip
    const bool post = call->request.method == "POST";
    curl_easy_setopt(easy, CURLOPT_URL, call->request.url.c_str());
    if (post) {
      // Not copied: the call outlives the transfer.
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->request.body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call->request.body.size()));
      if (failpoints_armed) show_writing(easy, *call);
    } else {
      curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers.get());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call->request.total_max.count()));
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call.get());
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call.get());
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, call.get());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error.data());
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK) {
      curl_easy_cleanup(easy);
      finish_as(*call, Kind::not_sent, "transport", "curl took no further transfer");
      return;
    }
    ++host.running;
    running_.emplace(easy, std::move(call));
  }

  static void show_writing(CURL* easy, Call& call) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &call);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_written);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &call);
  }

  static void append(std::unique_ptr<curl_slist, SlistFree>& list, const std::string& header) {
    curl_slist* longer = curl_slist_append(list.get(), header.c_str());
    if (!longer) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  }

  /// A spare handle, or a new one with every option that is the same for all calls.
  CURL* handle() {
    if (!spare_.empty()) {
      CURL* easy = spare_.back();
      spare_.pop_back();
      return easy;
    }
    CURL* easy = curl_easy_init();
    if (!easy) throw std::bad_alloc();
    const auto set = [easy](CURLoption option, auto value, const char* what) {
      check(curl_easy_setopt(easy, option, value), what);
    };
    set(CURLOPT_PROTOCOLS_STR, settings_.http_to_loopback ? "http,https" : "https", "protocols");
    set(CURLOPT_FOLLOWLOCATION, 0L, "no redirects");
    set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1, "HTTP/1.1");
    set(CURLOPT_NOSIGNAL, 1L, "no signals");
    set(CURLOPT_TCP_NODELAY, 1L, "TCP_NODELAY");
    set(CURLOPT_TCP_KEEPALIVE, 1L, "keep-alive probes");
    set(CURLOPT_PROXY, "", "no proxy");
    set(CURLOPT_NOPROXY, "*", "no proxy for anybody");
    set(CURLOPT_SSL_VERIFYPEER, 1L, "verify the certificate");
    set(CURLOPT_SSL_VERIFYHOST, 2L, "verify the host name");
    set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2, "TLS 1.2 or later");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_max.count()), "connect time-out");
    set(CURLOPT_MAXAGE_CONN, static_cast<long>(settings_.idle_max.count()), "age of kept connections");
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(settings_.answer_bytes_max), "answer size");
    set(CURLOPT_WRITEFUNCTION, &on_body, "body");
    set(CURLOPT_HEADERFUNCTION, &on_header, "header");
    set(CURLOPT_PREREQFUNCTION, &on_before_request, "before the request");
    set(CURLOPT_SOCKOPTFUNCTION, &on_socket, "socket options");
    set(CURLOPT_SOCKOPTDATA, &settings_, "socket options");
    return easy;
  }

  void collect() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode result = message->data.result;
      auto node = running_.extract(easy);
      curl_multi_remove_handle(multi_, easy);
      std::unique_ptr<Call> call = std::move(node.mapped());
      HttpResponse out = response(result, *call);
      curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);  // the call and its buffers go now
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
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
  }

  static HttpResponse response(CURLcode result, Call& call) {
    HttpResponse out;
    out.duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - call.asked);
    long status = 0;
    curl_easy_getinfo(call.easy, CURLINFO_RESPONSE_CODE, &status);
    out.status = static_cast<int>(status);
    out.retry_after = call.retry_after;
    if (result == CURLE_OK && status > 0) {
      out.kind = Kind::answered;
      out.body = std::move(call.body);
      return out;
    }
    // Never begun: nobody can have seen it. Everything else is a doubt, also where it is likely that nothing
    // arrived.
    const bool nothing_left = call.starts == 0;
    out.kind = nothing_left && result != CURLE_OK ? Kind::not_sent : Kind::unknown;
    out.code = code_of(result, call);
    out.detail = call.error[0] ? call.error.data() : curl_easy_strerror(result);
    return out;
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

  static void expire(Call& call) {
    finish_as(call, Kind::not_sent, "queue_timeout", "no free connection in time to " + call.origin);
  }

  HttpClientSettings settings_;
  CURLM* multi_ = nullptr;
  const Descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  const Descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Clock::time_point call_curl_at_ = Clock::time_point::max();
  std::mutex mutex_;
  std::vector<std::unique_ptr<Call>> incoming_;
  bool closed_ = false;  // the loop has ended; with mutex_
  std::atomic<bool> stopping_{false};
  // The rest belongs to the loop's thread.
  std::map<CURL*, std::unique_ptr<Call>> running_;
  std::map<std::string, Host> hosts_;
  std::size_t waiting_ = 0;
  std::vector<CURL*> spare_;
  std::thread thread_;
};

HttpClient::HttpClient(const HttpClientSettings& settings) : loop_(std::make_unique<Loop>(settings)) {}
HttpClient::~HttpClient() = default;

void HttpClient::perform(HttpRequest request, Done done) {
  auto call = std::make_unique<Call>();
  call->request = std::move(request);
  call->done = std::move(done);
  loop_->submit(std::move(call));
}
}  // namespace settled
