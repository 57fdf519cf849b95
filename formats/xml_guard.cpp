#include "formats/xml_guard.hpp"

#include "formats/text.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace settled {
namespace {
constexpr auto none = std::string_view::npos;

Refusal refuse(Errc code, std::string detail, std::string allowed = {}) {
  return {code, "", std::move(detail), std::move(allowed)};
}

/// Case does not matter: a wrong spelling is not worth the doubt.
bool contains(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) == std::toupper(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// The encoding that the XML declaration names; empty without one.
std::string_view declared_encoding(std::string_view xml) {
  if (!xml.starts_with("<?xml")) return {};
  const auto declaration = xml.substr(0, std::min<std::size_t>(xml.find("?>"), 200));
  const auto name = declaration.find("encoding");
  if (name == none) return {};
  const auto open = declaration.find_first_of("\"'", name);
  if (open == none) return {};
  const auto close = declaration.find(declaration[open], open + 1);
  return close == none ? std::string_view{} : declaration.substr(open + 1, close - open - 1);
}

/// Walks the tags without a tree. `nodes` counts elements and attributes.
Result<bool> check_tags(std::string_view xml, const XmlLimits& limits) {
  std::size_t depth = 0;
  std::size_t nodes = 0;
  for (auto at = xml.find('<'); at != none; at = xml.find('<', at)) {
    const auto rest = xml.substr(at);
    std::string_view ends;
    if (rest.starts_with("<!--")) ends = "-->";
    if (rest.starts_with("<![CDATA[")) ends = "]]>";
    if (rest.starts_with("<?")) ends = "?>";
    if (!ends.empty()) {
      const auto end = xml.find(ends, at + 2);
      if (end == none) return refuse(Errc::malformed_body, "the file ends inside a comment or a section");
      at = end + ends.size();
      ++nodes;
      continue;
    }
    auto end = at + 1;
    char quote = 0;
    for (; end < xml.size() && (quote != 0 || xml[end] != '>'); ++end) {
      if (quote != 0) {
        if (xml[end] == quote) quote = 0;
      } else if (xml[end] == '"' || xml[end] == '\'') {
        quote = xml[end];
        ++nodes;
      }
    }
    if (end >= xml.size()) return refuse(Errc::malformed_body, "the file ends inside a tag");
    if (rest.starts_with("</")) {
      if (depth == 0) return refuse(Errc::malformed_body, "an element is closed that was never opened");
      --depth;
    } else {
      ++nodes;
      if (xml[end - 1] != '/' && ++depth > limits.depth_max)
        return refuse(Errc::malformed_body,
                      "elements are nested deeper than " + std::to_string(limits.depth_max));
    }
    if (nodes > limits.nodes_max)
      return refuse(Errc::body_too_large,
                    "has more than " + std::to_string(limits.nodes_max) + " elements and attributes");
    at = end + 1;
  }
  if (depth != 0) return refuse(Errc::malformed_body, "the file ends before its elements are closed");
  return true;
}
}  // namespace

Result<bool> check_xml(std::string_view xml, const XmlLimits& limits) {
  if (xml.size() > limits.bytes_max)
    return refuse(Errc::body_too_large,
                  "has " + std::to_string(xml.size()) + " bytes; at most " +
                      std::to_string(limits.bytes_max) + " are read",
                  "split the file");
  if (xml.starts_with("\xEF\xBB\xBF")) xml.remove_prefix(3);
  if (xml.find('\0') != none || !valid_utf8(xml))
    return refuse(Errc::malformed_body, "is not UTF-8 text", "UTF-8");
  const auto encoding = declared_encoding(xml);
  if (!encoding.empty() && !(encoding.size() == 5 && contains(encoding, "UTF-8")) &&
      !(encoding.size() == 8 && contains(encoding, "US-ASCII")))
    return refuse(Errc::malformed_body, "declares the encoding " + quoted(encoding), "UTF-8");
  // Wherever it stands: no payment file has a reason to bring a DTD or its own entities.
  for (std::string_view word : {"<!DOCTYPE", "<!ENTITY", "<!ELEMENT", "<!ATTLIST"})
    if (contains(xml, word))
      return refuse(Errc::malformed_body, "contains " + std::string(word) + "; document types are refused");
  return check_tags(xml, limits);
}
}  // namespace settled
