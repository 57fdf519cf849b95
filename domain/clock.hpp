// Time and chance are inputs: whoever needs them is given a Clock and an Ids, so that tests can turn them.
#pragma once
#include "domain/ids.hpp"

#include <cstdint>
#include <functional>

namespace settled {
/// Microseconds since 1970, UTC.
using Clock = std::function<std::int64_t()>;
/// A fresh version 7 id, larger than all before it from the same source.
using Ids = std::function<Uuid()>;
}  // namespace settled
