// The public port: Boost.Beast, one coroutine per connection on a few threads. Nobody waits for a handler
// on a thread; it answers through its Responder when it can.
#pragma once
#include "http/exchange.hpp"
#include "http/limits.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace settled {

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0 picks a free one
  int threads = 2;
  HttpLimits limits;
  /// How large may this request's body be? Absent: limits.body_bytes.
  std::function<std::size_t(const Request&)> body_max;
  /// Sees the head before the body is read; an answer here refuses the request, and its body is thrown
  /// away. So only callers whom we know can make us hold bytes.
  std::function<std::optional<Response>(Request&)> screen;
  std::function<void(Request, Responder)> handle;
};

class Server {
 public:
  explicit Server(ServerSettings settings);
  /// Stops without grace when `stop` was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and serves; throws std::system_error when the port cannot be had.
  void start();
  /// The bound port.
  std::uint16_t port() const;
  /// No new connections, idle ones and streams closed, what is in flight answered; after `grace` all is
  /// closed.
  void stop(std::chrono::milliseconds grace);
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace settled
