#include "apps/settlectl/terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace settled::ctl {
namespace {
/// Columns that a text takes: colour codes take none, a character of several bytes takes one.
std::size_t width(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) ++n;
  }
  return n;
}
}  // namespace

bool is_terminal(int stream) { return ::isatty(stream) == 1; }

bool colourful(int stream) {
  const char* no = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return is_terminal(stream) && !(no && *no) && term && std::string_view(term) != "dumb";
}

std::string coloured(std::string_view text, Colour colour, int stream) {
  if (colour == Colour::plain || !colourful(stream)) return std::string(text);
  const char* codes[] = {"", "\033[32m", "\033[31m", "\033[33m", "\033[35m", "\033[2m"};
  std::string out = codes[static_cast<std::size_t>(colour)];
  out += text;
  out += "\033[0m";
  return out;
}

std::string shown_status(const std::string& status) {
  if (status == "COMPLETED") return coloured(status, Colour::green);
  if (status == "FAILED" || status == "ROLLED_BACK" || status == "REFUSED")
    return coloured(status, Colour::red);
  if (status == "CONFIRMING" || status == "UNKNOWN") return coloured(status, Colour::violet);
  return status;
}

std::string grouped(const std::string& decimal) {
  auto out = decimal;
  const auto point = out.find('.');
  const std::size_t first = out.starts_with('-') ? 1 : 0;
  for (auto at = point == std::string::npos ? out.size() : point; at > first + 3;) {
    at -= 3;
    out.insert(at, 1, ' ');
  }
  return out;
}
std::string grouped(long long number) { return grouped(std::to_string(number)); }

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)) {
  for (auto& title : titles_) {
    right_.push_back(title.starts_with('>'));
    if (right_.back()) title.erase(0, 1);
  }
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(titles_.size());
  rows_.push_back(std::move(cells));
}

void Table::print() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < titles_.size(); ++c) {
    widths.push_back(width(titles_[c]));
    for (const auto& row : rows_) widths[c] = std::max(widths[c], width(row[c]));
  }
  const auto line = [&](const std::vector<std::string>& cells, Colour colour) {
    std::string out;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string gap(widths[c] - width(cells[c]), ' ');
      const bool last = c + 1 == cells.size();
      if (right_[c]) out += gap;
      out += cells[c];
      if (!right_[c] && !last) out += gap;
      if (!last) out += "  ";
    }
    std::puts(coloured(out, colour).c_str());
  };
  line(titles_, Colour::dim);
  for (const auto& row : rows_) line(row, Colour::plain);
}

Progress::Progress(std::string what) : what_(std::move(what)), started_(std::chrono::steady_clock::now()) {}

void Progress::show(std::size_t done, std::size_t failed, std::size_t total, bool last) {
  using namespace std::chrono;
  const auto now = steady_clock::now();
  const bool live = is_terminal(2);
  if (!last && now - shown_ < (live ? milliseconds(100) : milliseconds(2000))) return;
  shown_ = now;
  const auto elapsed = std::max(duration<double>(now - started_).count(), 0.001);
  const auto ended = done + failed;
  const auto rate = static_cast<long long>(static_cast<double>(ended) / elapsed);
  const auto percent = total == 0 ? 100 : ended * 100 / total;
  std::string line = what_ + ' ';
  if (live) {
    constexpr std::size_t bar = 24;
    const auto full = percent * bar / 100;
    line += '[' + std::string(full, '#') + std::string(bar - full, '.') + "] ";
  }
  line += std::to_string(percent) + "%  " + grouped(rate) + "/s  done " +
          grouped(static_cast<long long>(done)) + "  failed " + grouped(static_cast<long long>(failed)) +
          "  remaining " + grouped(static_cast<long long>(total - std::min(ended, total)));
  if (live)
    std::fprintf(stderr, "\r\033[K%s%s", line.c_str(), last ? "\n" : "");
  else
    std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
}
}  // namespace settled::ctl
