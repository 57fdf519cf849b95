#define BOOST_TEST_MODULE csv
#include "formats/csv.hpp"

#include "formats/text.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace settled;

namespace {
struct Read {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> numbers;
  std::vector<std::string> problems;  // "3: contains a NUL byte"
};
Read read(const std::string& text, CsvLimits limits = {}) {
  std::istringstream in(text);
  CsvReader reader(in, limits);
  Read out;
  while (auto row = reader.next()) {
    if (row->problem.empty()) {
      out.rows.push_back(row->fields);
      out.numbers.push_back(row->number);
    } else {
      out.problems.push_back(std::to_string(row->number) + ": " + row->problem);
    }
  }
  return out;
}
using Rows = std::vector<std::vector<std::string>>;
bool mentions(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}
std::string written(const std::string& cell) {
  std::ostringstream out;
  CsvWriter(out).text(cell);
  return out.str();
}
}  // namespace

BOOST_AUTO_TEST_CASE(quotes_line_ends_and_a_byte_order_mark_are_read_as_rfc_4180_says) {
  const auto got = read(
      "\xEF\xBB\xBF"
      "a,b\r\n\"x,\"\"y\"\"\",\"two\r\nlines\"\n,\nlast,");
  const Rows want{{"a", "b"}, {"x,\"y\"", "two\r\nlines"}, {"", ""}, {"last", ""}};
  BOOST_TEST((got.rows == want));
  BOOST_TEST(got.problems.empty());
}

BOOST_AUTO_TEST_CASE(the_delimiter_is_found_in_the_first_line) {
  BOOST_TEST((read("a;b,c;d\n1;2,5;3\n").rows == Rows{{"a", "b,c", "d"}, {"1", "2,5", "3"}}));
  BOOST_TEST((read("\"a;b;c\",d\n").rows == Rows{{"a;b;c", "d"}}));
}

BOOST_AUTO_TEST_CASE(empty_rows_are_skipped_but_counted_as_a_spreadsheet_counts) {
  const auto got = read("a,b\n\n1,2\r\n\r\n3,4");
  BOOST_TEST((got.numbers == std::vector<std::size_t>{1, 3, 5}));
}

BOOST_AUTO_TEST_CASE(a_wrong_row_is_named_and_stops_nobody_else) {
  const auto got = read(std::string("a,b\n1,2\nx") + '\0' + "y,2\n\"q\"r,2\n5\"6,2\n\"ok\",2\n");
  BOOST_TEST((got.rows == Rows{{"a", "b"}, {"1", "2"}, {"ok", "2"}}));
  BOOST_REQUIRE_EQUAL(got.problems.size(), 3);
  BOOST_TEST(mentions(got.problems[0], "3: contains a NUL"));
  BOOST_TEST(mentions(got.problems[1], "4: has text after"));
  BOOST_TEST(mentions(got.problems[2], "5: has a quote inside"));
}

BOOST_AUTO_TEST_CASE(a_row_that_is_too_long_is_refused_and_the_next_one_is_read) {
  CsvLimits limits;
  limits.row_bytes_max = 100;
  const std::string ten_mb(10U << 20, 'x');
  const auto got = read("a,b\n" + ten_mb + ",1\n\"" + ten_mb + "\",2\n3,4\n", limits);
  BOOST_TEST((got.rows == Rows{{"a", "b"}, {"3", "4"}}));
  BOOST_REQUIRE_EQUAL(got.problems.size(), 2);
  BOOST_TEST(mentions(got.problems[0], "2: is longer than 100 bytes"));
  BOOST_TEST(mentions(got.problems[1], "3: is longer than 100 bytes"));
}

BOOST_AUTO_TEST_CASE(the_text_of_a_quote_that_is_never_closed_does_not_become_rows) {
  const auto got = read("a,b\n1,\"never\n2,closed\n3,x\n");
  BOOST_TEST((got.rows == Rows{{"a", "b"}}));
  BOOST_REQUIRE_EQUAL(got.problems.size(), 1);
  BOOST_TEST(mentions(got.problems[0], "2: the quote opened in line 2 is never closed"));
}

BOOST_AUTO_TEST_CASE(a_million_columns_are_refused_without_being_kept) {
  const auto got = read("a,b\n" + std::string(50'000, ',') + "\n1,2\n");
  BOOST_TEST((got.rows == Rows{{"a", "b"}, {"1", "2"}}));
  BOOST_TEST(mentions(got.problems.at(0), "more than 256 columns"));
}

BOOST_AUTO_TEST_CASE(no_cell_that_we_write_is_a_formula) {
  for (const std::string cell : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"})
    BOOST_TEST(mentions(written(cell), "'"), cell);
  BOOST_TEST(written(std::string("\0=1", 3)).starts_with('\''));
  BOOST_TEST(written("plain = text") == "plain = text");
  BOOST_TEST(written("a,\"b\"\n") == "\"a,\"\"b\"\"\n\"");
  std::ostringstream out;
  CsvWriter(out).number("-12.50").number("-1+cmd").end_row();
  BOOST_TEST(out.str() == "-12.50,'-1+cmd\r\n");
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back) {
  std::ostringstream out;
  CsvWriter writer(out);
  writer.text("a").text("b;c").end_row();
  writer.text("Société \"Générale\", Dakar\r\n2").number("12").end_row();
  const Rows want{{"a", "b;c"}, {"Société \"Générale\", Dakar\r\n2", "12"}};
  BOOST_TEST((read(out.str()).rows == want));
}

BOOST_AUTO_TEST_CASE(utf8_is_taken_strictly) {
  for (const std::string good : {"", "abc", "é", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD"})
    BOOST_TEST(valid_utf8(good));
  for (const std::string bad : {"\x80", "\xC0\xAF", "\xC1\x81", "\xE0\x80\x80", "\xED\xA0\x80",
                                "\xF5\x80\x80\x80", "\xF4\x90\x80\x80", "\xE2\x82", "a\xFF"})
    BOOST_TEST(!valid_utf8(bad));
  BOOST_TEST(quoted(std::string(100, 'a')) == '"' + std::string(40, 'a') + "…\"");
  BOOST_TEST(quoted("a\n\xFF") == "\"a??\"");
}
