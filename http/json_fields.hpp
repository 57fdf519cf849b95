// One JSON object read field by field: collects what is wrong with each.
#pragma once
#include "domain/refusal.hpp"
#include "http/json_tree.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

class JsonFields {
 public:
  /// Refuses every field that is not in `known`. `pointer` is the object's own.
  JsonFields(const JsonTree& tree, std::uint32_t object, std::string pointer,
             const std::vector<std::string_view>& known, std::vector<Refusal>& errors);

  /// The field's node index, or nothing when it is absent (an error when required).
  std::optional<std::uint32_t> find(std::string_view name, bool required);
  /// A text, or nothing with the error noted.
  std::optional<std::string_view> text(std::string_view name, bool required);
  /// A text, or the digits of a number exactly as written.
  std::optional<std::string_view> digits(std::string_view name, bool required);
  std::optional<bool> boolean(std::string_view name);
  /// Notes a refusal of this field; the refusal's own `field` is replaced.
  void refuse(std::string_view name, Refusal refusal);

  /// A text of `least` to `most` characters that can be seen.
  std::optional<std::string> line(std::string_view name, bool required, std::size_t least, std::size_t most);

  const JsonNode& node(std::uint32_t index) const { return tree_[index]; }

 private:
  const JsonTree& tree_;
  std::uint32_t object_;
  std::string pointer_;
  std::vector<Refusal>& errors_;
};

std::string_view to_string(JsonKind kind);

}  // namespace settled
