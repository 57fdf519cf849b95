// The part of a URL behind the '?', and the headers that carry a small grammar of their own.
#pragma once
#include "domain/refusal.hpp"
#include "http/exchange.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace settled {

class Query {
 public:
  /// Refuses names that are not `known`, names that stand twice, and broken percent signs. The pointer of
  /// a parameter's error is "?name".
  static Result<Query> parse(std::string_view raw, const std::vector<std::string_view>& known);
  /// Empty when absent.
  const std::string& operator[](std::string_view name) const;
  /// 1 to 200; 50 when absent.
  Result<int> limit() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// A segment of a path without its percent signs; nothing where they are broken or hide a control character.
std::optional<std::string> path_segment(std::string_view raw);
/// The key without its quotes. Errors: idempotency_key_missing, invalid_value.
Result<std::string> idempotency_key_of(const Request& request);
/// The seconds of `Prefer: wait=N` (RFC 7240), at most 60, quoted or not, with parameters or without;
/// nothing when not asked for or not a number.
std::optional<std::chrono::seconds> preferred_wait(const Request& request);
/// The sequence number of an event id "0-123"; also "123".
std::optional<std::int64_t> event_seq_from(std::string_view text);

}  // namespace settled
