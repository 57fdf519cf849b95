#define BOOST_TEST_MODULE netting
#include "domain/netting.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

using namespace settled;

namespace {
const Currency xof = *currency_from("XOF");
const Currency ghs = *currency_from("GHS");
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

const std::vector<Obligation> triangle{{"o1", "A", "B", {100, xof}},
                                       {"o2", "B", "C", {80, xof}},
                                       {"o3", "C", "A", {50, xof}},
                                       {"o4", "B", "A", {30, xof}}};

std::vector<Obligation> random_obligations(std::uint64_t seed) {
  std::mt19937_64 chance(seed);
  const std::vector<std::string> names{"A", "B", "C", "D", "E", "F", "G", "H"};
  const auto participants = 2 + chance() % (names.size() - 1);
  std::vector<Obligation> out;
  for (std::size_t i = 0, count = chance() % 60; i < count; ++i) {
    const auto from = chance() % participants, step = 1 + chance() % (participants - 1);
    out.push_back({"o" + std::to_string(i),
                   names[from],
                   names[(from + step) % participants],
                   {static_cast<std::int64_t>(1 + chance() % 1'000'000), chance() % 3 == 0 ? ghs : xof}});
  }
  return out;
}
const MultilateralNet& position_of(const Netting& netting, std::string_view who, Currency currency = xof) {
  for (const auto& p : netting.multilateral)
    if (p.participant == who && p.currency == currency) return p;
  BOOST_REQUIRE_MESSAGE(false, who << " has a position");
  return netting.multilateral.front();
}
Refusal refusal_of(const std::vector<Obligation>& obligations) {
  const auto result = net(obligations);
  BOOST_REQUIRE(!result);
  return result.refusal();
}
}  // namespace

BOOST_AUTO_TEST_CASE(three_banks_in_a_circle_pay_only_the_difference) {
  const auto result = net(triangle);
  BOOST_REQUIRE(result);
  const auto& a = position_of(*result, "A");
  BOOST_TEST(a.net == -20);
  BOOST_TEST(a.in.ids == (std::vector<std::string>{"o3", "o4"}), boost::test_tools::per_element());
  BOOST_TEST((a.in.sum == 80 && a.out.sum == 100));
  BOOST_TEST(position_of(*result, "B").net == -10);
  BOOST_TEST(position_of(*result, "C").net == 30);
  BOOST_REQUIRE(result->bilateral.size() == 3u);
  const auto& ab = result->bilateral.front();
  BOOST_TEST((ab.first == "A" && ab.second == "B" && ab.first_owes.sum == 100 && ab.second_owes.sum == 30));
  BOOST_TEST(ab.net == -70);
  BOOST_REQUIRE(result->totals.size() == 1u);
  BOOST_TEST((result->totals[0] == CurrencyTotal{xof, 4, 260, 200, 30}));
  BOOST_TEST((result->payments == std::vector<NetPayment>{{"A", "C", {20, xof}}, {"B", "C", {10, xof}}}));
}

BOOST_AUTO_TEST_CASE(nothing_owed_is_nothing_to_pay) {
  BOOST_TEST((*net({}) == Netting{}));
  const auto even = net({{"a", "A", "B", {5, xof}}, {"b", "B", "A", {5, xof}}});
  BOOST_TEST(even->payments.empty());
  BOOST_TEST(even->multilateral.size() == 2u);  // the proof stays, though the net is zero
}

BOOST_AUTO_TEST_CASE(what_cannot_be_netted_is_refused_by_name) {
  struct Case {
    Obligation bad;
    Errc code;
    const char* field;
  };
  for (const Case& c : {
           Case{{"", "A", "B", {1, xof}}, Errc::missing_field, "/obligations/1/id"},
           Case{{"x", "", "B", {1, xof}}, Errc::missing_field, "/obligations/1/from"},
           Case{{"x", "A", "", {1, xof}}, Errc::missing_field, "/obligations/1/to"},
           Case{{"o0", "A", "B", {1, xof}}, Errc::invalid_value, "/obligations/1/id"},
           Case{{"x", "A", "A", {1, xof}}, Errc::same_bank, "/obligations/1/to"},
           Case{{"x", "A", "B", {0, xof}}, Errc::amount_not_positive, "/obligations/1/amount"},
           Case{{"x", "A", "B", {-1, xof}}, Errc::amount_not_positive, "/obligations/1/amount"},
           Case{{"x", "B", "A", {largest, xof}}, Errc::amount_overflow, "/obligations/1/amount"},
       }) {
    const auto refusal = refusal_of({{"o0", "A", "B", {1, xof}}, c.bad});
    BOOST_TEST(to_string(refusal.code) == to_string(c.code), c.field);
    BOOST_TEST(refusal.field == c.field);
  }
  // Each currency for itself.
  const auto fits = net({{"o0", "A", "B", {1, ghs}}, {"o1", "B", "A", {largest, xof}}});
  BOOST_TEST(static_cast<bool>(fits));
}

BOOST_AUTO_TEST_CASE(money_is_conserved_in_every_netting) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const auto obligations = random_obligations(seed);
    const auto result = net(obligations);
    BOOST_REQUIRE_MESSAGE(result, "SEED=" << seed);
    std::map<Currency, std::int64_t> sum;
    std::map<std::pair<Currency, std::string>, std::int64_t> gross, paid, paired;
    std::map<std::string, int> times_in, times_out;
    for (const auto& o : obligations) {
      gross[{o.amount.currency, o.from}] -= o.amount.minor;
      gross[{o.amount.currency, o.to}] += o.amount.minor;
    }
    std::map<Currency, std::size_t> participants, payments;
    for (const auto& p : result->multilateral) {
      sum[p.currency] += p.net;
      ++participants[p.currency];
      BOOST_TEST(p.net == (gross[{p.currency, p.participant}]), "SEED=" << seed);
      for (const auto& id : p.in.ids) ++times_in[id];
      for (const auto& id : p.out.ids) ++times_out[id];
    }
    for (const auto& [currency, total] : sum) BOOST_TEST(total == 0, "SEED=" << seed);
    for (const auto& o : obligations)
      BOOST_TEST((times_in[o.id] == 1 && times_out[o.id] == 1), "SEED=" << seed);
    for (const auto& p : result->payments) {
      BOOST_TEST(p.amount.minor > 0, "SEED=" << seed);
      paid[{p.amount.currency, p.from}] -= p.amount.minor;
      paid[{p.amount.currency, p.to}] += p.amount.minor;
      ++payments[p.amount.currency];
    }
    for (const auto& b : result->bilateral) {
      paired[{b.currency, b.first}] += b.net;
      paired[{b.currency, b.second}] -= b.net;
    }
    for (const auto& p : result->multilateral) {
      BOOST_TEST((paid[{p.currency, p.participant}]) == p.net, "SEED=" << seed);
      BOOST_TEST((paired[{p.currency, p.participant}]) == p.net, "SEED=" << seed);
    }
    for (const auto& [currency, count] : payments)
      BOOST_TEST(count < participants[currency], "SEED=" << seed);
    for (const auto& t : result->totals)
      BOOST_TEST((t.multilateral <= t.bilateral && t.bilateral <= t.gross), "SEED=" << seed);
  }
}

BOOST_AUTO_TEST_CASE(the_order_of_the_list_has_no_influence) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    auto obligations = random_obligations(seed);
    const auto before = net(obligations);
    std::shuffle(obligations.begin(), obligations.end(), std::mt19937_64(seed));
    BOOST_TEST((*net(obligations) == *before), "SEED=" << seed);
  }
}

BOOST_AUTO_TEST_CASE(leaving_a_participant_out_is_netting_the_list_without_it) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto obligations = random_obligations(seed);
    std::vector<Obligation> filtered;
    std::vector<std::string> left_open;
    for (const auto& o : obligations)
      if (o.from != "B" && o.to != "B")
        filtered.push_back(o);
      else
        left_open.push_back(o.id);
    std::sort(left_open.begin(), left_open.end());
    const auto comparison = dry_run_without(obligations, {}, {"B"});
    BOOST_REQUIRE_MESSAGE(comparison, "SEED=" << seed);
    BOOST_TEST((comparison->without_excluded.netting == *net(filtered)), "SEED=" << seed);
    BOOST_TEST((comparison->with_all.netting == *net(obligations)), "SEED=" << seed);
    BOOST_TEST((comparison->excluded_ids == left_open), "SEED=" << seed);
  }
}

BOOST_AUTO_TEST_CASE(a_dry_run_names_whose_liquidity_or_cap_would_break_and_by_how_much) {
  const auto run = dry_run(triangle, {{"A", xof, 15, {}}, {"B", xof, 1'000, 4}, {"C", xof, 0, 0}});
  BOOST_REQUIRE(run);
  BOOST_TEST(!run->feasible);
  BOOST_REQUIRE(run->lines.size() == 3u);
  const auto &a = run->lines[0], &b = run->lines[1], &c = run->lines[2];
  BOOST_TEST((a.pays == 20 && a.short_by == 5 && a.over_cap_by == 0));
  BOOST_TEST((b.pays == 10 && b.short_by == 0 && b.over_cap_by == 6));
  BOOST_TEST((c.pays == 0 && c.receives == 30 && !c.breaks()));
  // A cap is of where it stands after the netting: 12 of its own and a cap of 5 carry 17 of 20.
  const auto standing = dry_run(triangle, {{"A", xof, 17, 5, 12}, {"B", xof, 10, 20, -10}});
  BOOST_TEST((standing->lines[0].over_cap_by == 3 && standing->lines[0].short_by == 3));
  BOOST_TEST((standing->lines[1].over_cap_by == 0 && *standing->lines[1].net_debit_cap == 20));
  BOOST_TEST(dry_run(triangle, {{"A", xof, 20, 20}, {"B", xof, 10, 10}})->feasible);
}

BOOST_AUTO_TEST_CASE(a_payer_whose_means_nobody_told_breaks) {
  const auto run = dry_run(triangle, {{"A", ghs, 1'000, {}}, {"B", xof, 10, {}}});
  BOOST_TEST((!run->feasible && !run->lines[0].means_known && run->lines[0].short_by == 20));
  const auto overdrawn = dry_run(triangle, {{"A", xof, std::numeric_limits<std::int64_t>::min(), {}}});
  BOOST_TEST(overdrawn->lines[0].short_by == 20);
}

BOOST_AUTO_TEST_CASE(leaving_one_out_may_pull_another_down) {
  // B lives on what A owes it: without A it cannot pay C.
  const std::vector<Obligation> chain{{"o1", "A", "B", {100, xof}}, {"o2", "B", "C", {100, xof}}};
  const std::vector<Means> means{{"A", xof, 0, {}}, {"B", xof, 30, {}}, {"C", xof, 0, {}}};
  const auto comparison = dry_run_without(chain, means, {"A"});
  BOOST_REQUIRE(comparison);
  BOOST_REQUIRE(comparison->newly_broken.size() == 1u);
  BOOST_TEST((comparison->newly_broken[0].participant == "B" && comparison->newly_broken[0].short_by == 70));
  BOOST_REQUIRE(comparison->healed.size() == 1u);
  BOOST_TEST(comparison->healed[0].participant == "A");
  BOOST_TEST((comparison->excluded_ids == std::vector<std::string>{"o1"}));
}

BOOST_AUTO_TEST_CASE(means_are_given_once_and_caps_are_not_negative) {
  const auto twice = dry_run(triangle, {{"A", xof, 1, {}}, {"A", xof, 2, {}}});
  BOOST_TEST((!twice && twice.refusal().field == "/means/1"));
  const auto cap = dry_run(triangle, {{"A", xof, 1, -1}});
  BOOST_TEST((!cap && cap.refusal().field == "/means/0/net_debit_cap"));
}
