// SHA-256, the one digest of this project: keys, requests, orders and the event chain.
#pragma once
#include "domain/digest.hpp"

#include <string_view>

namespace settled {

Digest sha256(std::string_view bytes);
/// Over `before` and then `bytes`: a link of a chain.
Digest sha256(const Digest& before, std::string_view bytes);
/// Takes the same time wherever they differ.
bool same_digest(const Digest& a, const Digest& b);

}  // namespace settled
