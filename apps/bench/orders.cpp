#include "apps/bench/orders.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace settled::bench {
namespace {
std::array<char, 8> bic(std::uint32_t number, std::string_view rest) {
  std::array<char, 8> out{};
  for (std::size_t i = 4; i-- > 0; number /= 26) out[i] = static_cast<char>('A' + number % 26);
  std::copy(rest.begin(), rest.end(), out.begin() + 4);
  return out;
}

void write_hex(char* to, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = digits[(value >> static_cast<unsigned>(shift)) & 15U];
}
}  // namespace

std::array<char, 8> counterparty_bic(std::uint32_t number) { return bic(number, "CIAB"); }
std::array<char, 8> bank_bic(std::uint32_t number) { return bic(number, "SNDA"); }

Orders::Orders(OrderSettings settings)
    : settings_(settings),
      random_(settings.seed),
      zipf_(static_cast<std::size_t>(std::max(settings.banks, 1)), Town::zipf) {}

Order Orders::next() {
  if (settings_.repeat_after > 0 && made_++ == settings_.repeat_after) {
    random_ = Random(settings_.seed);
    made_ = 1;
  }
  Order order{};
  write_hex(order.key.data(), random_.next());
  write_hex(order.key.data() + 16, random_.next());
  const auto counterparty = random_.below(static_cast<std::uint64_t>(settings_.counterparties));
  const auto rank =
      settings_.uniform ? random_.below(static_cast<std::uint64_t>(settings_.banks)) : zipf_.draw(random_);
  order.from = counterparty_bic(static_cast<std::uint32_t>(counterparty));
  order.to = bank_bic(static_cast<std::uint32_t>(static_cast<std::size_t>(settings_.first_bank) + rank));
  if (settings_.on_us) std::swap(order.from, order.to);
  order.amount = 1'000 + static_cast<int>(random_.below(9'000));
  return order;
}

RequestText::RequestText(std::string_view api_key, int batch, std::string_view more_headers)
    : per_request_(std::max(batch, 1)) {
  std::string body;
  if (batch > 0) body = R"({"orders":[)";
  first_order_ = body.size();
  for (int i = 0; i < per_request_; ++i) {
    const auto length = add_order(body, batch > 0);
    if (i + 1 < per_request_) body += ',';
    order_stride_ = length + 1;
  }
  if (batch > 0) body += "]}";
  text_ = std::string("POST /api/v1/settlements") + (batch > 0 ? "/batch" : "") +
          " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: " + std::string(api_key) + "\r\n" +
          std::string(more_headers) +
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\nIdempotency-Key: ";
  head_key_ = text_.size();
  text_ += std::string(32, '0') + "\r\n\r\n";
  first_order_ += text_.size();
  text_ += body;
}

std::size_t RequestText::add_order(std::string& body, bool with_key) {
  const auto start = body.size();
  const auto place = [&](std::string_view before, std::size_t width) {
    body += before;
    const auto at = body.size() - start;
    body.append(width, '0');
    return at;
  };
  body += '{';
  if (with_key) {
    in_order_.key = place(R"("idempotency_key":")", 32);
    body += R"(",)";
  }
  in_order_.obligation = place(R"("obligation_id":"OB-)", 16);
  in_order_.from = place(R"(","from_bank":")", 8);
  in_order_.to = place(R"(","to_bank":")", 8);
  in_order_.amount = place(R"(","amount":")", 4);
  body += R"(","currency":")";
  body += Town::currency;
  in_order_.invoice = place(R"(","priority":"NORMAL","method":"LOCAL_ACH","metadata":{"invoice":"F-)", 12);
  body += R"("}})";
  return body.size() - start;
}

std::string_view RequestText::fill(Orders& orders) {
  for (int i = 0; i < per_request_; ++i) {
    const Order order = orders.next();
    char* at = text_.data() + first_order_ + static_cast<std::size_t>(i) * order_stride_;
    if (i == 0) std::memcpy(text_.data() + head_key_, order.key.data(), order.key.size());
    if (in_order_.key != 0) std::memcpy(at + in_order_.key, order.key.data(), order.key.size());
    std::memcpy(at + in_order_.obligation, order.key.data(), 16);
    std::memcpy(at + in_order_.from, order.from.data(), 8);
    std::memcpy(at + in_order_.to, order.to.data(), 8);
    std::to_chars(at + in_order_.amount, at + in_order_.amount + 4, order.amount);
    std::memcpy(at + in_order_.invoice, order.key.data() + 16, 12);
  }
  return text_;
}

}  // namespace settled::bench
