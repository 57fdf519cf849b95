// edge: orders that are known already, against an HTTP server that knows nothing.
#include "apps/bench/cases.hpp"
#include "storage/child_process.hpp"

#include <arpa/inet.h>
#include <cmath>
#include <csignal>
#include <fstream>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace settled::bench {
namespace fs = std::filesystem;
namespace {
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool ok = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  ::close(fd);
  if (!ok) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(at.sin_port);
}

bool answers(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool ok = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(fd);
  return ok;
}

/// `return 201`, on a port of its own.
class Nginx {
 public:
  explicit Nginx(const Lab& lab) : port_(free_port()) {
    if (!fs::exists("/usr/sbin/nginx"))
      throw std::runtime_error(
          "nginx is not installed: ./dev bench installs it, or apt-get install nginx-light");
    const auto folder = lab.options.folder / "nginx";
    fs::create_directories(folder);
    std::ifstream in(lab.options.bench_folder / "nginx.conf");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto replace = [&text](const std::string& what, const std::string& by) {
      for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    };
    text.erase(0, text.find("daemon"));  // the comment names the words that are replaced
    replace("PORT", std::to_string(port_));
    replace("FOLDER", folder.string());
    std::ofstream(folder / "nginx.conf") << text;
    pid_ = spawn_child({.command = {"/usr/sbin/nginx", "-p", folder.string(), "-e",
                                    (folder / "error.log").string(), "-c", (folder / "nginx.conf").string()},
                        .environment = {"PATH=/usr/sbin:/usr/bin:/bin"},
                        .log = folder / "nginx.log",
                        .death_signal = SIGTERM});
    for (int i = 0; !answers(port_); ++i) {
      if (i == 1'000) throw std::runtime_error("nginx does not answer: see " + folder.string());
      sleep_ms(5);
    }
  }
  ~Nginx() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  int port() const { return port_; }

 private:
  int port_;
  pid_t pid_ = 0;
};
}  // namespace

std::vector<Result> edge(Lab& lab) {
  constexpr std::uint64_t known = 1'000;
  Nginx nginx(lab);
  Stand stand(lab, "edge");
  const OrderSettings settings{.seed = 99,
                               .counterparties = lab.town.counterparties,
                               .banks = lab.town.banks,
                               .on_us = stand.on_us(),
                               .repeat_after = known};
  Orders orders(settings);
  Load first = stand.load(1, 60);
  first.stop_after = known;
  stand.drive(first, orders);  // one connection: exactly these
  const auto settled = stand.count("true");
  const auto rounds = lab.rounds([&] {
    Round round;
    Orders again(settings), to_nginx(settings);
    RequestText text(stand.server().api_key(), 0);
    Load floor = stand.load(64, lab.options.seconds);
    floor.port = nginx.port();
    const auto limit = bench::drive(floor, to_nginx, text);
    round["reference"] = static_cast<double>(limit.answers) / limit.seconds();
    round["floor_driver_us"] = limit.cpu_s * 1e6 / static_cast<double>(limit.answers);
    const double cpu = stand.server().cpu_s() + lab.cluster().cpu_s();
    const double own = stand.server().cpu_s();
    const auto replay = bench::drive(stand.load(64, lab.options.seconds), again, text);
    const auto answers = static_cast<double>(std::max<std::uint64_t>(replay.answers, 1));
    round["cpu_us"] = (stand.server().cpu_s() + lab.cluster().cpu_s() - cpu) * 1e6 / answers;
    round["own_cpu_us"] = (stand.server().cpu_s() - own) * 1e6 / answers;
    round["ours"] = answers / replay.seconds();
    round["driver_us"] = replay.cpu_s * 1e6 / answers;
    return round;
  });
  auto result = compared("edge", "requests/s", rounds);
  result.bar = 0.25;
  result.goal = 0.5;
  result.broken = stand.faults();
  if (result.broken.empty() && stand.count("true") != settled)
    result.broken = "repetitions made new settlements";
  result.note = "replays of 1,000 known orders, 64 connections; settled itself " +
                whole(median(column(rounds, "own_cpu_us"))) + " us each; the client takes " +
                whole(median(column(rounds, "floor_driver_us"))) + " us each against nginx `return 201`";
  return {result.settle()};
}

std::vector<Result> soak(Lab& lab) {
  Stand stand(lab, "soak");
  const int connections = stand.best_connections();
  auto orders = stand.orders();
  const double most = stand.drive(stand.load(connections, 3), orders).completed_per_s;
  const int minutes = std::max(2, static_cast<int>(std::lround(lab.options.soak_minutes)));
  std::vector<double> per_s, p99, memory;
  std::string broken;
  for (int minute = 0; minute < minutes; ++minute) {
    // Half of what it can; the rest of the minute goes to a kill under load, the restart and the count.
    Load load = stand.load(64, 50);
    load.rate = most / 2;
    load.connections_max = 1'000;
    const auto run = stand.drive(load, orders);
    per_s.push_back(run.completed_per_s);
    p99.push_back(run.traffic.accepted.ms(99));
    memory.push_back(static_cast<double>(stand.server().resident_bytes()) / 1048576);
    RequestText text(stand.server().api_key(), 0);
    Load under_kill = stand.load(64, 2);
    under_kill.rate = most / 2;
    Traffic last;
    const pid_t pid = stand.server().pid();
    const auto kill_at = now_us() + 1'000'000;
    bool killed = false;
    last = bench::drive(under_kill, orders, text, [&] {
      if (!killed && now_us() >= kill_at) killed = ::kill(pid, SIGKILL) == 0;
      return killed;
    });
    stand.acknowledged += last.acknowledged;
    stand.lost += last.lost + last.failed;
    stand.server().end(SIGKILL);
    stand.server().start();
    broken = stand.miscounted();
    lab.say("  minute " + std::to_string(minute + 1) + ": " + whole(per_s.back()) + "/s, p99 " +
            whole(p99.back()) + " ms, " + whole(memory.back()) + " MiB" +
            (broken.empty() ? "" : ", " + broken));
    if (!broken.empty()) break;
  }
  if (broken.empty()) broken = stand.faults();
  Result result;
  result.name = "soak";
  result.unit = "% drift";
  result.value = std::abs(1 - per_s.back() / per_s.front()) * 100;
  result.less_is_better = true;
  result.bar = 20;
  result.goal = 5;
  result.broken = broken;
  result.note = "throughput of the last minute against the first, kill -9 after each of " +
                std::to_string(per_s.size()) + "; p99 " + whole(p99.front()) + " ms first, " +
                whole(p99.back()) + " ms last; memory " + whole(memory.front()) + " MiB first, " +
                whole(memory.back()) + " MiB last";
  return {result};
}

}  // namespace settled::bench
