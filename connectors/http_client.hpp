// The one way out: all HTTP calls of the process run in one libcurl loop on one thread. What this client
// adds to curl is an honest answer to "can the other side have seen the request?".
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

struct HttpClientSettings {
  /// Plain http is for development, and then only to this machine.
  bool http_to_loopback = false;
  std::chrono::milliseconds connect_max{3'000};
  /// Waiting here for a free connection to the host; longer is `not_sent`. The longest time between
  /// perform() and the last byte of an answer is queue_max + connect_max + the request's total_max.
  std::chrono::milliseconds queue_max{10'000};
  /// The kernel gives a connection up when the other side has acknowledged nothing for so long. At most the
  /// shortest send time-out of a bank: a process that was frozen cannot close its connections, and what a
  /// bank gets later than that it gets after we have taken it for lost.
  std::chrono::milliseconds unacknowledged_max{15'000};
  /// A bulkhead: a host that answers slowly holds up no more than so many calls at once.
  long connections_per_host = 128;  // with a call under way; kept ones may be a few more
  /// Calls of one host that wait for a connection; more are refused at once as `not_sent`.
  std::size_t queued_per_host = 20'000;
  /// Kept connections older than this are not used again, so that we rarely meet one which the other side
  /// is just closing. Shorter than common servers' own limits.
  std::chrono::seconds idle_max{20};
  std::size_t answer_bytes_max = 64 * 1024;
  std::size_t header_bytes_max = 16 * 1024;
};

struct HttpRequest {
  std::string method = "GET";  // GET or POST
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // of a POST
  /// From the moment the call has a connection or begins to make one.
  std::chrono::milliseconds total_max{15'000};
  /// The first byte of a POST leaves within queue_max + connect_max of perform(), and of this, or never.
  std::chrono::steady_clock::time_point handed_over_by = std::chrono::steady_clock::time_point::max();
};

struct HttpResponse {
  enum class Kind : std::uint8_t {
    answered,  // a whole answer with a status, whatever it says
    not_sent,  // provably no byte of the request left: it may be sent again
    unknown,   // the other side may have received it, in part or whole
  };
  Kind kind = Kind::unknown;
  int status = 0;
  std::string body;
  /// Of not_sent and unknown: connection_refused, dns, connect_timeout, tls, queue_full, queue_timeout,
  /// url_refused, timeout, connection_lost, answer_too_large, shutting_down, transport.
  std::string code;
  std::string detail;  // curl's sentence
  std::optional<std::chrono::seconds> retry_after;
  std::chrono::microseconds duration{0};
};
std::string_view to_string(HttpResponse::Kind kind);

class HttpClient {
 public:
  /// Called exactly once, on the client's thread: hand over and return, never block, never throw.
  using Done = std::function<void(HttpResponse)>;

  explicit HttpClient(const HttpClientSettings& settings = {});
  /// Completes everything that is under way with `unknown` "shutting_down", then returns.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// From any thread. A call after the destructor began is a bug of the caller.
  void perform(HttpRequest request, Done done);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace settled
