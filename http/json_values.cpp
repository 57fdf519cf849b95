#include "http/json_values.hpp"

#include "domain/bank.hpp"

#include <charconv>

namespace settled {

Refusal not_an_object(JsonKind kind, std::string pointer) {
  return {Errc::wrong_type, std::move(pointer), "this is " + std::string(to_string(kind)) + ", not an object",
          "a JSON object"};
}

const JsonTree* object_of(std::string& body, std::vector<Refusal>& errors) {
  auto tree = parse_json(body);
  if (!tree) {
    errors.push_back(std::move(tree.refusal()));
    return nullptr;
  }
  if ((**tree)[0].kind == JsonKind::object) return *tree;
  errors.push_back(not_an_object((**tree)[0].kind, ""));
  return nullptr;
}

std::string read_bic(JsonFields& fields, std::string_view name, bool required) {
  const auto text = fields.text(name, required);
  if (!text) return {};
  auto bic = bic_from(*text);
  if (bic) return std::move(*bic);
  fields.refuse(name, std::move(bic.refusal()));
  return {};
}

std::optional<Currency> read_currency(JsonFields& fields, bool required) {
  const auto text = fields.text("currency", required);
  if (!text) return std::nullopt;
  auto found = currency_from(*text);
  if (found) return *found;
  fields.refuse("currency", std::move(found.refusal()));
  return std::nullopt;
}

std::optional<Money> read_amount(JsonFields& fields, std::optional<Currency> in) {
  const auto text = fields.digits("amount", true);
  if (!text) return std::nullopt;
  // Without its currency we can say only whether it is an amount at all.
  auto money = positive_amount(*text, in.value_or(Currency{}));
  if (money && in) return *money;
  if (!money && (in || money.refusal().code == Errc::invalid_value))
    fields.refuse("amount", std::move(money.refusal()));
  return std::nullopt;
}

std::optional<Date> read_date(JsonFields& fields, std::string_view name, bool required) {
  const auto text = fields.text(name, required);
  if (!text) return std::nullopt;
  const auto date = date_from(*text);
  if (!date)
    fields.refuse(
        name, {Errc::invalid_value, "", '"' + std::string(text->substr(0, 40)) + "\" is not a calendar day",
               "YYYY-MM-DD, a day that exists"});
  return date;
}

std::optional<int> whole_of(const JsonNode& node, const std::string& pointer, int least, int most,
                            std::vector<Refusal>& errors) {
  const auto allowed =
      "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", without quotes";
  if (node.kind != JsonKind::number) {
    errors.push_back({Errc::wrong_type, pointer,
                      "this is " + std::string(to_string(node.kind)) + ", not a number", allowed});
    return std::nullopt;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  if (error == std::errc{} && end == node.text.data() + node.text.size() && value >= least && value <= most)
    return value;
  errors.push_back({Errc::invalid_value, pointer,
                    '"' + std::string(node.text.substr(0, 40)) + "\" is out of range", allowed});
  return std::nullopt;
}

std::optional<int> read_whole(JsonFields& fields, std::string_view name, bool required, int least, int most) {
  const auto at = fields.find(name, required);
  if (!at) return std::nullopt;
  std::vector<Refusal> errors;
  const auto value = whole_of(fields.node(*at), "", least, most, errors);
  for (auto& error : errors) fields.refuse(name, std::move(error));
  return value;
}

std::optional<std::uint32_t> read_array(JsonFields& fields, std::string_view name, bool required,
                                        std::string_view of) {
  const auto at = fields.find(name, required);
  if (!at) return std::nullopt;
  const auto kind = fields.node(*at).kind;
  if (kind == JsonKind::array) return at;
  fields.refuse(name, {Errc::wrong_type, "", "this is " + std::string(to_string(kind)) + ", not an array",
                       "an array of " + std::string(of)});
  return std::nullopt;
}

bool is_null(JsonFields& fields, std::string_view name) {
  const auto at = fields.find(name, false);
  return at && fields.node(*at).kind == JsonKind::null;
}
}  // namespace settled
