#include "formats/decimal_sum.hpp"
#include "formats/pain001.hpp"
#include "formats/text.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <cstdint>

namespace settled {
namespace {

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}
pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (const auto& c : node.children())
    if (c.type() == pugi::node_element && local_name(c) == name) return c;
  return {};
}
std::size_t count(const pugi::xml_node& node, std::string_view name) {
  std::size_t n = 0;
  for (const auto& c : node.children()) n += c.type() == pugi::node_element && local_name(c) == name ? 1 : 0;
  return n;
}
/// The text below a path of elements, blanks at both ends taken away. All of its pieces: a comment in the
/// middle of an amount must not shorten it.
template <class... Names>
std::string text(pugi::xml_node node, Names... names) {
  ((node = child(node, names)), ...);
  std::string whole;
  for (const auto& piece : node.children())
    if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata) whole += piece.value();
  const std::string_view value = whole;
  constexpr std::string_view blank = " \t\r\n";
  const auto first = value.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return std::string(value.substr(first, value.find_last_not_of(blank) - first + 1));
}

std::string bic(const pugi::xml_node& agent) {
  const auto institution = child(agent, "FinInstnId");
  auto value = text(institution, "BICFI");
  return value.empty() ? text(institution, "BIC") : value;
}
std::string account(const pugi::xml_node& node) {
  auto iban = text(node, "Id", "IBAN");
  return iban.empty() ? text(node, "Id", "Othr", "Id") : iban;
}

struct TypeInformation {
  std::string priority, method;
};
/// A transfer's own PmtTpInf replaces its block's.
TypeInformation type_information(const pugi::xml_node& block, const pugi::xml_node& transfer) {
  auto info = child(transfer, "PmtTpInf");
  if (!info) info = child(block, "PmtTpInf");
  TypeInformation out{text(info, "InstrPrty") == "HIGH" ? "HIGH" : "NORMAL", "LOCAL_ACH"};
  for (const auto& c : info.children()) {
    if (local_name(c) != "SvcLvl") continue;
    const auto level = text(c, "Cd");
    if (level == "URGP") out.priority = "URGENT";
    if (level == "SEPA") out.method = "SEPA";
  }
  return out;
}

/// "NOTPROVIDED" is how the schema's mandatory field says "none".
bool provided(const std::string& id) {
  return !id.empty() && id != "NOTPROVIDED" && id != "NOTAVAIL" && id != "NOT PROVIDED";
}

/// A name for an obligation that has none: stable, so that the same file gives the same name again.
std::string derived_id(const Pain001Transfer& t, std::size_t place) {
  constexpr std::size_t longest = 64;
  auto id = t.payment_information_id + '/' +
            (provided(t.instruction_id) ? t.instruction_id : '#' + std::to_string(place));
  if (id.size() <= longest) return id;
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::string hex(16, '0');
  for (auto it = hex.rbegin(); it != hex.rend(); ++it, hash >>= 4) *it = "0123456789abcdef"[hash & 15];
  auto head = id.substr(0, longest - 17);
  while (!valid_utf8(head)) head.pop_back();
  return head + '~' + hex;
}

Refusal refuse(Errc code, std::string element, std::string detail, std::string allowed = {}) {
  return {code, std::move(element), std::move(detail), std::move(allowed)};
}

std::optional<Refusal> cannot_be_an_order(const pugi::xml_node& transfer, const OrderText& order) {
  if (count(transfer, "Amt") != 1)
    return refuse(Errc::malformed_body, "Amt",
                  "has " + std::to_string(count(transfer, "Amt")) + " Amt elements", "exactly one");
  const auto amount = child(transfer, "Amt");
  if (child(amount, "EqvtAmt"))
    return refuse(Errc::invalid_value, "EqvtAmt", "the amount is given in another currency (EqvtAmt)",
                  "InstdAmt in the currency that is transferred");
  if (count(amount, "InstdAmt") != 1)
    return refuse(Errc::missing_field, "InstdAmt", "has no single InstdAmt", "exactly one");
  if (order.from_bank.empty())
    return refuse(Errc::missing_field, "DbtrAgt", "the debtor's agent has no BIC",
                  "DbtrAgt/FinInstnId/BICFI");
  if (order.to_bank.empty())
    return refuse(Errc::missing_field, "CdtrAgt", "the creditor's agent has no BIC",
                  "CdtrAgt/FinInstnId/BICFI");
  return std::nullopt;
}

Pain001Transfer read_transfer(const pugi::xml_node& block, const pugi::xml_node& transfer,
                              std::size_t place) {
  Pain001Transfer out;
  const auto ids = child(transfer, "PmtId");
  out.payment_information_id = text(block, "PmtInfId");
  out.instruction_id = text(ids, "InstrId");
  out.end_to_end_id = text(ids, "EndToEndId");
  const auto amount = child(child(transfer, "Amt"), "InstdAmt");
  out.amount = text(amount);
  out.currency = amount.attribute("Ccy").value();
  out.debtor = text(block, "Dbtr", "Nm");
  out.creditor = text(transfer, "Cdtr", "Nm");
  out.creditor_account = account(child(transfer, "CdtrAcct"));
  out.remittance = text(transfer, "RmtInf", "Ustrd");

  OrderText order;
  order.obligation_id = provided(out.end_to_end_id) ? out.end_to_end_id : derived_id(out, place);
  order.from_bank = bic(child(block, "DbtrAgt"));
  order.to_bank = bic(child(transfer, "CdtrAgt"));
  order.amount = out.amount;
  order.currency = out.currency;
  const auto date = child(block, "ReqdExctnDt");
  order.settlement_date = text(date, "Dt");
  if (order.settlement_date.empty()) order.settlement_date = text(date, "DtTm");
  if (order.settlement_date.empty()) order.settlement_date = text(date);
  // A time, or the zone that some banks write behind a date, does not change the day.
  if (order.settlement_date.size() > 10) order.settlement_date.resize(10);
  const auto type = type_information(block, transfer);
  order.priority = type.priority;
  order.method = type.method;

  out.row.obligation_id = order.obligation_id;
  out.row.refusal = cannot_be_an_order(transfer, order);
  if (out.row.refusal) return out;
  auto checked = order_from(order);
  if (checked)
    out.row.order = std::move(*checked);
  else
    out.row.refusal = std::move(checked.refusal());
  return out;
}

/// Compares a header's or block's own numbers with what was counted.
void compare(Pain001& file, const std::string& where, const pugi::xml_node& header, std::size_t transfers,
             const DecimalSum& sum) {
  if (const auto said = text(header, "NbOfTxs"); !said.empty() && said != std::to_string(transfers)) {
    auto plain = said.substr(std::min(said.find_first_not_of('0'), said.size() - 1));
    if (plain != std::to_string(transfers))
      file.warnings.push_back(where + ": NbOfTxs says " + quoted(said) + ", the file has " +
                              std::to_string(transfers));
  }
  if (const auto said = text(header, "CtrlSum"); !said.empty()) {
    DecimalSum stated;
    if (!stated.add(said) || !(stated == sum))
      file.warnings.push_back(where + ": CtrlSum says " + quoted(said) + ", the amounts add up to " +
                              sum.text());
  }
}

/// "pain.001.001.09" of the root's namespace; empty without one.
std::string version_of(const pugi::xml_node& root) {
  for (const auto& attribute : root.attributes()) {
    const std::string_view name = attribute.name();
    const std::string_view value = attribute.value();
    constexpr std::string_view iso = "urn:iso:std:iso:20022:tech:xsd:";
    if ((name == "xmlns" || name.starts_with("xmlns:")) && value.starts_with(iso))
      return std::string(value.substr(iso.size()));
  }
  return {};
}

bool known_version(std::string_view version) {
  // pain.001.001.03 … and the German subsets pain.001.002.03, pain.001.003.03.
  if (version.empty()) return true;
  return version.size() == 15 &&
         (version.starts_with("pain.001.001.") || version.starts_with("pain.001.002.") ||
          version.starts_with("pain.001.003.")) &&
         version.substr(13) >= "03" && version.substr(13) <= "12";
}
}  // namespace

Result<Pain001> read_pain001(std::string_view xml, const XmlLimits& limits) {
  if (auto ok = check_xml(xml, limits); !ok) return ok.refusal();
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    const auto end = xml.begin() + std::min(parsed.offset, static_cast<std::ptrdiff_t>(xml.size()));
    return refuse(Errc::malformed_body, "",
                  "is not well-formed XML: " + std::string(parsed.description()) + " in line " +
                      std::to_string(1 + std::count(xml.begin(), end, '\n')));
  }
  const auto elements = [](const pugi::xml_node& node) {
    return std::count_if(node.begin(), node.end(),
                         [](const pugi::xml_node& c) { return c.type() == pugi::node_element; });
  };
  const auto root = document.document_element();
  if (!root || elements(document) != 1) return refuse(Errc::malformed_body, "", "has no single root element");
  pugi::xml_node message;
  for (const auto& c : root.children())
    if (c.type() == pugi::node_element && !message) message = c;
  const auto version = version_of(root);
  const auto name = local_name(root) == "Document" ? local_name(message) : local_name(root);
  if (name != "CstmrCdtTrfInitn" || !known_version(version) || elements(root) != 1)
    return refuse(Errc::invalid_value, "",
                  "is " + quoted(name) + (version.empty() ? "" : " of " + quoted(version)) +
                      ", not a credit transfer initiation",
                  "pain.001.001.03 to .12 (CstmrCdtTrfInitn)");

  Pain001 file;
  file.version = version;
  const auto header = child(message, "GrpHdr");
  file.message_id = text(header, "MsgId");
  file.initiator = text(header, "InitgPty", "Nm");
  DecimalSum total;
  for (const auto& block : message.children()) {
    if (local_name(block) != "PmtInf") continue;
    ++file.payments;
    DecimalSum sum;
    std::size_t place = 0;
    for (const auto& transfer : block.children()) {
      if (local_name(transfer) != "CdtTrfTxInf") continue;
      auto read = read_transfer(block, transfer, ++place);
      read.row.number = file.transfers.size() + 1;
      sum.add(read.amount);
      total.add(read.amount);
      file.transfers.push_back(std::move(read));
    }
    compare(file, "PmtInf " + quoted(text(block, "PmtInfId")), block, place, sum);
  }
  compare(file, "GrpHdr", header, file.transfers.size(), total);
  file.counted_sum = total.text();
  return file;
}
}  // namespace settled
