// The only file here that includes Boost.Beast. (g++ 12 destroys temporaries of a co_await expression twice
// when they come from a conditional: what is handed to a coroutine has a name here.)
//
// A connection lives on one thread: its coroutine, its timers and the answers posted to it all run there, so
// nothing in it needs a lock.
#include "http/connection.hpp"

#include "http/head.hpp"
#include "http/response_text.hpp"
#include "http/trace.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>

// With sanitizers g++ 12 takes the allocator of Asio's coroutine frames for a mismatch: one of the two is
// inlined, the other is not.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace settled {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Stream = beast::basic_stream<tcp, PortExecutor>;
using boost::system::error_code;

// A body that is kept up to the parser's limit, or thrown away as it comes.
struct CountedBody {
  struct value_type {
    std::string text;
    bool discard = false;
  };
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, error_code& ec) { ec = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& ec) {
      ec = {};
      std::size_t size = 0;
      const auto end = asio::buffer_sequence_end(buffers);
      for (auto at = asio::buffer_sequence_begin(buffers); at != end; ++at) {
        const asio::const_buffer part = *at;
        if (!body_.discard) body_.text.append(static_cast<const char*>(part.data()), part.size());
        size += part.size();
      }
      return size;
    }
    void finish(error_code& ec) { ec = {}; }

   private:
    value_type& body_;
  };
};

class Connection : public PortConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(PortSocket socket, Loop& loop, std::shared_ptr<PortShared> shared)
      : loop_(loop),
        shared_(std::move(shared)),
        limits_(shared_->settings.limits),
        stream_(std::move(socket)),
        buffer_(64 * 1024),
        wake_(loop_.io.get_executor()) {}
  ~Connection() override { shared_->left(); }

  PortTask<void> run(std::shared_ptr<Connection> self);
  PortTask<void> turn_away(std::shared_ptr<Connection> self);

  // On the loop's thread:
  void settle(Response response) override {
    answer_ = std::move(response);
    wake_.cancel();
  }
  void begin_stream(std::shared_ptr<Sink> sink, Response head) override {
    sink_ = std::move(sink);
    settle(std::move(head));
  }
  void wake() override { wake_.cancel(); }
  void end() override { close(); }
  void stop(bool now) override {
    if (now) abandoned_ = true;
    if (now || idle_) close();
    if (now || sink_) wake_.cancel();
  }

 private:
  enum class Body : std::uint8_t { read, too_large, unreadable, gone };

  PortTask<bool> read_more(std::size_t most);
  PortTask<std::size_t> wait_for_head(std::optional<HeadRefusal>& refusal);
  PortTask<bool> serve_one();
  PortTask<Body> read_body(http::request_parser<CountedBody>& parser);
  PortTask<bool> answer_request(Request request, bool keep_alive);
  PortTask<bool> write(Response response, bool keep_alive, bool with_body);
  PortTask<void> write_last(Response response, bool with_body);
  PortTask<void> run_stream(Response head);
  void watch_for_close();
  void close() {
    error_code ignored;
    stream_.socket().close(ignored);
  }
  std::string_view bytes() const { return {static_cast<const char*>(buffer_.data().data()), buffer_.size()}; }

  Loop& loop_;
  std::shared_ptr<PortShared> shared_;
  const HttpLimits& limits_;
  Stream stream_;
  beast::flat_buffer buffer_;
  PortTimer wake_;
  std::string peer_;
  bool from_loopback_ = false;
  std::string request_id_;
  std::optional<Response> answer_;
  std::shared_ptr<Sink> sink_;
  bool idle_ = false;
  bool abandoned_ = false;
};

PortTask<bool> Connection::read_more(std::size_t most) {
  error_code ec;
  const auto room = buffer_.prepare(std::min(most, buffer_.max_size() - buffer_.size()));
  const auto n = co_await stream_.async_read_some(room, asio::redirect_error(use_task, ec));
  buffer_.commit(n);
  co_return !ec && n > 0;
}

// 0 with a refusal when there is something to say, 0 without when the client is gone or too slow: an
// attacker that trickles gets no answer, only the end.
PortTask<std::size_t> Connection::wait_for_head(std::optional<HeadRefusal>& refusal) {
  HeadScanner scanner;
  stream_.expires_after(limits_.head_max);
  for (;;) {
    const auto end = scanner.end_of_head(bytes().substr(0, limits_.head_bytes), refusal);
    if (end > 0 || refusal) co_return end;
    if (buffer_.size() >= limits_.head_bytes) {
      refusal = HeadRefusal{
          431, "the head of the request is longer than " + std::to_string(limits_.head_bytes) + " bytes"};
      co_return 0;
    }
    if (!co_await read_more(8192)) co_return 0;
  }
}

PortTask<Connection::Body> Connection::read_body(http::request_parser<CountedBody>& parser) {
  stream_.expires_after(limits_.body_max);
  while (!parser.is_done()) {
    if (buffer_.size() == 0 && !co_await read_more(64 * 1024)) co_return Body::gone;
    error_code ec;
    const auto used = parser.put(buffer_.data(), ec);
    buffer_.consume(used);
    if (ec == http::error::body_limit) co_return Body::too_large;
    if (ec && ec != http::error::need_more) co_return Body::unreadable;
    if (parser.is_done() || used > 0) continue;
    // A chunk's head that does not end is no chunk's head.
    if (buffer_.size() >= limits_.head_bytes) co_return Body::unreadable;
    if (!co_await read_more(64 * 1024)) co_return Body::gone;
  }
  co_return Body::read;
}

PortTask<bool> Connection::write(Response response, bool keep_alive, bool with_body) {
  auto text = head_text(response, request_id_, keep_alive, true);
  if (!with_body) response.body.clear();
  error_code ec;
  stream_.expires_after(limits_.write_max);
  if (response.body.size() < 65536) {
    text += response.body;
    co_await asio::async_write(stream_, asio::buffer(text), asio::redirect_error(use_task, ec));
  } else {
    const std::array parts{asio::buffer(text), asio::buffer(response.body)};
    co_await asio::async_write(stream_, parts, asio::redirect_error(use_task, ec));
  }
  co_return !ec;
}

// After this answer nothing that the client sends is read as a request. What it is still sending is read
// and dropped for a moment: a connection reset would take the answer from it.
PortTask<void> Connection::write_last(Response response, bool with_body) {
  if (!co_await write(std::move(response), false, with_body)) co_return;
  error_code ignored;
  stream_.socket().shutdown(PortSocket::shutdown_send, ignored);
  stream_.expires_after(limits_.linger_max);
  for (std::size_t dropped = buffer_.size(); dropped < limits_.discard_undeclared_bytes;) {
    buffer_.clear();
    if (!co_await read_more(64 * 1024)) break;
    dropped += buffer_.size();
  }
}

PortTask<bool> Connection::answer_request(Request request, bool keep_alive) {
  answer_.reset();
  const bool with_body = request.method != "HEAD";
  {
    auto exchange =
        std::make_shared<PortExchange>(loop_.weak_from_this(), weak_from_this(), limits_.stream_buffer_bytes);
    try {
      shared_->settings.handle(std::move(request), Responder(exchange));
    } catch (const std::exception&) {
      exchange->answer(refused(500, "the request met a fault of ours"));
    }
  }
  while (!answer_ && !abandoned_) {
    error_code ignored;
    wake_.expires_at(std::chrono::steady_clock::time_point::max());
    co_await wake_.async_wait(asio::redirect_error(use_task, ignored));
  }
  if (!answer_) co_return false;
  if (sink_) {
    co_await run_stream(std::move(*answer_));
    co_return false;
  }
  keep_alive = keep_alive && !loop_.stopping;
  if (!keep_alive) {
    co_await write_last(std::move(*answer_), with_body);
    co_return false;
  }
  co_return co_await write(std::move(*answer_), true, with_body);
}

// One request from the buffer to its answer. False ends the connection.
PortTask<bool> Connection::serve_one() {
  request_id_ = make_request_id();
  std::optional<HeadRefusal> refusal;
  const auto head_size = co_await wait_for_head(refusal);
  Head head;
  if (head_size > 0) refusal = read_head(bytes().substr(0, head_size), limits_, head);
  if (head_size == 0 && !refusal) co_return false;

  http::request_parser<CountedBody> parser;
  if (!refusal) {
    // Our own reading and Beast's must agree; what only one of them takes is refused.
    error_code ec;
    parser.eager(true);
    parser.header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
    parser.body_limit(boost::none);
    const auto used = parser.put(asio::const_buffer(bytes().data(), head_size), ec);
    const auto announced = parser.is_header_done() ? parser.content_length() : boost::none;
    if ((ec && ec != http::error::need_more) || used != head_size || !parser.is_header_done() ||
        parser.chunked() != head.chunked || announced.value_or(0) != head.content_length.value_or(0))
      refusal = HeadRefusal{400, "the head of the request is not well formed"};
    buffer_.consume(head_size);
  }
  if (refusal) {
    auto answer = refused(refusal->status, refusal->detail);
    co_await write_last(std::move(answer), true);
    co_return false;
  }

  Request& request = head.request;
  request.peer = peer_;
  request.from_loopback = from_loopback_;
  request.request_id = request_id_;
  request.received_at = std::chrono::steady_clock::now();
  const ServerSettings& settings = shared_->settings;
  const auto length = head.content_length.value_or(0);
  const bool has_body = head.chunked || length > 0;
  const bool with_body = request.method != "HEAD";
  const auto most = settings.body_max ? settings.body_max(request) : limits_.body_bytes;
  auto screened = settings.screen ? settings.screen(request) : std::nullopt;
  const auto too_large = [&] {
    return refused(413, "the body is larger than " + std::to_string(most) + " bytes", &request);
  };
  if (!screened && length > most) screened = too_large();

  if (has_body) {
    const bool waits = head.expects_continue && buffer_.size() == 0;
    if (screened && (waits || length > limits_.discard_declared_bytes)) {
      co_await write_last(std::move(*screened), with_body);
      co_return false;
    }
    if (waits) {
      error_code ec;
      stream_.expires_after(limits_.write_max);
      co_await asio::async_write(stream_, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                                 asio::redirect_error(use_task, ec));
      if (ec) co_return false;
    }
    parser.get().body().discard = screened.has_value();
    parser.body_limit(!screened ? most : length > 0 ? length : limits_.discard_undeclared_bytes);
    const auto outcome = co_await read_body(parser);
    if (outcome == Body::gone) co_return false;
    if (outcome == Body::unreadable)
      screened = refused(400, "the chunks of the body are not well formed", &request);
    if (outcome == Body::too_large && !screened) screened = too_large();
    if (outcome != Body::read) {
      co_await write_last(std::move(*screened), with_body);
      co_return false;
    }
    request.body = std::move(parser.get().body().text);
  }
  if (screened) {
    if (head.keep_alive && !loop_.stopping) co_return co_await write(std::move(*screened), true, with_body);
    co_await write_last(std::move(*screened), with_body);
    co_return false;
  }
  co_return co_await answer_request(std::move(request), head.keep_alive);
}

// A reader that is gone is noticed at once, not only at the next write.
void Connection::watch_for_close() {
  stream_.socket().async_wait(PortSocket::wait_read,
                              [sink = std::weak_ptr<Sink>(sink_), self = weak_from_this()](error_code) {
                                if (const auto here = sink.lock()) here->close();
                              });
}

PortTask<void> Connection::run_stream(Response head) {
  const auto sink = sink_;
  auto text = head_text(head, request_id_, false, false) + head.body;
  // The kernel's share of what a slow reader may keep us holding.
  error_code ec;
  stream_.socket().set_option(asio::socket_base::send_buffer_size(64 * 1024), ec);
  // A reader who takes nothing is cut by a reset: what waits for him in the kernel goes with it.
  stream_.socket().set_option(asio::socket_base::linger(true, 0), ec);
  watch_for_close();
  std::size_t counted = 0;
  while (!abandoned_ && !loop_.stopping) {
    stream_.expires_after(limits_.write_max);
    co_await asio::async_write(stream_, asio::buffer(text), asio::redirect_error(use_task, ec));
    if (ec) break;
    if (counted > 0) sink->wrote(counted);
    while ((text = sink->take()).empty() && !sink->closed() && !abandoned_ && !loop_.stopping) {
      stream_.expires_never();
      wake_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await wake_.async_wait(asio::redirect_error(use_task, ec));
    }
    counted = text.size();
    if (text.empty() || sink->closed()) break;
  }
  if (ec != beast::error::timeout && !sink->cut())
    stream_.socket().set_option(asio::socket_base::linger(false, 0), ec);
  sink->finish();
}

PortTask<void> Connection::run([[maybe_unused]] std::shared_ptr<Connection> self) {
  loop_.connections.insert(this);
  error_code ec;
  stream_.socket().set_option(tcp::no_delay(true), ec);
  if (const auto peer = stream_.socket().remote_endpoint(ec); !ec) {
    peer_ = peer.address().to_string();
    from_loopback_ = peer.address().is_loopback();
  }
  try {
    for (bool open = true; open && !loop_.stopping;) {
      if (buffer_.size() == 0) {
        if (buffer_.capacity() > 8192) buffer_.shrink_to_fit();
        idle_ = true;
        stream_.expires_after(limits_.idle_max);
        const bool more = co_await read_more(8192);
        idle_ = false;
        if (!more) break;
      }
      open = co_await serve_one();
    }
  } catch (const std::exception&) {
    // Out of memory and the like: this connection ends, the others do not.
  }
  if (sink_) sink_->finish();
  close();
  loop_.connections.erase(this);
}

PortTask<void> Connection::turn_away([[maybe_unused]] std::shared_ptr<Connection> self) {
  loop_.connections.insert(this);
  request_id_ = make_request_id();
  auto answer = refused(503, "all connections of this port are in use");
  co_await write_last(std::move(answer), true);
  close();
  loop_.connections.erase(this);
}
}  // namespace

void serve_connection(PortSocket socket, Loop& loop, std::shared_ptr<PortShared> shared, bool turned_away) {
  auto connection = std::make_shared<Connection>(std::move(socket), loop, std::move(shared));
  auto* raw = connection.get();
  asio::co_spawn(loop.io.get_executor(),
                 turned_away ? raw->turn_away(std::move(connection)) : raw->run(std::move(connection)),
                 asio::detached);
}
}  // namespace settled
