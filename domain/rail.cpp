#include "domain/rail.hpp"

#include <array>

namespace settled {
std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, 6> names{"accepted", "completed", "rejected",
                                                  "not_sent", "not_found", "unknown"};
  return names.at(static_cast<std::size_t>(outcome));
}
}  // namespace settled
