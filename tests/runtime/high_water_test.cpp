#define BOOST_TEST_MODULE high_water
#include "runtime/high_water.hpp"

#include <boost/test/unit_test.hpp>

#include <stdlib.h>

namespace settled {
namespace {
struct Folder {
  std::string name = "/tmp/settled-high-water-XXXXXX";
  Folder() { BOOST_REQUIRE(::mkdtemp(name.data())); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(high_water, Folder)

BOOST_AUTO_TEST_CASE(the_mark_outlives_the_process_and_never_goes_back_by_itself) {
  {
    HighWater mark(name, "books");
    BOOST_TEST(mark.seen() == 0);
    mark.saw(10);
    mark.saw(7);  // of older books
    BOOST_TEST(mark.seen() == 10);
  }
  HighWater mark(name, "books");
  BOOST_TEST(mark.seen() == 10);
}

BOOST_AUTO_TEST_CASE(who_begins_a_quarantine_goes_back_to_its_books_and_on_from_there) {
  {
    HighWater mark(name, "books");
    mark.saw(10);
    mark.begin_quarantine("older");
    mark.go_back_to(7);
    mark.saw(8);
  }
  HighWater mark(name, "books");
  BOOST_TEST(mark.seen() == 8);
  BOOST_TEST(mark.quarantine() == "older");
}

BOOST_AUTO_TEST_CASE(other_books_begin_anew) {
  { HighWater(name, "books").saw(10); }
  BOOST_TEST(HighWater(name, "others").seen() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
