#include "formats/decimal_sum.hpp"
#include "formats/pain001.hpp"

#include <pugixml.hpp>

#include <sstream>

namespace settled {
namespace {
pugi::xml_node add(pugi::xml_node parent, const char* name) { return parent.append_child(name); }
void add(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

void add_counts(pugi::xml_node parent, const DecimalSum& sum, std::size_t transfers) {
  add(parent, "NbOfTxs", std::to_string(transfers));
  add(parent, "CtrlSum", sum.text());
}

void add_account(pugi::xml_node parent, const char* name, const std::string& number) {
  auto id = add(add(parent, name), "Id");
  const bool iban = number.size() >= 5 && number[0] >= 'A' && number[0] <= 'Z' && number[1] >= 'A' &&
                    number[1] <= 'Z' && number[2] >= '0' && number[2] <= '9' && number[3] >= '0' &&
                    number[3] <= '9';
  if (iban)
    add(id, "IBAN", number);
  else
    add(add(id, "Othr"), "Id", number);
}

void add_agent(pugi::xml_node parent, const char* name, const std::string& bank, Pain001Version version) {
  add(add(add(parent, name), "FinInstnId"), version == Pain001Version::v09 ? "BICFI" : "BIC", bank);
}

/// HIGH is an instruction priority, URGENT and SEPA are service levels. .03 has room for one level only.
void add_type(pugi::xml_node parent, const SettlementOrder& order, Pain001Version version) {
  auto info = add(parent, "PmtTpInf");
  add(info, "InstrPrty", order.priority == Priority::NORMAL ? "NORM" : "HIGH");
  const bool urgent = order.priority == Priority::URGENT;
  const bool sepa = order.method == Method::SEPA;
  if (sepa) add(add(info, "SvcLvl"), "Cd", "SEPA");
  if (urgent && (!sepa || version == Pain001Version::v09)) add(add(info, "SvcLvl"), "Cd", "URGP");
}

DecimalSum sum_of(const Pain001Block& block) {
  DecimalSum sum;
  for (const auto& t : block.transfers) sum.add(format_amount(t.order.amount.minor, t.order.amount.currency));
  return sum;
}

void add_transfer(pugi::xml_node block, const Pain001Block::Transfer& transfer, Pain001Version version) {
  const auto& order = transfer.order;
  auto node = add(block, "CdtTrfTxInf");
  add(add(node, "PmtId"), "EndToEndId", order.obligation_id);
  add_type(node, order, version);
  auto amount = add(add(node, "Amt"), "InstdAmt");
  amount.append_attribute("Ccy") = std::string(order.amount.currency.code()).c_str();
  amount.text().set(format_amount(order.amount.minor, order.amount.currency).c_str());
  add_agent(node, "CdtrAgt", order.to_bank, version);
  if (!transfer.creditor.empty()) add(add(node, "Cdtr"), "Nm", transfer.creditor);
  if (!transfer.creditor_account.empty()) add_account(node, "CdtrAcct", transfer.creditor_account);
  if (!transfer.remittance.empty()) add(add(node, "RmtInf"), "Ustrd", transfer.remittance);
}
}  // namespace

std::string write_pain001(const Pain001File& file, Pain001Version version) {
  pugi::xml_document document;
  auto declaration = document.prepend_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = document.append_child("Document");
  root.append_attribute("xmlns") = version == Pain001Version::v09
                                       ? "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
                                       : "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03";
  auto message = add(root, "CstmrCdtTrfInitn");
  auto header = add(message, "GrpHdr");
  add(header, "MsgId", file.message_id);
  add(header, "CreDtTm", file.created_at);
  DecimalSum total;
  std::size_t transfers = 0;
  for (const auto& block : file.blocks) {
    transfers += block.transfers.size();
    for (const auto& t : block.transfers)
      total.add(format_amount(t.order.amount.minor, t.order.amount.currency));
  }
  add_counts(header, total, transfers);
  add(add(header, "InitgPty"), "Nm", file.initiator);

  for (const auto& block : file.blocks) {
    if (block.transfers.empty()) continue;
    const auto& first = block.transfers.front().order;
    auto node = add(message, "PmtInf");
    add(node, "PmtInfId", block.id);
    add(node, "PmtMtd", "TRF");
    add_counts(node, sum_of(block), block.transfers.size());
    auto date = add(node, "ReqdExctnDt");
    if (version == Pain001Version::v09)
      add(date, "Dt", first.settlement_date);
    else
      date.text().set(first.settlement_date.c_str());
    add(add(node, "Dbtr"), "Nm", block.debtor);
    add_account(node, "DbtrAcct", block.debtor_account);
    add_agent(node, "DbtrAgt", first.from_bank, version);
    for (const auto& transfer : block.transfers) add_transfer(node, transfer, version);
  }
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}
}  // namespace settled
