// Who listens on a port of this machine, as far as /proc lets us see: for a sentence, never for a decision.
#pragma once
#include <cstdint>
#include <string>

namespace settled {

/// "pid 4211 (settled)", or "another process" where it cannot be seen: another user's, or gone by now.
std::string port_holder(std::uint16_t port);

}  // namespace settled
