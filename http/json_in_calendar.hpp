// The rules of a holiday calendar as JSON, in both directions.
#pragma once
#include "domain/calendar.hpp"
#include "http/json_in.hpp"

namespace settled {

/// All rules of the calendar, 1 to 400. Only the form is checked here; whether a rule makes sense is the
/// intake's. Takes what append_calendar shows: "next" is read over, a "name" must be that of the path.
Parsed<Calendar> parse_calendar(std::string& body, std::string name);

/// With its holidays of `year` and the next one.
void append_calendar(std::string& out, const Calendar& calendar, int year);

}  // namespace settled
