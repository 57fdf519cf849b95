// The real settled-sandbox as a child, to be killed.
#pragma once
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace settled::tests {

class SandboxProcess {
 public:
  SandboxProcess(const std::filesystem::path& dir, const std::string& key, int port = 0) {
    const char* bin = std::getenv("SETTLED_BIN");
    if (!bin) throw std::runtime_error("SETTLED_BIN must name the folder of the programs");
    const std::string program = std::string(bin) + "/settled-sandbox";
    std::vector<std::string> words{program,  "--data-dir",         dir.string(),
                                   "--port", std::to_string(port), "--exit-with-parent"};
    std::vector<char*> argv, env;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::string secret = "SETTLED_SANDBOX_KEY=" + key;
    for (char** e = environ; *e; ++e) env.push_back(*e);
    env.push_back(secret.data());
    env.push_back(nullptr);
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), env.data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    if (failed) throw std::runtime_error("cannot start " + program);
    std::string line;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(out[0]);
    const std::string ready = "settled-sandbox ready ";
    if (!line.starts_with(ready)) throw std::runtime_error("the sandbox said: " + line);
    url_ = line.substr(ready.size());
  }
  ~SandboxProcess() {
    if (pid_ > 0) end(SIGKILL);
  }
  SandboxProcess(const SandboxProcess&) = delete;
  SandboxProcess& operator=(const SandboxProcess&) = delete;

  const std::string& url() const { return url_; }
  int port() const { return std::stoi(url_.substr(url_.rfind(':') + 1)); }
  /// Sends the signal, waits, and gives the exit code, or minus the signal that ended it.
  int end(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  std::string url_;
};

}  // namespace settled::tests
