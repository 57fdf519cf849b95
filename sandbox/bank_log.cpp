#include "sandbox/bank_log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace settled::sandbox {
namespace {
void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}
[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "settled-sandbox: bank log: %s: %s; stopping\n", what, std::strerror(errno));
  std::_Exit(70);
}
}  // namespace

BankLog::BankLog(const std::filesystem::path& path, const std::function<void(std::string_view)>& line) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) throw std::runtime_error("cannot open " + path.string() + ": " + std::strerror(errno));
  sync_folder(path.parent_path());
  std::ifstream in(path, std::ios::binary);
  std::uint64_t end = 0;
  for (std::string text; std::getline(in, text);) {
    if (in.eof()) {  // no line feed behind it
      torn_bytes_ = text.size();
      break;
    }
    line(text);
    end += text.size() + 1;
    ends_.push_back(end);
  }
  if (torn_bytes_ > 0 && (::ftruncate(file_, static_cast<off_t>(end)) != 0 || ::fdatasync(file_) != 0))
    throw std::runtime_error("cannot cut the torn last line of " + path.string() + ": " +
                             std::strerror(errno));
  durable_ = ends_.size();
  flusher_ = std::thread([this] { flush(); });
}

BankLog::~BankLog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_.notify_one();
  flusher_.join();
  ::close(file_);
}

std::uint64_t BankLog::next_number() const {
  const std::lock_guard lock(mutex_);
  return ends_.size() + 1;
}

void BankLog::append(std::string_view line) {
  {
    const std::lock_guard lock(mutex_);
    queued_.append(line).append(1, '\n');
    ends_.push_back((ends_.empty() ? 0 : ends_.back()) + line.size() + 1);
  }
  work_.notify_one();
}

void BankLog::when_written(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (durable_ < ends_.size()) return waiting_.emplace_back(ends_.size(), std::move(done)), void();
  }
  done();
}

void BankLog::flush() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return !queued_.empty() || ending_; });
    if (queued_.empty()) return;
    const std::string batch = std::exchange(queued_, {});
    const std::uint64_t end = ends_.size();
    lock.unlock();
    for (std::size_t at = 0; at < batch.size();) {
      const auto n = ::write(file_, batch.data() + at, batch.size() - at);
      if (n < 0 && errno != EINTR) give_up("write");
      if (n > 0) at += static_cast<std::size_t>(n);
    }
    if (::fdatasync(file_) != 0) give_up("fdatasync");
    lock.lock();
    durable_ = end;
    std::vector<std::function<void()>> due;
    for (; !waiting_.empty() && waiting_.front().first <= end; waiting_.pop_front())
      due.push_back(std::move(waiting_.front().second));
    lock.unlock();
    for (const auto& done : due) done();
    lock.lock();
  }
}

std::string BankLog::read(std::uint64_t after, std::size_t limit) const {
  std::uint64_t from = 0, to = 0;
  {
    const std::lock_guard lock(mutex_);
    if (after >= durable_ || limit == 0) return {};
    const auto last = std::min<std::uint64_t>(durable_, after + limit);
    from = after == 0 ? 0 : ends_[after - 1];
    to = ends_[last - 1];
  }
  std::string text(to - from, '\0');
  for (std::size_t at = 0; at < text.size();) {
    const auto n = ::pread(file_, text.data() + at, text.size() - at, static_cast<off_t>(from + at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("the bank log cannot be read back");
    at += static_cast<std::size_t>(n);
  }
  return text;
}
}  // namespace settled::sandbox
