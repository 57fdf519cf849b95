// settled-sandbox: the outside world in a box, on a port of its own.
#include "sandbox/server.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {
std::string key_from(const std::string& text) {
  if (!text.starts_with('@')) return text;
  std::ifstream in(text.substr(1));
  std::string key;
  if (!std::getline(in, key) || key.empty()) throw std::runtime_error("no key in the file " + text.substr(1));
  return key;
}

void write_endpoint(const std::filesystem::path& dir, const std::string& url) {
  // Renamed into place, so that nobody reads half of it.
  const auto file = dir / "sandbox.json", part = dir / "sandbox.json.part";
  std::ofstream(part) << "{\"url\":\"" << url << "\",\"pid\":" << ::getpid() << "}\n";
  std::filesystem::rename(part, file);
}
}  // namespace

int main(int argc, char** argv) {
  settled::sandbox::Settings settings;
  std::string key, data_dir;
  long delay_ms = 0;
  bool exit_with_parent = false;
  CLI::App app{"A bank to settle against: executes each reference once, keeps a log, takes fault scripts."};
  app.add_option("--port", settings.port, "port on 127.0.0.1; 0 takes a free one")
      ->check(CLI::Range(0, 65535));
  app.add_option("--data-dir", data_dir, "folder of bank.jsonl and sandbox.json")->required();
  app.add_option("--name", settings.name, "what the bank calls itself in its log: the connector's name");
  app.add_option("--key-id", settings.key_id, "name of the key that signs requests");
  app.add_option("--key", key, "the key itself, or @FILE; better by environment")
      ->envname("SETTLED_SANDBOX_KEY");
  app.add_option("--response-delay-ms", delay_ms, "wait before each answer of the bank")
      ->check(CLI::Range(0, 3'600'000));
  app.add_flag("--exit-with-parent", exit_with_parent, "end when the process that started this one ends");
  const auto parent = ::getppid();
  CLI11_PARSE(app, argc, argv);
  if (exit_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) return 0;  // it ended before we could ask to be told
  }
  // Each connection takes one.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  // Blocked in every thread: only this one takes them, by sigwait.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  try {
    settings.data_dir = data_dir;
    settings.key = key_from(key);
    settings.response_delay = std::chrono::milliseconds(delay_ms);
    settled::sandbox::Server server{settings};
    if (const auto torn = server.bank().log().torn_bytes(); torn > 0)
      std::cerr << "settled-sandbox: cut " << torn << " bytes of an unfinished last line of bank.jsonl\n";
    write_endpoint(settings.data_dir, server.url());
    std::cout << "settled-sandbox ready " << server.url() << std::endl;
    int signal = 0;
    ::sigwait(&ends, &signal);
    server.stop();
  } catch (const std::exception& e) {
    std::cerr << "settled-sandbox: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
