// The orders of a load: who pays whom, under which key. The same seed draws the same orders again.
#pragma once
#include "apps/bench/stats.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace settled::bench {

/// The accounts of every case. The banks are few and unevenly busy: each has a vostro with us and one of our
/// nostros. The counterparties are many: each has a vostro.
struct Town {
  int counterparties = 100'000;
  int banks = 1'000;
  static constexpr double zipf = 1.1;
  static constexpr std::string_view currency = "XOF";
};
/// Two kinds of bank, told apart by the country in their BIC.
std::array<char, 8> counterparty_bic(std::uint32_t number);
std::array<char, 8> bank_bic(std::uint32_t number);

struct Order {
  std::array<char, 32> key;  // random hexadecimal digits, as the UUIDs of real clients are
  std::array<char, 8> from, to;
  int amount;
};

struct OrderSettings {
  std::uint64_t seed = 1;
  int counterparties = 0;  // drawn evenly
  /// By Zipf from `first_bank` on; 1 makes its account the hot one.
  int banks = 0;
  int first_bank = 0;
  bool uniform = false;  // the banks, too
  /// The bank pays a counterparty, from one vostro to another; else the counterparty pays, and the bank is
  /// paid through our nostro there.
  bool on_us = false;
  /// After so many orders the same ones come again, key by key. 0: never.
  std::uint64_t repeat_after = 0;
};

class Orders {
 public:
  explicit Orders(OrderSettings settings);
  Order next();

 private:
  OrderSettings settings_;
  Random random_;
  Zipf zipf_;
  std::uint64_t made_ = 0;
};

/// The text of a request with places that change; everything else is written once.
class RequestText {
 public:
  /// `batch` 0: an order alone. `more_headers` with a CR LF after each.
  RequestText(std::string_view api_key, int batch, std::string_view more_headers = {});
  /// A whole request with fresh orders; valid until the next call. The first order's key is the request's.
  std::string_view fill(Orders& orders);
  int orders_per_request() const { return per_request_; }

 private:
  struct Places {
    std::size_t key, obligation, from, to, amount, invoice;
  };
  std::size_t add_order(std::string& body, bool with_key);
  int per_request_;
  std::string text_;
  std::size_t head_key_ = 0, first_order_ = 0, order_stride_ = 0;
  Places in_order_{};
};

}  // namespace settled::bench
