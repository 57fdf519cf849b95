#include "formats/csv.hpp"

#include <algorithm>
#include <istream>
#include <ostream>

namespace settled {
namespace {
constexpr int end_of_file = -1;
constexpr std::size_t chunk = 64 * 1024;
bool line_end(int c) { return c == '\n' || c == '\r'; }
}  // namespace

CsvReader::CsvReader(std::istream& in, CsvLimits limits) : in_(in), limits_(limits) {
  peek();
  if (buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  find_delimiter();
}

int CsvReader::peek() {
  if (at_ == buffer_.size()) {
    buffer_.resize(chunk);
    in_.read(buffer_.data(), static_cast<std::streamsize>(chunk));
    buffer_.resize(static_cast<std::size_t>(in_.gcount()));
    at_ = 0;
    if (buffer_.empty()) return end_of_file;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

int CsvReader::get() {
  const int c = peek();
  if (c == end_of_file) return c;
  ++at_;
  if (c == '\n') ++line_;
  return c;
}

void CsvReader::find_delimiter() {
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  bool quoted = false;
  for (auto i = at_; i < buffer_.size() && (quoted || !line_end(buffer_[i])); ++i) {
    if (buffer_[i] == '"') quoted = !quoted;
    if (quoted) continue;
    commas += buffer_[i] == ',' ? 1 : 0;
    semicolons += buffer_[i] == ';' ? 1 : 0;
  }
  delimiter_ = semicolons > commas ? ';' : ',';
}

void CsvReader::skip_line_end(int c) {
  if (c == '\r' && peek() == '\n') get();
}

void CsvReader::skip_rest_of_line() {
  for (int c = get(); c != end_of_file; c = get())
    if (line_end(c)) return skip_line_end(c);
}

std::optional<CsvRow> CsvReader::next() {
  while (peek() != end_of_file) {
    CsvRow row;
    row.number = ++row_;
    read_row(row);
    if (!row.problem.empty()) {
      row.fields.clear();
      return row;
    }
    if (row.fields.size() == 1 && row.fields[0].empty()) continue;
    return row;
  }
  return std::nullopt;
}

/// Reads up to the closing quote. False when the row has ended with a problem.
bool CsvReader::read_quoted(std::string& field, CsvRow& row, std::size_t& bytes) {
  const auto opened = line_;
  for (;;) {
    const int c = get();
    if (c == end_of_file) {
      row.problem = "the quote opened in line " + std::to_string(opened) +
                    " is never closed; everything from there to the end of the file was not read";
      return false;
    }
    if (c == '"') {
      if (peek() != '"') return true;
      get();
    }
    if (c == 0 && row.problem.empty()) row.problem = "contains a NUL byte";
    if (++bytes > limits_.row_bytes_max) {
      if (row.problem.empty())
        row.problem = "is longer than " + std::to_string(limits_.row_bytes_max) + " bytes";
      field.clear();
      continue;  // to the closing quote, keeping nothing
    }
    field += static_cast<char>(c);
  }
}

void CsvReader::read_row(CsvRow& row) {
  std::size_t bytes = 0;
  for (;;) {
    std::string field;
    bool was_quoted = false;
    int c = 0;
    if (peek() == '"') {
      get();
      was_quoted = true;
      if (!read_quoted(field, row, bytes)) return;
    }
    for (c = get(); c != end_of_file && c != delimiter_ && !line_end(c); c = get()) {
      if (was_quoted || c == '"' || c == 0 || ++bytes > limits_.row_bytes_max) {
        if (row.problem.empty())
          row.problem = c == 0       ? "contains a NUL byte"
                        : was_quoted ? "has text after a closing quote"
                        : c == '"'   ? "has a quote inside a field that does not begin with one"
                                     : "is longer than " + std::to_string(limits_.row_bytes_max) + " bytes";
        return skip_rest_of_line();
      }
      field += static_cast<char>(c);
    }
    if (row.problem.empty()) row.fields.push_back(std::move(field));
    if (row.fields.size() > limits_.columns_max && row.problem.empty())
      row.problem = "has more than " + std::to_string(limits_.columns_max) + " columns";
    if (c == delimiter_) continue;
    return skip_line_end(c);
  }
}

CsvWriter& CsvWriter::text(std::string_view cell) {
  constexpr std::string_view starts("=+-@\t\r\0", 7);
  if (!cell.empty() && starts.find(cell.front()) != std::string_view::npos) {
    std::string guarded(1, '\'');
    guarded += cell;
    write(guarded);
    return *this;
  }
  write(cell);
  return *this;
}

CsvWriter& CsvWriter::number(std::string_view cell) {
  const auto body = cell.starts_with('-') ? cell.substr(1) : cell;
  const auto plain = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  if (body.empty() || !std::all_of(body.begin(), body.end(), plain)) return text(cell);
  write(cell);
  return *this;
}

void CsvWriter::write(std::string_view cell) {
  if (!first_) out_ << delimiter_;
  first_ = false;
  if (cell.find_first_of(",;\"\r\n") == std::string_view::npos) {
    out_ << cell;
    return;
  }
  out_ << '"';
  for (char c : cell) {
    if (c == '"') out_ << '"';
    out_ << c;
  }
  out_ << '"';
}

void CsvWriter::end_row() {
  out_ << "\r\n";
  first_ = true;
}
}  // namespace settled
