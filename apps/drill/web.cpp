#include "apps/drill/web.hpp"

#include <httplib.h>

namespace settled::drill {
namespace {
Reply reply_of(const httplib::Result& result) {
  if (!result) return {};
  return {result->status, result->body, result->get_header_value("Idempotent-Replayed") == "true"};
}
}  // namespace

struct Web::Client {
  explicit Client(const std::string& url) : http(url) {}
  httplib::Client http;
};

Web::Web(const std::string& url, std::string api_key, std::chrono::milliseconds patience)
    : url_(url), api_key_(std::move(api_key)), client_(std::make_unique<Client>(url)) {
  auto& http = client_->http;
  http.set_keep_alive(true);
  http.set_tcp_nodelay(true);
  http.set_connection_timeout(std::chrono::seconds(2));
  http.set_read_timeout(patience);
  http.set_write_timeout(patience);
}
Web::~Web() = default;

Reply Web::get(const std::string& path) {
  return reply_of(client_->http.Get(path, {{"X-API-Key", api_key_}}));
}
Reply Web::remove(const std::string& path) {
  return reply_of(client_->http.Delete(path, {{"X-API-Key", api_key_}}));
}
Reply Web::post(const std::string& path, const std::string& body, const std::string& idempotency_key) {
  httplib::Headers headers{{"X-API-Key", api_key_}};
  if (!idempotency_key.empty()) headers.emplace("Idempotency-Key", idempotency_key);
  return reply_of(client_->http.Post(path, headers, body, "application/json"));
}
}  // namespace settled::drill
