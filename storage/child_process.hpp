// A program run as our child, such that it cannot outlive us unnoticed and inherits nothing from us.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace settled {

struct UnixUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};
/// Empty when the machine has no such user.
std::optional<UnixUser> unix_user(const std::string& name);

/// The name under which a child sees its spec's `door`.
inline constexpr const char* child_door = "/proc/self/fd/3";

struct ChildSpec {
  std::vector<std::string> command;      // [0] is an absolute path
  std::vector<std::string> environment;  // all of it: "NAME=value"
  std::filesystem::path log;       // takes stdout and stderr, appended to; opened by us, not by the child
  int death_signal = 9;            // sent to the child when the spawning *thread* ends
  std::optional<UnixUser> become;  // only root can; empty: stay who we are
  /// A folder that we open for the child, who finds it as `child_door`. Through it the child may work in a
  /// folder of its own although it may not enter the folders above (root's data under /root, say).
  std::filesystem::path door = {};
};

/// Starts a program in a process group of its own, without our descriptors, signal mask and environment.
/// Must be called on a thread that lives as long as the child shall: the kernel sends `death_signal` when
/// the thread that forked ends, not when the process does.
/// Throws std::runtime_error that names the step and the file when the program could not be started.
pid_t spawn_child(const ChildSpec& spec);

/// The wait status of a child of ours that has ended; empty while it runs.
std::optional<int> child_ended(pid_t child);
/// "ended with code 1", "was killed by signal 9 (Killed)".
std::string describe_end(int wait_status);

/// The first of `folders` (in the given order) that `user` cannot enter, asked by trying it as that user,
/// so that access lists count too. Empty: all can be entered.
std::optional<std::filesystem::path> first_barred(const std::vector<std::filesystem::path>& folders,
                                                  const UnixUser& user);

}  // namespace settled
