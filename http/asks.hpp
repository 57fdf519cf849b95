// From a request that passed the gate to the question for an actor: parsing only, nothing is decided.
#pragma once
#include "http/ticket.hpp"

#include <optional>
#include <vector>

namespace settled {

/// The question, or what is wrong with the request. The body may be moved. Routes that no actor answers
/// (live, metrics, openapi, problem pages) are not for here.
std::optional<Ask> ask_from(Request& request, std::int64_t now_micros, std::vector<Refusal>& errors);

}  // namespace settled
