// The values that bodies are made of, read from a field each: what is wrong is noted with the field's name.
#pragma once
#include "domain/calendar.hpp"
#include "domain/money.hpp"
#include "http/json_fields.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

Refusal not_an_object(JsonKind kind, std::string pointer);
/// The tree whose root is an object, or null with what is wrong in `errors`. `body` may move in memory.
const JsonTree* object_of(std::string& body, std::vector<Refusal>& errors);

/// A BIC; empty when it is absent or wrong.
std::string read_bic(JsonFields& fields, std::string_view name, bool required);
std::optional<Currency> read_currency(JsonFields& fields, bool required = true);
/// More than zero. Without its currency only the form is checked.
std::optional<Money> read_amount(JsonFields& fields, std::optional<Currency> in);
/// YYYY-MM-DD of a day that exists.
std::optional<Date> read_date(JsonFields& fields, std::string_view name, bool required);
/// A whole number written as a JSON number.
std::optional<int> read_whole(JsonFields& fields, std::string_view name, bool required, int least, int most);
/// As read_whole, for an element of an array, whose pointer is given.
std::optional<int> whole_of(const JsonNode& node, const std::string& pointer, int least, int most,
                            std::vector<Refusal>& errors);
/// The index of an array's node, or nothing with the error noted. `of` says what it holds: "weekdays".
std::optional<std::uint32_t> read_array(JsonFields& fields, std::string_view name, bool required,
                                        std::string_view of);
/// Is the field there and null? Then it means what its absence means.
bool is_null(JsonFields& fields, std::string_view name);

/// One of a list of words.
template <class Enum>
void read_choice(JsonFields& fields, std::string_view name, bool required,
                 std::optional<Enum> (*from)(std::string_view), std::string_view allowed, Enum& value) {
  const auto text = fields.text(name, required);
  if (!text) return;
  if (const auto found = from(*text)) {
    value = *found;
  } else {
    fields.refuse(name,
                  {Errc::invalid_value, "", '"' + std::string(text->substr(0, 40)) + "\" is not known here",
                   std::string(allowed)});
  }
}

}  // namespace settled
