#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <set>
#include <stdexcept>

namespace settled::tests {

std::string order_body(const std::string& obligation, const std::string& from, const std::string& to,
                       const std::string& amount, const std::string& currency) {
  return R"({"obligation_id":")" + obligation + R"(","from_bank":")" + from + R"(","to_bank":")" + to +
         R"(","amount":")" + amount + R"(","currency":")" + currency + "\"}";
}

History orders(const std::string& name, int n, const std::string& from, const std::string& to,
               const std::string& amount, const std::string& currency) {
  History all;
  for (int i = 0; i < n; ++i) {
    auto key = name + '-' + std::to_string(i);
    auto body = order_body(key, from, to, amount, currency);
    all.push_back({.key = std::move(key), .body = std::move(body)});
  }
  return all;
}

Load::Load(const Settled& settled, History orders, int connections)
    : settled_(settled), orders_(std::move(orders)) {
  for (int i = 0; i < connections; ++i) threads_.emplace_back([this] { send_all(); });
}
Load::~Load() {
  stopped_ = true;
  for (auto& t : threads_)
    if (t.joinable()) t.join();
}

void Load::send_all() {
  std::unique_ptr<Http> http;
  for (std::size_t i = next_++; i < orders_.size() && !stopped_; i = next_++) send(orders_[i], http);
}

void Load::send(Sent& order, std::unique_ptr<Http>& http) {
  while (!stopped_) {
    if (const auto url = settled_.url(); !http || http->url() != url)
      http = std::make_unique<Http>(url, settled_.api_key());
    ++order.tries;
    const auto reply = http->post("/api/v1/settlements", order.body, order.key);
    if (!reply.indefinite()) {
      order.status = reply.status;
      order.answer = reply.body;
      order.id = reply.text("id");
      ++answered_;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

const History& Load::finish() {
  const auto all = static_cast<int>(orders_.size());
  // As long as something moves: how long it takes in all is nobody's promise.
  for (int before = -1; before < answered_ && answered_ < all;) {
    before = answered_;
    eventually([&] { return answered_ > before || answered_ == all; });
  }
  stopped_ = true;
  for (auto& t : threads_) t.join();
  BOOST_REQUIRE_MESSAGE(answered_ == all, answered_ << " of " << all << " orders have got a definite answer");
  return orders_;
}

std::string open_account(const Settled& settled, const std::string& kind, const std::string& bank,
                         const std::string& currency, const std::string& amount) {
  auto http = settled.http();
  const auto opened = http.post("/api/v1/accounts", R"({"kind":")" + kind + R"(","bank":")" + bank +
                                                        R"(","currency":")" + currency + "\"}");
  if (opened.status != 201) throw std::runtime_error("the account was not opened: " + opened.body);
  const auto id = opened.text("id");
  if (amount.empty()) return id;
  const auto funded =
      http.post("/api/v1/accounts/" + id + "/fund",
                R"({"amount":")" + amount + R"(","currency":")" + currency + "\"}", "fund-" + id);
  if (funded.status != 201) throw std::runtime_error("the account was not funded: " + funded.body);
  return id;
}

Reply account(Http& http, const std::string& id) {
  auto reply = http.get("/api/v1/accounts/" + id);
  if (reply.status != 200) throw std::runtime_error("there is no account " + id + ": " + reply.body);
  return reply;
}

void await_all_final(const Settled& settled) {
  auto http = settled.http();
  std::string open;
  const auto none_open = [&] {
    for (const char* status : {"PENDING", "VALIDATING", "FUNDS_LOCKED", "EXECUTING", "CONFIRMING"}) {
      const auto reply = http.get(std::string("/api/v1/settlements?limit=1&status=") + status);
      if (reply.status != 200 || !reply.json()["data"].empty()) {
        open = reply.body;
        return false;
      }
    }
    return true;
  };
  BOOST_REQUIRE_MESSAGE(eventually(none_open), "still in flight: " << open);
}

Verdict check_books(const Settled& settled, const History& history) {
  std::vector<std::string> acknowledged;
  for (const Sent& order : history)
    if (!order.id.empty()) acknowledged.push_back(order.id);
  const std::set<std::string> ids(acknowledged.begin(), acknowledged.end());
  BOOST_TEST(ids.size() == acknowledged.size(), "no two keys have the same id");

  auto verdict = settled.verify(acknowledged);
  for (const Finding& f : verdict.findings)
    BOOST_TEST_MESSAGE(f.check << " | " << f.subject << " | expected " << f.expected << " | found "
                               << f.found);
  BOOST_TEST(verdict.ok(), verdict.wrong << " findings");
  BOOST_TEST(verdict.open_holds == 0);
  BOOST_TEST(verdict.recorded == static_cast<std::int64_t>(ids.size()), "what is recorded was acknowledged");
  BOOST_TEST(verdict.bank->effects == verdict.settlements["COMPLETED"]);
  BOOST_TEST(verdict.bank->executed_completed == verdict.settlements["COMPLETED"]);

  History again = history;
  for (Sent& order : again) order.status = 0, order.answer.clear(), order.id.clear();
  Load replay(settled, std::move(again), 4);
  const History& repeated = replay.finish();
  std::size_t different = 0;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (history[i].status != repeated[i].status || history[i].answer != repeated[i].answer)
      if (++different == 1)
        BOOST_TEST_MESSAGE(history[i].key << " got first " << history[i].status << ' ' << history[i].answer
                                          << "\nthen " << repeated[i].status << ' ' << repeated[i].answer);
  BOOST_TEST(different == 0U, "a key gets its first answer again");
  return verdict;
}

std::mt19937_64 seeded_chance() {
  const char* given = std::getenv("SETTLED_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  BOOST_TEST_MESSAGE("SETTLED_SEED=" << seed);
  return std::mt19937_64(seed);
}
}  // namespace settled::tests
