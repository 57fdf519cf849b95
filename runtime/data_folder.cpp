#include "runtime/data_folder.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// One that was just killed gives its folder back within moments.
constexpr auto patience = 5s;

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}
}  // namespace

DataFolder::DataFolder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto file = folder / "settled.lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0)
    throw std::runtime_error("cannot write " + file.string() + ": " + std::strerror(errno) + '.');
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > until) {
      ::close(lock_);
      throw std::runtime_error(folder.string() + " is in use by another settled (pid " + first_line(file) +
                               "). Stop it or choose another --data-dir.");
    }
    std::this_thread::sleep_for(50ms);
  }
  const auto pid = std::to_string(::getpid()) + '\n';
  if (::ftruncate(lock_, 0) != 0 ||
      ::pwrite(lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const auto why = std::string("cannot write ") + file.string() + ": " + std::strerror(errno) + '.';
    ::close(lock_);
    throw std::runtime_error(why);
  }
}

DataFolder::~DataFolder() { ::close(lock_); }
}  // namespace settled
