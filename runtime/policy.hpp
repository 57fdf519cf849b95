// What the configuration means for the engine.
#pragma once
#include "actors/scheduler.hpp"
#include "config/config.hpp"
#include "domain/rules.hpp"

namespace settled {
/// Reads the blocked list. Throws StartFailure naming every line that is wrong.
Policy policy_of(const Config& config);
/// Without its actors.
SchedulerSettings scheduler_settings(const Config& config);
}  // namespace settled
