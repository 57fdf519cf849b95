// HTTP to the server, one connection per client. cpp-httplib stays in the .cpp.
#pragma once
#include "apps/settlectl/context.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace settled::ctl {

struct Answer {
  int status = 0;  // 0: no answer; `error` says why
  std::string body;
  std::string error;
  bool replayed = false;
  int retry_after_seconds = 0;
  bool ok() const { return status >= 200 && status < 300; }
  /// May the same request, unchanged, succeed later?
  bool transient() const { return status == 0 || status == 429 || status >= 500; }
};

class ApiClient {
 public:
  explicit ApiClient(const Context& context);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  Answer get(const std::string& path);
  /// An empty key sends no Idempotency-Key.
  Answer post(const std::string& path, const std::string& body, const std::string& idempotency_key = {});
  /// PUT, PATCH or DELETE.
  Answer send(const std::string& method, const std::string& path, const std::string& body);
  /// Streams a GET; `on_bytes` returns false to end it.
  Answer stream(const std::string& path, const std::string& last_event_id,
                const std::function<bool(std::string_view)>& on_bytes);
  /// After a broken connection: a server that was started again may have another port.
  void look_again();
  const std::string& url() const { return url_; }

 private:
  struct Http;
  void connect();
  Context context_;
  std::string url_;
  std::unique_ptr<Http> http_;
};

/// GET of an absolute URL without a key: the sandbox.
Answer get_url(const std::string& base, const std::string& path);

/// Repeats `call` while its answer is transient, with back-off, for at most the context's time limit.
Answer with_patience(const Context& context, ApiClient& client, const std::function<Answer()>& call);

/// Throws Stop with the sentences of the problem where the answer is not a success.
void require(const Answer& answer, const std::string& url);
/// The exit code that an answer stands for.
int exit_code_of(const Answer& answer);
/// Problem+json as sentences: detail, each field, trace. For anything else the status.
std::string sentences_of(const Answer& answer, const std::string& url);

std::string percent_encoded(std::string_view text);

/// A key of chance for an act that has no name of its own; to be the same through all repeats of a call.
std::string fresh_key();

}  // namespace settled::ctl
