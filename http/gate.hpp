// What the head of a request alone decides: is there such a route, who asks, may he, has he said what is
// needed. Whoever does not pass costs us no body and no actor.
#pragma once
#include "http/problem.hpp"
#include "http/routes.hpp"
#include "messages/settling.hpp"

#include <optional>
#include <string>
#include <vector>

namespace settled {

struct ApiKey {
  std::string id;   // whose key space idempotency keys belong to; in logs
  Digest digest{};  // SHA-256 of the key: the key itself is nowhere
};

struct GateRules {
  std::vector<ApiKey> keys;
  bool allow_funding = false;             // development only
  bool metrics_open_on_loopback = false;  // development only
};

/// The id of the key that the request carries; nothing when it carries none of ours. Every key is compared,
/// in constant time.
std::optional<std::string> caller_of(const Request& request, const std::vector<ApiKey>& keys);

/// Notes route, caller and trace in the request, or says why not.
std::optional<Problem> pass_gate(Request& request, const GateRules& rules);

}  // namespace settled
