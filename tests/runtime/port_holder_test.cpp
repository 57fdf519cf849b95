#define BOOST_TEST_MODULE port_holder
#include "runtime/port_holder.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

BOOST_AUTO_TEST_CASE(who_listens_is_named_by_pid_and_name_and_nobody_else_is) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  BOOST_REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0);
  BOOST_REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const auto port = ntohs(at.sin_port);
  BOOST_TEST(settled::port_holder(port) == "another process");  // bound, and nobody listens yet
  BOOST_REQUIRE(::listen(fd, 1) == 0);
  BOOST_TEST(settled::port_holder(port).starts_with("pid " + std::to_string(::getpid()) + " ("));
  ::close(fd);
}
