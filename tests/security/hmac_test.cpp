#define BOOST_TEST_MODULE hmac
#include "security/hmac.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace settled;

// The vectors of protocols/hmac-and-callbacks.md section 8, computed with the openssl program.
BOOST_AUTO_TEST_CASE(the_published_vectors_come_out) {
  const std::string body = R"({"amount":"1500"})";
  BOOST_TEST(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256_hex(body) == "1a9833394b862b6feee858e2c93003425efdb4f1d11088c852871aed29ec3a90");
  BOOST_TEST(sign_request("POST", "/v1/transfers", 1712167202, "n-1", body, "secret") ==
             "f4848c9341188dfe04186863d554857620293acae57449ea7b21699c06bc1078");
  BOOST_TEST(hmac_sha256_hex("whsec_test", "1712167202." + body) ==
             "73f0309f1d81e3eb66b9e945aa9e8d875f745d5ebb587015b703208d49e4be21");
}

BOOST_AUTO_TEST_CASE(the_canonical_text_is_five_lines_without_a_last_line_feed) {
  BOOST_TEST(canonical_request("GET", "/payments?reference=R", 7, "n", "") ==
             "GET\n/payments?reference=R\n7\nn\n"
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(every_part_of_a_request_changes_its_signature) {
  std::set<std::string> seen{
      sign_request("POST", "/p", 1, "n", "b", "k"), sign_request("GET", "/p", 1, "n", "b", "k"),
      sign_request("POST", "/q", 1, "n", "b", "k"), sign_request("POST", "/p", 2, "n", "b", "k"),
      sign_request("POST", "/p", 1, "m", "b", "k"), sign_request("POST", "/p", 1, "n", "b ", "k"),
      sign_request("POST", "/p", 1, "n", "b", "l"), sign_request("POST", "/p", 1, "n", "b", "")};
  BOOST_TEST(seen.size() == 8u);
}

BOOST_AUTO_TEST_CASE(comparison_knows_equal_from_different) {
  BOOST_TEST(equal_in_constant_time("", ""));
  BOOST_TEST(equal_in_constant_time("abc", "abc"));
  BOOST_TEST(!equal_in_constant_time("abc", "abd"));
  BOOST_TEST(!equal_in_constant_time("abc", "abcd"));
}

BOOST_AUTO_TEST_CASE(random_texts_have_the_asked_length_and_differ) {
  BOOST_TEST(random_hex(0).empty());
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_hex(16));
  BOOST_TEST(seen.size() == 1000u);
  for (const auto& text : seen)
    BOOST_TEST((text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos));
}
