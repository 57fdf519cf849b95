// Responses as bytes, and the port's own refusals.
#pragma once
#include "http/exchange.hpp"

#include <string>
#include <string_view>

namespace settled {

/// Status line and headers with the empty line. Without `has_length` the body ends with the connection.
std::string head_text(const Response& response, std::string_view request_id, bool keep_alive,
                      bool has_length);

/// A refusal by the port itself. `request` is null while nobody knows what was asked.
Response refused(int status, std::string detail, const Request* request = nullptr);

}  // namespace settled
