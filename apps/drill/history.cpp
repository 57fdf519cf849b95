#include "apps/drill/history.hpp"

#include "apps/drill/site.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace settled::drill {
using nlohmann::ordered_json;
using std::chrono::milliseconds;

History::History(const std::filesystem::path& file) : file_(std::fopen(file.c_str(), "ae")) {
  if (!file_) throw Broken("cannot write " + file.string());
}
History::~History() { std::fclose(file_); }

void History::write(const std::string& line) {
  std::fputs(line.c_str(), file_);
  std::fputc('\n', file_);
  std::fflush(file_);
}

namespace {
double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}
const char* to_string(Order::Kind kind) {
  switch (kind) {
    case Order::Kind::good:
      return "good";
    case Order::Kind::bad:
      return "bad";
    case Order::Kind::other:
      return "other order, known key";
    case Order::Kind::funding:
      return "funding";
  }
  return "?";
}
}  // namespace

Order& History::add(Order order) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(std::move(order));
  return orders_.back();
}

void History::intend(Order& order) {
  const std::lock_guard lock(mutex_);
  ordered_json line{{"t", seconds_since(began_)},
                    {"round", order.round},
                    {"op", "intent"},
                    {"key", order.key},
                    {"try", order.tries + 1}};
  if (order.tries == 0) line["kind"] = to_string(order.kind), line["body"] = order.body;
  if (order.tries++ > 0) ++resends_;
  write(line.dump());
}

bool History::answered(const Order& order) const {
  const std::lock_guard lock(mutex_);
  return order.status != 0;
}

void History::told(Order& order, int status, const std::string& id, const std::string& receipt,
                   bool refused) {
  const bool definite = status != 0 && status != 429 && status < 500;
  const std::lock_guard lock(mutex_);
  ordered_json line{{"t", seconds_since(began_)}, {"round", order.round}, {"op", "answer"},
                    {"key", order.key},           {"status", nullptr},    {"id", nullptr}};
  if (status != 0) line["status"] = status;
  if (!id.empty()) line["id"] = id;
  if (status != 202 && !receipt.empty()) line["answer"] = receipt;
  if (!definite) return write(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  ++answers_;
  progress();
  if (++order.answers == 1) {
    order.status = status;
    order.id = id;
    order.receipt = receipt;
    order.refused = refused;
    line["answer"] = receipt;
    if (!id.empty() && order.kind == Order::Kind::good) {
      const auto [at, fresh] = key_of_id_.emplace(id, order.key);
      if (!fresh) findings_.push_back({"id of two keys", id, at->second, order.key});
    }
  } else if (order.id != id) {
    findings_.push_back({"key with two ids", order.key, std::to_string(order.status) + ' ' + order.id,
                         std::to_string(status) + ' ' + (id.empty() ? receipt : id)});
  } else if (order.status != status || (order.status < 300 && order.receipt != receipt)) {
    findings_.push_back({"replay differs", order.key, std::to_string(order.status) + ' ' + order.receipt,
                         std::to_string(status) + ' ' + receipt});
  }
  write(line.dump());
}

void History::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  write(ordered_json{{"t", seconds_since(began_)}, {"op", "note"}, {"text", text}}.dump());
}

namespace {
std::int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
}  // namespace

void History::start_clock() { last_progress_ms_ = now_ms(); }
milliseconds History::silence() const { return milliseconds(now_ms() - last_progress_ms_); }
void History::progress() {
  const auto now = now_ms();
  longest_ms_ = std::max<std::int64_t>(longest_ms_, now - last_progress_ms_.exchange(now));
}

std::vector<Finding> History::take_findings() {
  const std::lock_guard lock(mutex_);
  return std::exchange(findings_, {});
}

std::vector<std::string> History::acknowledged() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const Order& order : orders_)
    if (order.kind == Order::Kind::good && !order.id.empty()) ids.push_back(order.id);
  return ids;
}
}  // namespace settled::drill
