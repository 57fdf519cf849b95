// The rows of a file of orders, CSV or pain.001, as `settlectl settle` works through them.
#pragma once
#include "formats/order_row.hpp"

#include <fstream>
#include <string>
#include <vector>

namespace settled::ctl {

/// One row of the input and what became of it.
struct Row {
  std::size_t number = 0;
  std::string obligation_id;
  std::string key;     // idempotency key; empty where the row could not be read as an order
  std::string body;    // the order as JSON, with its key
  std::string id;      // set_… once acknowledged
  std::string status;  // COMPLETED …; REFUSED, DUPLICATE, UNKNOWN (no definite answer) are our own words
  std::string bank_reference, code, detail;
  std::size_t duplicate_of = 0;  // 1 + the index of the first row with the same key
  bool settled() const;          // nothing more will happen to it
  bool failed() const { return status == "FAILED" || status == "ROLLED_BACK" || status == "REFUSED"; }
};

struct OrderFile {
  std::string format;  // "CSV", "pain.001.001.09"
  std::vector<Row> rows;
  std::vector<std::string> warnings;
};

/// Throws Stop where nothing of the file can be read, or where a pain.001's own totals are not those of its
/// transfers, unless `ignore_totals`: then they are warnings.
OrderFile read_order_file(const std::string& path, bool ignore_totals);

/// One row per input row: row, obligation_id, id, status, bank_reference, code, detail. Written to a file
/// beside it first and then moved, so that a reader never finds half a result.
class ResultFile {
 public:
  /// Opens it before anything is sent: no money moves for a result that has no place. Throws Stop where the
  /// path is the file of orders, not a regular file, or cannot be written.
  ResultFile(std::string path, const std::string& input);
  ~ResultFile();
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;
  /// Once. Throws Stop.
  void write(const std::vector<Row>& rows);
  const std::string& path() const { return path_; }

 private:
  const std::string path_, unfinished_;
  std::ofstream out_;
  bool kept_ = false;
};

}  // namespace settled::ctl
