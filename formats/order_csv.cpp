#include "formats/order_csv.hpp"

#include "formats/text.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace settled {
namespace {
struct Column {
  std::string_view name;
  std::string OrderText::*field;
  bool required;
};
constexpr std::array known{Column{"obligation_id", &OrderText::obligation_id, true},
                           Column{"from_bank", &OrderText::from_bank, true},
                           Column{"to_bank", &OrderText::to_bank, true},
                           Column{"amount", &OrderText::amount, true},
                           Column{"currency", &OrderText::currency, true},
                           Column{"settlement_date", &OrderText::settlement_date, false},
                           Column{"priority", &OrderText::priority, false},
                           Column{"method", &OrderText::method, false},
                           Column{"metadata", &OrderText::metadata, false}};

std::string known_names() {
  std::string names;
  for (const auto& column : known) names += (names.empty() ? "" : ", ") + std::string(column.name);
  return names;
}
}  // namespace

OrderCsvReader::OrderCsvReader(std::istream& in, CsvLimits limits) : csv_(in, limits) {
  refusal_ = read_header();
}

std::optional<Refusal> OrderCsvReader::read_header() {
  const auto refuse = [](Errc code, std::string field, std::string detail) {
    return Refusal{code, std::move(field), std::move(detail), known_names()};
  };
  const auto header = csv_.next();
  if (!header) return refuse(Errc::malformed_body, "", "the file is empty; its first row names the columns");
  if (!header->problem.empty())
    return refuse(Errc::malformed_body, "", "row " + std::to_string(header->number) + ' ' + header->problem);
  for (const auto& name : header->fields) {
    const auto column =
        std::find_if(known.begin(), known.end(), [&](const Column& c) { return c.name == name; });
    if (column == known.end())
      return refuse(Errc::unknown_field, quoted(name),
                    "unknown column " + quoted(name) + " in the first row");
    if (std::find(columns_.begin(), columns_.end(), column->field) != columns_.end())
      return refuse(Errc::malformed_body, name, "column " + quoted(name) + " stands twice in the first row");
    columns_.push_back(column->field);
  }
  for (const auto& column : known)
    if (column.required && std::find(columns_.begin(), columns_.end(), column.field) == columns_.end())
      return refuse(Errc::missing_field, std::string(column.name),
                    "column " + quoted(column.name) + " is missing in the first row");
  return std::nullopt;
}

std::optional<OrderRow> OrderCsvReader::next() {
  if (refusal_) return std::nullopt;
  const auto csv = csv_.next();
  if (!csv) return std::nullopt;
  OrderRow row;
  row.number = csv->number;
  if (!csv->problem.empty()) {
    row.refusal = Refusal{Errc::malformed_body, "", csv->problem, ""};
    return row;
  }
  OrderText text;
  for (std::size_t i = 0; i < std::min(columns_.size(), csv->fields.size()); ++i)
    text.*columns_[i] = csv->fields[i];
  if (valid_utf8(text.obligation_id) && text.obligation_id.size() <= 256)
    row.obligation_id = text.obligation_id;
  if (csv->fields.size() != columns_.size()) {
    row.refusal = Refusal{Errc::malformed_body, "",
                          "has " + std::to_string(csv->fields.size()) + " columns; the first row names " +
                              std::to_string(columns_.size()),
                          ""};
    return row;
  }
  auto order = order_from(text);
  if (order)
    row.order = std::move(*order);
  else
    row.refusal = std::move(order.refusal());
  return row;
}
}  // namespace settled
