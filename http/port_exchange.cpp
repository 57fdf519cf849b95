#include "http/port_exchange.hpp"

#include "http/response_text.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace settled {
namespace asio = boost::asio;

Sink::Sink(std::weak_ptr<Loop> loop, std::weak_ptr<PortConnection> connection, std::size_t limit,
           StreamEvents events)
    : loop_(std::move(loop)), connection_(std::move(connection)), limit_(limit), events_(std::move(events)) {}

Sink::~Sink() {
  if (events_.on_closed) events_.on_closed();
}

bool Sink::send(std::string text) {
  if (closed_) return false;
  if (buffered_.fetch_add(text.size()) + text.size() > limit_) {
    cut_ = true;
    close();
    return false;
  }
  return post(std::move(text));
}

void Sink::close() {
  closed_ = true;
  post({});
}

bool Sink::post(std::string text) {
  const auto loop = loop_.lock();
  if (!loop) return false;
  asio::post(loop->io, [self = shared_from_this(), text = std::move(text)] {
    self->text_ += text;
    const auto connection = self->connection_.lock();
    if (!connection) return;
    if (self->cut_) connection->end();
    connection->wake();
  });
  return true;
}

void Sink::wrote(std::size_t bytes) {
  if (buffered_.fetch_sub(bytes) == bytes && !closed_ && events_.on_drained) events_.on_drained();
}

void Sink::finish() {
  closed_ = true;
  events_.on_drained = nullptr;
  if (auto told = std::exchange(events_.on_closed, nullptr)) told();
}

PortExchange::PortExchange(std::weak_ptr<Loop> loop, std::weak_ptr<PortConnection> connection,
                           std::size_t stream_limit)
    : loop_(std::move(loop)), connection_(std::move(connection)), stream_limit_(stream_limit) {}

PortExchange::~PortExchange() {
  if (!answered_) PortExchange::answer(refused(500, "the request was lost within the service"));
}

bool PortExchange::answer(Response response) {
  if (answered_.exchange(true)) return false;
  const auto loop = loop_.lock();
  if (!loop) return false;
  asio::dispatch(loop->io, [connection = connection_, response = std::move(response)]() mutable {
    if (const auto here = connection.lock()) here->settle(std::move(response));
  });
  return true;
}

std::shared_ptr<StreamSink> PortExchange::stream(Response head, StreamEvents events) {
  if (answered_.exchange(true)) return nullptr;
  auto sink = std::make_shared<Sink>(loop_, connection_, stream_limit_, std::move(events));
  if (const auto loop = loop_.lock())
    asio::dispatch(loop->io, [connection = connection_, sink, head = std::move(head)]() mutable {
      if (const auto here = connection.lock()) here->begin_stream(std::move(sink), std::move(head));
    });
  return sink;
}
}  // namespace settled
