// What every command of settlectl knows: where the server is, how to speak, and the exit codes.
#pragma once
#include <optional>
#include <stdexcept>
#include <string>

namespace settled::ctl {

/// As sysexits where they have one; listed in --help.
enum Exit : int {
  exit_ok = 0,
  exit_failed = 1,   // something settled as FAILED or was refused; verify found something wrong
  exit_pending = 2,  // still open, or no definite answer
  exit_usage = 64,   // the command line
  exit_data = 65,    // the file or the request was refused
  exit_away = 69,    // no server, no database
  exit_our_fault = 70,
  exit_cannot_write = 73,
  exit_try_again = 75,  // 429, 503
  exit_not_allowed = 77,
  exit_config = 78,
};

/// Ends the command with a sentence on stderr.
struct Stop : std::runtime_error {
  Stop(int exit_code, const std::string& sentence) : std::runtime_error(sentence), code(exit_code) {}
  int code;
};

struct Context {
  std::string data_dir = "./settled-dev";
  std::string url, api_key;  // set: as given; empty: endpoint.json of data_dir
  bool as_approver = false;  // the second person's key of endpoint.json
  bool json = false;
  int timeout_seconds = 300;
};

/// What endpoint.json tells; empty where it does not.
struct Endpoint {
  std::string http, api_key, approver_key, sandbox, database_url;
};
/// endpoint.json of the data folder; nothing where there is none.
std::optional<Endpoint> read_endpoint(const Context& context);
/// SETTLED_URL and SETTLED_API_KEY before endpoint.json. Throws Stop where no server is named anywhere.
Endpoint find_server(const Context& context);

}  // namespace settled::ctl
