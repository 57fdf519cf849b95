// How answers find their connection from other threads: everything is posted to the connection's own
// thread, and whoever outlives the server holds it weakly.
#pragma once
#include "http/exchange.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace settled {

class Sink;

/// What a connection takes from its exchange and its stream, on its own thread.
class PortConnection {
 public:
  virtual ~PortConnection() = default;
  virtual void settle(Response response) = 0;
  virtual void begin_stream(std::shared_ptr<Sink> sink, Response head) = 0;
  /// The stream has news.
  virtual void wake() = 0;
  /// The stream is cut.
  virtual void end() = 0;
  /// The server stops; `now` when its grace is over.
  virtual void stop(bool now) = 0;
};

/// One thread of the port with everything that lives on it.
struct Loop : std::enable_shared_from_this<Loop> {
  boost::asio::io_context io{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      io.get_executor()};
  std::unordered_set<PortConnection*> connections;  // touched on this loop's thread only
  bool stopping = false;
};

/// A stream's buffer. Its text and the connection are touched on the loop's thread only.
class Sink : public StreamSink, public std::enable_shared_from_this<Sink> {
 public:
  Sink(std::weak_ptr<Loop> loop, std::weak_ptr<PortConnection> connection, std::size_t limit,
       StreamEvents events);
  ~Sink() override;

  bool send(std::string text) override;
  std::size_t buffered() const override { return buffered_; }
  bool closed() const override { return closed_; }
  void close() override;
  /// Closed because too much was waiting.
  bool cut() const { return cut_; }

  // On the loop's thread:
  std::string take() { return std::exchange(text_, {}); }
  void wrote(std::size_t bytes);
  void finish();

 private:
  bool post(std::string text);

  std::weak_ptr<Loop> loop_;
  std::weak_ptr<PortConnection> connection_;
  const std::size_t limit_;
  StreamEvents events_;
  std::atomic<std::size_t> buffered_{0};
  std::atomic<bool> closed_{false};
  std::atomic<bool> cut_{false};
  std::string text_;
};

class PortExchange : public Exchange {
 public:
  PortExchange(std::weak_ptr<Loop> loop, std::weak_ptr<PortConnection> connection, std::size_t stream_limit);
  ~PortExchange() override;
  bool answer(Response response) override;
  std::shared_ptr<StreamSink> stream(Response head, StreamEvents events) override;

 private:
  std::weak_ptr<Loop> loop_;
  std::weak_ptr<PortConnection> connection_;
  const std::size_t stream_limit_;
  std::atomic<bool> answered_{false};
};

}  // namespace settled
