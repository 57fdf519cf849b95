#include "domain/plain_text.hpp"

#include "domain/unicode.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace settled {
namespace {
struct Range {
  char32_t first, last;
};
bool among(const auto& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

constexpr std::array controls{Range{0x00, 0x1F}, Range{0x7F, 0x9F}};
/// Soft hyphen, zero-width and joining characters, marks and overrides of direction, separators of lines and
/// paragraphs, byte order mark, annotations, tags.
constexpr std::array unseen{Range{0xAD, 0xAD},     Range{0x61C, 0x61C},   Range{0x180E, 0x180E},
                            Range{0x200B, 0x200F}, Range{0x2028, 0x202E}, Range{0x2060, 0x206F},
                            Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB}, Range{0xE0000, 0xE007F}};
constexpr std::array blanks{Range{0x20, 0x20},     Range{0xA0, 0xA0},     Range{0x1680, 0x1680},
                            Range{0x2000, 0x200A}, Range{0x202F, 0x202F}, Range{0x205F, 0x205F},
                            Range{0x3000, 0x3000}};
}  // namespace

std::size_t character_count(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string hidden_in(std::string_view utf8) {
  const auto text = decode_utf8(utf8);
  if (!text) return "is not UTF-8";
  for (const char32_t c : *text) {
    if (among(controls, c)) return "holds a control character";
    if (!among(unseen, c)) continue;
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(c));
    return "holds the invisible character " + std::string(name.data());
  }
  const bool blank = std::all_of(text->begin(), text->end(), [](char32_t c) { return among(blanks, c); });
  return blank && !text->empty() ? "is blank" : "";
}
}  // namespace settled
