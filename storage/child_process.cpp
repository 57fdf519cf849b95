#include "storage/child_process.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace settled {
namespace {

/// What the child tells through the pipe when it cannot become the program.
struct StartFailure {
  int step = 0;
  int error = 0;
};
constexpr std::array<const char*, 6> steps{
    "prepare the descriptors",     "become the user", "start a process group",
    "tie the child to its parent", "enter /",         "execute"};
constexpr int door_fd = 3;
constexpr int report_fd = 4;

[[noreturn]] void give_up(int step) {
  StartFailure failure{step, errno};
  // Nobody is left to tell when even this fails; the exit code still says that it was no program of ours.
  [[maybe_unused]] auto written = ::write(report_fd, &failure, sizeof failure);
  ::_exit(126);
}

void close_from(unsigned first) {
  // close_range is missing on kernels before 5.9 and in some sandboxes.
  if (::syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
  for (int fd = static_cast<int>(first); fd < 65536; ++fd) ::close(fd);
}

bool become(const UnixUser& user) {
  gid_t group = user.gid;
  return ::setgroups(1, &group) == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
}

/// Runs in the child of a process with threads: only async-signal-safe calls.
[[noreturn]] void run_child(const ChildSpec& spec, char* const* arguments, char* const* environment, int log,
                            int report, int door, pid_t parent) {
  // Above the descriptors that we are about to fill, whatever numbers they came with.
  int high_report = ::fcntl(report, F_DUPFD_CLOEXEC, 16);
  int high_log = ::fcntl(log, F_DUPFD_CLOEXEC, 16);
  int high_door = door < 0 ? -1 : ::fcntl(door, F_DUPFD_CLOEXEC, 16);
  // Whatever another thread of the parent closed at the last moment is free now, report_fd among it.
  int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int high_null = null < 0 ? -1 : ::fcntl(null, F_DUPFD_CLOEXEC, 16);
  if (::dup3(high_report, report_fd, O_CLOEXEC) < 0) ::_exit(126);
  if (high_null < 0 || high_log < 0) give_up(0);
  if (::dup2(high_null, 0) < 0) give_up(0);
  if (::dup2(high_log, 1) < 0 || ::dup2(high_log, 2) < 0) give_up(0);
  ::close(door_fd);
  if (door >= 0 && ::dup2(high_door, door_fd) < 0) give_up(0);
  close_from(report_fd + 1);

  if (spec.become && !become(*spec.become)) give_up(1);
  // Ctrl-C on the terminal must not reach the child before we have put our own house in order.
  if (::setpgid(0, 0) != 0) give_up(2);
  // After setuid, which clears it.
  if (::prctl(PR_SET_PDEATHSIG, spec.death_signal) != 0) give_up(3);
  // The parent may have died before prctl: then no signal will ever come.
  if (::getppid() != parent) ::_exit(125);
  for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2})
    ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::umask(0077);
  if (::chdir("/") != 0) give_up(4);
  ::execve(arguments[0], arguments, environment);
  give_up(5);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

}  // namespace

std::optional<UnixUser> unix_user(const std::string& name) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found)
    return std::nullopt;
  return UnixUser{found->pw_uid, found->pw_gid, name};
}

pid_t spawn_child(const ChildSpec& spec) {
  auto arguments = pointers(spec.command);
  auto environment = pointers(spec.environment);
  Descriptor log(::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log.get() < 0) fail("cannot write " + spec.log.string(), errno);
  Descriptor door(
      spec.door.empty() ? -1 : ::open(spec.door.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!spec.door.empty() && door.get() < 0) fail("cannot open " + spec.door.string(), errno);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot make a pipe", errno);
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  pid_t parent = ::getpid();
  pid_t child = ::fork();
  if (child < 0) fail("cannot start " + spec.command.front(), errno);
  if (child == 0)
    run_child(spec, arguments.data(), environment.data(), log.get(), writing.get(), door.get(), parent);
  writing.close();
  StartFailure failure;
  ssize_t got = 0;
  do got = ::read(reading.get(), &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return child;  // closed by a successful exec
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  fail("cannot start " + spec.command.front() + " (" + steps.at(static_cast<std::size_t>(failure.step)) + ")",
       failure.error);
}

std::optional<int> child_ended(pid_t child) {
  int status = 0;
  pid_t got = ::waitpid(child, &status, WNOHANG);
  if (got == child) return status;
  // Somebody else reaped it: gone all the same, its code is lost.
  if (got < 0 && errno == ECHILD) return 0;
  return std::nullopt;
}

std::string describe_end(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    int signal = WTERMSIG(wait_status);
    const char* name = ::sigdescr_np(signal);
    return "was killed by signal " + std::to_string(signal) + (name ? " (" + std::string(name) + ")" : "");
  }
  return "ended with code " + std::to_string(WEXITSTATUS(wait_status));
}

std::optional<std::filesystem::path> first_barred(const std::vector<std::filesystem::path>& folders,
                                                  const UnixUser& user) {
  std::vector<const char*> names;
  for (const auto& folder : folders) names.push_back(folder.c_str());
  pid_t child = ::fork();
  if (child < 0) fail("cannot fork", errno);
  if (child == 0) {
    if (!become(user)) ::_exit(255);
    for (std::size_t i = 0; i < names.size() && i < 254; ++i)
      if (::access(names[i], X_OK) != 0) ::_exit(static_cast<int>(i) + 1);
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  if (code == 255) throw std::runtime_error("cannot become user " + user.name);
  if (code == 0) return std::nullopt;
  return folders.at(static_cast<std::size_t>(code) - 1);
}

}  // namespace settled
