#define BOOST_TEST_MODULE screening
#include "domain/screening.hpp"

#include "domain/unicode.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace settled;

namespace {
std::string words(std::string_view name) {
  const auto normal = normal_name(name);
  BOOST_REQUIRE_MESSAGE(normal, name);
  std::string out;
  for (const auto& word : normal->words) out += (out.empty() ? "" : " ") + word;
  return out;
}
BlockedList list(std::string_view file) {
  BlockedList blocked;
  const auto wrong = blocked.load(file);
  BOOST_REQUIRE_MESSAGE(wrong.empty(), (wrong.empty() ? "" : wrong[0].field + ": " + wrong[0].detail));
  return blocked;
}
/// "exact:3 contains:5": kinds and lines.
std::string hits(const BlockedList& blocked, std::string_view name) {
  const auto found = blocked.screen(name);
  BOOST_REQUIRE_MESSAGE(found, name);
  std::string out;
  for (const auto& hit : *found)
    out += (out.empty() ? "" : " ") + std::string(to_string(hit.kind)) + ':' + std::to_string(hit.entry.line);
  return out;
}
constexpr std::string_view file =
    "# name; reason; source\n"
    "\n"
    "Moussa TRAORÉ; arms embargo; UN 2026/17\r\n"
    "  Société N'Guessan & Frères S.A.R.L. ; fraud ; BCEAO 12\n"
    "Al Qaida; terrorism; UN 1267\n"
    "Hassan Ali Mohammed; sanctions; EU 2025/9";
}  // namespace

BOOST_AUTO_TEST_CASE(a_name_is_the_same_however_it_is_written) {
  for (const auto* name :
       {"Société N'Guessan & Frères S.A.R.L.", "SOCIETE NGUESSAN FRERES", "frères, société N’Guessan (SARL)",
        "Socie\xCC\x81te\xCC\x81 N'Guessan-Fre\xCC\x80res",
        "S\xC2\xADociété N\xE2\x80\x8BGuessan Frères Ltd.", "\xEF\xBC\xB3ociété NGuessan Frères"})
    BOOST_TEST(words(name) == "freres nguessan societe", name);
}

BOOST_AUTO_TEST_CASE(letters_with_marks_become_plain_ones) {
  BOOST_TEST(words("Łódź Straße Æther Œuvre Ðorđe Þór İstanbul ĲSSEL") ==
             "aether dorde ijssel istanbul lodz oeuvre strasse thor");
  BOOST_TEST(words("Kpɔtɔ Ɖela Ŋutɔ Ɓa Nguyễn") == "ba dela kpoto nguyen nuto");
  BOOST_TEST(words("ÀÉÎÕÜÇÑŸŠŽ àéîõüçñÿšž") == "aeioucnysz");
  BOOST_TEST(words("ПУТИН путин") == "путин");
  BOOST_TEST(words("محمد علي") == "علي محمد");
}

BOOST_AUTO_TEST_CASE(full_stops_keep_abbreviations_together_and_words_apart) {
  BOOST_TEST(words("J.P. Morgan") == "jp morgan");
  BOOST_TEST(words("J.P.Morgan") == "jp morgan");
  BOOST_TEST(words("John.Smith") == "john smith");
  BOOST_TEST(words("U.B.A. S.A.") == "uba");
  BOOST_TEST(words("S.A.R.L DUPONT") == "dupont");
}

BOOST_AUTO_TEST_CASE(legal_forms_do_not_count_unless_there_is_nothing_else) {
  for (const auto* name : {"Dupont SA", "SARL Dupont", "DUPONT LTD", "Dupont & Cie", "Dupont Co., Ltd."})
    BOOST_TEST(words(name) == "dupont", name);
  BOOST_TEST(words("Limited Company") == "company limited");
}

BOOST_AUTO_TEST_CASE(an_entry_is_found_by_its_words_in_any_order) {
  const auto blocked = list(file);
  BOOST_TEST(blocked.size() == 4u);
  BOOST_TEST(hits(blocked, "traore, moussa") == "exact:3");
  BOOST_TEST(hits(blocked, "Traoré Moussa Moussa") == "exact:3");
  BOOST_TEST(hits(blocked, "Ets Moussa Traoré et Fils") == "contains:3");
  BOOST_TEST(hits(blocked, "Ali Hassan") == "contained_in:6");
  BOOST_TEST(hits(blocked, "ALQAIDA") == "joined:5");
  BOOST_TEST(hits(blocked, "Moussa Traoré, Al-Qaida") == "contains:3 contains:5");
}

BOOST_AUTO_TEST_CASE(other_names_pass) {
  const auto blocked = list(file);
  for (const auto* name : {"Moussa", "Hassan", "Moussa Traor", "Ecobank Côte d'Ivoire", "", "...", "Qaida",
                           "Frères Société", "Ali Baba"})
    BOOST_TEST(hits(blocked, name) == (std::string_view(name) == "Frères Société" ? "contained_in:4" : ""),
               name);
  BOOST_TEST(hits(BlockedList{}, "Moussa Traoré") == "");
}

BOOST_AUTO_TEST_CASE(a_hit_shows_the_entry_and_says_why) {
  const auto found = list(file).screen("ETS TRAORE MOUSSA");
  BOOST_REQUIRE((found && found->size() == 1u));
  const auto& hit = found->front();
  BOOST_TEST(hit.entry.name == "Moussa TRAORÉ");
  BOOST_TEST(hit.entry.reason == "arms embargo");
  BOOST_TEST(hit.entry.source == "UN 2026/17");
  BOOST_TEST(hit.why ==
             "\"ETS TRAORE MOUSSA\" contains all words of \"Moussa TRAORÉ\" (line 3, compared as \"moussa "
             "traore\")");
}

BOOST_AUTO_TEST_CASE(a_list_with_a_mistake_is_refused_and_the_old_one_stays) {
  auto blocked = list(file);
  const auto wrong = blocked.load(
      "Good Name; reason; source\n"
      "no fields\n"
      "a; b\n"
      "a; b; c; d\n"
      "; b; c\n"
      "a; ; c\n"
      "!!!; b; c\n"
      "bad \xC0\xAF; b; c\n");
  std::vector<std::string> lines;
  lines.reserve(wrong.size());
  for (const auto& problem : wrong) lines.push_back(problem.field);
  BOOST_TEST(lines == (std::vector<std::string>{"line 2", "line 3", "line 4", "line 5", "line 6", "line 7",
                                                "line 8"}),
             boost::test_tools::per_element());
  BOOST_TEST(hits(blocked, "Moussa Traoré") == "exact:3");
  BOOST_TEST(hits(blocked, "Good Name") == "");
  BOOST_TEST(blocked.load("").empty());  // an empty list is a list
  BOOST_TEST(blocked.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_not_part_of_a_name) {
  BOOST_TEST(hits(list("\xEF\xBB\xBF"
                       "Evil Corp; r; s"),
                  "evil") == "exact:1");
}

BOOST_AUTO_TEST_CASE(utf8_is_taken_strictly) {
  for (const std::string& bad :
       {std::string("\x80"), std::string("\xC3"), std::string("\xC0\x80"), std::string("\xC1\xBF"),
        std::string("\xE0\x80\x80"), std::string("\xE0\x9F\xBF"), std::string("\xED\xA0\x80"),
        std::string("\xED\xBF\xBF"), std::string("\xF0\x80\x80\x80"), std::string("\xF4\x90\x80\x80"),
        std::string("\xF5\x80\x80\x80"), std::string("\xFF"), std::string("\xE2\x82"),
        std::string("\xF0\x9F\x98"), std::string("\xC3(")}) {
    BOOST_TEST(!decode_utf8(bad));
    BOOST_TEST(!normal_name("name " + bad));
    BOOST_TEST(!BlockedList{}.screen(bad));
  }
  for (const auto* good : {"", "a", "é", "€", "😀", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"}) {
    const auto decoded = decode_utf8(good);
    BOOST_REQUIRE(decoded);
    std::string back;
    for (char32_t c : *decoded) append_utf8(back, c);
    BOOST_TEST(back == good);
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_are_screened_or_refused) {
  const auto blocked = list(file);
  std::mt19937 chance(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string name(chance() % 12, '\0');
    for (auto& c : name) c = static_cast<char>(chance());
    BOOST_TEST(static_cast<bool>(blocked.screen(name)) == decode_utf8(name).has_value());
    BlockedList{}.load(name);
  }
}

BOOST_AUTO_TEST_CASE(blanks_case_accents_and_order_never_hide_an_entry) {
  const auto blocked = list(file);
  std::mt19937 chance(2);
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::string> parts{"hassan", "ali", "mohammed"};
    std::shuffle(parts.begin(), parts.end(), chance);
    std::string name;
    for (auto& part : parts) {
      for (auto& c : part)
        if (chance() % 2 != 0) c = static_cast<char>(c - 'a' + 'A');
      static const std::vector<std::string> between{" ",   "  ", ", ",       "-",
                                                    " / ", "\t", "\xC2\xA0", " \xE2\x80\x93 "};
      part.insert(1 + chance() % (part.size() - 1), chance() % 2 != 0 ? "\xCC\x81" : "\xE2\x80\x8D");
      name += part + between[chance() % between.size()];
    }
    BOOST_TEST(hits(blocked, name) == "exact:6", name);
  }
}
