#include "http/json_in.hpp"

#include "domain/bank.hpp"
#include "http/json_fields.hpp"

#include <algorithm>

namespace settled {
namespace {
const std::vector<std::string_view> order_fields{"obligation_id", "from_bank", "to_bank",
                                                 "amount",        "currency",  "settlement_date",
                                                 "priority",      "method",    "metadata"};
const std::vector<std::string_view> element_fields = [] {
  auto fields = order_fields;
  fields.emplace_back("idempotency_key");
  return fields;
}();
const std::vector<std::string_view> account_fields{"kind", "bank", "currency", "name", "floor", "default"};
const std::vector<std::string_view> funding_fields{"amount", "currency"};
const std::vector<std::string_view> batch_fields{"orders"};

std::string bank(JsonFields& fields, std::string_view name, bool required) {
  const auto text = fields.text(name, required);
  if (!text) return {};
  auto bic = bic_from(*text);
  if (bic) return std::move(*bic);
  fields.refuse(name, std::move(bic.refusal()));
  return {};
}

std::optional<Currency> currency(JsonFields& fields) {
  const auto text = fields.text("currency", true);
  if (!text) return std::nullopt;
  auto found = currency_from(*text);
  if (found) return *found;
  fields.refuse("currency", std::move(found.refusal()));
  return std::nullopt;
}

std::optional<Money> amount(JsonFields& fields, std::optional<Currency> in) {
  const auto text = fields.digits("amount", true);
  if (!text) return std::nullopt;
  // Without its currency we can say only whether it is an amount at all.
  auto money = positive_amount(*text, in.value_or(Currency{}));
  if (money && in) return *money;
  if (!money && (in || money.refusal().code == Errc::invalid_value))
    fields.refuse("amount", std::move(money.refusal()));
  return std::nullopt;
}

template <class Enum>
void choice(JsonFields& fields, std::string_view name, std::optional<Enum> (*from)(std::string_view),
            std::string_view allowed, Enum& value) {
  const auto text = fields.text(name, false);
  if (!text) return;
  if (const auto found = from(*text)) {
    value = *found;
  } else {
    fields.refuse(name,
                  {Errc::invalid_value, "", '"' + std::string(text->substr(0, 40)) + "\" is not known here",
                   std::string(allowed)});
  }
}

std::string metadata(JsonFields& fields, const JsonTree& tree) {
  const auto at = fields.find("metadata", false);
  if (!at) return {};
  if (tree[*at].kind != JsonKind::object) {
    fields.refuse("metadata", {Errc::wrong_type, "",
                               "this is " + std::string(to_string(tree[*at].kind)) + ", not an object",
                               "an object of your own"});
    return {};
  }
  std::string text;
  append_json(text, tree, *at);
  if (text.size() > metadata_bytes_max) {
    fields.refuse("metadata", {Errc::invalid_value, "", "it has " + std::to_string(text.size()) + " bytes",
                               "at most " + std::to_string(metadata_bytes_max) + " bytes"});
    return {};
  }
  return text == "{}" ? std::string() : text;
}

Refusal not_an_object(JsonKind kind, std::string pointer) {
  return {Errc::wrong_type, std::move(pointer), "this is " + std::string(to_string(kind)) + ", not an object",
          "a JSON object"};
}

Parsed<OrderIn> order_at(const JsonTree& tree, std::uint32_t index, const std::string& pointer, bool element,
                         std::string_view today) {
  Parsed<OrderIn> parsed;
  if (tree[index].kind != JsonKind::object) {
    parsed.errors.push_back(not_an_object(tree[index].kind, pointer));
    return parsed;
  }
  JsonFields fields(tree, index, pointer, element ? element_fields : order_fields, parsed.errors);
  OrderIn in;
  SettlementOrder& order = in.order;
  order.obligation_id = fields.line("obligation_id", true, 1, 64).value_or("");
  order.from_bank = bank(fields, "from_bank", true);
  order.to_bank = bank(fields, "to_bank", true);
  const auto unit = currency(fields);
  if (const auto money = amount(fields, unit)) order.amount = *money;
  if (const auto date = fields.text("settlement_date", false)) {
    in.date_given = true;
    order.settlement_date = *date;
    if (!valid_date(*date))
      fields.refuse("settlement_date", {Errc::invalid_value, "",
                                        '"' + std::string(date->substr(0, 40)) + "\" is not a calendar day",
                                        "YYYY-MM-DD, a day that exists"});
  } else {
    order.settlement_date = today;
  }
  choice(fields, "priority", priority_from, "NORMAL, HIGH or URGENT", order.priority);
  choice(fields, "method", method_from, "SWIFT, SEPA, LOCAL_ACH or MOCK", order.method);
  order.metadata = metadata(fields, tree);
  if (element) {
    if (const auto key = fields.text("idempotency_key", false)) {
      in.idempotency_key = *key;
      if (!valid_idempotency_key(*key))
        fields.refuse("idempotency_key", {Errc::invalid_value, "", "this is not an idempotency key",
                                          "1 to 255 visible ASCII characters"});
    }
  }
  if (parsed.errors.empty())
    if (auto refusal = check_order(order)) {
      refusal->field = pointer + refusal->field;
      parsed.errors.push_back(std::move(*refusal));
    }
  if (parsed.errors.empty()) parsed.value = std::move(in);
  return parsed;
}

// The root object's errors go to `errors`; null when there is no tree or no object.
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

std::int64_t floor_of(JsonFields& fields, std::optional<Currency> unit) {
  const auto text = fields.digits("floor", false);
  if (!text || !unit) return 0;
  auto floor = parse_signed_amount(*text, *unit);
  if (!floor) {
    fields.refuse("floor", std::move(floor.refusal()));
    return 0;
  }
  if (*floor > 0)
    fields.refuse("floor",
                  {Errc::invalid_value, "", "a new account is empty and would begin below this floor",
                   "0, or a negative amount for a credit line"});
  return *floor;
}
}  // namespace

bool valid_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= 255 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Parsed<OrderIn> parse_order(std::string& body, std::string_view today) {
  Parsed<OrderIn> parsed;
  if (const auto* tree = object_of(body, parsed.errors)) return order_at(*tree, 0, "", false, today);
  return parsed;
}

Parsed<BatchIn> parse_batch(std::string& body, std::string_view today) {
  Parsed<BatchIn> parsed;
  const auto parsed_tree = parse_json(body);
  if (!parsed_tree) {
    parsed.errors.push_back(parsed_tree.refusal());
    return parsed;
  }
  const JsonTree& tree = **parsed_tree;
  std::uint32_t list = 0;
  std::string pointer;
  if (tree[0].kind == JsonKind::object) {
    JsonFields fields(tree, 0, "", batch_fields, parsed.errors);
    const auto at = fields.find("orders", true);
    pointer = "/orders";
    if (at && tree[*at].kind != JsonKind::array)
      fields.refuse("orders", {Errc::wrong_type, "",
                               "this is " + std::string(to_string(tree[*at].kind)) + ", not an array",
                               "an array of orders"});
    if (!parsed.errors.empty()) return parsed;
    list = *at;
  }
  BatchIn batch;
  for (auto i = list + 1; i < tree[list].end; i = tree[i].end) {
    if (batch.orders.size() == batch_orders_max) {
      parsed.errors.push_back(
          {Errc::invalid_value, pointer, "the batch has too many orders", "1 to 1000 orders"});
      return parsed;
    }
    batch.orders.push_back(
        order_at(tree, i, pointer + '/' + std::to_string(batch.orders.size()), true, today));
  }
  if (batch.orders.empty()) {
    parsed.errors.push_back({Errc::invalid_value, pointer, "the batch is empty", "1 to 1000 orders"});
    return parsed;
  }
  parsed.value = std::move(batch);
  return parsed;
}

Parsed<Account> parse_account(std::string& body) {
  Parsed<Account> parsed;
  const auto* tree = object_of(body, parsed.errors);
  if (!tree) return parsed;
  JsonFields fields(*tree, 0, "", account_fields, parsed.errors);
  Account account;
  constexpr std::string_view kinds = "nostro, vostro, wallet, treasury, fee, suspense or clearing";
  fields.find("kind", true);
  choice(fields, "kind", account_kind_from, kinds, account.kind);
  const bool of_a_bank = account.kind == AccountKind::nostro || account.kind == AccountKind::vostro;
  account.bank = bank(fields, "bank", of_a_bank);
  const auto unit = currency(fields);
  if (unit) account.currency = *unit;
  account.name = fields.line("name", false, 0, 140).value_or("");
  account.floor = floor_of(fields, unit);
  account.is_default = fields.boolean("default").value_or(false);
  if (account.is_default && account.kind != AccountKind::nostro)
    fields.refuse("default", {Errc::invalid_value, "", "only a nostro can be its currency's default",
                              "false, or kind nostro"});
  if (parsed.errors.empty()) parsed.value = std::move(account);
  return parsed;
}

Parsed<FundingIn> parse_funding(std::string& body) {
  Parsed<FundingIn> parsed;
  const auto* tree = object_of(body, parsed.errors);
  if (!tree) return parsed;
  JsonFields fields(*tree, 0, "", funding_fields, parsed.errors);
  const auto unit = currency(fields);
  const auto money = amount(fields, unit);
  if (parsed.errors.empty() && money) parsed.value = FundingIn{*money};
  return parsed;
}
}  // namespace settled
