// settlectl watch: one line per event, without a gap over broken connections.
#include "apps/settlectl/api_client.hpp"
#include "apps/settlectl/commands.hpp"
#include "apps/settlectl/terminal.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

namespace settled::ctl {
namespace {
using nlohmann::json;

/// Server-sent events (WHATWG), as far as our server speaks them.
class EventReader {
 public:
  explicit EventReader(std::size_t count, bool as_json) : left_(count), counted_(count > 0), json_(as_json) {}
  const std::string& last_id() const { return last_id_; }
  void last_id(std::string id) { last_id_ = std::move(id); }
  std::chrono::milliseconds retry() const { return retry_; }
  bool enough() const { return counted_ && left_ == 0; }

  bool take(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n') {
        line(line_);
        line_.clear();
        if (enough()) return false;
      } else if (c != '\r' && line_.size() < (1U << 20)) {
        line_ += c;
      }
    }
    return true;
  }
  /// A new connection starts a new line.
  void broken() {
    line_.clear();
    data_.clear();
    id_.clear();
  }

 private:
  void line(const std::string& text) {
    if (text.empty()) return event();
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    auto value = colon == std::string::npos ? std::string{} : text.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (name == "id") id_ = value;
    if (name == "data") data_ += value;
    if (name == "retry" && !value.empty() && value.size() < 7 &&
        value.find_first_not_of("0123456789") == std::string::npos)
      retry_ = std::chrono::milliseconds(std::stol(value));
  }
  void event() {
    if (!id_.empty()) last_id_ = id_;
    if (!data_.empty()) print();
    data_.clear();
    id_.clear();
  }
  void print() {
    if (counted_) --left_;
    if (json_) {
      std::puts(data_.c_str());
    } else {
      const auto data = json::parse(data_, nullptr, false);
      const auto text = [&](const char* key) {
        return data.is_object() && data.contains(key) && data[key].is_string() ? data[key].get<std::string>()
                                                                               : std::string{};
      };
      const auto payload = data.is_object() && data.contains("payload") ? data["payload"] : json();
      std::printf("%s  %-9s %-24s %s  %s\n", text("at").c_str(), text("id").c_str(), text("kind").c_str(),
                  text("subject").c_str(),
                  payload.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    }
    std::fflush(stdout);
  }

  std::string line_, data_, id_, last_id_;
  std::chrono::milliseconds retry_{2000};
  std::size_t left_;
  bool counted_, json_;
};
}  // namespace

int watch(const Context& context, const WatchOptions& options) {
  ApiClient client(context);
  EventReader events(options.count, context.json);
  events.last_id(options.after);
  const auto path =
      "/api/v1/events" + (options.kind.empty() ? std::string{} : "?kind=" + percent_encoded(options.kind));
  bool connected = false;
  for (;;) {
    const auto answer =
        client.stream(path, events.last_id(), [&](std::string_view bytes) { return events.take(bytes); });
    if (events.enough()) return exit_ok;
    if (answer.status == 0 && !connected) require(answer, client.url());
    if (answer.status >= 400 && !answer.transient()) require(answer, client.url());
    connected = connected || answer.status == 200;
    events.broken();
    std::fprintf(stderr, "connection lost; going on after event %s\n",
                 events.last_id().empty() ? "(none yet)" : events.last_id().c_str());
    std::this_thread::sleep_for(events.retry());
    client.look_again();
  }
}
}  // namespace settled::ctl
