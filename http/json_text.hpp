// Writing JSON by hand: strings escaped, times as RFC 3339.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace settled {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that
/// whatever a client sent may be shown back.
void append_json_string(std::string& out, std::string_view text);

/// Appends a quoted RFC 3339 time in UTC with microseconds, or null for 0.
void append_json_time(std::string& out, std::int64_t micros);

/// Appends `,"name":` (without the comma after an opening brace or bracket).
void append_json_name(std::string& out, std::string_view name);

/// A member each: a text, or null where it is empty; a truth; a number; a time as above.
void append_json_nullable(std::string& out, std::string_view name, std::string_view text);
void append_json_bool(std::string& out, std::string_view name, bool value);
void append_json_number(std::string& out, std::string_view name, std::int64_t value);
void append_json_time(std::string& out, std::string_view name, std::int64_t micros);

inline void append_json_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_name(out, name);
  append_json_string(out, text);
}

}  // namespace settled
