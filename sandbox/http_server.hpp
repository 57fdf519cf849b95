// The sandbox's port: HTTP/1.1 on 127.0.0.1, and two things that an ordinary server will not do: to let
// thousands of requests wait as long as a script says, and to take a request, act on it, and reset the
// connection instead of answering. One thread serves all connections; handlers run on it and never block.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace settled::sandbox {

struct Request {
  std::string method;
  std::string target;  // as sent, with the query: what the caller signed
  std::string body;
  std::string id;  // what stood in place of {id}
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // names in lower case
  /// Empty when the header is not there. `name` in lower case.
  std::string_view header(const std::string& name) const;
};

struct Answer {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  bool drop = false;  // no answer at all: the connection is reset
  /// Not yet: `wait` sees to it that `go_on` is called once, from whatever thread; then `then` answers.
  std::function<void(std::function<void()> go_on)> wait{};
  std::function<Answer()> then{};
};
/// {"code":…} and, where given, "field" and "detail".
Answer problem(int status, std::string_view code, std::string_view detail = "", std::string_view field = "");

struct HttpServerSettings {
  int port = 0;  // 0 takes a free one
  std::size_t body_max = 64 * 1024;
  std::chrono::seconds idle_max{300};  // until the head of the next request is there
  std::chrono::seconds io_max{30};     // for a body to come in, and for an answer to go out
};

class HttpServer {
 public:
  using Handler = std::function<Answer(const Request&)>;

  /// Takes the port; throws std::runtime_error if it cannot. Answers only after start().
  explicit HttpServer(HttpServerSettings settings);
  ~HttpServer();
  /// `path` is exact, or ends in "/{id}". Only before start().
  void route(std::string method, std::string path, Handler handler);
  void start();
  /// Ends every wait of `after`, lets what is being answered finish. May be called twice.
  void stop();
  int port() const;
  /// For handlers: the answer of `then`, `time` later, or at stop().
  Answer after(std::chrono::milliseconds time, std::function<Answer()> then);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace settled::sandbox
