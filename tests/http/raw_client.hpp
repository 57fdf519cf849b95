// A client that sends whatever bytes it is told to: honest libraries would not.
#pragma once
#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace settled::tests {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), over_(other.over_) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() { close(); }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Sends all, reading nothing; false when the other side has had enough.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  /// What comes within `most`, until the other side closes or `enough` is seen.
  std::string read(std::chrono::milliseconds most, std::string_view enough = {}, std::size_t times = 1) {
    std::string got;
    const auto until = Clock::now() + most;
    while (!over_ && Clock::now() < until) {
      pollfd p{fd_, POLLIN, 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      if (::poll(&p, 1, static_cast<int>(left) + 1) <= 0) break;
      char buffer[65536];
      const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) {
        over_ = true;
        break;
      }
      got.append(buffer, static_cast<std::size_t>(n));
      if (!enough.empty() && count(got, enough) >= times) break;
    }
    return got;
  }
  /// The other side has closed; seen by `read`.
  bool over() const { return over_; }

  static std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++n;
    return n;
  }

 private:
  int fd_;
  bool connected_ = false;
  bool over_ = false;
};

/// The status of the first answer in `text`; 0 when there is none.
inline int status_of(std::string_view text) {
  if (!text.starts_with("HTTP/1.1 ") || text.size() < 12) return 0;
  return (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
}

inline long self_status(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) return std::stol(line.substr(name.size() + 1));
  return 0;
}
inline long resident_kb() { return self_status("VmRSS:"); }
inline long thread_count() { return self_status("Threads:"); }

}  // namespace settled::tests
