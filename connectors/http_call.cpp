#include "connectors/http_call.hpp"

#include "telemetry/failpoint.hpp"

#include <algorithm>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace settled {
namespace {
using Kind = HttpResponse::Kind;

std::size_t on_body(char* data, std::size_t one, std::size_t count, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
  if (call.body.size() + one * count > call.body_max) {
    call.too_large = true;
    return 0;
  }
  call.body.append(data, one * count);
  return one * count;
}

std::size_t on_header(char* data, std::size_t one, std::size_t count, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
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
  auto& call = *static_cast<HttpCall*>(self);
  if (call.starts > 0 && call.request.method == "POST") return CURL_PREREQFUNC_ABORT;
  // The last look before the first byte: this thread may have stood still since the call began.
  call.too_late = call.request.method == "POST" && HttpCall::Clock::now() > call.begin_before;
  if (call.too_late) return CURL_PREREQFUNC_ABORT;
  if (call.request.method == "POST" && failpoint_fails("before_first_byte")) return CURL_PREREQFUNC_ABORT;
  ++call.starts;
  return CURL_PREREQFUNC_OK;
}

/// Gives curl the body when the head is out. Only with failpoints: otherwise both leave in one write.
std::size_t on_read(char* into, std::size_t one, std::size_t count, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
  if (failpoint_fails("after_first_byte")) return CURL_READFUNC_ABORT;
  const auto n = call.request.body.copy(into, one * count, call.body_sent);
  call.body_sent += n;
  return n;
}
/// Only with failpoints: curl tells what it has written.
int on_written(CURL*, curl_infotype type, char*, std::size_t, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
  if (type == CURLINFO_DATA_OUT && call.body_sent == call.request.body.size())
    call.cut = failpoint_fails("after_last_byte") || call.cut;
  return 0;
}

std::string_view code_of(CURLcode code, const HttpCall& call) {
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

void append(std::unique_ptr<curl_slist, SlistFree>& list, const std::string& header) {
  curl_slist* longer = curl_slist_append(list.get(), header.c_str());
  if (!longer) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

void show_writing(CURL* easy, HttpCall& call) {
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &call);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_written);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &call);
}
}  // namespace

void check_curl(CURLcode code, const char* what) {
  if (code != CURLE_OK)
    throw std::runtime_error(std::string("curl: ") + what + ": " + curl_easy_strerror(code));
}

CURL* new_handle(const HttpClientSettings& settings) {
  CURL* easy = curl_easy_init();
  if (!easy) throw std::bad_alloc();
  const auto set = [easy](CURLoption option, auto value, const char* what) {
    check_curl(curl_easy_setopt(easy, option, value), what);
  };
  set(CURLOPT_PROTOCOLS_STR, settings.http_to_loopback ? "http,https" : "https", "protocols");
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
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_max.count()), "connect time-out");
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(settings.idle_max.count()), "age of kept connections");
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(settings.answer_bytes_max), "answer size");
  set(CURLOPT_WRITEFUNCTION, &on_body, "body");
  set(CURLOPT_HEADERFUNCTION, &on_header, "header");
  set(CURLOPT_PREREQFUNCTION, &on_before_request, "before the request");
  set(CURLOPT_SOCKOPTFUNCTION, &on_socket, "socket options");
  set(CURLOPT_SOCKOPTDATA, &settings, "socket options");
  return easy;
}

void attach(CURL* easy, HttpCall& call, const HttpClientSettings& settings) {
  call.easy = easy;
  call.body_max = settings.answer_bytes_max;
  call.header_max = settings.header_bytes_max;
  for (const auto& header : call.request.headers) append(call.headers, header);
  append(call.headers, "Expect:");  // no 100-continue: it would cost a round trip
  curl_easy_setopt(easy, CURLOPT_URL, call.request.url.c_str());
  if (call.request.method == "POST") {
    // Not copied: the call outlives the transfer.
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.request.body.size()));
    if (failpoints_armed) show_writing(easy, call);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call.headers.get());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call.request.total_max.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &call);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &call);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call.error.data());
}

void detach(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
}

HttpResponse response_of(CURLcode result, HttpCall& call) {
  HttpResponse out;
  out.duration = std::chrono::duration_cast<std::chrono::microseconds>(HttpCall::Clock::now() - call.asked);
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

void finish_as(HttpCall& call, Kind kind, std::string_view code, std::string detail) {
  HttpResponse out;
  out.kind = kind;
  out.code = code;
  out.detail = std::move(detail);
  out.duration = std::chrono::duration_cast<std::chrono::microseconds>(HttpCall::Clock::now() - call.asked);
  call.done(std::move(out));
}
}  // namespace settled
