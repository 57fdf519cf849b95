// Banks are known by their BIC (ISO 9362).
#pragma once
#include "domain/refusal.hpp"

#include <string>
#include <string_view>

namespace settled {
/// Checks the form: 4 letters or digits, 2 letters of the country, 2 of the place, optionally 3 of the
/// branch. Errors: invalid_value.
Result<std::string> bic_from(std::string_view text);
}  // namespace settled
