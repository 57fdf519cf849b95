// What comparing names needs of Unicode: strict UTF-8, and letters reduced to a plain form.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace settled {
/// The code points; nothing for bytes that are not UTF-8 (overlong forms, surrogates, beyond U+10FFFF,
/// sequences cut off).
std::optional<std::u32string> decode_utf8(std::string_view text);
void append_utf8(std::string& out, char32_t code_point);

/// Appends what a letter or digit is without case and accents ("É" is "e", "ß" is "ss", "Ł" is "l").
/// Letters of other scripts stay, Greek and Cyrillic ones in lower case.
/// False for whatever separates words; true, and nothing appended, for what is not seen in a word
/// (combining accents, soft hyphens, zero-width characters, apostrophes).
bool append_folded(std::string& out, char32_t code_point);
}  // namespace settled
