// What must hold between values, and how the findings are told.
#include "config/load.hpp"
#include "domain/bank.hpp"
#include "telemetry/failpoint.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>
#include <stdexcept>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace settled {
namespace {

std::size_t shown_width(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void print_table(const std::vector<ConfigEntry>& entries, std::ostream& out) {
  std::vector<std::array<std::string, 4>> rows{{"key", "value", "source", "allowed"}};
  for (const auto& e : entries) rows.push_back({e.key, e.value, e.source, e.allowed});
  std::array<std::size_t, 4> width{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], shown_width(row[i]));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out << row[i] << std::string(width[i] - shown_width(row[i]) + 2, ' ');
    out << row.back() << '\n';
  }
}

/// "http://host:port/path": is there a host, and a port that is one?
bool names_a_host(std::string_view url) {
  auto host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::string_view port;
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    int number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number < 1 || number > 65535)
      return false;
  }
  return !host.empty() && std::none_of(host.begin(), host.end(), [](unsigned char c) { return c <= ' '; });
}

bool is_address(const std::string& host) {
  in6_addr ignored{};
  return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

}  // namespace

std::vector<std::string> problems(const Config& config) {
  std::vector<std::string> out;
  if (config.storage.data_dir.empty()) out.emplace_back("storage.data_dir is empty. Name a folder.");
  if (config.server.http_host.empty())
    out.emplace_back("server.http_host is empty. Write \"127.0.0.1\", or the address to be reached at.");
  else if (!is_address(config.server.http_host))
    out.push_back("server.http_host = \"" + config.server.http_host +
                  "\" is not an IP address. Write one of this machine's without brackets, such as "
                  "\"127.0.0.1\" or \"::1\"; \"0.0.0.0\" is all of them.");
  if (config.server.http_port != 0 && config.server.http_port == config.server.grpc_port)
    out.push_back("server.http_port and server.grpc_port are both " +
                  std::to_string(config.server.http_port) + ". Give each its own, or 0 for a free one.");
  if (config.settlement.inquiry_first > config.settlement.inquiry_max)
    out.emplace_back("settlement.inquiry_first_ms is greater than settlement.inquiry_max_ms.");
  for (const auto& wrong : AmountLimits{}.set(config.settlement.amount_limits))
    out.push_back("settlement.amount_limits: " + wrong.field + ": " + wrong.detail);
  if (!config.compliance.blocked_list.empty())
    if (std::ifstream in(config.compliance.blocked_list); !in)
      out.push_back("compliance.blocked_list = \"" + config.compliance.blocked_list +
                    "\" cannot be read. Name a file of lines: name; reason; source.");
  if (!config.security.api_key.empty() &&
      config.security.api_key.reveal() == config.security.approver_key.reveal())
    out.emplace_back(
        "security.api_key and security.approver_key are the same: a second person needs a key of its own.");
  std::set<std::string> names;
  for (const auto& c : config.connectors) {
    auto who = "connector \"" + c.name + "\": ";
    if (c.name.empty() || c.name.size() > 64)
      out.emplace_back("a [[connector]] has no name. Give each a name of 1–64 characters.");
    else if (!names.insert(c.name).second)
      out.push_back(who + "the name is used twice. Give each its own.");
    if (c.name == "netting")
      out.push_back(who + "orders that were settled by netting have this name. Choose another.");
    for (const auto& bank : c.banks)
      if (bank != "*" && !bic_from(bank))
        out.push_back(who + "banks has \"" + bank +
                      "\", which is not a BIC. Write 8 or 11 capital letters and digits, or \"*\".");
    if (c.type == "on_us") {
      if (!c.url.empty() || !c.key_id.empty() || !c.secret.empty())
        out.push_back(who + "an on_us connector reaches nobody. Remove url, key_id and secret.");
      continue;
    }
    bool https = c.url.starts_with("https://");
    bool http = c.url.starts_with("http://");
    if (!https && !http)
      out.push_back(who + "url = \"" + c.url + "\" does not start with https:// (or http://).");
    else if (!names_a_host(c.url))
      out.push_back(who + "url = \"" + c.url + "\" names no host. Write https://bank.example/api.");
    if (c.key_id.empty()) out.push_back(who + "key_id is missing: the bank tells our key by it.");
    if (c.secret.empty())
      out.push_back(who + "secret is missing. Write secret = \"env:NAME\" or \"file:PATH\".");
    if (http && config.environment == Environment::production)
      out.push_back("ENVIRONMENT=production refuses: connector \"" + c.name +
                    "\" reaches its bank by plain HTTP. Set url to https://….");
  }
  if (auto wrong = failpoint_problem(config.failpoint); !wrong.empty()) out.push_back(std::move(wrong));
  if (config.environment == Environment::production) {
    if (!config.failpoint.empty())
      out.emplace_back("ENVIRONMENT=production refuses: FAILPOINT is set. Unset FAILPOINT.");
    if (config.security.api_key.empty())
      out.emplace_back(
          "ENVIRONMENT=production refuses: no API key is configured. Set security.api_key to \"env:NAME\" or "
          "\"file:PATH\".");
    if (config.sandbox.enabled)
      out.emplace_back("ENVIRONMENT=production refuses: the sandbox is on. Set sandbox.enabled=false.");
  }
  return out;
}

int answer_command(const LoadedConfig& loaded, std::ostream& out, std::ostream& err) {
  switch (loaded.command) {
    case Command::help:
    case Command::version:
    case Command::failpoints:
      out << loaded.text << '\n';
      return 0;
    case Command::wrong_usage:
      err << loaded.text << '\n';
      return exit_usage;
    case Command::config_check:
      print_table(loaded.entries, out);
      for (const auto& note : loaded.notes) err << note << '\n';
      for (const auto& problem : loaded.problems) err << problem << '\n';
      if (loaded.problems.empty()) return 0;
      err << loaded.problems.size() << (loaded.problems.size() == 1 ? " problem" : " problems")
          << ": settled would not start (78).\n";
      return exit_config;
    case Command::run:
      for (const auto& problem : loaded.problems) err << problem << " Not started (78).\n";
      return loaded.problems.empty() ? 0 : exit_config;
  }
  return exit_usage;
}

Secret development_api_key(const std::string& data_dir, const std::string& name) {
  auto path = (std::filesystem::path(data_dir) / name).string();
  auto reference = "file:" + path;
  auto fail = [&](const char* what) -> Secret {
    throw std::runtime_error(std::string("cannot ") + what + " " + path + ": " + std::strerror(errno));
  };
  std::filesystem::create_directories(data_dir);
  std::string key;
  if (std::ifstream in(path); in && std::getline(in, key) && key.starts_with("sk_test_"))
    return {reference, key};
  std::array<unsigned char, 24> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return fail("get random bytes for");
  key = "sk_test_";
  for (unsigned char byte : random) {
    key += "0123456789abcdef"[byte >> 4U];
    key += "0123456789abcdef"[byte & 15U];
  }
  // Written beside and renamed, so that a crash leaves no half key; never through a link in its place.
  auto fresh = path + ".new";
  ::unlink(fresh.c_str());
  int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail("write");
  auto line = key + "\n";
  bool good = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!good || ::rename(fresh.c_str(), path.c_str()) != 0) return fail("write");
  return {reference, key};
}

}  // namespace settled
