// Bytes that come from strangers: is this text?
#pragma once
#include <string>
#include <string_view>

namespace settled {
/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view bytes);
/// Is there an ASCII control character (NUL, TAB, line ends, DEL …)?
bool has_control(std::string_view bytes);
/// The value for a sentence: quoted, shortened to 40 bytes at a character's border, control characters
/// and broken bytes as '?'.
std::string quoted(std::string_view value);
}  // namespace settled
