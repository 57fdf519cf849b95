#include "runtime/clock.hpp"

#include "domain/refusal.hpp"

#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>

namespace settled {
namespace {
struct IdSource {
  std::mutex mutex;
  std::int64_t last_ms = 0;
  std::uint64_t low = 0;  // counts up within a millisecond, from a random start
  std::uint64_t high = 0;
};

/// A call to the generator costs as much for one number as for many.
std::uint64_t random64() {
  thread_local std::array<std::uint64_t, 128> stock{};
  thread_local std::size_t left = 0;
  if (left == 0) {
    ensure(RAND_bytes(reinterpret_cast<unsigned char*>(stock.data()), sizeof stock) == 1,
           "the system has random numbers");
    left = stock.size();
  }
  return stock[--left];
}
}  // namespace

Clock system_clock() {
  return [] {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
}

Clock steady_clock() {
  return [] {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
}

Ids system_ids() {
  return [source = std::make_shared<IdSource>(), clock = system_clock()] {
    const std::lock_guard lock(source->mutex);
    const auto ms = clock() / 1000;
    if (ms > source->last_ms) {
      source->last_ms = ms;
      source->high = random64();
      source->low = random64() >> 3;  // room to count: the top two bits are the variant's
    } else {
      // The same millisecond, or a clock that was set back: count on, so that ids keep growing.
      source->low += 1 + random64() % 0xFFFF;
    }
    return make_uuid_v7(source->last_ms, source->high, source->low);
  };
}

std::function<std::uint64_t()> system_chance() {
  return [] {
    thread_local std::mt19937_64 generator(random64());
    return generator();
  };
}
}  // namespace settled
