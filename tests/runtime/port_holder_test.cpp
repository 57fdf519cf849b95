#define BOOST_TEST_MODULE port_holder
#include "runtime/port_holder.hpp"

#include "tests/connectors/raw_server.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(who_listens_is_named_by_pid_and_name_and_nobody_else_is) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto port = ntohs(settled::tests::bind_to_loopback(fd).sin_port);
  BOOST_TEST(settled::port_holder(port) == "another process");  // bound, and nobody listens yet
  BOOST_REQUIRE(::listen(fd, 1) == 0);
  BOOST_TEST(settled::port_holder(port).starts_with("pid " + std::to_string(::getpid()) + " ("));
  ::close(fd);
}
