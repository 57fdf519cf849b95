// Every number of the public port in one place. The rules that use them stand in server.cpp and head.cpp.
#pragma once
#include <chrono>
#include <cstddef>

namespace settled {

struct HttpLimits {
  /// Request line and headers together. Beyond: 431 and close.
  std::size_t head_bytes = 16 * 1024;
  std::size_t headers = 64;
  /// One order or account. Beyond: 413.
  std::size_t body_bytes = 1 << 20;
  /// 1,000 orders of one call.
  std::size_t batch_body_bytes = 4 << 20;
  /// A refused body of declared length up to here is read and thrown away, so that the client is able to
  /// read our answer; beyond, and for bodies of unknown length, the connection is closed early.
  std::size_t discard_declared_bytes = 16 << 20;
  std::size_t discard_undeclared_bytes = 1 << 20;
  /// More get 503 and are closed.
  std::size_t connections = 4096;
  /// What a stream may have waiting for a slow reader before it is cut.
  std::size_t stream_buffer_bytes = 256 * 1024;

  // Deadlines are for the whole step, never per byte: a client that sends a byte every two seconds is
  // gone after ten.
  std::chrono::seconds head_max{10};
  std::chrono::seconds body_max{10};
  std::chrono::seconds write_max{10};
  /// Between two requests of a connection.
  std::chrono::seconds idle_max{75};
  /// How long we go on reading after an answer that ends the connection.
  std::chrono::seconds linger_max{2};
};

}  // namespace settled
