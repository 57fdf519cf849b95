// The only file here that includes Boost.Beast.
#include "sandbox/http_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <cctype>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace settled::sandbox {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

struct Route {
  std::string method, path;
  bool takes_id = false;
  HttpServer::Handler handler;
};

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string decoded(std::string_view text) {
  int size = 0;
  const std::unique_ptr<char, decltype(&curl_free)> plain(
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size), &curl_free);
  return plain ? std::string(plain.get(), static_cast<std::size_t>(size)) : std::string();
}

Request request_from(http::request<http::string_body>& in) {
  Request out{.method = std::string(in.method_string()),
              .target = std::string(in.target()),
              .body = std::move(in.body()),
              .id = {},
              .query = {},
              .headers = {}};
  for (const auto& field : in) out.headers[lower(field.name_string())] = field.value();
  std::string_view query = out.target;
  query.remove_prefix(std::min(query.find('?'), query.size()));
  while (!query.empty()) {
    query.remove_prefix(1);  // the ? or &
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(part.size());
    const auto equals = std::min(part.find('='), part.size());
    if (!part.empty())
      out.query[decoded(part.substr(0, equals))] = decoded(part.substr(std::min(equals + 1, part.size())));
  }
  return out;
}

/// Framing that we do not want is refused before the body is read, and the connection with it: what follows
/// on it cannot be told from a body.
bool strangely_framed(const Parser& parser) {
  const auto& head = parser.get();
  return head.count(http::field::transfer_encoding) > 0 || head.count(http::field::content_encoding) > 0 ||
         head.count(http::field::expect) > 0;
}

/// What came cannot be a request; otherwise the other side has gone, or was too slow.
bool unreadable(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_value).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

/// A handler that throws is an answer too.
Answer guarded(const std::function<Answer()>& handler) {
  try {
    return handler();
  } catch (const std::exception& e) {
    return problem(500, "internal", e.what());
  }
}
}  // namespace

std::string_view Request::header(const std::string& name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string_view{} : std::string_view{at->second};
}

Answer problem(int status, std::string_view code, std::string_view detail, std::string_view field) {
  nlohmann::ordered_json body{{"code", code}};
  if (!field.empty()) body["field"] = field;
  if (!detail.empty()) body["detail"] = detail;
  // Replace, because a detail may quote bytes that are not UTF-8.
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

struct HttpServer::Impl {
  HttpServerSettings settings;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  std::vector<Route> routes;
  std::thread thread;
  // Of that thread alone:
  bool stopping = false;
  std::set<beast::tcp_stream*> idle;
  std::set<asio::steady_timer*> pauses;

  explicit Impl(HttpServerSettings s) : settings(s) {
    beast::error_code error;
    const tcp::endpoint here(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(settings.port));
    acceptor.open(here.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    if (!acceptor.bind(here, error)) acceptor.listen(4096, error);
    if (error)
      throw std::runtime_error("cannot listen on 127.0.0.1:" + std::to_string(settings.port) + ": " +
                               error.message());
    settings.port = acceptor.local_endpoint().port();
  }

  Answer answer(Request& request) {
    const auto path = std::string_view(request.target).substr(0, request.target.find('?'));
    bool path_known = false;
    for (const Route& route : routes) {
      std::string_view id;
      if (route.takes_id) {
        if (!path.starts_with(route.path) || path.size() == route.path.size()) continue;
        id = path.substr(route.path.size());
        if (id.find('/') != std::string_view::npos) continue;
      } else if (path != route.path) {
        continue;
      }
      path_known = true;
      if (route.method != request.method) continue;
      request.id = id;
      return route.handler(request);
    }
    if (path_known) return problem(405, "method_not_allowed");
    return problem(404, "no_such_path");
  }

  asio::awaitable<void> accept() {
    beast::error_code error;
    asio::steady_timer pause(io);
    while (!stopping) {
      auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!error) {
        asio::co_spawn(io, serve(std::move(socket)), asio::detached);
      } else if (!stopping) {  // out of descriptors: some will be free again
        pause.expires_after(std::chrono::milliseconds(20));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      }
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    beast::error_code error;
    socket.set_option(tcp::no_delay(true), error);
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    bool last = false;
    while (!stopping && !last) {
      std::optional<Answer> reply = co_await next_answer(stream, buffer, last);
      if (!reply) co_return;
      while (reply->wait) reply = co_await later(*reply);
      if (reply->drop) {
        // Closing sends a reset: the client cannot mistake it for an orderly end.
        stream.socket().set_option(asio::socket_base::linger(true, 0), error);
        co_return;
      }
      const bool sent = co_await send(stream, *reply, last || stopping);
      if (!sent) co_return;
    }
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
  }

  /// Reads a request and has it handled. Nothing: the connection is over. `last`: it is over after this
  /// answer.
  asio::awaitable<std::optional<Answer>> next_answer(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                                     bool& last) {
    beast::error_code error;
    Parser parser;
    parser.body_limit(settings.body_max);
    idle.insert(&stream);
    stream.expires_after(settings.idle_max);
    co_await http::async_read_header(stream, buffer, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    idle.erase(&stream);
    if (!error && strangely_framed(parser)) {
      last = true;
      co_return problem(411, "plain_content_length_only");
    }
    if (!error) {
      stream.expires_after(settings.io_max);
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    }
    stream.expires_never();
    if (error) {
      last = true;
      if (error == http::error::body_limit) co_return problem(413, "body_too_large");
      if (unreadable(error)) co_return problem(400, "bad_request");
      co_return std::nullopt;
    }
    last = !parser.get().keep_alive();
    Request request = request_from(parser.get());
    co_return guarded([&] { return answer(request); });
  }

  /// What follows when the wait of `reply` is over.
  asio::awaitable<Answer> later(Answer& reply) {
    beast::error_code error;
    // Cancelled when it is time to go on, and not before it waits: that is posted behind us.
    asio::steady_timer ready(io, asio::steady_timer::time_point::max());
    reply.wait([this, &ready] { asio::post(io, [&ready] { ready.cancel(); }); });
    co_await ready.async_wait(asio::redirect_error(asio::use_awaitable, error));
    co_return guarded(reply.then);
  }

  asio::awaitable<bool> send(beast::tcp_stream& stream, Answer& reply, bool last) {
    beast::error_code error;
    http::response<http::string_body> response(static_cast<http::status>(reply.status), 11);
    response.set(http::field::content_type, reply.content_type);
    response.keep_alive(!last);
    response.body() = std::move(reply.body);
    response.prepare_payload();
    stream.expires_after(settings.io_max);
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  void stop() {
    stopping = true;
    beast::error_code error;
    acceptor.close(error);
    for (auto* timer : pauses) timer->cancel();
    for (auto* stream : idle) stream->cancel();
  }
};

HttpServer::HttpServer(HttpServerSettings settings) : impl_(std::make_unique<Impl>(settings)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::route(std::string method, std::string path, Handler handler) {
  constexpr std::string_view id = "{id}";
  const bool takes_id = path.ends_with(id);
  if (takes_id) path.resize(path.size() - id.size());
  impl_->routes.push_back({std::move(method), std::move(path), takes_id, std::move(handler)});
}

void HttpServer::start() {
  asio::co_spawn(impl_->io, impl_->accept(), asio::detached);
  impl_->thread = std::thread([this] { impl_->io.run(); });
}

void HttpServer::stop() {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [this] { impl_->stop(); });
  impl_->thread.join();
}

int HttpServer::port() const { return impl_->settings.port; }

Answer HttpServer::after(std::chrono::milliseconds time, std::function<Answer()> then) {
  if (time.count() <= 0) return then();
  const auto pause = [this, time](const std::function<void()>& go_on) {
    const auto timer = std::make_shared<asio::steady_timer>(
        impl_->io, impl_->stopping ? std::chrono::milliseconds(0) : time);
    impl_->pauses.insert(timer.get());
    timer->async_wait([this, timer, go_on](const beast::error_code&) {
      impl_->pauses.erase(timer.get());
      go_on();
    });
  };
  return {.wait = pause, .then = std::move(then)};
}
}  // namespace settled::sandbox
