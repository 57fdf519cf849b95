#include "actors/intake_parts.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_set>

namespace settled {
namespace {
constexpr std::int64_t second = 1'000'000;

const std::vector<WindowDefinition>& windows_of(const IntakeState& state) {
  static const std::vector<WindowDefinition> open_always{always_open()};
  return state.settings.policy->windows_always_open ? open_always : state.rules.windows;
}

WindowAnswer window_now(const IntakeState& state, Currency currency, Method method,
                        std::optional<Date> not_before = std::nullopt) {
  return decide(windows_of(state), state.rules.calendars,
                {currency, method, state.settings.clock() / second, not_before}, state.settings.zone_offset);
}

ReleaseWaiting::Gate gate_of(Currency currency, Method method, const WindowAnswer& window) {
  return {.currency = currency,
          .method = method,
          .open = window.state == WindowState::open,
          .opens_at = window.opens_at * second,
          .next_cut_off = window.next_cut_off * second,
          .value_date = to_string(window.value_date),
          .reason = window.reason};
}

void look_soon(IntakeSelf self) {
  auto& state = self->state;
  if (state.looking) return;
  state.looking = true;
  self->delayed_send(self, state.settings.look_every, LookAtQueue{});
}

/// A change that no rule of ours forbids.
std::vector<Refusal> wrong_with(const IntakeState& state, const ChangeRules& request) {
  if (request.put_window)
    return problems(*request.put_window, state.rules.calendars, state.settings.zone_offset);
  if (request.put_calendar) return problems(*request.put_calendar);
  const Calendar* calendar = find_calendar(state.rules.calendars, request.calendar);
  if (!request.put_holiday || !calendar) return {};
  if (const auto known = holiday_on(*calendar, *request.put_holiday->date))
    return {{Errc::invalid_value, "/date",
             to_string(known->date) + " is a holiday already: " + known->name + ".", "another day"}};
  Calendar with = *calendar;
  with.rules.push_back(*request.put_holiday);
  return problems(with);
}
}  // namespace

void load_rules(IntakeSelf self) {
  self->request(self->state.settings.ledger, caf::infinite, ReadRules{})
      .then(
          [=](RulesFound& found) {
            self->state.rules = std::move(found.rules);
            self->state.judge.rules_changed();
            self->state.rules_known = true;
            self->state.looking = false;
            if (self->state.waiting > 0) look_soon(self);
            plan_queue(self);
          },
          // The writer is gone and comes back; until then no order can be written down either.
          [=](const caf::error&) {
            self->delayed_send(self, std::chrono::milliseconds(200), LookAtQueue{});
          });
}

bool note_waiting(IntakeSelf self, const SettlementView& s) {
  if (s.waiting == Waiting::no) return false;
  auto& state = self->state;
  state.waiting_for.emplace(s.order.amount.currency, s.order.method, s.order.settlement_date);
  look_soon(self);
  return true;
}

void look_at_queue(IntakeSelf self) {
  auto& state = self->state;
  if (!state.rules_known) return load_rules(self);
  if (state.waiting == 0) {
    state.looking = false;
    if (state.being_written == 0) state.waiting_for.clear();
    return;
  }
  ReleaseWaiting request;
  for (const auto& [currency, method, date] : state.waiting_for)
    if (request.gates.empty() || request.gates.back().currency != currency ||
        request.gates.back().method != method)
      request.gates.push_back(gate_of(currency, method, window_now(state, currency, method)));
  self->request(state.settings.ledger, caf::infinite, std::move(request))
      .then(
          [=](const Released& released) {
            auto& s = self->state;
            s.looking = false;
            for (const auto& one : released.started)
              if (!has_actor(s, one->id)) start(self, one, Start::fresh);
            ended_in_the_books(s, released.ended);
            s.waiting = released.still_waiting;
            if (released.still_waiting > 0) look_soon(self);
          },
          [=](const caf::error&) {
            self->state.looking = false;
            look_soon(self);
            take_up(self);  // what was released may have been recorded, and its answer lost
          });
}

void plan_queue(IntakeSelf self) {
  auto& state = self->state;
  if (!state.rules_known || state.waiting_for.empty()) return;
  ReleaseWaiting request{.gates = {}, .plan = true};
  for (const auto& [currency, method, date] : state.waiting_for) {
    const auto window = window_now(state, currency, method, date_from(date));
    if (window.state == WindowState::none) continue;  // its time may still come by another change
    request.gates.push_back(gate_of(currency, method, window));
    request.gates.back().settlement_date = date;
  }
  self->request(state.settings.ledger, caf::infinite, std::move(request))
      .then([=](const Released&) { look_soon(self); },
            [=](const caf::error&) { take_up(self); });  // which plans anew
}

void ended_in_the_books(IntakeState& state, const std::vector<Recorded>& settlements) {
  for (const auto& one : settlements) {
    state.from_start.erase(one->id);
    state.settings.on_ended(one);
  }
}

namespace {
/// Of obligations nobody looks at the list later: a bank on it is refused.
Refusal blocked_in(const BlockedList& blocked, const std::vector<Obligation>& obligations) {
  if (blocked.size() == 0) return {};
  std::unordered_set<std::string_view> passed;
  for (std::size_t i = 0; i < obligations.size(); ++i)
    for (const auto& [bank, side] : {std::pair(&obligations[i].from, "from"), {&obligations[i].to, "to"}}) {
      if (passed.contains(*bank)) continue;
      const auto hits = blocked.screen(*bank);
      if (hits && !hits->empty())
        return {Errc::blocked_party, "/obligations/" + std::to_string(i) + '/' + side + "_bank",
                *bank + " is on the blocked list: " + hits->front().why + ".", "a bank that is not on it"};
      passed.insert(*bank);
    }
  return {};
}
}  // namespace

caf::result<NettingBooked> book_netting(IntakeSelf self, BookNetting& request) {
  auto& state = self->state;
  if (!request.by_window) {
    request.barred = blocked_in(state.settings.policy->blocked, request.obligations);
    return self->delegate(state.settings.ledger, std::move(request));
  }
  // Older books hold as waiting what their bank may have executed since: that must not move a second time.
  if (std::any_of(state.settings.rails.begin(), state.settings.rails.end(),
                  [](const auto& rail) { return rail->quarantined(); }))
    return NettingBooked{
        .refusal = {Errc::illegal_transition, "",
                    "no orders are netted in quarantine: a bank may have executed what these "
                    "books hold as waiting.",
                    "the same after the quarantine is lifted"}};
  auto promise = self->make_response_promise<NettingBooked>();
  self->request(state.settings.ledger, caf::infinite, request)
      .then(
          [=](NettingBooked& booked) mutable {
            auto& s = self->state;
            ended_in_the_books(s, booked.ended);
            s.waiting -= std::min(s.waiting, static_cast<std::int64_t>(booked.ended.size()));
            promise.deliver(std::move(booked));
          },
          [=](caf::error& why) mutable {
            promise.deliver(std::move(why));
            take_up(self);  // it may have been recorded, and its answer lost
          });
  return promise;
}

caf::result<RulesFound> change_rules(IntakeSelf self, const ChangeRules& request) {
  auto wrong = wrong_with(self->state, request);
  if (!wrong.empty()) return RulesFound{{}, std::move(wrong.front())};
  auto promise = self->make_response_promise<RulesFound>();
  self->request(self->state.settings.ledger, caf::infinite, request)
      .then(
          [=](RulesFound& found) mutable {
            self->state.rules = found.rules;
            self->state.judge.rules_changed();
            plan_queue(self);
            promise.deliver(std::move(found));
          },
          [=](caf::error& why) mutable {
            promise.deliver(std::move(why));
            self->state.rules_known = false;
            load_rules(self);  // it may have been recorded all the same
          });
  return promise;
}

std::string calendars_to_look_at(const IntakeState& state) {
  if (state.settings.policy->windows_always_open) return {};
  constexpr std::chrono::days ahead{90};  // long enough to hear what is expected
  const std::chrono::sys_seconds now{std::chrono::seconds{state.settings.clock() / second}};
  const std::chrono::year_month_day then{std::chrono::floor<std::chrono::days>(now) + ahead};
  const int year = static_cast<int>(then.year());
  std::string names;
  for (const Calendar& calendar : state.rules.calendars)
    if (lacks_announced_days(calendar, year)) names += (names.empty() ? "" : ", ") + calendar.name;
  return names.empty() ? names : "no announced holidays of " + std::to_string(year) + " yet: " + names;
}

WindowFound read_window(const IntakeState& state, const ReadWindow& question) {
  return {window_now(state, question.currency, question.method)};
}
}  // namespace settled
