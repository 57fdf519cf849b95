#define BOOST_TEST_MODULE bench_measuring
#include "apps/bench/orders.hpp"
#include "apps/bench/result.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace settled::bench {
namespace {
std::string text(const std::array<char, 8>& bic) { return {bic.data(), bic.size()}; }
}  // namespace

BOOST_AUTO_TEST_SUITE(bench_measuring)

BOOST_AUTO_TEST_CASE(zipf_draws_each_rank_as_often_as_its_share_says) {
  const Zipf zipf(1'000, 1.1);
  Random random(7);
  std::map<std::size_t, int> drawn;
  constexpr int n = 200'000;
  for (int i = 0; i < n; ++i) ++drawn[zipf.draw(random)];
  BOOST_TEST(drawn.rbegin()->first < 1'000U);
  for (const std::size_t rank : {0U, 1U, 9U})
    BOOST_TEST(drawn[rank] == zipf.probability(rank) * n, boost::test_tools::tolerance(0.1));
  // BENCH.md: the hottest of a thousand gets about 18 %.
  BOOST_TEST(zipf.probability(0) > 0.17);
  BOOST_TEST(zipf.probability(0) < 0.19);
}

BOOST_AUTO_TEST_CASE(one_rank_is_always_drawn) {
  const Zipf zipf(1, 1.1);
  Random random(1);
  for (int i = 0; i < 100; ++i) BOOST_TEST(zipf.draw(random) == 0U);
}

BOOST_AUTO_TEST_CASE(a_percentile_is_a_value_that_was_measured) {
  Latencies latencies;
  BOOST_TEST(latencies.ms(99) == 0);
  for (int i = 100; i >= 1; --i) latencies.add(i * 1'000);
  BOOST_TEST(latencies.ms(50) == 50);
  BOOST_TEST(latencies.ms(99) == 99);
  BOOST_TEST(latencies.ms(99.9) == 100);
  BOOST_TEST(latencies.ms(100) == 100);
}

BOOST_AUTO_TEST_CASE(the_figure_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_medians) {
  const auto of = ratios({100, 300, 200}, {10, 100, 100});
  const auto spread = spread_of(of);
  BOOST_TEST(spread.median == 3);
  BOOST_TEST(spread.min == 2);
  BOOST_TEST(spread.max == 10);
  BOOST_TEST(ratios({1}, {0}).empty());
}

BOOST_AUTO_TEST_CASE(a_reference_that_more_than_doubles_is_unsteady) {
  BOOST_TEST(!unsteady({}));
  BOOST_TEST(!unsteady({100, 200}));
  BOOST_TEST(unsteady({100, 150, 201}));
}

BOOST_AUTO_TEST_CASE(broken_books_count_as_zero_and_meet_no_bar) {
  Result r{.name = "x", .value = 5'000, .ratio = Spread{5, 4, 6}, .bar = 2};
  BOOST_TEST(r.meets(2));
  r.broken = "balance of acc_…";
  r.settle();
  BOOST_TEST(r.value == 0);
  BOOST_TEST(r.ratio->median == 0);
  BOOST_TEST(!r.meets(0));
}

BOOST_AUTO_TEST_CASE(less_is_better_for_times) {
  Result r{.name = "x", .value = 3, .unit = "ms", .less_is_better = true};
  BOOST_TEST(r.meets(3));
  BOOST_TEST(!r.meets(2.9));
}

BOOST_AUTO_TEST_CASE(the_json_has_these_keys_and_no_others) {
  std::vector<Result> results{
      {.name = "a",
       .value = 16'712.34,
       .unit = "settlements/s",
       .reference = 2'500,
       .ratio = Spread{6.7, 6, 7},
       .bar = 2,
       .goal = 4,
       .cpu_us = 88.12},
      {.name = "b", .value = 12, .unit = "ms", .note = "a word \xff that is not UTF-8"}};
  const auto json = nlohmann::json::parse(json_of(results, {.cpu = "a machine", .cores = 2}));
  BOOST_TEST(json.size() == 2U);
  BOOST_TEST(json["machine"]["cores"] == 2);
  BOOST_REQUIRE(json["cases"].size() == 2U);
  std::set<std::string> keys;
  for (const auto& [key, value] : json["cases"][0].items()) keys.insert(key);
  BOOST_TEST((keys == std::set<std::string>{"case", "value", "unit", "reference", "ratio", "bar", "goal",
                                            "spread", "cpu_us"}));
  BOOST_TEST(json["cases"][0]["value"] == 16'710);
  BOOST_TEST(json["cases"][0]["spread"] == nlohmann::json({6.0, 7.0}));
  BOOST_TEST(json["cases"][1]["ratio"].is_null());
}

BOOST_AUTO_TEST_CASE(the_same_seed_draws_the_same_orders_again) {
  const OrderSettings settings{.seed = 5, .counterparties = 100, .banks = 10, .repeat_after = 3};
  Orders a(settings), b(settings);
  const auto first = a.next();
  BOOST_TEST(text(first.from) == text(b.next().from));
  a.next();
  a.next();
  BOOST_TEST((a.next().key == first.key));
}

BOOST_AUTO_TEST_CASE(different_numbers_are_different_banks) {
  std::set<std::string> bics;
  for (std::uint32_t i = 0; i < 100'000; ++i) bics.insert(text(counterparty_bic(i)));
  for (std::uint32_t i = 0; i < 1'000; ++i) bics.insert(text(bank_bic(i)));
  BOOST_TEST(bics.size() == 101'000U);
  BOOST_TEST(text(counterparty_bic(0)) == "AAAACIAB");
  BOOST_TEST(text(bank_bic(27)) == "AABBSNDA");
}

BOOST_AUTO_TEST_CASE(a_request_is_whole_http_with_valid_json) {
  for (const int batch : {0, 3}) {
    Orders orders({.seed = 9, .counterparties = 100, .banks = 10}),
        same({.seed = 9, .counterparties = 100, .banks = 10});
    RequestText request("key", batch);
    const std::string whole(request.fill(orders));
    const auto end = whole.find("\r\n\r\n");
    BOOST_REQUIRE(end != std::string::npos);
    const auto body = whole.substr(end + 4);
    BOOST_TEST(whole.find("Content-Length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
    const auto json = nlohmann::json::parse(body);
    const auto order = same.next();
    const auto& first = batch > 0 ? json["orders"][0] : json;
    BOOST_TEST(first["from_bank"] == text(order.from));
    BOOST_TEST(first["to_bank"] == text(order.to));
    BOOST_TEST(first["amount"] == std::to_string(order.amount));
    if (batch > 0) BOOST_TEST(json["orders"].size() == 3U);
    if (batch > 0) BOOST_TEST(first["idempotency_key"] == std::string(order.key.data(), order.key.size()));
    BOOST_TEST(whole.find("Idempotency-Key: " + std::string(order.key.data(), order.key.size())) !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled::bench
