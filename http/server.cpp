#include "http/server.hpp"

#include "http/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <functional>
#include <sys/resource.h>
#include <thread>
#include <vector>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // see connection.cpp

namespace settled {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, PortExecutor>;
using boost::system::error_code;

// Descriptors are the port's first limit: the usual soft limit of 1,024 is below our own.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}
}  // namespace

struct Server::Impl {
  std::shared_ptr<PortShared> shared = std::make_shared<PortShared>();
  std::vector<std::shared_ptr<Loop>> loops;
  std::vector<std::thread> threads;
  std::unique_ptr<Acceptor> acceptor;
  std::uint16_t port = 0;
  bool running = false;

  PortTask<void> accept() {
    // A few more than the limit are let in to be told so; beyond that the backlog waits.
    constexpr std::size_t told = 256;
    const auto most = shared->settings.limits.connections;
    for (std::size_t next = 0;; ++next) {
      const auto& loop = loops[next % loops.size()];
      PortSocket socket(loop->io);
      error_code ec;
      co_await acceptor->async_accept(socket, asio::redirect_error(use_task, ec));
      if (ec == asio::error::operation_aborted || !acceptor->is_open()) co_return;
      if (ec) {  // no descriptors left, or a client that was gone before we looked
        PortTimer pause(loops.front()->io.get_executor(), std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(use_task, ec));
        continue;
      }
      const auto before = shared->connections.fetch_add(1);
      if (before >= most + told) {
        shared->left();
        continue;
      }
      serve_connection(std::move(socket), *loop, shared, before >= most);
    }
  }

  void on_every_loop(const std::function<void(Loop&)>& f) {
    // By reference: a loop that owns itself through its own queue would never end.
    for (const auto& loop : loops) asio::post(loop->io, [&here = *loop, f] { f(here); });
  }
  bool wait_until_empty(std::chrono::milliseconds most) {
    std::unique_lock lock(shared->mutex);
    return shared->gone.wait_for(lock, most, [&] { return shared->connections == 0; });
  }
};

Server::Server(ServerSettings settings) : impl_(std::make_unique<Impl>()) {
  impl_->shared->settings = std::move(settings);
}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

void Server::start() {
  Impl& s = *impl_;
  const ServerSettings& settings = s.shared->settings;
  raise_descriptor_limit();
  for (int i = 0; i < std::max(1, settings.threads); ++i) s.loops.push_back(std::make_shared<Loop>());
  const tcp::endpoint at(asio::ip::make_address(settings.host), settings.port);
  s.acceptor = std::make_unique<Acceptor>(s.loops.front()->io);
  s.acceptor->open(at.protocol());
  s.acceptor->set_option(Acceptor::reuse_address(true));
  s.acceptor->bind(at);
  s.acceptor->listen(static_cast<int>(settings.limits.connections));
  s.port = s.acceptor->local_endpoint().port();
  asio::co_spawn(s.loops.front()->io.get_executor(), s.accept(), asio::detached);
  for (const auto& loop : s.loops) s.threads.emplace_back([loop] { loop->io.run(); });
  s.running = true;
}

std::uint16_t Server::port() const { return impl_->port; }
std::size_t Server::connections() const { return impl_->shared->connections; }

void Server::stop(std::chrono::milliseconds grace) {
  Impl& s = *impl_;
  if (!s.running) return;
  s.running = false;
  asio::post(s.loops.front()->io, [&s] {
    error_code ignored;
    s.acceptor->close(ignored);
  });
  const auto end_connections = [](bool now) {
    return [now](Loop& loop) {
      loop.stopping = true;
      // Ending one may take it out of the set.
      const std::vector<PortConnection*> all(loop.connections.begin(), loop.connections.end());
      for (auto* connection : all) connection->stop(now);
    };
  };
  s.on_every_loop(end_connections(false));
  if (!s.wait_until_empty(grace)) {
    s.on_every_loop(end_connections(true));
    s.wait_until_empty(std::chrono::seconds(2));
  }
  for (const auto& loop : s.loops) loop->io.stop();
  for (auto& thread : s.threads) thread.join();
  s.threads.clear();
}
}  // namespace settled
