#include "apps/drill/load.hpp"

#include "apps/drill/plan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace settled::drill {
namespace {
using nlohmann::ordered_json;
using namespace std::chrono_literals;

/// An answer that the client may rely on; 0 where it must ask again.
int definite_status(int status, const ordered_json& answer) {
  if (status == 409 && answer.is_object() && answer.value("code", "") == "idempotency_in_progress") return 0;
  return status;
}

void tell_receipt(History& history, Order& order, int status, const ordered_json& receipt) {
  if (!receipt.is_object()) return history.told(order, 0, "", "", false);
  if (order.kind == Order::Kind::funding)
    return history.told(order, status, receipt.value("journal", ""), "", false);
  if (status != 202) return history.told(order, definite_status(status, receipt), "", receipt.dump(), false);
  history.told(order, status, receipt.value("id", ""), receipt.dump(),
               receipt.contains("failure") && !receipt["failure"].is_null());
}

void tell_batch(History& history, const std::vector<Order*>& orders, const Reply& reply) {
  const auto answer = ordered_json::parse(reply.body, nullptr, false);
  const bool whole = reply.status == 200 && answer.is_object() && answer.contains("results") &&
                     answer["results"].size() == orders.size();
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (!whole) {
      history.told(*orders[i], reply.indefinite() ? reply.status : definite_status(reply.status, answer), "",
                   reply.body, false);
      continue;
    }
    const auto& element = answer["results"][i];
    const int status = element.value("status", 0);
    tell_receipt(history, *orders[i], status, status == 202 ? element["settlement"] : element);
  }
}

std::string batch_body(const std::vector<Order*>& orders) {
  std::string out = R"({"orders":[)";
  for (const Order* order : orders) {
    if (out.back() == '}') out += ',';
    out += R"({"idempotency_key":")" + order->key + "\"," + order->body.substr(1);
  }
  return out + "]}";
}
}  // namespace

Load::Load(const Site& site, History& history, std::vector<Call> calls, int connections,
           std::chrono::milliseconds pause)
    : site_(site), history_(history), calls_(std::move(calls)), pause_(pause), working_(connections) {
  for (int i = 0; i < connections; ++i) threads_.emplace_back([this] { run(); });
}
Load::~Load() {
  stopped_ = true;
  for (auto& t : threads_) t.join();
}

void Load::run() {
  std::unique_ptr<Web> web;
  for (std::size_t i = next_++; i < calls_.size() && !stopped_ && !enough_; i = next_++) {
    finish(calls_[i], web);
    if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
  }
  --working_;
}

void Load::finish(const Call& call, std::unique_ptr<Web>& web) {
  auto left = call.orders;
  for (bool first = true; !left.empty() && !stopped_; first = false) {
    if (!first) std::this_thread::sleep_for(10ms);
    // It may have come back on another port.
    if (const auto at = site_.endpoint(); !web || web->url() != at.http)
      web = std::make_unique<Web>(at.http, at.api_key);
    for (Order* order : left) history_.intend(*order);
    // What went out in a batch may well be asked for alone: the key is what counts.
    if (left.size() == 1) {
      const auto reply = web->post(call.path, left[0]->body, left[0]->key);
      if (reply.indefinite())
        history_.told(*left[0], reply.status, "", "", false);
      else
        tell_receipt(history_, *left[0], reply.status, ordered_json::parse(reply.body, nullptr, false));
    } else {
      tell_batch(history_, left,
                 web->post("/api/v1/settlements/batch", batch_body(left), "batch-" + left[0]->key));
    }
    std::erase_if(left, [this](const Order* order) { return history_.answered(*order); });
  }
}

namespace {
std::string order_json(const Order& o, const std::string& obligation) {
  return ordered_json{{"obligation_id", obligation}, {"from_bank", o.from},    {"to_bank", o.to},
                      {"amount", o.amount},          {"currency", o.currency}, {"method", "MOCK"}}
      .dump();
}

void set_amount(Order& order, std::int64_t minor) {
  order.minor = minor;
  order.amount = std::to_string(minor);
  if (order.currency == "GHS") {
    const auto cents = std::to_string(100 + minor % 100).substr(1);
    order.amount = std::to_string(minor / 100) + '.' + cents;
  }
}

Order draw_order(const Town& town, std::mt19937_64& chance, int round, int number) {
  Order order;
  order.round = round;
  order.key = "r" + std::to_string(round) + '-' + std::to_string(number);
  const auto pick = [&](auto fits) -> const Town::Bank& {
    for (;;)
      if (const auto& bank = town.banks[chance() % town.banks.size()]; fits(bank)) return bank;
  };
  const auto& from = pick([](const Town::Bank& b) { return b.pays; });
  const auto& to = pick(
      [&](const Town::Bank& b) { return b.is_paid && b.currency == from.currency && b.bic != from.bic; });
  order.from = from.bic;
  order.to = to.bic;
  order.currency = from.currency;
  set_amount(order, between(chance, 100, 2'000));
  order.body = order_json(order, "ob-" + order.key);
  return order;
}

/// Wrong in its form: never recorded.
void spoil(Order& order, std::mt19937_64& chance) {
  order.kind = Order::Kind::bad;
  auto body = ordered_json::parse(order.body);
  switch (between(chance, 0, 4)) {
    case 0:
      body["amount"] = "0";
      break;
    case 1:
      body["amount"] = "10.999";
      break;
    case 2:
      body["to_bank"] = order.from;
      break;
    case 3:
      body["currency"] = "ZZZ";
      break;
    default:
      body["surprise"] = true;
  }
  order.body = body.dump();
}
}  // namespace

std::vector<Call> draw_calls(History& history, const Town& town, std::mt19937_64& chance, int round,
                             int orders, int batch_max) {
  std::vector<Order*> known;
  for (Order& order : history.orders())
    if (order.kind == Order::Kind::good && order.status == 202) known.push_back(&order);
  std::vector<Call> calls;
  const auto add = [&](Call call) {
    // Twice in a row: two connections take them at the same time.
    if (one_in(chance, 8)) calls.push_back(call);
    calls.push_back(std::move(call));
  };
  for (int n = 0; n < orders;) {
    Call call;
    for (int size = one_in(chance, 2) ? 1 : between(chance, 2, batch_max); size > 0 && n < orders;
         --size, ++n) {
      Order order = draw_order(town, chance, round, n);
      if (one_in(chance, 16)) spoil(order, chance);
      call.orders.push_back(&history.add(std::move(order)));
    }
    add(std::move(call));
    if (known.empty() || !one_in(chance, 8)) continue;
    // Another order under a key that stands for one already.
    Order other = *known[chance() % known.size()];
    other.kind = Order::Kind::other;
    other.round = round;
    other.tries = other.answers = other.status = 0;
    other.id.clear();
    other.receipt.clear();
    set_amount(other, other.minor + 1);
    other.body = order_json(other, "ob-" + other.key);
    add({{&history.add(std::move(other))}});
  }
  return calls;
}

Call draw_funding(History& history, const Town& town, std::mt19937_64& chance, int round) {
  Order order;
  order.kind = Order::Kind::funding;
  order.round = round;
  order.key = "r" + std::to_string(round) + "-funds";
  order.currency = "XOF";
  set_amount(order, between(chance, 1'000, 6'000));
  order.body = ordered_json{{"amount", order.amount}, {"currency", order.currency}}.dump();
  return {{&history.add(std::move(order))}, "/api/v1/accounts/" + town.poor_account + "/fund"};
}

Town Town::build(const Site& site) {
  const auto web = site.web();
  const auto open = [&](const std::string& kind, const std::string& bic, const std::string& currency,
                        const std::string& amount, bool by_default = false) {
    ordered_json body{{"kind", kind}, {"bank", bic}, {"currency", currency}};
    if (by_default) body["default"] = true;
    const auto opened = web->post("/api/v1/accounts", body.dump());
    const auto account = ordered_json::parse(opened.body, nullptr, false);
    if (opened.status != 201 || !account.is_object())
      throw Broken("an account was not opened: " + opened.body);
    const auto id = account.value("id", "");
    if (amount.empty()) return id;
    const auto funded =
        web->post("/api/v1/accounts/" + id + "/fund",
                  ordered_json{{"amount", amount}, {"currency", currency}}.dump(), "first-funds-" + id);
    if (funded.status != 201) throw Broken("an account was not funded: " + funded.body);
    return id;
  };
  Town town;
  for (const char* bic : {"ABIDCIAB", "DAKRSNDA", "COTOBJBJ", "BAMKMLBA"}) {
    open("vostro", bic, "XOF", "100000000000");
    town.banks.push_back({bic, "XOF"});
  }
  town.poor_account = open("vostro", "LOMETGTG", "XOF", "");
  town.banks.push_back({"LOMETGTG", "XOF"});
  for (const char* bic : {"ACCRGHAC", "KUMAGHKU"}) {
    open("vostro", bic, "GHS", "1000000000.00");
    town.banks.push_back({bic, "GHS"});
  }
  open("nostro", "DAKRSNDA", "XOF", "500000000000", true);
  open("nostro", "ABIDCIAB", "XOF", "500000000000");
  open("nostro", "KUMAGHKU", "GHS", "1000000000.00", true);
  return town;
}
}  // namespace settled::drill
