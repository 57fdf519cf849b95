#include "runtime/port_holder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace settled {
namespace {
namespace fs = std::filesystem;

/// "socket:[12345]" of each socket that listens there.
std::set<std::string> listeners(std::uint16_t port) {
  std::set<std::string> found;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);  // titles
    while (std::getline(in, line)) {
      std::istringstream columns(line);
      std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      columns >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >>
          inode;
      const auto colon = local.rfind(':');
      if (state != "0A" || colon == std::string::npos) continue;
      if (std::stoul(local.substr(colon + 1), nullptr, 16) == port) found.insert("socket:[" + inode + ']');
    }
  }
  return found;
}

bool holds_one(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (const auto target = fs::read_symlink(at->path(), gone); !gone && sockets.contains(target.string()))
      return true;
  }
  return false;
}
}  // namespace

std::string port_holder(std::uint16_t port) {
  const auto sockets = listeners(port);
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const auto pid = at->path().filename().string();
    const bool number = std::all_of(pid.begin(), pid.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number || !holds_one(at->path(), sockets)) continue;
    // Its name only: a command line may hold a password.
    std::ifstream in(at->path() / "comm");
    std::string name;
    std::getline(in, name);
    return std::string("pid ").append(pid).append(" (").append(name).append(")");
  }
  return "another process";
}
}  // namespace settled
