// The client of every case: one thread, epoll, kept connections, requests written ahead. It shares the cores
// with what it loads, so it does as little as it can: no allocation and no JSON per request.
#pragma once
#include "apps/bench/orders.hpp"

#include <functional>
#include <memory>
#include <string>

namespace settled::bench {

struct Load {
  int port = 0;
  int connections = 64;
  double seconds = 1;
  /// Requests a second, at equal distances, whatever becomes of those before; latency counts from the moment
  /// at which a request was due. 0: closed loop, every connection sends when it has its answer.
  double rate = 0;
  /// Open loop: opened when all are busy, up to this.
  int connections_max = 0;
  /// 503 and 429: sent again after this, in the closed loop.
  double retry_after_s = 0.005;
  /// Closed loop: ends when so many orders were acknowledged, however long it takes. 0: by time.
  std::uint64_t stop_after = 0;
};

struct Traffic {
  std::string label;
  Latencies accepted, refused;
  std::uint64_t acknowledged = 0;           // orders: 200, 201, 202, or `accepted` of a batch
  std::uint64_t replayed = 0;               // of a batch
  std::uint64_t answers = 0;                // accepted ones within the time
  std::uint64_t refusals = 0;               // 429 and 503, also within a batch
  std::uint64_t failed = 0;                 // every other answer
  std::uint64_t lost = 0;                   // connections that broke with a request under way
  std::uint64_t unsent = 0;                 // due in the open loop, and no connection free until the end
  std::int64_t begun_us = 0, ended_us = 0;  // Unix time; answers after the end are still waited for
  double cpu_s = 0;                         // of the thread
  std::string first_failure;
  double seconds() const { return static_cast<double>(ended_us - begun_us) / 1e6; }
};

/// Runs the load on the calling thread. `orders` go on where the last load ended. The calling thread looks at
/// `stop` from time to time. Throws std::runtime_error when nobody listens.
Traffic drive(const Load& load, Orders& orders, RequestText& text, const std::function<bool()>& stop = {});

std::int64_t now_us();

}  // namespace settled::bench
