// One HTTP call at libcurl: what is asked for, what curl tells while it runs, and what its end means.
#pragma once
#include "connectors/http_client.hpp"

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace settled {

/// Throws std::runtime_error for anything but CURLE_OK.
void check_curl(CURLcode code, const char* what);

struct SlistFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// From perform() to its answer. Lives at one address while curl knows it.
struct HttpCall {
  using Clock = std::chrono::steady_clock;
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

/// A handle with every option that is the same for all calls. `settings` must outlive it.
CURL* new_handle(const HttpClientSettings& settings);
/// Gives the call to the handle, and takes it away from it again.
void attach(CURL* easy, HttpCall& call, const HttpClientSettings& settings);
void detach(CURL* easy);

/// What the end of a transfer means; after it, and before detach().
HttpResponse response_of(CURLcode result, HttpCall& call);
/// Ends a call that curl does not have.
void finish_as(HttpCall& call, HttpResponse::Kind kind, std::string_view code, std::string detail = "");

}  // namespace settled
