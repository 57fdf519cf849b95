// Bodies as they come in: orders, batches, accounts and fundings, checked field by field. Everything that
// is wrong with a body is told at once.
#pragma once
#include "domain/account.hpp"
#include "domain/settlement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

template <class T>
struct Parsed {
  std::optional<T> value;
  std::vector<Refusal> errors;  // empty exactly when there is a value
  explicit operator bool() const { return value.has_value(); }
};

struct OrderIn {
  SettlementOrder order;
  std::string asked_date;       // settlement_date as it was given; the order's own is today's where there was
                                // none, and none where it was past and past_date is "today"
  std::string idempotency_key;  // of an element of a batch; empty when it carries none
};
struct BatchIn {
  std::vector<Parsed<OrderIn>> orders;  // 1 to 1,000
};
struct FundingIn {
  Money amount;
};

inline constexpr std::size_t batch_orders_max = 1000;
inline constexpr std::size_t metadata_bytes_max = 4096;

/// `today` is YYYY-MM-DD. `body` may move in memory, its text stays.
Parsed<OrderIn> parse_order(std::string& body, std::string_view today);
/// What errors of an order of a batch point to: "/orders/3", for a bare array too.
std::string order_pointer(std::size_t index);
/// Errors are those of the whole; a wrong element is in its own place.
Parsed<BatchIn> parse_batch(std::string& body, std::string_view today);
/// The account that shall be opened, without id, balance and version.
Parsed<Account> parse_account(std::string& body);
Parsed<FundingIn> parse_funding(std::string& body);

/// Is this a key that we take: 1 to 255 visible ASCII characters?
bool valid_idempotency_key(std::string_view key);

/// The closest of `known` within two edits, or nothing: for "Did you mean".
std::string_view closest_name(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace settled
