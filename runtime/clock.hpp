// The real clock and the real ids.
#pragma once
#include "domain/clock.hpp"

namespace settled {
Clock system_clock();
/// Microseconds that only go forward; their zero means nothing.
Clock steady_clock();
/// Version 7 ids from a cryptographic generator; each larger than the one before. For many threads.
Ids system_ids();
/// 64 random bits for jitter; for many threads.
std::function<std::uint64_t()> system_chance();
}  // namespace settled
