// A request as the port hands it on, and the ways to answer it: from any thread, once, without anybody
// waiting. Nothing here knows the HTTP library.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace settled {

/// Equal but for the case of ASCII letters.
bool same_ignoring_case(std::string_view a, std::string_view b);

struct Request {
  struct Header {
    std::string name;
    std::string value;
  };
  std::string method;
  std::string path;   // as sent, up to the '?'
  std::string query;  // as sent, without the '?'
  std::vector<Header> headers;
  std::string body;
  std::string peer;  // address of the other side
  bool from_loopback = false;
  std::string request_id;
  std::chrono::steady_clock::time_point received_at;

  // What the screen found out about the head, for the handler.
  int route = -1;
  std::string caller;  // id of the API key
  std::string trace_id;

  /// Null when the header is absent. Headers that may stand only once are checked by the port.
  const std::string* header(std::string_view name) const {
    for (const Header& h : headers)
      if (same_ignoring_case(h.name, name)) return &h.value;
    return nullptr;
  }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What a stream tells its owner, on a thread of the port. Neither may block.
struct StreamEvents {
  std::function<void()> on_drained;  // all that was sent has left for the client
  std::function<void()> on_closed;   // the last call: the client is gone, was too slow, or we are stopping
};

/// The port's end of a stream.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual bool send(std::string text) = 0;
  virtual std::size_t buffered() const = 0;
  virtual bool closed() const = 0;
  virtual void close() = 0;
};

/// Text for one client, in order. Callable from any thread.
class StreamWriter {
 public:
  StreamWriter() = default;
  explicit StreamWriter(std::shared_ptr<StreamSink> sink) : sink_(std::move(sink)) {}
  /// False when the stream is closed, or is cut now because more than the limit would be waiting.
  bool send(std::string text) { return sink_ && sink_->send(std::move(text)); }
  /// Bytes that wait for the client.
  std::size_t buffered() const { return sink_ ? sink_->buffered() : 0; }
  bool closed() const { return !sink_ || sink_->closed(); }
  void close() {
    if (sink_) sink_->close();
  }

 private:
  std::shared_ptr<StreamSink> sink_;
};

/// The port's end of one request.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual bool answer(Response response) = 0;
  virtual std::shared_ptr<StreamSink> stream(Response head, StreamEvents events) = 0;
};

/// Answers one request, from any thread; the first answer counts. When the last copy goes without one, the
/// client gets a 500: nobody waits for ever.
class Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  bool operator()(Response response) const { return exchange_ && exchange_->answer(std::move(response)); }
  /// Answers with a head now and text as it comes. The body of `head` is the first text.
  StreamWriter stream(Response head, StreamEvents events) const {
    return exchange_ ? StreamWriter(exchange_->stream(std::move(head), std::move(events))) : StreamWriter();
  }

 private:
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace settled
