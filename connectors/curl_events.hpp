// libcurl's transfers on one thread, driven by epoll: curl says which sockets it waits for and when it wants
// to be called, and is told only of those where something happened.
//
// Curl looks for a free connection by walking all that it has to the host. With a thousand calls under way
// that walk costs more than the transfer, so several of its multi handles share them, filled one after the
// other: few calls at once use the same few connections.
#pragma once
#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace settled {

class CurlEvents {
 public:
  using Clock = std::chrono::steady_clock;
  /// Told of each transfer that ended; it belongs to no multi handle any more.
  using Ended = std::function<void(CURL*, CURLcode)>;

  CurlEvents();
  ~CurlEvents();
  CurlEvents(const CurlEvents&) = delete;
  CurlEvents& operator=(const CurlEvents&) = delete;

  /// False: curl took it not.
  bool add(CURL* easy);
  void remove(CURL* easy);

  /// Waits until a socket is ready, curl wants its time, somebody wakes us or `until`; then lets curl work.
  void turn(Clock::time_point until);
  /// What has ended since. `ended` may add further transfers.
  void collect(const Ended& ended);
  /// From any thread.
  void wake() const;

 private:
  struct Descriptor {
    explicit Descriptor(int number);
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int fd;
  };
  struct Multi {
    explicit Multi(CurlEvents& owner);
    ~Multi();
    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;

    CurlEvents& events;
    CURLM* handle = nullptr;
    std::size_t running = 0;
    Clock::time_point idle_since = Clock::now();
    Clock::time_point call_at = Clock::time_point::max();
  };

  static int on_watch(CURL*, curl_socket_t socket, int what, void* multi, void*);
  static int on_timer(CURLM*, long ms, void* multi);
  void watch(int fd, int what, bool known) const;
  void act(int fd, int what);
  /// Null: curl has none left.
  Multi* one_with_room();

  const Descriptor epoll_, wake_;
  std::unordered_map<int, Multi*> watched_;  // by socket
  std::unordered_map<CURL*, Multi*> running_;
  std::vector<std::unique_ptr<Multi>> multis_;  // last: as they end they tell of their sockets
};

}  // namespace settled
