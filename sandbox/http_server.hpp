// The sandbox's port: HTTP/1.1 on 127.0.0.1 with a thread per connection, and the one thing that an ordinary
// server will not do: to take a request, act on it, and reset the connection instead of answering.
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
  std::string body;
  std::string content_type = "application/json";
  bool drop = false;  // no answer at all: the connection is reset
};
/// {"code":…} and, where given, "field" and "detail".
Answer problem(int status, std::string_view code, std::string_view detail = "", std::string_view field = "");

struct HttpServerSettings {
  int port = 0;       // 0 takes a free one
  int threads = 320;  // each serves one connection at a time
  std::size_t body_max = 64 * 1024;
  std::chrono::seconds idle_max{300};  // a kept connection without a request
  std::chrono::seconds io_max{10};     // silence in the middle of a request or an answer
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
  /// Ends every wait of `pause`, lets what is being answered finish, joins the threads. May be called twice.
  void stop();
  int port() const;
  /// For handlers: waits, but not beyond stop(). False if it was cut short.
  bool pause(std::chrono::milliseconds time);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace settled::sandbox
