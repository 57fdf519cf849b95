#include "runtime/endpoint.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace settled {

void write_endpoint(const std::filesystem::path& data_dir, const Endpoint& endpoint) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? nlohmann::json() : nlohmann::json(text);
  };
  const auto text = nlohmann::json{{"http", endpoint.http},
                                   {"grpc", nullptr},
                                   {"sandbox", or_null(endpoint.sandbox)},
                                   {"database_url", or_null(endpoint.database_url)},
                                   {"api_key", or_null(endpoint.api_key)},
                                   {"approver_key", or_null(endpoint.approver_key)},
                                   {"pid", ::getpid()}}
                        .dump(2) +
                    '\n';
  const auto part = data_dir / "endpoint.json.part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!written) throw std::runtime_error("cannot write " + part.string());
  std::filesystem::rename(part, data_dir / "endpoint.json");
}

void remove_endpoint(const std::filesystem::path& data_dir) {
  std::error_code ignored;
  std::filesystem::remove(data_dir / "endpoint.json", ignored);
}
}  // namespace settled
