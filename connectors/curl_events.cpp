#include "connectors/curl_events.hpp"

#include "connectors/http_call.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace settled {
namespace {
/// Transfers of one multi handle; it keeps as many connections.
constexpr std::size_t transfers_max = 64;
/// A multi handle without transfers goes after so long, with its connections. Curl looks after those only
/// when it needs one.
constexpr std::chrono::seconds idle_max{20};
}  // namespace

CurlEvents::Descriptor::Descriptor(int number) : fd(number) {
  if (fd < 0) throw std::runtime_error("curl's loop: no file descriptor left");
}
CurlEvents::Descriptor::~Descriptor() { ::close(fd); }

CurlEvents::Multi::Multi(CurlEvents& owner) : events(owner), handle(curl_multi_init()) {
  if (!handle) throw std::runtime_error("curl: no multi handle");
  // Curl's own measure is what runs at the moment: at each lull it would close nearly all.
  curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, static_cast<long>(transfers_max));
  curl_multi_setopt(handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, &CurlEvents::on_watch);
  curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, &CurlEvents::on_timer);
  curl_multi_setopt(handle, CURLMOPT_TIMERDATA, this);
}
CurlEvents::Multi::~Multi() { curl_multi_cleanup(handle); }

CurlEvents::CurlEvents()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  check_curl(started, "global_init");
  watch(wake_.fd, CURL_POLL_IN, false);
}
CurlEvents::~CurlEvents() = default;

void CurlEvents::wake() const { ::eventfd_write(wake_.fd, 1); }

CurlEvents::Multi* CurlEvents::one_with_room() {
  for (auto& multi : multis_)
    if (multi->running < transfers_max) return multi.get();
  try {
    return multis_.emplace_back(std::make_unique<Multi>(*this)).get();
  } catch (const std::exception&) {
    return nullptr;
  }
}

bool CurlEvents::add(CURL* easy) {
  Multi* multi = one_with_room();
  if (!multi || curl_multi_add_handle(multi->handle, easy) != CURLM_OK) return false;
  ++multi->running;
  running_.emplace(easy, multi);
  return true;
}

void CurlEvents::remove(CURL* easy) {
  const auto at = running_.find(easy);
  if (at == running_.end()) return;
  curl_multi_remove_handle(at->second->handle, easy);
  if (--at->second->running == 0) at->second->idle_since = Clock::now();
  running_.erase(at);
}

int CurlEvents::on_watch(CURL*, curl_socket_t socket, int what, void* multi, void*) {
  auto* self = static_cast<Multi*>(multi);
  auto& events = self->events;
  const auto at = events.watched_.find(socket);
  if (what == CURL_POLL_REMOVE) {
    // The number may be another handle's by now.
    if (at == events.watched_.end() || at->second != self) return 0;
    ::epoll_ctl(events.epoll_.fd, EPOLL_CTL_DEL, socket, nullptr);
    events.watched_.erase(at);
    return 0;
  }
  events.watch(socket, what, at != events.watched_.end());
  events.watched_[socket] = self;
  return 0;
}

int CurlEvents::on_timer(CURLM*, long ms, void* multi) {
  static_cast<Multi*>(multi)->call_at =
      ms < 0 ? Clock::time_point::max() : Clock::now() + std::chrono::milliseconds(ms);
  return 0;
}

void CurlEvents::watch(int fd, int what, bool known) const {
  epoll_event event{};
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  event.data.fd = fd;
  // A number may have been closed and taken again without our hearing of it.
  if (::epoll_ctl(epoll_.fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
    ::epoll_ctl(epoll_.fd, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

void CurlEvents::act(int fd, int what) {
  const auto at = watched_.find(fd);
  if (at == watched_.end()) {
    ::epoll_ctl(epoll_.fd, EPOLL_CTL_DEL, fd, nullptr);
    return;
  }
  int running = 0;
  curl_multi_socket_action(at->second->handle, fd, what, &running);
}

void CurlEvents::turn(Clock::time_point until) {
  for (const auto& multi : multis_) until = std::min(until, multi->call_at);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  std::array<epoll_event, 256> events;
  const int ready = ::epoll_wait(epoll_.fd, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::max<std::int64_t>(0, left.count())));
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_.fd) {
      eventfd_t times = 0;
      ::eventfd_read(wake_.fd, &times);
      continue;
    }
    act(event.data.fd, ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                           ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                           ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0));
  }
  const auto now = Clock::now();
  while (multis_.size() > 1 && multis_.back()->running == 0 && now - multis_.back()->idle_since > idle_max)
    multis_.pop_back();
  for (auto& multi : multis_) {
    if (now < multi->call_at) continue;
    multi->call_at = Clock::time_point::max();
    int running = 0;
    curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void CurlEvents::collect(const Ended& ended) {
  // By number: `ended` may need a further multi handle.
  for (std::size_t i = 0; i < multis_.size(); ++i) {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multis_[i]->handle, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode result = message->data.result;
      remove(easy);
      ended(easy, result);
    }
  }
}
}  // namespace settled
