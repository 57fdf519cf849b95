#include "http/json_in.hpp"

#include "http/json_values.hpp"

#include <algorithm>

namespace settled {
namespace {
const std::vector<std::string_view> order_fields{
    "obligation_id", "from_bank", "to_bank",  "amount",         "currency",           "settlement_date",
    "priority",      "method",    "metadata", "outside_window", "insufficient_funds", "past_date"};
const std::vector<std::string_view> element_fields = [] {
  auto fields = order_fields;
  fields.emplace_back("idempotency_key");
  return fields;
}();
const std::vector<std::string_view> account_fields{"kind", "bank", "currency", "name", "floor", "default"};
const std::vector<std::string_view> funding_fields{"amount", "currency"};
const std::vector<std::string_view> batch_fields{"orders"};

/// A file of orders names the earliest day, as banks take it: what is past goes today.
enum class PastDate : std::uint8_t { refuse, today };
std::optional<PastDate> past_date_from(std::string_view text) {
  if (text == "refuse") return PastDate::refuse;
  if (text == "today") return PastDate::today;
  return std::nullopt;
}

void read_metadata(JsonFields& fields, const JsonTree& tree, SettlementOrder& order) {
  const auto at = fields.find("metadata", false);
  if (!at) return;
  if (tree[*at].kind != JsonKind::object) {
    fields.refuse("metadata", {Errc::wrong_type, "",
                               "this is " + std::string(to_string(tree[*at].kind)) + ", not an object",
                               "an object of your own"});
    return;
  }
  std::string text;
  append_json(text, tree, *at);
  if (text.size() > metadata_bytes_max) {
    fields.refuse("metadata", {Errc::invalid_value, "", "it has " + std::to_string(text.size()) + " bytes",
                               "at most " + std::to_string(metadata_bytes_max) + " bytes"});
    return;
  }
  if (text != "{}") order.metadata = std::move(text);
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
  order.from_bank = read_bic(fields, "from_bank", true);
  order.to_bank = read_bic(fields, "to_bank", true);
  const auto unit = read_currency(fields);
  if (const auto money = read_amount(fields, unit)) order.amount = *money;
  if (const auto date = fields.text("settlement_date", false)) {
    in.asked_date = *date;
    order.settlement_date = *date;
    if (!valid_date(*date))
      fields.refuse("settlement_date", {Errc::invalid_value, "",
                                        '"' + std::string(date->substr(0, 40)) + "\" is not a calendar day",
                                        "YYYY-MM-DD, a day that exists"});
  } else {
    order.settlement_date = today;
  }
  read_choice(fields, "priority", false, priority_from, "NORMAL, HIGH or URGENT", order.priority);
  read_choice(fields, "method", false, method_from, "SWIFT, SEPA, LOCAL_ACH or MOCK", order.method);
  read_metadata(fields, tree, order);
  const auto wish = [&](std::string_view name, Otherwise& value) {
    read_choice(fields, name, false, otherwise_from, "queue or refuse", value);
  };
  wish("outside_window", order.outside_window);
  wish("insufficient_funds", order.insufficient_funds);
  auto past_date = PastDate::refuse;
  read_choice(fields, "past_date", false, past_date_from, "refuse or today", past_date);
  // As if it named none: its day is then that of its window's zone.
  if (past_date == PastDate::today && order.settlement_date < today) order.settlement_date.clear();
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

std::string order_pointer(std::size_t index) { return "/orders/" + std::to_string(index); }

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
    batch.orders.push_back(order_at(tree, i, order_pointer(batch.orders.size()), true, today));
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
  read_choice(fields, "kind", true, account_kind_from, kinds, account.kind);
  const bool of_a_bank = account.kind == AccountKind::nostro || account.kind == AccountKind::vostro;
  account.bank = read_bic(fields, "bank", of_a_bank);
  const auto unit = read_currency(fields);
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
  const auto unit = read_currency(fields);
  const auto money = read_amount(fields, unit);
  if (parsed.errors.empty() && money) parsed.value = FundingIn{*money};
  return parsed;
}
}  // namespace settled
