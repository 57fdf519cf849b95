// The pages must be true of the code: states, paths, routes and problem codes are compared with what is
// there.
#define BOOST_TEST_MODULE docs
#include "domain/settlement.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace settled;

namespace {

fs::path root() {
  const char* source = std::getenv("SETTLED_SOURCE");
  BOOST_REQUIRE_MESSAGE(source, "SETTLED_SOURCE names the source tree");
  return source;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  BOOST_REQUIRE_MESSAGE(in, file << " can be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> pages() {
  std::vector<fs::path> all{root() / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(root() / "docs"))
    if (entry.path().extension() == ".md") all.push_back(entry.path());
  return all;
}

std::string_view name_of(Event event) {
  switch (event) {
    case Event::validate:
      return "validate";
    case Event::lock:
      return "lock";
    case Event::refuse:
      return "refuse";
    case Event::send:
      return "send";
    case Event::not_sent:
      return "not_sent";
    case Event::accept:
      return "accept";
    case Event::doubt:
      return "doubt";
    case Event::confirm:
      return "confirm";
    case Event::reject:
      return "reject";
    case Event::absent:
      return "absent";
    case Event::expire:
      return "expire";
    case Event::postpone:
      return "postpone";
    case Event::book:
      return "book";
  }
  return "";
}

std::string arrow(std::string_view from, std::string_view on, std::string_view to) {
  return std::string(from) + " --> " + std::string(to) + ": " + std::string(on);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_diagram_shows_exactly_the_transitions_of_the_table) {
  std::set<std::string> shown, real;
  const auto page = text_of(root() / "docs/life-of-a-payment.md");
  const std::regex line(R"(([A-Z_]+) --> ([A-Z_]+): ([a-z_]+))");
  for (std::sregex_iterator at(page.begin(), page.end(), line), end; at != end; ++at)
    shown.insert(arrow((*at)[1].str(), (*at)[3].str(), (*at)[2].str()));
  for (const Transition& t : settlement_transitions)
    real.insert(arrow(to_string(t.from), name_of(t.on), to_string(t.to)));
  BOOST_TEST(shown == real, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_file_that_a_page_names_is_there) {
  const std::regex path(
      R"(`([A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.\-]+)+\.(?:cpp|hpp|sql|md|sh|txt|cmake|csv|xml))`)");
  std::size_t named = 0;
  for (const auto& page : pages()) {
    const auto text = text_of(page);
    for (std::sregex_iterator at(text.begin(), text.end(), path), end; at != end; ++at, ++named)
      BOOST_TEST(fs::exists(root() / (*at)[1].str()), page.filename() << " names " << (*at)[1].str());
  }
  BOOST_TEST(named > 50U);  // a pattern that finds nothing would find nothing wrong
}

// "`tests/…_test.cpp`: *this_claim*, *that_claim*": each is a test of that file.
BOOST_AUTO_TEST_CASE(every_test_that_the_coverage_page_names_is_in_its_file) {
  const auto page = text_of(root() / "docs/coverage.md");
  const std::regex named(R"(`(tests/[a-z0-9_/]+\.cpp)`: ((?:\*[a-z0-9_]+\*(?:, )?)+))"),
      claim(R"(\*([a-z0-9_]+)\*)");
  std::size_t found = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), named), end; at != end; ++at) {
    const auto source = text_of(root() / (*at)[1].str());
    const auto claims = (*at)[2].str();
    for (std::sregex_iterator one(claims.begin(), claims.end(), claim); one != end; ++one, ++found)
      BOOST_TEST(source.find("_CASE(" + (*one)[1].str()) != std::string::npos,
                 (*at)[1].str() << " has no test " << (*one)[1].str());
  }
  BOOST_TEST(found > 30U);  // a pattern that finds nothing would find nothing wrong
}

BOOST_AUTO_TEST_CASE(every_link_between_pages_leads_somewhere) {
  const std::regex link(R"(\]\(([^):#]+)(?:#[^)]*)?\))");
  for (const auto& page : pages()) {
    const auto text = text_of(page);
    for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at)
      BOOST_TEST(fs::exists(page.parent_path() / (*at)[1].str()), page.filename() << ": " << (*at)[1].str());
  }
}

BOOST_AUTO_TEST_CASE(every_route_stands_in_the_api_page) {
  const auto page = text_of(root() / "docs/api.md");
  for (const Route& r : routes()) {
    const auto row = "| `" + std::string(r.method) + ' ' + std::string(r.pattern) + "` |";
    BOOST_TEST(page.find(row) != std::string::npos, row);
  }
}

BOOST_AUTO_TEST_CASE(every_problem_code_stands_in_the_api_page_with_its_status) {
  const auto page = text_of(root() / "docs/api.md");
  for (const Errc code : all_refusals()) {
    const auto row = "| `" + std::string(to_string(code)) + "` | " + std::to_string(http_status(code)) + " |";
    BOOST_TEST(page.find(row) != std::string::npos, row);
  }
}
