#include "apps/drill/relay.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace settled::drill {
namespace {
bool write_all(int to, const char* data, ssize_t size) {
  while (size > 0) {
    const auto n = ::send(to, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= n;
  }
  return true;
}

void pass(int client, int server) {
  std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
  std::array<char, 65'536> bytes{};
  for (bool open = true; open && ::poll(ends.data(), ends.size(), -1) > 0;)
    for (std::size_t i = 0; i < 2 && open; ++i) {
      if (ends.at(i).revents == 0) continue;
      const auto n = ::recv(ends.at(i).fd, bytes.data(), bytes.size(), 0);
      open = n > 0 && write_all(ends.at(1 - i).fd, bytes.data(), n);
    }
  ::close(client);
  ::close(server);
}

int connected(const std::string& unix_socket) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  unix_socket.copy(to.sun_path, sizeof to.sun_path - 1);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

/// As PostgreSQL itself would on a port of its own, once a client has asked for it.
void notice_a_cut(int client) {
  const auto set = [client](int level, int name, int value) {
    ::setsockopt(client, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 2);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 4'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}
}  // namespace

int relay(const std::string& address, int port, const std::string& unix_socket) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &at.sin_addr) != 1 ||
      ::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 64) != 0)
    return 70;
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    notice_a_cut(client);
    if (const int server = connected(unix_socket); server >= 0)
      std::thread(pass, client, server).detach();
    else
      ::close(client);
  }
}
}  // namespace settled::drill
