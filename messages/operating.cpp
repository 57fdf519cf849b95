#include "messages/operating.hpp"

#include <array>

namespace settled {
std::string_view to_string(RecordKind kind) {
  constexpr std::array<std::string_view, 7> names{"fund_locks",    "unknowns", "breaks",     "actions",
                                                  "compensations", "nettings", "held_orders"};
  return names.at(static_cast<std::size_t>(kind));
}
}  // namespace settled
