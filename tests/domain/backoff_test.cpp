#define BOOST_TEST_MODULE backoff
#include "domain/backoff.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace settled;
using namespace std::chrono_literals;

namespace {
constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
}

BOOST_AUTO_TEST_CASE(waits_grow_to_the_limit_and_stay_there) {
  struct Case {
    int failures;
    std::chrono::milliseconds wait;
  };
  const BackoffSettings plain{2s, 2, 30s, 0};
  for (const Case& c : {Case{1, 2s}, Case{2, 4s}, Case{3, 8s}, Case{4, 16s}, Case{5, 30s}, Case{6, 30s},
                        Case{1'000'000'000, 30s}, Case{0, 2s}, Case{-5, 2s}})
    BOOST_TEST((backoff(plain, c.failures, 12345) == c.wait), "after failure " << c.failures);
}

BOOST_AUTO_TEST_CASE(jitter_spreads_within_its_share_and_never_beyond_the_limit) {
  const BackoffSettings s{1s, 3, 5s, 10};
  auto shortest = 10'000ms, longest = 0ms;
  for (std::uint64_t random = 0; random < 1'000; ++random) {
    const auto wait = backoff(s, 1, random);
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  BOOST_TEST((shortest == 900ms));
  BOOST_TEST((longest == 1'100ms));
  for (std::uint64_t random : {std::uint64_t{0}, std::uint64_t{999}, largest})
    BOOST_TEST((backoff(s, 9, random) <= 5s && backoff(s, 9, random) >= 4'500ms));
}

BOOST_AUTO_TEST_CASE(odd_settings_neither_overflow_nor_loop) {
  const auto week = std::chrono::milliseconds(std::chrono::hours(24 * 7));
  BOOST_TEST((backoff({1ms, std::numeric_limits<int>::max(), week, 100}, 1'000'000'000, largest) <= week));
  BOOST_TEST((backoff({5s, 1, 60s, 0}, std::numeric_limits<int>::max(), 0) == 5s));
  BOOST_TEST((backoff({5s, 2, 1s, 0}, 1, 0) == 1s));
}

BOOST_AUTO_TEST_CASE(bad_settings_are_named) {
  BOOST_TEST(BackoffSettings{}.problems().empty());
  BOOST_TEST((BackoffSettings{0ms, 0, -1ms, 101}.problems().size() == 4u));
}
