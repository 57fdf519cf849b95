// A connection to a port of settled or of the bank, as a client has it.
#pragma once
#include <chrono>
#include <memory>
#include <string>

namespace settled::drill {

struct Reply {
  int status = 0;  // 0: no answer
  std::string body;
  bool replayed = false;  // Idempotent-Replayed
  /// Nothing that a client may rely on: it sends the same key again.
  bool indefinite() const { return status == 0 || status == 429 || status >= 500; }
};

/// Kept alive; one thread at a time.
class Web {
 public:
  explicit Web(const std::string& url, std::string api_key = {},
               std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~Web();
  Web(const Web&) = delete;
  Web& operator=(const Web&) = delete;

  Reply get(const std::string& path);
  Reply post(const std::string& path, const std::string& body, const std::string& idempotency_key = {});
  Reply remove(const std::string& path);
  const std::string& url() const { return url_; }

 private:
  struct Client;
  std::string url_, api_key_;
  std::unique_ptr<Client> client_;
};

}  // namespace settled::drill
