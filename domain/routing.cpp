#include "domain/routing.hpp"

#include <algorithm>

namespace settled {
std::optional<std::size_t> route(const std::vector<RailRule>& rails, const SettlementOrder& order) {
  const auto serves = [&](const RailRule& rail) {
    const bool bank = std::any_of(rail.banks.begin(), rail.banks.end(),
                                  [&](const std::string& b) { return b == "*" || b == order.to_bank; });
    return bank && (rail.methods.empty() ||
                    std::find(rail.methods.begin(), rail.methods.end(), order.method) != rail.methods.end());
  };
  const auto found = std::find_if(rails.begin(), rails.end(), serves);
  if (found == rails.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rails.begin());
}
}  // namespace settled
