#include "runtime/policy.hpp"

#include "runtime/system.hpp"

#include <fstream>
#include <iterator>

namespace settled {
namespace {
constexpr int exit_config = 78;

BlockedList blocked_list(const std::string& path) {
  BlockedList list;
  if (path.empty()) return list;
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in && !in.eof()) throw StartFailure(exit_config, "compliance.blocked_list: cannot read " + path + '.');
  std::string all;
  for (const auto& wrong : list.load(text))
    all += (all.empty() ? "" : "\n") + path + ": " + wrong.field + ": " + wrong.detail;
  if (!all.empty()) throw StartFailure(exit_config, all);
  return list;
}
}  // namespace

Policy policy_of(const Config& config) {
  Policy policy{.blocked = blocked_list(config.compliance.blocked_list),
                .windows_always_open = config.settlement.windows == WindowUse::always_open ||
                                       (config.settlement.windows == WindowUse::by_environment &&
                                        config.environment == Environment::development),
                .outside_window = config.settlement.outside_window,
                .insufficient_funds = config.settlement.insufficient_funds};
  ensure(policy.limits.set(config.settlement.amount_limits).empty(), "the configuration was checked");
  return policy;
}

SchedulerSettings scheduler_settings(const Config& config) {
  const auto& jobs = config.jobs;
  return {.retry_every = jobs.retry_every,
          .cleanup_every = jobs.cleanup_every,
          .escalate_every = jobs.escalate_every,
          .lock_expiry_every = jobs.lock_expiry_every,
          .check_every = jobs.check_invariants_every,
          .archive_after = jobs.archive_after,
          .unknown_limit = config.settlement.unknown_limit,
          .transaction_timeout = config.settlement.transaction_timeout,
          .watch_ended = jobs.watch_ended};
}
}  // namespace settled
