#pragma once
#include <array>
#include <cstdint>

namespace settled {
using Digest = std::array<std::uint8_t, 32>;  // SHA-256; made by security/digest.hpp
}  // namespace settled
