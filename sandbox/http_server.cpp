#include "sandbox/http_server.hpp"

#include "sandbox/connection_impl.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace settled::sandbox {
namespace {
thread_local Connection* current = nullptr;  // the connection that this thread serves

/// httplib parses and writes messages; connections are ours, because only who owns the socket can drop it.
class Port final : public httplib::Server {
 public:
  explicit Port(const HttpServerSettings& settings) : settings_(settings) {}
  void cut_all() {
    const std::lock_guard lock(mutex_);
    cut_ = true;
    for (int socket : sockets_) ::shutdown(socket, SHUT_RD);  // answers under way may still go out
  }

 private:
  bool enter(int socket) {
    const std::lock_guard lock(mutex_);
    if (!cut_) sockets_.insert(socket);
    return !cut_;
  }
  void leave(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(socket);
  }
  bool process_and_close_socket(socket_t socket) override {
    const auto connection = std::make_unique<Connection>(socket, settings_.io_max);
    if (!enter(socket)) return false;
    current = connection.get();
    while (connection->next_request(settings_.idle_max)) {
      bool closed = false;
      const bool parsed = process_request(*connection, false, closed, nullptr);
      if (connection->dropped) {
        connection->reset_on_close();
        break;
      }
      if (!connection->flush() || !parsed || closed || connection->last) break;
    }
    current = nullptr;
    leave(socket);  // before the descriptor is closed and its number used again
    return true;
  }

  HttpServerSettings settings_;
  std::mutex mutex_;
  bool cut_ = false;
  std::set<int> sockets_;
};

struct Route {
  std::string method, path;
  bool takes_id = false;
  HttpServer::Handler handler;
};
std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
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
  explicit Impl(HttpServerSettings s) : settings(s), server(s) {}
  HttpServerSettings settings;
  Port server;
  int port = 0;
  int listener = -1;
  std::vector<Route> routes;
  std::thread accepting;
  std::mutex mutex;
  std::condition_variable stopped;
  bool stopping = false;

  Answer answer(Request& request, const std::string& path) {
    bool path_known = false;
    for (const Route& route : routes) {
      std::string id;
      if (route.takes_id) {
        if (!path.starts_with(route.path) || path.size() == route.path.size()) continue;
        id = path.substr(route.path.size());
        if (id.find('/') != std::string::npos) continue;
      } else if (path != route.path) {
        continue;
      }
      path_known = true;
      if (route.method != request.method) continue;
      request.id = std::move(id);
      return route.handler(request);
    }
    if (path_known) return problem(405, "method_not_allowed");
    return problem(404, "no_such_path");
  }

  void handle(const httplib::Request& in, httplib::Response& out) {
    Request request{in.method, in.target, in.body, "", {}, {}};
    for (const auto& [name, value] : in.params) request.query[name] = value;
    for (const auto& [name, value] : in.headers) request.headers[lower(name)] = value;
    Answer result;
    try {
      result = answer(request, in.path);
    } catch (const std::exception& e) {
      result = problem(500, "internal", e.what());
    }
    out.status = result.status;
    out.set_content(result.body, result.content_type);
    if (result.drop && current) current->dropped = true;
  }

  // Framing that we do not want is refused before the body is read, and the connection with it: what follows
  // on it cannot be told from a body.
  bool refused(const httplib::Request& in, httplib::Response& out) {
    const bool strange = in.has_header("Transfer-Encoding") || in.has_header("Content-Encoding") ||
                         in.get_header_value_count("Content-Length") > 1 || in.has_header("Expect");
    const bool large = in.get_header_value<std::uint64_t>("Content-Length") > settings.body_max;
    if (!strange && !large) return false;
    const auto result = large ? problem(413, "body_too_large") : problem(411, "plain_content_length_only");
    out.status = result.status;
    out.set_header("Connection", "close");
    out.set_content(result.body, result.content_type);
    if (current) current->last = true;
    return true;
  }
};

HttpServer::HttpServer(HttpServerSettings settings) : impl_(std::make_unique<Impl>(settings)) {
  auto& server = impl_->server;
  server.new_task_queue = [n = static_cast<std::size_t>(settings.threads)] {
    return new httplib::ThreadPool(n);
  };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(100'000'000);
  server.set_keep_alive_timeout(settings.idle_max.count());
  server.set_payload_max_length(settings.body_max);
  // Not httplib's SO_REUSEPORT: two sandboxes on one port would share its connections.
  server.set_socket_options([this](int socket) {
    const int one = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    impl_->listener = socket;
  });
  server.set_pre_routing_handler([this](const httplib::Request& in, httplib::Response& out) {
    return impl_->refused(in, out) ? httplib::Server::HandlerResponse::Handled
                                   : httplib::Server::HandlerResponse::Unhandled;
  });
  const auto handler = [this](const httplib::Request& in, httplib::Response& out) { impl_->handle(in, out); };
  // One pattern each: httplib matches regular expressions one after the other, which costs more than the
  // rest.
  server.Get(".*", handler).Post(".*", handler).Put(".*", handler).Patch(".*", handler).Delete(".*", handler);
  server.set_error_handler([](const httplib::Request&, httplib::Response& out) {
    if (!out.body.empty()) return;
    const auto result = problem(out.status, "bad_request");
    out.set_content(result.body, result.content_type);
  });
  impl_->port = settings.port == 0 ? server.bind_to_any_port("127.0.0.1")
                                   : (server.bind_to_port("127.0.0.1", settings.port) ? settings.port : -1);
  if (impl_->port <= 0)
    throw std::runtime_error("cannot listen on 127.0.0.1:" + std::to_string(settings.port) + ": " +
                             std::strerror(errno));
  ::listen(impl_->listener, 4096);  // httplib asked for a queue of 5
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::route(std::string method, std::string path, Handler handler) {
  constexpr std::string_view id = "{id}";
  const bool takes_id = path.ends_with(id);
  if (takes_id) path.resize(path.size() - id.size());
  impl_->routes.push_back({std::move(method), std::move(path), takes_id, std::move(handler)});
}

void HttpServer::start() {
  impl_->accepting = std::thread([this] { impl_->server.listen_after_bind(); });
  while (!impl_->server.is_running()) std::this_thread::yield();
}

void HttpServer::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) return;
    impl_->stopping = true;
  }
  impl_->stopped.notify_all();
  impl_->server.cut_all();
  impl_->server.stop();
  if (impl_->accepting.joinable()) impl_->accepting.join();
}

int HttpServer::port() const { return impl_->port; }

bool HttpServer::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(impl_->mutex);
  return !impl_->stopped.wait_for(lock, time, [this] { return impl_->stopping; });
}
}  // namespace settled::sandbox
