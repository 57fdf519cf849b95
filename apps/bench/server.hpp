// The program under test: the real `settled`, as our child, on a database of the cluster.
#pragma once
#include "apps/drill/web.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace settled::bench {

struct ServerSettings {
  std::filesystem::path program_folder, folder;  // the folder holds its log, settings and data
  std::string database_url;
  std::string settings;  // the text of settled.toml
};

class Server {
 public:
  explicit Server(ServerSettings settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Returns when it says that it is ready. From the thread that made this object.
  void start();
  /// Seconds from the start of the process until it was ready.
  double start_timed();
  /// Of the last start: seconds until its port was open.
  double port_after_s() const { return port_after_s_; }
  /// SIGTERM, or SIGKILL.
  void end(int signal);
  pid_t pid() const { return pid_; }
  int port() const { return port_; }
  const std::string& api_key() const { return api_key_; }
  std::unique_ptr<drill::Web> web() const;
  double cpu_s() const;
  /// Bytes of memory that are its own or mapped by nobody else, and of all that is resident.
  std::int64_t resident_bytes() const;
  const std::filesystem::path& folder() const { return settings_.folder; }
  std::string log_end() const;

 private:
  void launch();
  void await_port();
  void start_until_ready();
  void await_ready();
  /// What it sends waits for its first check of the books, which takes a while with a large history.
  void await_first_check();
  bool ended();

  const ServerSettings settings_;
  pid_t pid_ = 0;
  int port_ = 0;
  std::string url_, api_key_;
  double port_after_s_ = 0;
  double cpu_before_ = 0;  // of processes that have ended
};

/// The bank in a box, on its own, so that it outlives settled.
class Bank {
 public:
  Bank(const std::filesystem::path& program_folder, const std::filesystem::path& folder,
       const std::vector<std::string>& flags = {});
  ~Bank();
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;
  /// [[connector]] for settled.toml.
  std::string connector(const std::string& name, int in_flight_max, const std::string& more = {},
                        const std::string& banks = "*") const;
  drill::Reply fault(const std::string& script);
  void heal();
  double cpu_s() const;
  const std::string& url() const { return url_; }

 private:
  pid_t pid_ = 0;
  std::filesystem::path key_;
  std::string url_;
};

void sleep_ms(long ms);

}  // namespace settled::bench
