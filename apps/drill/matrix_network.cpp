// Row F24: the way to the database swallows everything. In a network namespace of our own, since only a
// kernel that drops packets is a cut that TCP itself must notice.
#include "apps/drill/matrix.hpp"
#include "apps/drill/relay.hpp"
#include "storage/child_process.hpp"
#include "storage/private_postgres.hpp"

#include <csignal>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace settled::drill {
namespace {
using namespace std::chrono_literals;

bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// A cable to a network where the database's port is.
class Cable {
 public:
  Cable() {
    const bool made = shell("ip netns add " + name_ + " && ip link add " + near_ + " type veth peer name " +
                            far_ + " && ip link set " + far_ + " netns " + name_ + " && ip addr add " +
                            near_address_ + "/30 dev " + near_ + " && ip link set " + near_ + " up && " +
                            inside() + "ip addr add " + address() + "/30 dev " + far_ + " && " + inside() +
                            "ip link set " + far_ + " up && " + inside() + "ip link set lo up");
    if (made) return;
    remove();
    throw Skipped("needs root and network namespaces (ip netns)");
  }
  ~Cable() { remove(); }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  std::string address() const { return "10.213.77.2"; }
  std::string inside() const { return "ip netns exec " + name_ + ' '; }
  const std::string& name() const { return name_; }
  /// No packet comes back.
  void cut() {
    must(shell(inside() + "ip route add blackhole " + near_address_ + "/32"), "the cable cannot be cut");
  }
  void mend() {
    must(shell(inside() + "ip route del blackhole " + near_address_ + "/32"), "the cable stays cut");
  }

 private:
  void remove() const {
    shell("ip link del " + near_);
    shell("ip netns del " + name_);
  }
  const std::string near_address_ = "10.213.77.1";
  const std::string name_ = "drill" + std::to_string(::getpid()), near_ = "dn" + std::to_string(::getpid()),
                    far_ = "df" + std::to_string(::getpid());
};

std::string swallowed(const RowSettings& settings) {
  Cable cable;
  PrivatePostgres postgres(settings.folder / "database");
  postgres.start();
  const auto paths = cluster_paths(settings.folder / "database");
  const auto port = "54321";
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  const pid_t relaying =
      spawn_child({.command = {"/usr/sbin/ip", "netns", "exec", cable.name(), program, "--relay",
                               cable.address(), port, (paths.socket / paths.socket_name).string()},
                   .environment = {"PATH=/usr/sbin:/usr/bin:/bin"},
                   .log = settings.folder / "relay.log",
                   .death_signal = SIGKILL});
  std::this_thread::sleep_for(300ms);
  double noticed = 0, back = 0;
  {
    auto site = settings.site();
    site.flags = {"--database-url", "postgresql://settled@" + cable.address() + ':' + port + "/settled",
                  "--sandbox", "on"};
    Drill drill(site);
    drill.open();
    drill.under_load(1, [&] {
      std::this_thread::sleep_for(1s);
      cable.cut();
      noticed = seconds_until([&] { return drill.site().log().find("ledger_waits") != std::string::npos; },
                              30s, "settled notices that its database is gone");
      std::this_thread::sleep_for(3s);
      cable.mend();
      back = await_service(drill);
    });
    drill.settle_up(1);
    drill.close();
  }
  ::kill(relaying, SIGKILL);
  eventually([&] { return child_ended(relaying).has_value(); }, 5s);
  must(noticed <= 5.5, "noticed only after " + in_seconds(noticed));
  return "noticed after " + in_seconds(noticed) + ", answers " + in_seconds(back) +
         " after the way was open again";
}
}  // namespace

std::vector<Row> rows_of_network() {
  return {{"F24", "the way to PostgreSQL swallows everything", "settled notices within 5 s", swallowed}};
}
}  // namespace settled::drill
