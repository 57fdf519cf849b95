#define BOOST_TEST_MODULE replays
#include "http/replays.hpp"

#include <boost/test/unit_test.hpp>

namespace settled {
namespace {
Response body(const std::string& text) {
  Response response;
  response.body = text;
  return response;
}
ReplayKey key(const std::string& caller, const std::string& text, std::uint8_t request = 1) {
  return {caller, text, {request}};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(replays)

BOOST_AUTO_TEST_CASE(a_receipt_is_found_for_the_same_request_of_the_same_caller_only) {
  Replays replays(10);
  replays.keep(key("default", "k"), body("first"));
  BOOST_TEST(replays.find(key("default", "k"))->body == "first");
  BOOST_TEST(!replays.find(key("approver", "k")));
  BOOST_TEST(!replays.find(key("default", "other")));
  BOOST_TEST(!replays.find(key("default", "k", 2)));  // the ledger tells how they differ
}

BOOST_AUTO_TEST_CASE(the_last_ones_are_kept_and_the_memory_is_bounded) {
  Replays replays(10);
  for (int i = 0; i < 1'000; ++i) replays.keep(key("default", std::to_string(i)), body(std::to_string(i)));
  int found = 0;
  for (int i = 0; i < 1'000; ++i) found += replays.find(key("default", std::to_string(i))) != nullptr;
  BOOST_TEST(found >= 10);
  BOOST_TEST(found <= 20);
  BOOST_TEST(replays.find(key("default", "999"))->body == "999");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
