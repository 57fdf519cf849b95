// Which rail carries an order: the first whose banks and methods match, in the order of the configuration.
#pragma once
#include "domain/settlement.hpp"

#include <string>
#include <vector>

namespace settled {

struct RailRule {
  std::string connector;
  std::vector<std::string> banks;  // BICs of the payee's bank; "*" is every bank
  std::vector<Method> methods;     // empty: every method
  /// No bank outside: the payee's bank has its vostro here too, and the order is a transfer in our books.
  bool on_us = false;
};

/// Index of the rail, or nothing when no rail serves this bank with this method.
std::optional<std::size_t> route(const std::vector<RailRule>& rails, const SettlementOrder& order);

}  // namespace settled
