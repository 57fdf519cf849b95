// A server that says exactly what a test tells it to, byte by byte.
#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace settled::tests {

/// Gives the socket a free port of the loopback address; tells which.
inline sockaddr_in bind_to_loopback(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port of the loopback address can be bound");
  return address;
}

class RawServer {
 public:
  /// `connection` and `request` count from 1, the latter within its connection. The text is sent as it is;
  /// nothing closes the connection without an answer, and so does a text that begins with '!', after it.
  using Script =
      std::function<std::optional<std::string>(int connection, int request, const std::string& head)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    port_ = ntohs(bind_to_loopback(listener_).sin_port);
    ::listen(listener_, 512);
    threads_.emplace_back([this] { accept_all(); });
  }
  ~RawServer() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    threads_.front().join();  // it makes the others
    for (std::size_t i = 1; i < threads_.size(); ++i) threads_[i].join();
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int requests() const { return requests_; }
  int connections() const { return connections_; }

  static std::string ok(const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
           body;
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_);
      if (fd < 0 || closing_) {
        if (fd >= 0) ::close(fd);
        return;
      }
      open_.push_back(fd);
      threads_.emplace_back([this, fd, number = ++connections_] { serve(fd, number); });
    }
  }
  void serve(int fd, int number) {
    std::string got;
    for (int request = 1;; ++request) {
      std::size_t end = std::string::npos, wanted = 0;
      while ((end = got.find("\r\n\r\n")) == std::string::npos ||
             got.size() < (wanted = end + 4 + length(got)))
        if (!more(fd, got)) return finish(fd);
      const auto head = got.substr(0, wanted);
      got.erase(0, wanted);
      ++requests_;
      auto say = script_(number, request, head);
      if (!say) return finish(fd);
      const bool last = say->starts_with('!');
      if (last) say->erase(0, 1);
      for (std::size_t at = 0; at < say->size();) {
        const auto n = ::send(fd, say->data() + at, say->size() - at, MSG_NOSIGNAL);
        if (n <= 0) return finish(fd);
        at += static_cast<std::size_t>(n);
      }
      if (last) return finish(fd);
    }
  }
  static std::size_t length(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }
  static bool more(int fd, std::string& got) {
    char piece[4096];
    const auto n = ::recv(fd, piece, sizeof piece, 0);
    if (n > 0) got.append(piece, static_cast<std::size_t>(n));
    return n > 0;
  }
  void finish(int fd) {
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  bool closing_ = false;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::atomic<int> requests_{0}, connections_{0};
};

/// A port on which nobody listens.
inline int closed_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = bind_to_loopback(fd);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace settled::tests
