#include "sandbox/json_fields.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace settled::sandbox {
namespace {
std::string pointer(std::string_view name) { return '/' + std::string(name.substr(0, 64)); }
Refusal wrong_type(std::string_view name, std::string wanted) {
  return {Errc::wrong_type, pointer(name), std::string(name.substr(0, 64)) + " must be " + wanted,
          std::move(wanted)};
}
Refusal outside(std::string_view name, std::string allowed) {
  return {Errc::invalid_value, pointer(name), std::string(name) + " is outside what is allowed: " + allowed,
          std::move(allowed)};
}
}  // namespace

Result<JsonFields> JsonFields::parse(std::string_view body, std::initializer_list<std::string_view> known) {
  thread_local simdjson::dom::parser parser;
  const Refusal malformed{Errc::malformed_body, "", "the body is not one JSON object", "a JSON object"};
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object)) return malformed;
  JsonFields fields;
  for (const auto& [name, element] : object) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return Refusal{Errc::unknown_field, pointer(name),
                     "there is no field " + std::string(name.substr(0, 64)), ""};
    Value value;
    if (std::string_view text; !element.get(text))
      value = std::string(text);
    else if (std::int64_t whole = 0; !element.get(whole))
      value = whole;
    else if (std::uint64_t bits = 0; !element.get(bits))
      value = bits;
    else if (double number = 0; !element.get(number))
      value = number;
    else if (bool flag = false; !element.get(flag))
      value = flag;
    else
      return wrong_type(name, "a text or a number");
    if (!fields.values_.emplace(std::string(name), std::move(value)).second)
      return Refusal{Errc::malformed_body, pointer(name), std::string(name) + " stands there twice",
                     "each once"};
  }
  return fields;
}

Result<const JsonFields::Value*> JsonFields::find(std::string_view name) const {
  const auto at = values_.find(name);
  if (at == values_.end())
    return Refusal{Errc::missing_field, pointer(name), std::string(name) + " is missing", ""};
  return &at->second;
}

Result<std::string> JsonFields::text(std::string_view name, std::size_t longest) const {
  const auto value = find(name);
  if (!value) return value.refusal();
  const auto* text = std::get_if<std::string>(*value);
  if (!text) return wrong_type(name, "a text");
  if (text->empty() || text->size() > longest)
    return outside(name, "1 to " + std::to_string(longest) + " bytes");
  return *text;
}

Result<std::int64_t> JsonFields::whole(std::string_view name, std::int64_t least, std::int64_t most) const {
  const auto value = find(name);
  if (!value) return value.refusal();
  const auto* number = std::get_if<std::int64_t>(*value);
  if (!number) return wrong_type(name, "a whole number");
  if (*number < least || *number > most)
    return outside(name, std::to_string(least) + " to " + std::to_string(most));
  return *number;
}

Result<std::uint64_t> JsonFields::bits(std::string_view name) const {
  const auto value = find(name);
  if (!value) return value.refusal();
  if (const auto* number = std::get_if<std::uint64_t>(*value)) return *number;
  const auto* number = std::get_if<std::int64_t>(*value);
  if (!number || *number < 0) return wrong_type(name, "a whole number from 0 to 2^64-1");
  return static_cast<std::uint64_t>(*number);
}

Result<std::int64_t> JsonFields::share_ppm(std::string_view name) const {
  const auto value = find(name);
  if (!value) return value.refusal();
  double share = 0;
  if (const auto* number = std::get_if<double>(*value))
    share = *number;
  else if (const auto* whole_number = std::get_if<std::int64_t>(*value))
    share = static_cast<double>(*whole_number);
  else
    return wrong_type(name, "a number from 0.0 to 1.0");
  if (!(share >= 0.0 && share <= 1.0)) return outside(name, "0.0 to 1.0");
  return static_cast<std::int64_t>(std::llround(share * 1e6));
}
}  // namespace settled::sandbox
