// A JSON body as a checked tree: valid UTF-8, no key twice, not too deep, numbers kept as their digits.
// simdjson does the reading; what it leaves open is closed here.
#pragma once
#include "domain/refusal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

enum class JsonKind : std::uint8_t { null, boolean, number, text, array, object };

struct JsonNode {
  JsonKind kind = JsonKind::null;
  bool truth = false;
  std::uint32_t end = 0;  // index after the last node below this one: the next sibling
  std::string_view key;   // within an object
  std::string_view text;  // of a text, unescaped; of a number, its digits as written
};

/// Nodes in the order of the document; the first child of `i` is `i + 1`. The views live until the next
/// body is parsed on the same thread.
using JsonTree = std::vector<JsonNode>;

inline constexpr int json_depth_max = 32;
inline constexpr std::size_t json_elements_max = 10'000;  // of one array or object

/// Errors: malformed_body, and invalid_value for a NUL character, with the JSON pointer in `field`.
/// `body` may be moved in memory: the reader needs room behind the text.
Result<const JsonTree*> parse_json(std::string& body);

/// The node again as JSON: no blanks, one spelling per string, numbers as written.
void append_json(std::string& out, const JsonTree& tree, std::uint32_t node);

/// "/orders/3" + "a/b" is "/orders/3/a~1b"; long names are cut.
std::string pointer_below(std::string_view pointer, std::string_view name);

}  // namespace settled
