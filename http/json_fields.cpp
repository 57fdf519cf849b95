#include "http/json_fields.hpp"

#include "domain/plain_text.hpp"
#include "http/json_in.hpp"

#include <algorithm>
#include <numeric>

namespace settled {
namespace {
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}
}  // namespace

std::string_view closest_name(std::string_view name, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t best_distance = 3;
  if (name.size() > 40) return best;
  for (const auto candidate : known) {
    const auto distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string_view to_string(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "a boolean";
    case JsonKind::number:
      return "a number";
    case JsonKind::text:
      return "a string";
    case JsonKind::array:
      return "an array";
    case JsonKind::object:
      return "an object";
  }
  return "";
}

JsonFields::JsonFields(const JsonTree& tree, std::uint32_t object, std::string pointer,
                       const std::vector<std::string_view>& known, std::vector<Refusal>& errors)
    : tree_(tree), object_(object), pointer_(std::move(pointer)), errors_(errors) {
  constexpr std::size_t told_at_most = 20;
  std::size_t told = 0;
  for (auto i = object + 1; i < tree[object].end; i = tree[i].end) {
    if (std::find(known.begin(), known.end(), tree[i].key) != known.end()) continue;
    if (++told > told_at_most) break;
    std::string detail = "unknown field";
    if (const auto close = closest_name(tree[i].key, known); !close.empty())
      detail += ". Did you mean \"" + std::string(close) + "\"?";
    errors_.push_back({Errc::unknown_field, pointer_below(pointer_, tree[i].key), detail, joined(known)});
  }
}

std::optional<std::uint32_t> JsonFields::find(std::string_view name, bool required) {
  for (auto i = object_ + 1; i < tree_[object_].end; i = tree_[i].end)
    if (tree_[i].key == name) return i;
  if (required) refuse(name, {Errc::missing_field, "", "the field is missing", ""});
  return std::nullopt;
}

void JsonFields::refuse(std::string_view name, Refusal refusal) {
  refusal.field = pointer_below(pointer_, name);
  errors_.push_back(std::move(refusal));
}

std::optional<std::string_view> JsonFields::text(std::string_view name, bool required) {
  const auto at = find(name, required);
  if (!at) return std::nullopt;
  if (tree_[*at].kind == JsonKind::text) return tree_[*at].text;
  refuse(name, {Errc::wrong_type, "", "this is " + std::string(to_string(tree_[*at].kind)) + ", not a string",
                "a string"});
  return std::nullopt;
}

std::optional<std::string_view> JsonFields::digits(std::string_view name, bool required) {
  const auto at = find(name, required);
  if (!at) return std::nullopt;
  const JsonNode& found = tree_[*at];
  if (found.kind == JsonKind::text || found.kind == JsonKind::number) return found.text;
  refuse(name, {Errc::wrong_type, "", "this is " + std::string(to_string(found.kind)) + ", not an amount",
                "decimal text such as \"150.25\""});
  return std::nullopt;
}

std::optional<bool> JsonFields::boolean(std::string_view name) {
  const auto at = find(name, false);
  if (!at) return std::nullopt;
  if (tree_[*at].kind == JsonKind::boolean) return tree_[*at].truth;
  refuse(name, {Errc::wrong_type, "",
                "this is " + std::string(to_string(tree_[*at].kind)) + ", not a boolean", "true or false"});
  return std::nullopt;
}

std::optional<std::string> JsonFields::line(std::string_view name, bool required, std::size_t least,
                                            std::size_t most) {
  const auto value = text(name, required);
  if (!value) return std::nullopt;
  const auto characters = character_count(*value);
  const std::string allowed = std::to_string(least) + " to " + std::to_string(most) + " printable characters";
  if (characters < least || characters > most) {
    refuse(name,
           {Errc::invalid_value, "", "the text has " + std::to_string(characters) + " characters", allowed});
    return std::nullopt;
  }
  if (const auto hidden = hidden_in(*value); !hidden.empty()) {
    refuse(name, {Errc::invalid_value, "", "the text " + hidden, allowed});
    return std::nullopt;
  }
  return std::string(*value);
}
}  // namespace settled
