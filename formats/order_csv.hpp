// A CSV file of orders. The first row names the columns as the API names its fields; their order is free.
#pragma once
#include "formats/csv.hpp"
#include "formats/order_row.hpp"

#include <iosfwd>
#include <optional>
#include <vector>

namespace settled {

class OrderCsvReader {
 public:
  explicit OrderCsvReader(std::istream& in, CsvLimits limits = {});
  /// Why no row of this file can be read: no header, an unknown, missing or repeated column.
  const std::optional<Refusal>& refusal() const { return refusal_; }
  /// The next order or row error; nothing at the end, or where `refusal()` says so.
  std::optional<OrderRow> next();

 private:
  std::optional<Refusal> read_header();
  CsvReader csv_;
  std::optional<Refusal> refusal_;
  std::vector<std::string OrderText::*> columns_;
};

}  // namespace settled
