// A line of text that people shall read, compare and quote: nothing in it that is not seen.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace settled {

/// Code points; of bytes that are UTF-8.
std::size_t character_count(std::string_view utf8);

/// Why this cannot stand for itself, or nothing: "is not UTF-8", "holds a control character", "holds the
/// invisible character U+202E", "is blank". Characters that turn the direction of writing or are not seen
/// make two texts look the same, and one text look like another. An empty text is for the caller to judge.
std::string hidden_in(std::string_view utf8);

}  // namespace settled
