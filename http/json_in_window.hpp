// A settlement window's definition as JSON, in both directions: its times are those of a wall clock, "08:00",
// with the day counted from the business day.
#pragma once
#include "domain/window.hpp"
#include "http/json_in.hpp"

namespace settled {

/// Only the form is checked here; the rules (overlaps, zones, calendars) are the intake's. A "name" in the
/// body must be that of the path.
Parsed<WindowDefinition> parse_window(std::string& body, std::string name);

void append_window(std::string& out, const WindowDefinition& window);

}  // namespace settled
