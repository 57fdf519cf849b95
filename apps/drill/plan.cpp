#include "apps/drill/plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace settled::drill {
namespace {
using Chance = std::mt19937_64;

std::string rate(Chance& chance, int least_percent, int most_percent) {
  const int percent = between(chance, least_percent, most_percent);
  return "\"rate\":0." + std::string(percent < 10 ? "0" : "") + std::to_string(percent);
}
std::string seed(Chance& chance) { return ",\"seed\":" + std::to_string(chance() % 100'000); }
std::string ms(Chance& chance, int least, int most) {
  return ",\"ms\":" + std::to_string(between(chance, least, most));
}

/// The times stay below the bank's own word: what it does, it does within a third of a second of the answer
/// that it owes (not_found_final_after of the drill's settings).
Script draw_script(Chance& chance) {
  const auto when = one_in(chance, 2) ? ",\"when\":\"after\"" : ",\"when\":\"before\"";
  switch (between(chance, 0, 10)) {
    case 0:
      return {"drop_answer", rate(chance, 2, 40) + seed(chance)};
    case 1:
      return {"delay", rate(chance, 10, 80) + seed(chance) + ms(chance, 5, 120)};
    case 2:  // longer than settled waits
      return {"delay", rate(chance, 2, 8) + seed(chance) + ms(chance, 550, 650)};
    case 3:
      return {"duplicate", rate(chance, 10, 60) + seed(chance)};
    case 4:
      return {"error", rate(chance, 5, 30) + seed(chance) + ",\"status\":503" + when};
    case 5:
      return {"refuse", rate(chance, 5, 30) + seed(chance) + R"(,"code":"AC04","reason":"closed account")"};
    case 6:
      return {"hang", "\"count\":" + std::to_string(between(chance, 1, 4)) + ms(chance, 600, 1'000) + when};
    case 7:
      return {"drop_before", rate(chance, 2, 15) + seed(chance)};
    case 8:
      return {"pending", rate(chance, 5, 40) + seed(chance) + ms(chance, 20, 400)};
    case 9:
      return {"late_effect", rate(chance, 2, 20) + seed(chance) + ms(chance, 20, 150)};
    default:
      return {"error", "\"count\":" + std::to_string(between(chance, 2, 10)) + seed(chance) +
                           ",\"status\":500,\"op\":\"INQUIRY\""};
  }
}

Victim draw_victim(Chance& chance) {
  constexpr std::array<std::pair<Victim, int>, 7> weights{{{Victim::settled, 36},
                                                           {Victim::postmaster, 18},
                                                           {Victim::backend, 14},
                                                           {Victim::bank, 14},
                                                           {Victim::freeze, 8},
                                                           {Victim::everything, 6},
                                                           {Victim::terminate, 4}}};
  int at = between(chance, 1, 100);
  for (const auto& [victim, weight] : weights)
    if ((at -= weight) <= 0) return victim;
  return Victim::settled;
}
}  // namespace

std::string to_string(Victim victim) {
  switch (victim) {
    case Victim::settled:
      return "settled";
    case Victim::postmaster:
      return "postmaster";
    case Victim::backend:
      return "backend";
    case Victim::bank:
      return "bank";
    case Victim::everything:
      return "everything";
    case Victim::freeze:
      return "database frozen";
    case Victim::terminate:
      return "SIGTERM";
  }
  return "?";
}

std::string Strike::text() const {
  auto out = to_string(victim) + " after " + std::to_string(after_answers) + " answers";
  if (later.count() > 0) out += " and " + std::to_string(later.count()) + " us";
  if (lasts.count() > 0) out += " for " + std::to_string(lasts.count()) + " ms";
  return out;
}

std::string Plan::text() const {
  std::string out = std::to_string(connections) + " connections";
  for (const Script& s : scripts) out += "; bank: " + s.text();
  for (const Strike& s : strikes) out += "; strike: " + s.text();
  return strikes.empty() ? out + "; no strike" : out;
}

std::mt19937_64 chance_of(std::uint64_t seed, int round, int purpose) {
  std::seed_seq all{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U),
                    static_cast<std::uint32_t>(round), static_cast<std::uint32_t>(purpose)};
  return std::mt19937_64(all);
}
int between(std::mt19937_64& chance, int least, int most) {
  // Not uniform_int_distribution, whose numbers differ between libraries.
  return least + static_cast<int>(chance() % static_cast<std::uint64_t>(most - least + 1));
}
bool one_in(std::mt19937_64& chance, int n) { return chance() % static_cast<std::uint64_t>(n) == 0; }

Plan draw_plan(std::uint64_t seed, int round, int orders) {
  auto chance = chance_of(seed, round, 1);
  Plan plan;
  plan.connections = between(chance, 2, 10);
  for (int i = between(chance, 0, 3); i > 0; --i) plan.scripts.push_back(draw_script(chance));
  const int dice = between(chance, 1, 100);
  for (int i = dice <= 10 ? 0 : dice <= 75 ? 1 : dice <= 93 ? 2 : 3; i > 0; --i) {
    Strike strike;
    strike.victim = draw_victim(chance);
    // A third exactly when an answer came, the others a moment later.
    strike.after_answers = between(chance, 0, orders - 1);
    if (!one_in(chance, 3)) strike.later = std::chrono::microseconds(between(chance, 0, 30'000));
    if (strike.victim == Victim::freeze) strike.lasts = std::chrono::milliseconds(between(chance, 50, 1'200));
    if (strike.victim == Victim::settled && one_in(chance, 4))
      strike.lasts = std::chrono::milliseconds(between(chance, 10, 400));
    plan.strikes.push_back(strike);
  }
  std::stable_sort(plan.strikes.begin(), plan.strikes.end(),
                   [](const Strike& a, const Strike& b) { return a.after_answers < b.after_answers; });
  return plan;
}
}  // namespace settled::drill
