// CSV in and out (RFC 4180).
//
// Reading streams: one row at a time, memory bounded by the longest row that is allowed. What is wrong with
// a row is said by row number and stops no other row. Inside quotes a line end is text, so a quote that is
// never closed swallows what follows it; we do not guess where the row "should" have ended, because the
// text of a field must never become an order.
//
// Writing guards against formulas: a spreadsheet runs a cell that begins with = + - @ TAB or CR.
#pragma once
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

struct CsvLimits {
  /// Bytes of one row. An order with 4 KiB of metadata needs about 9 KiB when every quote is doubled.
  std::size_t row_bytes_max = 64 * 1024;
  std::size_t columns_max = 256;
};

struct CsvRow {
  std::size_t number = 0;  // as a spreadsheet counts: the first row of the file is 1, empty ones count
  std::vector<std::string> fields;
  std::string problem;  // why this row cannot be read; then `fields` is empty
};

class CsvReader {
 public:
  /// The delimiter is ',' or ';', whichever the first line has more of outside quotes. A UTF-8 byte order
  /// mark is skipped.
  explicit CsvReader(std::istream& in, CsvLimits limits = {});
  /// The next row that is not empty; nothing at the end.
  std::optional<CsvRow> next();
  char delimiter() const { return delimiter_; }

 private:
  int peek();
  int get();
  void find_delimiter();
  void skip_line_end(int c);
  void read_row(CsvRow& row);
  bool read_quoted(std::string& field, CsvRow& row, std::size_t& bytes);
  void skip_rest_of_line();

  std::istream& in_;
  CsvLimits limits_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t row_ = 0;
  std::size_t line_ = 1;
  char delimiter_ = ',';
};

class CsvWriter {
 public:
  explicit CsvWriter(std::ostream& out, char delimiter = ',') : out_(out), delimiter_(delimiter) {}
  /// Text of anybody's: a leading = + - @ TAB CR or NUL gets an apostrophe before it.
  CsvWriter& text(std::string_view cell);
  /// A number of our own making such as "-12.50": stays a number. Anything else is treated as text.
  CsvWriter& number(std::string_view cell);
  void end_row();

 private:
  void write(std::string_view cell);
  std::ostream& out_;
  char delimiter_;
  bool first_ = true;
};

}  // namespace settled
