// The table of DESIGN.md section 2, kept by looking at every include line of the tree.
#define BOOST_TEST_MODULE include_rules
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

using Folders = std::set<std::string>;

/// Who may include whom; everybody may include himself. Folders that are not named here (apps, tests, bench)
/// may include all.
const std::map<std::string, Folders>& rules() {
  static const std::map<std::string, Folders> table{
      {"domain", {}},
      {"formats", {"domain"}},
      {"messages", {"domain"}},
      {"storage", {"domain", "messages", "security", "telemetry"}},
      {"connectors", {"domain", "formats", "messages", "security", "telemetry"}},
      {"security", {"domain", "telemetry"}},
      {"actors", {"domain", "messages", "storage", "connectors", "telemetry"}},
      {"telemetry", {}},
      {"runtime",
       {"domain", "formats", "messages", "storage", "connectors", "security", "actors", "telemetry", "config",
        "http", "rpc", "sandbox"}},
      {"http", {"messages", "domain", "security", "telemetry"}},
      {"rpc", {"messages", "domain", "security", "telemetry"}},
      {"config", {"domain", "telemetry"}},
      {"sandbox", {"formats", "domain", "security", "telemetry"}},
  };
  return table;
}

const Folders all_folders{"domain",  "formats",   "messages", "storage", "connectors", "security",
                          "actors",  "telemetry", "runtime",  "http",    "rpc",        "config",
                          "sandbox", "apps",      "bench",    "tests"};

struct Include {
  std::string file;    // "actors/settlement.cpp"
  std::string folder;  // "actors"
  int line = 0;
  std::string included;  // "domain/money.hpp", "caf/all.hpp"
};

std::vector<Include> includes_of(const fs::path& file, const std::string& name) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<Include> out;
  std::ifstream in(file);
  std::string text;
  for (int line = 1; std::getline(in, text); ++line) {
    std::smatch match;
    if (text.find("include") != std::string::npos && std::regex_search(text, match, pattern))
      out.push_back({name, name.substr(0, name.find('/')), line, match[1]});
  }
  return out;
}

const std::vector<Include>& all_includes() {
  static const auto all = [] {
    const char* source = std::getenv("SETTLED_SOURCE");
    BOOST_REQUIRE_MESSAGE(source, "SETTLED_SOURCE names the source tree");
    std::vector<Include> out;
    for (const auto& folder : all_folders) {
      auto root = fs::path(source) / folder;
      if (!fs::exists(root)) continue;
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        auto ending = entry.path().extension();
        if (ending != ".hpp" && ending != ".cpp") continue;
        auto found = includes_of(entry.path(), fs::relative(entry.path(), source).generic_string());
        out.insert(out.end(), found.begin(), found.end());
      }
    }
    return out;
  }();
  return all;
}

/// The folder of ours that an include line names; empty for the world's headers.
std::string our_folder(const std::string& included) {
  auto folder = included.substr(0, included.find('/'));
  return included.find('/') != std::string::npos && all_folders.contains(folder) ? folder : "";
}

bool may_do_all(const Include& i) { return !rules().contains(i.folder); }

void check(const std::string& rule, const std::function<bool(const Include&)>& broken) {
  for (const auto& i : all_includes())
    BOOST_TEST(!broken(i), i.file << ':' << i.line << ": includes " << i.included << ". " << rule);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_tree_is_there) {
  // A wrong path would let every rule hold.
  BOOST_TEST(all_includes().size() > 50U);
}

BOOST_AUTO_TEST_CASE(each_folder_knows_only_whom_it_may) {
  check("DESIGN.md section 2 does not allow it.", [](const Include& i) {
    auto to = our_folder(i.included);
    return !may_do_all(i) && !to.empty() && to != i.folder && !rules().at(i.folder).contains(to);
  });
}

BOOST_AUTO_TEST_CASE(nothing_includes_runtime_but_programs_and_tests) {
  check("Only apps/ and tests may.", [](const Include& i) {
    return our_folder(i.included) == "runtime" && !may_do_all(i) && i.folder != "runtime";
  });
}

BOOST_AUTO_TEST_CASE(nothing_includes_tests_apps_or_bench) {
  check("They are at the end of the chain.", [](const Include& i) {
    auto to = our_folder(i.included);
    return (to == "tests" || to == "apps" || to == "bench") && !may_do_all(i);
  });
}

BOOST_AUTO_TEST_CASE(only_runtime_and_programs_name_an_implementation) {
  static const std::regex implementation(R"((^|/)(pg|vault|pkcs11)_[^/]*$)");
  check("Name the interface, so that a test can put another in its place.", [](const Include& i) {
    auto to = our_folder(i.included);
    return std::regex_search(i.included, implementation) && !to.empty() && to != i.folder && !may_do_all(i) &&
           i.folder != "runtime";
  });
}

BOOST_AUTO_TEST_CASE(heavy_headers_stay_in_source_files) {
  // Seconds per include (STACK.md 1): they belong into the one file that needs them.
  static const Folders heavy{"caf/all.hpp", "httplib.h", "boost/beast.hpp", "nlohmann/json.hpp"};
  check("Move it into a .cpp or a private *_impl.hpp.", [](const Include& i) {
    return heavy.contains(i.included) && i.file.ends_with(".hpp") && !i.file.ends_with("_impl.hpp");
  });
}

BOOST_AUTO_TEST_CASE(our_headers_are_named_from_the_top) {
  check("Write \"folder/file.hpp\".",
        [](const Include& i) { return i.included.starts_with("../") || i.included.starts_with("./"); });
}
