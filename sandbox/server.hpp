// The sandbox as one process: a port, the fault scripts, and the institutions behind it. Today a bank;
// a wallet, a hub or a statement drop adds its state here and its routes beside the bank's.
#pragma once
#include "sandbox/bank.hpp"
#include "sandbox/fault_script.hpp"
#include "sandbox/http_server.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace settled::sandbox {

struct Settings {
  int port = 0;                    // 0 takes a free one
  std::filesystem::path data_dir;  // made if it is not there
  std::string name = "sandbox";    // of the bank, in its log
  std::string key_id = "sandbox";  // whose signatures the bank accepts
  std::string key;
  std::chrono::milliseconds response_delay{0};  // of every answer of the bank, before it executes
};

class Server {
 public:
  /// Rebuilds the bank from its log and serves. Throws std::runtime_error with a sentence for the operator.
  explicit Server(Settings settings);
  ~Server();
  std::string url() const;
  Bank& bank() { return bank_; }
  FaultBook& faults() { return faults_; }
  /// Answers what is under way and ends. The destructor does it too.
  void stop() { http_.stop(); }

 private:
  Settings settings_;
  FaultBook faults_;
  Bank bank_;
  HttpServer http_;  // last: it stops before what its routes use goes
};

}  // namespace settled::sandbox
