// Passes bytes between a TCP port and a Unix socket, as a process of its own in a network that can be cut.
#pragma once
#include <string>

namespace settled::drill {

/// Never returns while the port can be opened.
int relay(const std::string& address, int port, const std::string& unix_socket);

}  // namespace settled::drill
