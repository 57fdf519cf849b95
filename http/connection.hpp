// One connection of the port, from its first byte to its last.
#pragma once
#include "http/port_exchange.hpp"
#include "http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace settled {

/// The loop's own type: Asio's erased executor would be asked through a pointer each time.
using PortExecutor = boost::asio::io_context::executor_type;
using PortSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, PortExecutor>;
using PortTimer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, PortExecutor>;
template <class T>
using PortTask = boost::asio::awaitable<T, PortExecutor>;
inline constexpr boost::asio::use_awaitable_t<PortExecutor> use_task{};

/// What the connections share with the server; outlives neither's last user.
struct PortShared {
  ServerSettings settings;
  std::mutex mutex;
  std::condition_variable gone;
  std::atomic<std::size_t> connections{0};

  void left() {
    if (connections.fetch_sub(1) == 1) {
      const std::lock_guard lock(mutex);
      gone.notify_all();
    }
  }
};

/// Serves what comes on the socket until either side ends it, on the loop's thread; one that is `turned_away`
/// is only told that all connections are in use. Counted in `shared->connections` before, and left at its
/// end.
void serve_connection(PortSocket socket, Loop& loop, std::shared_ptr<PortShared> shared, bool turned_away);

}  // namespace settled
