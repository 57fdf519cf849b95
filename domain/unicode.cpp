#include "domain/unicode.hpp"

#include <array>
#include <cstdint>

namespace settled {
namespace {
// One entry per code point, a dot where Unicode's compatibility decomposition leads to no plain Latin letter.
// Letters without a decomposition (ß, ł, and those of West African alphabets) stand for what people write
// on a keyboard that does not have them.
constexpr std::string_view latin_from_00c0 =
    "a a a a a a ae c e e e e i i i i d n o o o o o . o u u u u y th ss a a a a a a ae c e e e e i i "
    "i i d n o o o o o . o u u u u y th y a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g "
    "g g g g g g h h h h i i i i i i i i i i ij ij j j k k k l l l l l l . . l l n n n n n n n n n o "
    "o o o o o oe oe r r r r r r s s s s s s s s t t t t t t u u u u u u u u u u u u w w y y y z z z "
    "z z z s b b . . . . o . . d d . . . e e e f f g g . i i k k . . . n . . o o . . p p . . . . . . "
    "t t . u u u v y y z z . . . . . . . . . . . . . dz dz dz lj lj lj nj nj nj a a i i o o u u u u u "
    "u u u u u e a a a a . . . . g g k k o o o o . . j dz dz dz g g . . n n a a . . . . a a a a e e e "
    "e i i i i o o o o r r r r u u u u s s t t . . h h . . . . . . a a e e o o o o o o o o y y . . . "
    ". . . . . . . . . . . . b u . . . . . . . . . . . . . . b o . d d . e . e . . . . g . . g o . . "
    ". i i . . . . . . . . n . . . . . . . . . . . . . . . . . . . . . . u u v . . . . . . . . . . . "
    ". . . . . . . . . . . . . . . . . . . . . . . . . ";
constexpr std::string_view latin_from_1e00 =
    "a a b b b b b b c c d d d d d d d d d d e e e e e e e e e e f f g g h h h h h h h h h h i i i i "
    "k k k k k k l l l l l l l l m m m m m m n n n n n n n n o o o o o o o o p p p p r r r r r r r r "
    "s s s s s s s s s s t t t t t t t t u u u u u u u u u u v v v v w w w w w w w w w w x x x x y y "
    "z z z z z z h t w y . s . . ss . a a a a a a a a a a a a a a a a a a a a a a a a e e e e e e e e "
    "e e e e e e e e i i i i o o o o o o o o o o o o o o o o o o o o o o o o u u u u u u u u u u u u "
    "u u y y y y y y y y . . . . . . ";

template <std::size_t count>
constexpr std::array<std::string_view, count> split(std::string_view text) {
  std::array<std::string_view, count> out;
  for (auto& entry : out) {
    const auto end = text.find(' ');
    entry = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  return out;
}
constexpr auto low = split<0x2B0 - 0xC0>(latin_from_00c0);
constexpr auto high = split<0x1F00 - 0x1E00>(latin_from_1e00);
static_assert(low.back() != "" && low[U'\u00E9' - 0xC0] == "e" && low[U'\u0142' - 0xC0] == "l");
static_assert(high.back() != "" && high[U'\u1EC7' - 0x1E00] == "e");

bool between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// Not seen in a word: combining marks, soft hyphen, zero-width and direction marks, variation selectors.
bool invisible(char32_t c) {
  return between(c, 0x0300, 0x036F) || between(c, 0x1AB0, 0x1AFF) || between(c, 0x1DC0, 0x1DFF) ||
         between(c, 0x20D0, 0x20FF) || between(c, 0xFE20, 0xFE2F) || c == 0x00AD || c == 0x034F ||
         c == 0x061C || between(c, 0x180B, 0x180E) || between(c, 0x200B, 0x200F) ||
         between(c, 0x202A, 0x202E) || between(c, 0x2060, 0x206F) || between(c, 0xFE00, 0xFE0F) ||
         c == 0xFEFF || between(c, 0xE0000, 0xE01EF);
}
/// Within a name they belong to the word: N'Guessan, Kpélé’Tina, and the modifier letters used for them.
bool apostrophe(char32_t c) {
  return c == '\'' || c == '`' || c == 0x00B4 || between(c, 0x02B0, 0x02FF) || between(c, 0x2018, 0x201B) ||
         c == 0x2032 || c == 0xA78B || c == 0xA78C;
}
bool separates(char32_t c) {
  return c < 0xC0 || c == 0x00D7 || c == 0x00F7 || c == 0x037E || c == 0x0387 || c == 0x060C || c == 0x061B ||
         c == 0x061F || c == 0x0640 || c == 0x1680 || between(c, 0x2000, 0x206F) ||
         between(c, 0x20A0, 0x20CF) || between(c, 0x2190, 0x2BFF) || between(c, 0x2E00, 0x2E7F) ||
         between(c, 0x3000, 0x303F) || between(c, 0xE000, 0xF8FF) || between(c, 0xFE30, 0xFE6F) ||
         between(c, 0xFFF0, 0xFFFF);
}

char32_t lower_case(char32_t c) {
  if (between(c, 0x0410, 0x042F) || (between(c, 0x0391, 0x03A9) && c != 0x03A2)) return c + 0x20;
  if (between(c, 0x0400, 0x040F)) return c + 0x50;
  return c == 0x03C2 ? 0x03C3 : c;  // the sigma of a word's end
}
}  // namespace

std::optional<std::u32string> decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(i);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : (lead & 0xF0) == 0xE0       ? 3
                                                             : 4;
    if (length == 4 && (lead < 0xF0 || lead > 0xF4)) return std::nullopt;
    if (i + length > text.size()) return std::nullopt;
    char32_t c = length == 1 ? lead : static_cast<char32_t>(lead & (0x7F >> length));
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return std::nullopt;
      c = c << 6 | static_cast<char32_t>(byte(i + k) & 0x3F);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (c < least[length] || c > 0x10FFFF || between(c, 0xD800, 0xDFFF)) return std::nullopt;
    out.push_back(c);
    i += length;
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t bits) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(bits)));
  };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

bool append_folded(std::string& out, char32_t c) {
  // Letters and digits of double width are another way to write ASCII.
  if (between(c, 0xFF01, 0xFF5E)) c -= 0xFEE0;
  if (between(c, 'A', 'Z')) c += 'a' - 'A';
  if (between(c, 'a', 'z') || between(c, '0', '9')) {
    out.push_back(static_cast<char>(c));
    return true;
  }
  if (invisible(c) || apostrophe(c)) return true;
  if (separates(c)) return false;
  std::string_view plain = ".";
  if (between(c, 0xC0, 0x2AF)) plain = low[c - 0xC0];
  if (between(c, 0x1E00, 0x1EFF)) plain = high[c - 0x1E00];
  if (plain != ".")
    out += plain;
  else
    append_utf8(out, lower_case(c));
  return true;
}

}  // namespace settled
