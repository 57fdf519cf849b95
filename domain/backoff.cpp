#include "domain/backoff.hpp"

#include <algorithm>

namespace settled {
std::vector<std::string> BackoffSettings::problems() const {
  std::vector<std::string> wrong;
  if (initial.count() < 1) wrong.emplace_back("initial must be at least 1 ms");
  if (multiplier < 1) wrong.emplace_back("multiplier must be at least 1");
  if (max < initial) wrong.emplace_back("max must not be shorter than initial");
  if (max > std::chrono::hours(24 * 7)) wrong.emplace_back("max must be at most 7 days");
  if (jitter_percent < 0 || jitter_percent > 100) wrong.emplace_back("jitter_percent must be 0 to 100");
  return wrong;
}

std::chrono::milliseconds backoff(const BackoffSettings& settings, int failures, std::uint64_t random) {
  const std::int64_t longest = settings.max.count();
  std::int64_t wait = std::min<std::int64_t>(settings.initial.count(), longest);
  // Stops at the limit, so that neither a large count nor a large multiplier can overflow.
  for (int i = 1; i < failures && wait < longest && settings.multiplier > 1; ++i)
    wait = wait > longest / settings.multiplier ? longest : wait * settings.multiplier;
  const std::int64_t spread =
      wait / 100 * settings.jitter_percent + wait % 100 * settings.jitter_percent / 100;
  const auto places = static_cast<std::uint64_t>(2 * spread + 1);
  const std::int64_t jittered = wait - spread + static_cast<std::int64_t>(random % places);
  return std::chrono::milliseconds(std::min(jittered, longest));
}
}  // namespace settled
