// endpoint.json: where a running process tells scripts and settlectl how to reach it.
#pragma once
#include <filesystem>
#include <string>

namespace settled {
struct Endpoint {
  std::string http, sandbox, database_url;
  std::string api_key;       // in development only
  std::string approver_key;  // in development only: a second person's
};
/// Written whole or not at all, 0600.
void write_endpoint(const std::filesystem::path& data_dir, const Endpoint& endpoint);
void remove_endpoint(const std::filesystem::path& data_dir);
}  // namespace settled
