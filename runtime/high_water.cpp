#include "runtime/high_water.hpp"

#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <unistd.h>

namespace settled {
namespace {
namespace fs = std::filesystem;

/// Whole or not at all, also when the power goes.
void write_file(const fs::path& file, const std::string& text) {
  const auto part = file.string() + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                    ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!good) throw std::runtime_error("cannot write " + part);
  fs::rename(part, file);
}
}  // namespace

HighWater::HighWater(const fs::path& data_dir, std::string books)
    : file_(data_dir / "high_water"), quarantine_file_(data_dir / "quarantine"), books_(std::move(books)) {
  std::string known;
  std::int64_t event = 0;
  if (std::ifstream in(file_); in >> known >> event && known == books_) newest_ = written_ = event;
  keeper_ = std::thread([this] { keep(); });
}

HighWater::~HighWater() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  keeper_.join();
}

void HighWater::saw(std::int64_t event) {
  auto newest = newest_.load();
  while (newest < event && !newest_.compare_exchange_weak(newest, event)) {
  }
}

void HighWater::keep() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    last = changed_.wait_for(lock, std::chrono::milliseconds(500), [this] { return ending_; });
    const auto newest = newest_.load();
    if (newest == written_) continue;
    try {
      write_file(file_, books_ + ' ' + std::to_string(newest) + '\n');
      written_ = newest;
    } catch (const std::exception&) {
      // A full disk here must not stop the money; the next round tries again.
    }
  }
}

std::string HighWater::quarantine() const {
  std::ifstream in(quarantine_file_);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void HighWater::begin_quarantine(const std::string& why) { write_file(quarantine_file_, why); }
void HighWater::lift_quarantine() { fs::remove(quarantine_file_); }
}  // namespace settled
