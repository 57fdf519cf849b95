#include "apps/settlectl/settle_run.hpp"

#include "domain/refusal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <thread>

namespace settled::ctl {
namespace {
using nlohmann::json;
using namespace std::chrono_literals;
constexpr std::size_t page = 200;  // the server's largest

std::string text(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

/// What the server says of an order, in a receipt or a settlement.
void apply(Row& row, const json& settlement) {
  row.id = text(settlement, "id");
  row.status = text(settlement, "status");
  if (const auto reference = text(settlement, "bank_reference"); !reference.empty())
    row.bank_reference = reference;
  const auto failure = settlement.find("failure");
  row.code = failure == settlement.end() ? std::string{} : text(*failure, "code");
  row.detail = failure == settlement.end() ? std::string{} : text(*failure, "detail");
}

bool transient_refusal(int status, const std::string& code) {
  if (status == 429 || status >= 500) return true;
  const auto errc = errc_from(code);
  return errc && transient(*errc);
}

/// Only a default for orders without a key of their own, of which we send none; the same batch gets the same.
std::string batch_key(const std::string& body) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : body) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return "batch-" + std::to_string(hash);
}
}  // namespace

SettleRun::SettleRun(const Context& context, const SettleSettings& settings, std::vector<Row>& rows)
    : context_(context), settings_(settings), rows_(rows), progress_("settle") {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].key.empty()) continue;
    if (to_send_.empty() || to_send_.back().size() >= settings_.batch) to_send_.emplace_back();
    to_send_.back().push_back(i);
  }
}

bool SettleRun::sending() const { return !to_send_.empty() || in_flight_ > 0; }

bool SettleRun::stuck() const {
  const std::lock_guard lock(mutex_);
  return Clock::now() - moved_ > std::chrono::seconds(context_.timeout_seconds);
}

void SettleRun::run() {
  {
    ApiClient client(context_);
    const auto alive = client.get("/api/v1/health/live");
    if (alive.status == 0) throw Stop(exit_away, sentences_of(alive, client.url()) + "\nNothing was sent.");
  }
  moved_ = Clock::now();
  // Counted before the first sender takes something away.
  const auto count = std::min(settings_.connections, to_send_.size());
  std::vector<std::thread> senders;
  for (std::size_t i = 0; i < count; ++i) senders.emplace_back([this] { guarded(&SettleRun::send_batches); });
  guarded(&SettleRun::follow);
  stopped_ = true;
  changed_.notify_all();
  for (auto& sender : senders) sender.join();
  progress(true);
}

/// What goes wrong in one thread ends all of them, in order, so that the result file is still written.
void SettleRun::guarded(void (SettleRun::*work)()) {
  std::optional<Stop> ended;
  try {
    return (this->*work)();
  } catch (const Stop& e) {
    ended = e;
  } catch (const std::exception& e) {
    ended.emplace(exit_our_fault, std::string("settlectl stopped: ") + e.what());
  }
  const std::lock_guard lock(mutex_);
  if (!refused_) refused_ = ended;
  stopped_ = true;
}

void SettleRun::send_batches() {
  ApiClient client(context_);
  auto pause = 100ms;
  while (!stopped_) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      // Woken by time as well: a signal handler may only set a flag.
      changed_.wait_for(lock, 100ms, [&] { return !to_send_.empty() || !sending() || stopped_.load(); });
      if (!sending()) return;
      if (to_send_.empty()) continue;
      batch = std::move(to_send_.front());
      to_send_.pop_front();
      ++in_flight_;
    }
    std::string body = "{\"orders\":[";
    for (const auto i : batch) body += (i == batch.front() ? "" : ",") + rows_[i].body;
    body += "]}";
    const auto answer = client.post("/api/v1/settlements/batch", body, batch_key(body));
    const bool definite = take_answer(batch, answer, client.url());
    if (!definite) {
      const auto wait =
          std::max<std::chrono::milliseconds>(pause, std::chrono::seconds(answer.retry_after_seconds));
      for (const auto until = Clock::now() + wait; Clock::now() < until && !stopped_;)
        std::this_thread::sleep_for(20ms);
      pause = std::min(pause * 2, std::chrono::milliseconds(2000));
      if (answer.status == 0) client.look_again();
      requeue(std::move(batch));
    } else {
      pause = 100ms;
    }
    const std::lock_guard lock(mutex_);
    --in_flight_;
    changed_.notify_all();
  }
}

void SettleRun::requeue(Batch batch) {
  const std::lock_guard lock(mutex_);
  // Rows that were answered meanwhile (a part of the batch was told to come again) are left out.
  std::erase_if(batch, [&](std::size_t i) { return !rows_[i].status.empty(); });
  if (!batch.empty()) to_send_.push_front(std::move(batch));
}

bool SettleRun::take_answer(const Batch& batch, const Answer& answer, const std::string& url) {
  if (answer.ok()) return take_results(batch, answer.body);
  if (answer.transient()) return false;
  if (answer.status == 401 || answer.status == 403) {
    const std::lock_guard lock(mutex_);
    refused_.emplace(exit_code_of(answer), sentences_of(answer, url));
    stopped_ = true;
    return false;
  }
  // The request as a whole was refused. Halves find the order that is to blame, and let the others through.
  if (batch.size() == 1) {
    refuse(batch[0], answer.body, answer.status);
    return true;
  }
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  requeue({batch.begin(), middle});
  requeue({middle, batch.end()});
  return true;
}

void SettleRun::refuse(std::size_t index, const std::string& body, int status) {
  const auto problem = json::parse(body, nullptr, false);
  const std::lock_guard lock(mutex_);
  auto& row = rows_[index];
  row.status = "REFUSED";
  row.code = text(problem, "code");
  row.detail = text(problem, "detail");
  if (row.code.empty()) row.code = "http_" + std::to_string(status);
  if (problem.is_object() && problem.contains("errors") && problem["errors"].is_array())
    for (const auto& e : problem["errors"])
      if (const auto reason = text(e, "reason"); row.detail.find(reason) == std::string::npos)
        row.detail += (row.detail.empty() ? "" : " ") + text(e, "pointer") + ": " + reason;
  moved_ = Clock::now();
}

bool SettleRun::take_results(const Batch& batch, const std::string& body) {
  const auto answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("results") || !answer["results"].is_array()) return false;
  for (const auto& result : answer["results"]) {
    if (!result.is_object()) continue;
    const auto index = result.value("index", batch.size());
    const int status = result.value("status", 0);
    if (index >= batch.size()) continue;
    auto& row = rows_[batch[index]];
    if (const auto settlement = result.find("settlement");
        settlement != result.end() && !text(*settlement, "id").empty()) {
      const std::lock_guard lock(mutex_);
      apply(row, *settlement);
      moved_ = Clock::now();
      if (!row.settled()) open_[row.id] = batch[index];
    } else if (!transient_refusal(status, text(result, "code"))) {
      // The row is known: where it stood in the request tells nobody anything.
      auto own = result.dump(-1, ' ', false, json::error_handler_t::replace);
      const auto place = "orders/" + std::to_string(index);
      for (const auto& prefix : {'/' + place, place + '/', place + ": "})
        for (auto at = own.find(prefix); at != std::string::npos; at = own.find(prefix, at))
          own.erase(at, prefix.size());
      refuse(batch[index], own, status);
    }
  }
  // Whoever got no definite answer comes again.
  const std::lock_guard lock(mutex_);
  return std::none_of(batch.begin(), batch.end(), [&](std::size_t i) { return rows_[i].status.empty(); });
}

void SettleRun::follow() {
  ApiClient client(context_);
  auto pause = 100ms;
  while (!stopped_ && !stuck()) {
    std::map<std::string, std::size_t> open;
    {
      const std::lock_guard lock(mutex_);
      if (!sending() && (open_.empty() || !settings_.wait)) return;
      if (settings_.wait) open = open_;
    }
    const auto before = open.size();
    constexpr std::size_t few = 20;
    if (open.size() > few) ask_list(client, open);
    ask_each(client, open, few * 5);
    progress(false);
    std::size_t after = 0;
    {
      const std::lock_guard lock(mutex_);
      after = open_.size();
    }
    // Quick while things move, slow while a bank takes its time.
    pause = after < before || before == 0 ? 100ms : std::min(pause * 3 / 2, std::chrono::milliseconds(2000));
    for (const auto until = Clock::now() + pause; Clock::now() < until && !stopped_;) {
      std::this_thread::sleep_for(20ms);
      progress(false);
    }
  }
}

/// One page tells of 200 orders. Ids are in order of time, so the walk ends behind our oldest.
void SettleRun::ask_list(ApiClient& client, std::map<std::string, std::size_t>& open) {
  const auto oldest = open.begin()->first;
  // Others may be busy on the same server: what is not among twice as many orders is asked one by one.
  const auto pages = 2 + 2 * open.size() / page;
  std::string path = "/api/v1/settlements?limit=" + std::to_string(page);
  const auto first = path;
  for (std::size_t n = 0; n < pages && !open.empty() && !stopped_; ++n) {
    const auto answer = client.get(path);
    if (answer.status == 0) return client.look_again();
    const auto list = json::parse(answer.body, nullptr, false);
    if (!answer.ok() || !list.is_object() || !list.contains("data") || !list["data"].is_array()) return;
    bool past_ours = list["data"].empty();
    for (const auto& settlement : list["data"]) {
      const auto id = text(settlement, "id");
      past_ours = past_ours || id < oldest;
      const auto at = open.find(id);
      if (at == open.end()) continue;
      const std::lock_guard lock(mutex_);
      auto& row = rows_[at->second];
      apply(row, settlement);
      if (row.settled()) {
        open_.erase(id);
        moved_ = Clock::now();
      }
      open.erase(at);
    }
    const auto cursor = text(list, "next_cursor");
    if (past_ours || cursor.empty()) return;
    path = first + "&cursor=" + percent_encoded(cursor);
    progress(false);
  }
}

/// Goes around: where many orders are stuck, the next round asks those behind them.
void SettleRun::ask_each(ApiClient& client, const std::map<std::string, std::size_t>& open,
                         std::size_t at_most) {
  auto at = open.upper_bound(last_asked_);
  for (auto left = std::min(at_most, open.size()); left > 0 && !stopped_; --left, ++at) {
    if (at == open.end()) at = open.begin();
    const auto& [id, index] = *at;
    last_asked_ = id;
    const auto answer = client.get("/api/v1/settlements/" + id);
    if (answer.status == 0) return client.look_again();
    const std::lock_guard lock(mutex_);
    auto& row = rows_[index];
    if (answer.status == 404) {
      row.code = "not_found";
      row.detail = "This order was acknowledged and the server does not know it. Run settlectl verify.";
    }
    if (!answer.ok()) continue;
    const auto settlement = json::parse(answer.body, nullptr, false);
    if (text(settlement, "id") != id) continue;
    apply(row, settlement);
    if (!row.settled()) continue;
    open_.erase(id);
    moved_ = Clock::now();
  }
}

void SettleRun::progress(bool last) {
  std::size_t done = 0;
  std::size_t failed = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& row : rows_) {
      failed += row.failed() ? 1 : 0;
      done += row.settled() && !row.failed() ? 1 : 0;
    }
  }
  progress_.show(done, failed, rows_.size(), last);
}
}  // namespace settled::ctl
