#include "http/json_tree.hpp"

#include "http/json_text.hpp"

#include <simdjson.h>

#include <optional>
#include <unordered_set>

namespace settled {
namespace {
namespace od = simdjson::ondemand;

bool digit(char c) { return c >= '0' && c <= '9'; }

// RFC 8259: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_json_number(std::string_view s) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto start = i;
    while (i < s.size() && digit(s[i])) ++i;
    return i > start;
  };
  if (i < s.size() && s[i] == '-') ++i;
  if (i < s.size() && s[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < s.size() && s[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    if (i < s.size() && (s[i] == '+' || s[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == s.size();
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\n' || s.back() == '\r' || s.back() == '\t'))
    s.remove_suffix(1);
  return s;
}

class Reader {
 public:
  explicit Reader(JsonTree& tree) : tree_(tree) {}

  bool read(od::value value, std::string_view key, int depth) {
    od::json_type type{};
    if (value.type().get(type)) return scalar_garbage(value);
    const auto index = static_cast<std::uint32_t>(tree_.size());
    JsonNode& node = tree_.emplace_back();
    node.key = key;
    bool ok = true;
    switch (type) {
      case od::json_type::object:
        node.kind = JsonKind::object;
        ok = object(value, index, depth);
        break;
      case od::json_type::array:
        node.kind = JsonKind::array;
        ok = array(value, depth);
        break;
      case od::json_type::string:
        node.kind = JsonKind::text;
        ok = text(value, node);
        break;
      default:
        ok = scalar(value, node);
    }
    tree_[index].end = static_cast<std::uint32_t>(tree_.size());
    return ok;
  }

  Refusal refusal() {
    Refusal r = error_ ? std::move(*error_) : malformed("the body is not JSON");
    for (auto step = path_.rbegin(); step != path_.rend(); ++step) r.field = pointer_below(r.field, *step);
    return r;
  }

 private:
  static Refusal malformed(std::string detail) {
    return {Errc::malformed_body, "", std::move(detail), "one JSON document in UTF-8, every key once"};
  }
  bool fail(Refusal refusal) {
    if (!error_) error_ = std::move(refusal);
    return false;
  }
  bool fail(simdjson::error_code code) {
    return fail(malformed(code == simdjson::UTF8_ERROR ? std::string("the body is not UTF-8")
                                                       : "the body is not JSON: " + std::string(what(code))));
  }
  static std::string_view what(simdjson::error_code code) {
    switch (code) {
      case simdjson::STRING_ERROR:
        return "a string has a bad escape";
      case simdjson::UNESCAPED_CHARS:
        return "a string holds a control character that is not escaped";
      case simdjson::UNCLOSED_STRING:
        return "a string is not closed";
      case simdjson::EMPTY:
        return "it is empty";
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "an array or object is not closed";
      default:
        return "a value, comma, colon or bracket is not where it should be";
    }
  }
  // What stands in the way of `name` is known only when an error comes up through it.
  bool below(std::string_view name, bool ok) {
    if (!ok) path_.emplace_back(name);
    return ok;
  }
  bool deeper(int depth) {
    return depth <= json_depth_max ||
           fail(malformed("nested deeper than " + std::to_string(json_depth_max) + " levels"));
  }

  bool object(od::value value, std::uint32_t index, int depth) {
    if (!deeper(depth)) return false;
    od::object fields;
    if (const auto error = value.get_object().get(fields)) return fail(error);
    std::size_t count = 0;
    std::unordered_set<std::string_view> many;
    for (auto each : fields) {
      od::field field;
      if (const auto error = std::move(each).get(field)) return fail(error);
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return fail(error);
      if (!below(key, without_nul(key) && first_of_its_name(key, index, count, many))) return false;
      if (++count > json_elements_max) return fail(too_many());
      if (!below(key, read(field.value(), key, depth + 1))) return false;
    }
    return true;
  }

  bool array(od::value value, int depth) {
    if (!deeper(depth)) return false;
    od::array elements;
    if (const auto error = value.get_array().get(elements)) return fail(error);
    std::size_t count = 0;
    for (auto each : elements) {
      od::value element;
      if (const auto error = each.get(element)) return fail(error);
      if (count == json_elements_max) return fail(too_many());
      if (!read(element, {}, depth + 1)) return below(std::to_string(count), false);
      ++count;
    }
    return true;
  }

  static Refusal too_many() {
    return malformed("more than " + std::to_string(json_elements_max) + " elements in one array or object");
  }

  bool first_of_its_name(std::string_view key, std::uint32_t index, std::size_t count,
                         std::unordered_set<std::string_view>& many) {
    constexpr std::size_t few = 16;
    bool fresh = true;
    if (count < few) {
      for (auto i = index + 1; i < tree_.size(); i = tree_[i].end) fresh = fresh && tree_[i].key != key;
    } else {
      if (many.empty())
        for (auto i = index + 1; i < tree_.size(); i = tree_[i].end) many.insert(tree_[i].key);
      fresh = many.insert(key).second;
    }
    return fresh || fail(malformed("the key stands twice in its object"));
  }

  bool without_nul(std::string_view s) {
    if (s.find('\0') == std::string_view::npos) return true;
    return fail({Errc::invalid_value, "", "the text holds a NUL character (\\u0000)", "any other character"});
  }

  bool text(od::value value, JsonNode& node) {
    if (const auto error = value.get_string().get(node.text)) return fail(error);
    return without_nul(node.text);
  }

  bool scalar(od::value value, JsonNode& node) {
    const auto token = trimmed(value.raw_json_token());
    node.text = token;
    if (token == "null") {
      node.kind = JsonKind::null;
    } else if (token == "true" || token == "false") {
      node.kind = JsonKind::boolean;
      node.truth = token == "true";
    } else if (is_json_number(token)) {
      node.kind = JsonKind::number;
    } else {
      return not_a_value(token);
    }
    return true;
  }
  bool scalar_garbage(od::value value) { return not_a_value(trimmed(value.raw_json_token())); }
  bool not_a_value(std::string_view token) {
    if (token.empty()) return fail(malformed("the body ends where a value should stand"));
    std::string shown(token.substr(0, 40));
    return fail(malformed('"' + shown + "\" is not a JSON value"));
  }

  JsonTree& tree_;
  std::optional<Refusal> error_;
  std::vector<std::string> path_;  // from the inside out
};

Refusal not_json(simdjson::error_code code) {
  std::string detail =
      code == simdjson::EMPTY             ? "the body is empty"
      : code == simdjson::UTF8_ERROR      ? "the body is not UTF-8"
      : code == simdjson::UNCLOSED_STRING ? "the body is not JSON: a string is not closed"
      : code == simdjson::UNESCAPED_CHARS
          ? "the body is not JSON: a string holds a control character that is not escaped"
          : "the body is not JSON: an array or object is not closed, or something follows it";
  return {Errc::malformed_body, "", std::move(detail), "one JSON document in UTF-8, every key once"};
}
}  // namespace

Result<const JsonTree*> parse_json(std::string& body) {
  thread_local od::parser parser;
  thread_local JsonTree tree;
  tree.clear();
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  od::document document;
  if (const auto error = parser.iterate(body.data(), body.size(), body.capacity()).get(document))
    return not_json(error);
  bool is_scalar = false;
  if (const auto error = document.is_scalar().get(is_scalar)) return not_json(error);
  if (is_scalar)
    return Refusal{Errc::wrong_type, "", "the body is a single value, not an object", "a JSON object"};
  od::value root;
  if (const auto error = document.get_value().get(root)) return not_json(error);
  Reader reader(tree);
  if (!reader.read(root, {}, 1)) return reader.refusal();
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    return Refusal{Errc::malformed_body, "", "something follows the JSON document", "one JSON document"};
  return &std::as_const(tree);
}

void append_json(std::string& out, const JsonTree& tree, std::uint32_t index) {
  const JsonNode& node = tree[index];
  switch (node.kind) {
    case JsonKind::null:
    case JsonKind::boolean:
    case JsonKind::number:
      out += node.text;
      return;
    case JsonKind::text:
      append_json_string(out, node.text);
      return;
    case JsonKind::array:
    case JsonKind::object:
      break;
  }
  const bool object = node.kind == JsonKind::object;
  out += object ? '{' : '[';
  for (auto i = index + 1; i < node.end; i = tree[i].end) {
    if (i != index + 1) out += ',';
    if (object) {
      append_json_string(out, tree[i].key);
      out += ':';
    }
    append_json(out, tree, i);
  }
  out += object ? '}' : ']';
}

std::string pointer_below(std::string_view pointer, std::string_view name) {
  constexpr std::size_t longest = 64;
  std::string text(pointer);
  text += '/';
  for (const char c : name.substr(0, longest)) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  if (name.size() > longest) text += "…";
  return text;
}
}  // namespace settled
