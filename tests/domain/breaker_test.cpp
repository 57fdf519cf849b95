#define BOOST_TEST_MODULE breaker
#include "domain/breaker.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <sstream>

using namespace settled;
using namespace std::chrono_literals;

namespace {
const Breaker::Time start{};

// A life in words: "fail"/"ok" call and report; "call"/"pay" ask and keep the ticket; "done-ok"/"done-fail"
// report the oldest kept ticket; "drop" abandons it; "no-call"/"no-pay" must be refused; "+N" lets N
// seconds pass. Returns what went wrong, or the state at the end.
std::string live(const std::string& story, BreakerSettings settings = {}) {
  Breaker breaker{settings};
  auto now = start;
  std::deque<BreakerTicket> kept;
  std::istringstream words(story);
  for (std::string word; words >> word;) {
    const auto ask = [&](CallKind kind) { return breaker.may_call(now, kind); };
    if (word[0] == '+') {
      now += std::chrono::seconds(std::stoi(word.substr(1)));
    } else if (word == "ok" || word == "fail") {
      auto ticket = ask(CallKind::probe);
      if (!ticket) return "refused " + word;
      word == "ok" ? breaker.succeeded(*ticket) : breaker.failed(*ticket, now);
    } else if (word == "call" || word == "pay") {
      auto ticket = ask(word == "pay" ? CallKind::payment : CallKind::probe);
      if (!ticket) return "refused " + word;
      kept.push_back(*ticket);
    } else if (word == "no-call" || word == "no-pay") {
      if (ask(word == "no-pay" ? CallKind::payment : CallKind::probe)) return "allowed " + word;
    } else {
      if (kept.empty()) return "no ticket for " + word;
      if (word == "done-ok") breaker.succeeded(kept.front());
      if (word == "done-fail") breaker.failed(kept.front(), now);
      if (word == "drop") breaker.abandoned(kept.front());
      kept.pop_front();
    }
  }
  return std::string(to_string(breaker.state()));
}
}  // namespace

BOOST_AUTO_TEST_CASE(lives_of_a_breaker) {
  struct Case {
    const char* story;
    const char* end;
  };
  const Case cases[] = {
      {"", "CLOSED"},
      {"fail fail fail fail", "CLOSED"},
      {"fail fail fail fail fail", "OPEN"},
      {"fail fail fail fail ok fail fail fail fail", "CLOSED"},  // only failures in a row count
      {"fail fail fail fail fail no-call +59 no-call", "OPEN"},
      {"fail fail fail fail fail +60 call", "HALF_OPEN"},
      {"fail fail fail fail fail +60 ok", "HALF_OPEN"},
      {"fail fail fail fail fail +60 ok ok", "CLOSED"},
      {"fail fail fail fail fail +60 fail", "OPEN"},
      {"fail fail fail fail fail +60 fail +59 no-call +1 ok ok", "CLOSED"},  // the time starts again
      {"fail fail fail fail fail +60 call call call no-call", "HALF_OPEN"},
      {"fail fail fail fail fail +60 call call call no-call drop call no-call", "HALF_OPEN"},
      {"fail fail fail fail fail +60 call call call done-ok done-ok", "CLOSED"},
      // The first call of HALF_OPEN is never a payment.
      {"fail fail fail fail fail +60 no-pay call no-pay done-ok pay done-ok", "CLOSED"},
      // Results of an earlier state change nothing.
      {"call call call call call done-fail done-fail done-fail done-fail done-fail", "OPEN"},
      {"call fail fail fail fail fail done-ok no-call", "OPEN"},
      {"call fail fail fail fail fail +60 ok done-fail", "HALF_OPEN"},
      {"call fail fail fail fail fail +60 ok done-ok", "HALF_OPEN"},
      {"call fail fail fail fail fail +60 call call call drop no-call", "HALF_OPEN"},
  };
  for (const Case& c : cases) BOOST_TEST(live(c.story) == c.end, c.story << " -> " << live(c.story));
}

BOOST_AUTO_TEST_CASE(thresholds_are_settings) {
  BOOST_TEST(live("fail", {1, 1, 1s, 1}) == "OPEN");
  BOOST_TEST(live("fail +1 call no-call done-ok", {1, 1, 1s, 1}) == "CLOSED");
  BOOST_TEST((BreakerSettings{0, 0, 0ms, 0}.problems().size() == 4u));
  BOOST_TEST(BreakerSettings{}.problems().empty());
}

BOOST_AUTO_TEST_CASE(an_open_breaker_says_until_when) {
  Breaker breaker{{1, 1, 30s, 1}};
  BOOST_TEST(!breaker.opens_until());
  breaker.failed(*breaker.may_call(start, CallKind::payment), start + 5s);
  BOOST_TEST((breaker.opens_until() == start + 35s));
}
