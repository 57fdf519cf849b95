#include "formats/text.hpp"

#include <algorithm>

namespace settled {
namespace {
/// Length of the character that starts at `at`, 0 where the bytes are not UTF-8.
std::size_t character(std::string_view s, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < s.size() ? static_cast<unsigned char>(s[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    // E0 must not be overlong, ED must not be a surrogate.
    const bool second = first == 0xE0 ? byte(1) >= 0xA0 : first == 0xED ? byte(1) <= 0x9F : true;
    return second && tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = first == 0xF0 ? byte(1) >= 0x90 : first == 0xF4 ? byte(1) <= 0x8F : true;
    return second && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}
bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
}  // namespace

bool valid_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = character(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool has_control(std::string_view bytes) { return std::any_of(bytes.begin(), bytes.end(), control); }

std::string quoted(std::string_view value) {
  constexpr std::size_t longest = 40;
  std::string out = "\"";
  std::size_t at = 0;
  while (at < value.size()) {
    const auto length = character(value, at);
    if (at + std::max<std::size_t>(length, 1) > longest) break;
    if (length == 0 || control(value[at]))
      out += '?';
    else
      out += value.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  out += at < value.size() ? "…\"" : "\"";
  return out;
}
}  // namespace settled
