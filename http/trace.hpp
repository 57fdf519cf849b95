// Names for requests: our own id, and the trace that the caller may have begun (W3C Trace Context).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace settled {

/// "req_" and a fresh id; sorts by time.
std::string make_request_id();
/// 32 hex digits, not all zero.
std::string make_trace_id();
/// The trace id of a `traceparent` header; nothing when the header is not well formed.
std::optional<std::string> trace_id_from(std::string_view traceparent);

}  // namespace settled
