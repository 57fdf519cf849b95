// The windows and calendars that a new installation starts with. They are a start, not the truth: operators
// edit them in the database, and every date marked provisional wants a look when it is announced.
#pragma once
#include "domain/window.hpp"

#include <vector>

namespace settled {
/// "UEMOA", "Ghana", "TARGET", "Federal Reserve".
std::vector<Calendar> default_calendars();
/// XOF, GHS, EUR and USD, each for every method.
std::vector<WindowDefinition> default_windows();
}  // namespace settled
