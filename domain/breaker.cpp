#include "domain/breaker.hpp"

#include <array>

namespace settled {
std::string_view to_string(BreakerState state) {
  constexpr std::array<std::string_view, 3> names{"CLOSED", "OPEN", "HALF_OPEN"};
  return names.at(static_cast<std::size_t>(state));
}

std::vector<std::string> BreakerSettings::problems() const {
  std::vector<std::string> wrong;
  if (failure_threshold < 1) wrong.emplace_back("failure_threshold must be at least 1");
  if (success_threshold < 1) wrong.emplace_back("success_threshold must be at least 1");
  if (timeout.count() < 1) wrong.emplace_back("timeout must be at least 1 ms");
  if (half_open_max_calls < 1) wrong.emplace_back("half_open_max_calls must be at least 1");
  return wrong;
}

Breaker::Breaker(BreakerSettings settings) : settings_(settings) {}

void Breaker::go(BreakerState to) {
  state_ = to;
  ++generation_;
  failures_ = successes_ = under_way_ = 0;
}

std::optional<Breaker::Time> Breaker::opens_until() const {
  if (state_ != BreakerState::OPEN) return std::nullopt;
  return opened_at_ + settings_.timeout;
}

std::optional<BreakerTicket> Breaker::may_call(Time now, CallKind kind) {
  if (state_ == BreakerState::OPEN) {
    if (now < opened_at_ + settings_.timeout) return std::nullopt;
    go(BreakerState::HALF_OPEN);
  }
  if (state_ == BreakerState::HALF_OPEN) {
    if (under_way_ >= settings_.half_open_max_calls) return std::nullopt;
    if (kind == CallKind::payment && successes_ == 0) return std::nullopt;
    ++under_way_;
  }
  return BreakerTicket{generation_};
}

void Breaker::succeeded(BreakerTicket ticket) {
  if (ticket.generation != generation_) return;
  failures_ = 0;
  if (state_ != BreakerState::HALF_OPEN) return;
  --under_way_;
  if (++successes_ >= settings_.success_threshold) go(BreakerState::CLOSED);
}

void Breaker::failed(BreakerTicket ticket, Time now) {
  if (ticket.generation != generation_) return;
  // In HALF_OPEN one failure is enough: the other side is not well yet.
  if (state_ != BreakerState::HALF_OPEN && ++failures_ < settings_.failure_threshold) return;
  go(BreakerState::OPEN);
  opened_at_ = now;
}

void Breaker::abandoned(BreakerTicket ticket) {
  if (ticket.generation == generation_ && state_ == BreakerState::HALF_OPEN) --under_way_;
}
}  // namespace settled
