#include "apps/bench/driver.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <deque>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace settled::bench {
namespace {
using Clock = std::chrono::steady_clock;

std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

double thread_cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// How long answers may take after the end of the load.
constexpr std::int64_t patience_us = 30'000'000;

struct Connection {
  int fd = -1;
  bool busy = false, broken = false;
  int status = 0;  // 0: the head of the answer is still to come
  std::size_t body_left = 0;
  std::int64_t due_us = 0;
  std::string out;  // the request, kept for a repetition
  std::size_t sent = 0;
  std::string head;  // what came of a head that was cut
  std::string tail;  // the end of a batch's answer
};

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const auto at = text.rfind(name);
  std::uint64_t value = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
  return value;
}

class Driver {
 public:
  Driver(const Load& load, Orders& orders, RequestText& text)
      : load_(load), orders_(orders), text_(text), poll_(::epoll_create1(EPOLL_CLOEXEC)), in_(1 << 18) {
    connections_.resize(static_cast<std::size_t>(std::max(load.connections, load.connections_max)));
    for (int i = 0; i < load.connections; ++i) open(connections_[static_cast<std::size_t>(i)]);
    opened_ = static_cast<std::size_t>(load.connections);
  }
  ~Driver() {
    for (auto& c : connections_)
      if (c.fd >= 0) ::close(c.fd);
    ::close(poll_);
  }

  Traffic run(const std::function<bool()>& stop) {
    const double cpu = thread_cpu_s();
    traffic_.begun_us = now_us();
    const auto begun = steady_us();
    end_us_ = begun + static_cast<std::int64_t>(load_.seconds * 1e6);
    if (load_.rate > 0) {
      interval_us_ = 1e6 / load_.rate;
      begun_us_ = begun;
      for (std::size_t i = opened_; i-- > 0;) idle_.push_back(&connections_[i]);
    } else {
      for (std::size_t i = 0; i < opened_; ++i) start(connections_[i], begun);
    }
    std::uint64_t turns = 0;
    while (!over()) {
      turn();
      if (stop && ++turns % 64 == 0 && stop()) end_us_ = std::min(end_us_, steady_us());
    }
    traffic_.ended_us = traffic_.begun_us + (end_us_ - begun);
    traffic_.unsent = waiting_.size();
    const auto until = steady_us() + patience_us;
    ending_ = true;
    while (busy_ > 0 && steady_us() < until) turn();
    traffic_.lost += busy_;
    traffic_.cpu_s = thread_cpu_s() - cpu;
    return std::move(traffic_);
  }

 private:
  bool over() {
    now_ = steady_us();
    if (load_.stop_after > 0 && traffic_.acknowledged >= load_.stop_after) end_us_ = std::min(end_us_, now_);
    return now_ >= end_us_;
  }

  void turn() {
    epoll_event events[256];
    auto next = ending_ ? now_ + 50'000 : end_us_;
    if (load_.rate > 0 && !ending_) {
      offer();
      next = std::min(next, begun_us_ + static_cast<std::int64_t>(static_cast<double>(due_) * interval_us_));
    }
    if (!parked_.empty()) next = std::min(next, parked_.front().first);
    const auto wait = std::clamp<std::int64_t>(next - now_, 0, 100'000);
    const timespec time{0, wait * 1000};
    const int n = ::epoll_pwait2(poll_, events, 256, &time, nullptr);
    now_ = steady_us();
    for (int i = 0; i < n; ++i) {
      auto& c = *static_cast<Connection*>(events[i].data.ptr);
      if (c.fd < 0) continue;
      if ((events[i].events & EPOLLOUT) != 0 && c.sent < c.out.size()) write(c);
      if (c.fd >= 0 && (events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(c);
    }
    while (!parked_.empty() && (parked_.front().first <= now_ || ending_)) {
      Connection& c = *parked_.front().second;
      parked_.pop_front();
      if (c.status != 503 && c.status != 429) continue;  // its connection broke meanwhile
      if (ending_) {
        release(c);
      } else {
        c.sent = 0;
        c.status = 0;
        write(c);
      }
    }
  }

  /// Whatever is due by now gets a connection, or waits for one.
  void offer() {
    while (begun_us_ + static_cast<std::int64_t>(static_cast<double>(due_) * interval_us_) <= now_)
      waiting_.push_back(begun_us_ + static_cast<std::int64_t>(static_cast<double>(due_++) * interval_us_));
    while (!waiting_.empty()) {
      if (idle_.empty() && opened_ < connections_.size()) {
        open(connections_[opened_]);
        idle_.push_back(&connections_[opened_++]);
      }
      if (idle_.empty()) return;
      Connection& c = *idle_.back();
      idle_.pop_back();
      start(c, waiting_.front());
      waiting_.pop_front();
    }
  }

  void open(Connection& c) {
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(load_.port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      const int why = errno;
      ::close(c.fd);
      c.fd = -1;
      throw std::runtime_error("cannot connect to port " + std::to_string(load_.port) + ": " +
                               std::strerror(why));
    }
    const int one = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &c;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, c.fd, &event);
  }

  void start(Connection& c, std::int64_t due) {
    c.due_us = due;
    c.out = text_.fill(orders_);
    c.sent = 0;
    c.status = 0;
    c.busy = true;
    ++busy_;
    write(c);
  }

  void write(Connection& c) {
    while (c.sent < c.out.size()) {
      const auto n = ::send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) {
        if (errno != EAGAIN) return lose(c);
        watch(c, EPOLLIN | EPOLLOUT);
        return;
      }
      const bool part = c.sent > 0;
      c.sent += static_cast<std::size_t>(n);
      if (part && c.sent == c.out.size()) watch(c, EPOLLIN);
    }
  }

  void watch(Connection& c, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = &c;
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, c.fd, &event);
  }

  void read(Connection& c) {
    const auto n = ::recv(c.fd, in_.data(), in_.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return lose(c);
    std::string_view got(in_.data(), static_cast<std::size_t>(n));
    if (c.status == 0) {
      if (!c.head.empty()) got = c.head += got;
      const auto end = got.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        if (c.head.empty()) c.head = got;
        return;
      }
      c.status = (got[9] - '0') * 100 + (got[10] - '0') * 10 + (got[11] - '0');
      c.body_left = number_after(got.substr(0, end), "Content-Length: ");
      got.remove_prefix(end + 4);
    }
    const auto more = std::min(got.size(), c.body_left);
    c.body_left -= more;
    if (text_.orders_per_request() > 1 || c.status >= 300) {
      c.tail += got.substr(0, more);
      if (c.tail.size() > 4096) c.tail.erase(0, c.tail.size() - 1024);
    }
    if (c.body_left > 0) {
      c.head.clear();
      return;
    }
    finish(c);
    c.head.clear();
    c.tail.clear();
  }

  void finish(Connection& c) {
    const auto took = now_ - c.due_us;
    const bool refused = c.status == 503 || c.status == 429;
    if (c.status >= 200 && c.status < 300) {
      std::uint64_t orders = 1;
      if (text_.orders_per_request() > 1) {
        orders = number_after(c.tail, "\"accepted\":");
        traffic_.replayed += number_after(c.tail, "\"replayed\":");
        const auto refusals = number_after(c.tail, "\"refused\":");
        traffic_.refusals += refusals;
        if (refusals > 0) traffic_.refused.add(took);
      }
      traffic_.acknowledged += orders;
      traffic_.accepted.add(took);
      if (!ending_) ++traffic_.answers;
    } else if (refused) {
      traffic_.refusals += static_cast<std::uint64_t>(text_.orders_per_request());
      traffic_.refused.add(took);
      if (load_.rate == 0 && !ending_) {  // still busy: the same request again, a little later
        parked_.emplace_back(now_ + static_cast<std::int64_t>(load_.retry_after_s * 1e6), &c);
        return;
      }
    } else {
      ++traffic_.failed;
      if (traffic_.first_failure.empty()) traffic_.first_failure = std::to_string(c.status) + ' ' + c.tail;
    }
    release(c);
    if (ending_) return;
    if (load_.rate > 0)
      idle_.push_back(&c);
    else if (load_.stop_after == 0 || traffic_.acknowledged < load_.stop_after)
      start(c, now_);
  }

  void release(Connection& c) {
    c.busy = false;
    --busy_;
  }

  void lose(Connection& c) {
    ::close(c.fd);
    c.fd = -1;
    c.head.clear();
    c.tail.clear();
    const bool was_busy = c.busy;
    if (was_busy) {
      ++traffic_.lost;
      release(c);
    }
    if (ending_) return;
    try {
      open(c);
    } catch (const std::runtime_error&) {
      return;  // whoever killed the server knows
    }
    if (!was_busy) return;
    if (load_.rate > 0)
      idle_.push_back(&c);
    else
      start(c, now_);
  }

  const Load& load_;
  Orders& orders_;
  RequestText& text_;
  const int poll_;
  std::vector<char> in_;
  std::vector<Connection> connections_;
  std::size_t opened_ = 0, busy_ = 0;
  std::vector<Connection*> idle_;
  std::deque<std::int64_t> waiting_;                         // due, without a connection
  std::deque<std::pair<std::int64_t, Connection*>> parked_;  // refused, to be sent again
  std::int64_t now_ = 0, end_us_ = 0, begun_us_ = 0;
  std::uint64_t due_ = 0;
  double interval_us_ = 0;
  bool ending_ = false;
  Traffic traffic_;
};
}  // namespace

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Traffic drive(const Load& load, Orders& orders, RequestText& text, const std::function<bool()>& stop) {
  return Driver(load, orders, text).run(stop);
}

}  // namespace settled::bench
