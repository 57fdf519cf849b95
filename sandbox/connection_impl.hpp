// One accepted connection as cpp-httplib's Stream, buffered in both directions: nothing of an answer leaves
// before the handler is done, so that a fault script can still take it back. Include only in http_server.cpp.
#pragma once
#include <httplib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace settled::sandbox {

class Connection final : public httplib::Stream {
 public:
  Connection(int socket, std::chrono::milliseconds io_max) : socket_(socket), io_max_(io_max) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override { ::close(socket_); }

  /// Is there a byte of a next request within `time`? False also when the other side has closed.
  bool next_request(std::chrono::milliseconds time) { return read_at_ < read_end_ || fill(time); }
  /// Sends what the handler wrote. False if the other side is gone.
  bool flush() {
    std::size_t sent = 0;
    while (sent < out_.size()) {
      const auto n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
      } else if (n < 0 && errno == EINTR) {
        continue;
      } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        if (!ready(POLLOUT, io_max_)) return false;
      } else {
        return false;
      }
    }
    out_.clear();
    return true;
  }
  /// Closing sends a reset: the client cannot mistake it for an orderly end.
  void reset_on_close() {
    out_.clear();
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  bool dropped = false;  // set by the handler: no answer
  bool last = false;     // set by the handler: close after this answer

  bool is_readable() const override { return read_at_ < read_end_ || ready(POLLIN, io_max_); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    if (read_at_ == read_end_ && !fill(io_max_)) return -1;
    const auto n = std::min(size, read_end_ - read_at_);
    std::memcpy(to, in_.data() + read_at_, n);
    read_at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, std::size_t size) override {
    out_.append(from, size);
    // A long answer (the log) goes out in pieces, so that it need not fit into memory twice.
    if (out_.size() > 256 * 1024 && !dropped && !flush()) return -1;
    return static_cast<ssize_t>(size);
  }
  // Everybody here is 127.0.0.1, and nobody asks: no system call per request.
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip = "127.0.0.1", port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip = "127.0.0.1", port = 0; }
  socket_t socket() const override { return socket_; }

 private:
  bool ready(short what, std::chrono::milliseconds time) const {
    pollfd fd{socket_, what, 0};
    int n = 0;
    do n = ::poll(&fd, 1, static_cast<int>(time.count()));
    while (n < 0 && errno == EINTR);
    return n > 0;
  }
  bool fill(std::chrono::milliseconds time) {
    if (!ready(POLLIN, time)) return false;
    ssize_t n = 0;
    do n = ::recv(socket_, in_.data(), in_.size(), 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0) return false;
    read_at_ = 0;
    read_end_ = static_cast<std::size_t>(n);
    return true;
  }

  int socket_;
  std::chrono::milliseconds io_max_;
  std::array<char, 16 * 1024> in_{};
  std::size_t read_at_ = 0, read_end_ = 0;
  std::string out_;
};

}  // namespace settled::sandbox
