// pain.001 customer credit transfer initiations: each credit transfer is one order between the debtor's and
// the creditor's agents. Read by what is there, not by the version: .001.03 to .12 and the German subsets.
#pragma once
#include "formats/order_row.hpp"
#include "formats/xml_guard.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace settled {

struct Pain001Transfer {
  OrderRow row;
  std::string payment_information_id, instruction_id, end_to_end_id;
  std::string amount, currency;  // as written, also where the row is refused
  std::string debtor, creditor, creditor_account, remittance;
};

struct Pain001 {
  std::string version;  // "pain.001.001.09"; empty where the file names no namespace
  std::string message_id;
  std::string initiator;
  std::size_t payments = 0;  // PmtInf blocks
  std::vector<Pain001Transfer> transfers;
  /// Plain sum of the amounts whatever their currency, as CtrlSum wants it.
  std::string counted_sum;
  /// NbOfTxs and CtrlSum that do not agree with the transfers, with both numbers. For the caller to judge:
  /// a file that was cut short looks like this, and so do some that are right.
  std::vector<std::string> warnings;
};

/// Refused as a whole: what check_xml refuses, what is not well-formed, another message (by name). A
/// transfer that cannot be an order carries its own refusal and stops nobody else.
Result<Pain001> read_pain001(std::string_view xml, const XmlLimits& limits = {});

enum class Pain001Version { v03, v09 };

/// One PmtInf block to be written: every order has the same from_bank and settlement_date.
struct Pain001Block {
  std::string id;
  std::string debtor, debtor_account;
  struct Transfer {
    SettlementOrder order;
    std::string creditor, creditor_account, remittance;
  };
  std::vector<Transfer> transfers;
};
struct Pain001File {
  std::string message_id;
  std::string created_at;  // 2026-11-20T08:00:00Z
  std::string initiator;
  std::vector<Pain001Block> blocks;
};
/// Valid against the schema of its version when ids have 1–35 characters, names 1–140 and dates are set.
std::string write_pain001(const Pain001File& file, Pain001Version version);

}  // namespace settled
