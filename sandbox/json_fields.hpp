// A flat JSON object read strictly: only known names, each once, values of the asked type.
#pragma once
#include "domain/refusal.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace settled::sandbox {

class JsonFields {
 public:
  /// Errors: malformed_body, unknown_field, wrong_type (a nested value or null); the field is a JSON pointer.
  static Result<JsonFields> parse(std::string_view body, std::initializer_list<std::string_view> known);

  bool has(std::string_view name) const { return values_.contains(name); }
  /// Errors of all: missing_field, wrong_type, invalid_value (too long, outside the range).
  Result<std::string> text(std::string_view name, std::size_t longest) const;
  Result<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most) const;
  Result<std::uint64_t> bits(std::string_view name) const;
  /// A share from 0.0 to 1.0, in parts per million.
  Result<std::int64_t> share_ppm(std::string_view name) const;

 private:
  using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;
  Result<const Value*> find(std::string_view name) const;
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace settled::sandbox
