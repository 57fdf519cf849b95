#include "apps/settlectl/order_file.hpp"

#include "apps/settlectl/context.hpp"
#include "formats/csv.hpp"
#include "formats/order_csv.hpp"
#include "formats/pain001.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <unordered_map>

namespace settled::ctl {
namespace {
using nlohmann::json;

/// The detail of a refused row: "column amount: XOF has no decimals; … Nothing was sent."
std::string sentence(const Refusal& refusal) {
  auto text = refusal.field.empty() ? refusal.detail : refusal.field + ": " + refusal.detail;
  if (!refusal.allowed.empty()) text += " (allowed: " + refusal.allowed + ')';
  return text + ". Nothing was sent.";
}

std::optional<Refusal> check_metadata(const std::string& metadata) {
  if (metadata.empty()) return std::nullopt;
  if (json::parse(metadata, nullptr, false).is_object()) return std::nullopt;
  return Refusal{Errc::invalid_value, "metadata", "is not a JSON object", "{\"key\":\"value\"}"};
}

/// Metadata goes in as it was written, not as a JSON library would write it again.
std::string body_of(const SettlementOrder& order, const std::string& key, bool past_goes_today) {
  json body{{"idempotency_key", key},
            {"obligation_id", order.obligation_id},
            {"from_bank", order.from_bank},
            {"to_bank", order.to_bank},
            {"amount", format_amount(order.amount.minor, order.amount.currency)},
            {"currency", order.amount.currency.code()},
            {"priority", to_string(order.priority)},
            {"method", to_string(order.method)}};
  if (!order.settlement_date.empty()) body["settlement_date"] = order.settlement_date;
  if (past_goes_today) body["past_date"] = "today";
  auto text = body.dump();
  if (!order.metadata.empty()) {
    text.pop_back();
    text += ",\"metadata\":" + order.metadata + '}';
  }
  return text;
}

class Rows {
 public:
  /// `past_goes_today`: a settlement date is the earliest, not the only one.
  Rows(std::vector<Row>& rows, bool past_goes_today) : rows_(rows), past_goes_today_(past_goes_today) {}

  void add(OrderRow read) {
    Row row;
    row.number = read.number;
    row.obligation_id = read.obligation_id;
    if (!read.refusal) read.refusal = check_metadata(read.order.metadata);
    if (read.refusal) {
      refuse(row, to_string(read.refusal->code), sentence(*read.refusal));
    } else {
      row.key = idempotency_key_of(read.order);
      row.body = body_of(read.order, row.key, past_goes_today_);
      tell_duplicate(row);
    }
    rows_.push_back(std::move(row));
  }

 private:
  static void refuse(Row& row, std::string_view code, std::string detail) {
    row.status = "REFUSED";
    row.code = code;
    row.detail = std::move(detail);
  }
  /// Decided here and not by the server, so that the first row of the file wins, whichever is sent first.
  void tell_duplicate(Row& row) {
    const auto [first, fresh] = first_.emplace(row.key, rows_.size());
    if (fresh) return;
    const auto& original = rows_[first->second];
    if (original.body == row.body) {
      row.duplicate_of = first->second + 1;
      row.status = "DUPLICATE";
      row.code = "duplicate";
      row.detail = "The same order as row " + std::to_string(original.number) + "; it is paid once.";
    } else {
      refuse(
          row, to_string(Errc::idempotency_mismatch),
          "Row " + std::to_string(original.number) +
              " has another order for this obligation of this bank. An obligation is settled once. Nothing "
              "was sent for this row.");
    }
    row.key.clear();
    row.body.clear();
  }
  std::vector<Row>& rows_;
  const bool past_goes_today_;
  std::unordered_map<std::string, std::size_t> first_;
};

std::string today_utc() {
  const std::chrono::year_month_day day{
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

OrderFile read_csv(std::ifstream& in) {
  OrderFile file;
  file.format = "CSV";
  OrderCsvReader reader(in);
  if (reader.refusal())
    throw Stop(exit_data,
               reader.refusal()->detail + ". Columns: " + reader.refusal()->allowed + ". Nothing was sent.");
  Rows rows(file.rows, false);
  while (auto row = reader.next()) rows.add(std::move(*row));
  return file;
}

OrderFile read_xml(std::ifstream& in, bool ignore_totals) {
  const XmlLimits limits;
  std::string text;
  text.reserve(1 << 20);
  // One byte more than is allowed is enough to refuse the file.
  for (auto it = std::istreambuf_iterator<char>(in);
       it != std::istreambuf_iterator<char>() && text.size() <= limits.bytes_max; ++it)
    text += *it;
  auto read = read_pain001(text, limits);
  if (!read) {
    auto why = read.refusal().detail;
    if (!read.refusal().allowed.empty()) why += " (allowed: " + read.refusal().allowed + ')';
    constexpr std::string_view subject = "the file ";
    if (why.starts_with(subject)) why.erase(0, subject.size());
    throw Stop(exit_data, "The file " + why + ". Nothing was sent.");
  }
  // A file that lost or doubled transfers on its way looks like this.
  if (!read->warnings.empty() && !ignore_totals) {
    std::string why;
    for (const auto& warning : read->warnings) why += warning + ".\n";
    throw Stop(exit_data,
               why +
                   "The file may be cut short or put together wrongly: refused as a whole. Nothing was "
                   "sent. Where the transfers are right and the totals are not: --ignore-totals.");
  }
  OrderFile file;
  file.format = read->version.empty() ? "pain.001" : read->version;
  file.warnings = read->warnings;
  // A requested execution date is the earliest, as banks take it: what is past goes today. The date itself
  // is sent as the file has it, so that the same file is the same request on every day.
  Rows rows(file.rows, true);
  const auto today = today_utc();
  std::size_t late = 0;
  for (auto& transfer : read->transfers) {
    if (const auto& date = transfer.row.order.settlement_date; !date.empty() && date < today) ++late;
    json metadata = json::object();
    const auto keep = [&](const char* name, const std::string& value) {
      if (!value.empty()) metadata[name] = value;
    };
    keep("debtor", transfer.debtor);
    keep("creditor", transfer.creditor);
    keep("creditor_account", transfer.creditor_account);
    keep("remittance", transfer.remittance);
    keep("message_id", read->message_id);
    keep("payment_information_id", transfer.payment_information_id);
    // A character reference can name what is no character: it is replaced, not passed on.
    if (auto text_of = metadata.dump(-1, ' ', false, json::error_handler_t::replace);
        !metadata.empty() && text_of.size() <= 4096)
      transfer.row.order.metadata = std::move(text_of);
    rows.add(std::move(transfer.row));
  }
  if (late > 0)
    file.warnings.push_back(std::to_string(late) + (late == 1 ? " transfer asks" : " transfers ask") +
                            " for a day that is past: what was not sent before goes today, " + today + '.');
  return file;
}
}  // namespace

bool Row::settled() const { return failed() || status == "COMPLETED" || status == "DUPLICATE"; }

namespace {
/// "UTF-16" by its byte order mark, or by the zero beside the first '<' or letter.
bool is_utf16(std::ifstream& in) {
  const int first = in.get();
  const int second = in.get();
  in.clear();
  in.seekg(0);
  return (first == 0xFF && second == 0xFE) || (first == 0xFE && second == 0xFF) ||
         (first == 0) != (second == 0);
}
}  // namespace

OrderFile read_order_file(const std::string& path, bool ignore_totals) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw Stop(exit_data, path + " is a folder, not a file of orders. Nothing was sent.");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Stop(exit_data, path + " cannot be read. Nothing was sent.");
  if (is_utf16(in))
    throw Stop(exit_data,
               path + " is in UTF-16. Save it as UTF-8 (iconv -f UTF-16 -t UTF-8). Nothing was sent.");
  // XML begins with '<', after blanks or a byte order mark.
  int c = in.get();
  while (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xEF || c == 0xBB || c == 0xBF) c = in.get();
  in.clear();
  in.seekg(0);
  if (!in) throw Stop(exit_data, path + " is not a file that can be read twice. Nothing was sent.");
  auto file = c == '<' ? read_xml(in, ignore_totals) : read_csv(in);
  if (file.rows.empty()) throw Stop(exit_data, path + " has no orders. Nothing was sent.");
  return file;
}

ResultFile::ResultFile(std::string path, const std::string& input)
    : path_(std::move(path)), unfinished_(path_ + ".part") {
  namespace fs = std::filesystem;
  const auto refuse = [&](const std::string& why) {
    throw Stop(exit_cannot_write, why + ". Name another file with --out. Nothing was sent.");
  };
  std::error_code ignored;
  for (const auto& file : {path_, unfinished_}) {
    if (fs::equivalent(file, input, ignored)) refuse(file + " is the file of orders itself");
    const auto there = file == path_ ? fs::status(file, ignored) : fs::symlink_status(file, ignored);
    if (fs::exists(there) && !fs::is_regular_file(there)) refuse(file + " is not a regular file");
  }
  out_.open(unfinished_, std::ios::binary | std::ios::trunc);
  if (!out_) refuse(unfinished_ + " cannot be written: " + std::strerror(errno));
}

ResultFile::~ResultFile() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove(unfinished_, ignored);
}

void ResultFile::write(const std::vector<Row>& rows) {
  kept_ = true;
  CsvWriter csv(out_);
  for (const char* title : {"row", "obligation_id", "id", "status", "bank_reference", "code", "detail"})
    csv.text(title);
  csv.end_row();
  for (const auto& row : rows) {
    csv.number(std::to_string(row.number)).text(row.obligation_id).text(row.id).text(row.status);
    csv.text(row.bank_reference).text(row.code).text(row.detail).end_row();
  }
  if (!out_.flush())
    throw Stop(exit_cannot_write, unfinished_ + " cannot be written. What was sent stays sent.");
  out_.close();
  if (std::rename(unfinished_.c_str(), path_.c_str()) != 0)
    throw Stop(exit_cannot_write, path_ + " cannot be written; the result is in " + unfinished_ + '.');
}
}  // namespace settled::ctl
