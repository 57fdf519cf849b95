#define BOOST_TEST_MODULE pain001
#include "formats/pain001.hpp"

#include "formats/decimal_sum.hpp"
#include "tests/formats/shared_files.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

using namespace settled;
using nlohmann::json;

namespace {
std::string document(const std::string& transfers, const std::string& header = "<NbOfTxs>1</NbOfTxs>") {
  return "<Document "
         "xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn><GrpHdr><MsgId>M"
         "</MsgId>" +
         header +
         "</GrpHdr><PmtInf><PmtInfId>P1</PmtInfId><ReqdExctnDt><DtTm>2026-11-20T10:00:00Z</DtTm></"
         "ReqdExctnDt><Dbtr>"
         "<Nm>ACME</Nm></Dbtr><DbtrAgt><FinInstnId><BICFI>ABIDCIAB</BICFI></FinInstnId></DbtrAgt>" +
         transfers + "</PmtInf></CstmrCdtTrfInitn></Document>";
}
std::string transfer(const std::string& ids = "<EndToEndId>E1</EndToEndId>",
                     const std::string& amount = "<InstdAmt Ccy=\"XOF\">1500</InstdAmt>",
                     const std::string& type = "",
                     const std::string& agent = "<FinInstnId><BICFI>DAKRSNDA</BICFI></FinInstnId>") {
  return "<CdtTrfTxInf><PmtId>" + ids + "</PmtId>" + type + "<Amt>" + amount + "</Amt><CdtrAgt>" + agent +
         "</CdtrAgt><Cdtr><Nm>Boutique</Nm></Cdtr></CdtTrfTxInf>";
}
Pain001 read(const std::string& xml) {
  auto file = read_pain001(xml);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(file), (file ? "" : file.refusal().detail));
  return *file;
}
std::string refused(const std::string& xml) {
  auto file = read_pain001(xml);
  return file ? "" : file.refusal().detail;
}
bool mentions(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

bool valid_against(const std::string& xml, const std::string& schema_path) {
  auto* context = xmlSchemaNewParserCtxt(schema_path.c_str());
  auto* schema = xmlSchemaParse(context);
  xmlSchemaFreeParserCtxt(context);
  BOOST_REQUIRE(schema);
  auto* document = xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "x.xml", nullptr, XML_PARSE_NONET);
  BOOST_REQUIRE(document);
  auto* validator = xmlSchemaNewValidCtxt(schema);
  const int result = xmlSchemaValidateDoc(validator, document);
  xmlSchemaFreeValidCtxt(validator);
  xmlFreeDoc(document);
  xmlSchemaFree(schema);
  return result == 0;
}

Pain001File example_file() {
  Pain001File file{"MSG-1", "2026-11-20T08:00:00Z", "Société d'Abidjan & Cie", {}};
  Pain001Block block{"PMT-1", "ACME <PAY>", "CI93CI0080111301134291200589", {}};
  const struct {
    const char *id, *bank;
    Money amount;
    Priority priority;
    Method method;
  } orders[] = {{"E-1", "DAKRSNDA", {150000, *currency_from("XOF")}, Priority::NORMAL, Method::LOCAL_ACH},
                {"E-2", "COTOBJBJ", {1, *currency_from("XOF")}, Priority::HIGH, Method::LOCAL_ACH},
                {"E-3", "ACCRGHACXXX", {105050, *currency_from("GHS")}, Priority::URGENT, Method::SEPA}};
  for (const auto& o : orders) {
    SettlementOrder order{o.id, "ABIDCIAB", o.bank, o.amount, "2026-11-20", o.priority, o.method, ""};
    block.transfers.push_back({order, "Boutique Dakar", "0123456789012", "invoice \"778\""});
  }
  file.blocks.push_back(block);
  return file;
}
}  // namespace

BOOST_AUTO_TEST_CASE(each_credit_transfer_becomes_one_order) {
  const auto file =
      read(document(transfer() + transfer("<InstrId>I2</InstrId><EndToEndId>NOTPROVIDED</EndToEndId>",
                                          "<InstdAmt Ccy=\"GHS\"> 10.50 </InstdAmt>")));
  BOOST_TEST(file.version == "pain.001.001.09");
  BOOST_REQUIRE_EQUAL(file.transfers.size(), 2);
  const auto& first = file.transfers[0];
  BOOST_REQUIRE(!first.row.refusal);
  BOOST_TEST(first.row.order.obligation_id == "E1");
  BOOST_TEST(first.row.order.from_bank == "ABIDCIAB");
  BOOST_TEST(first.row.order.to_bank == "DAKRSNDA");
  BOOST_TEST(first.row.order.amount.minor == 1500);
  BOOST_TEST(first.row.order.settlement_date == "2026-11-20");
  BOOST_TEST(first.debtor == "ACME");
  BOOST_TEST(first.creditor == "Boutique");
  BOOST_TEST(file.transfers[1].row.order.obligation_id == "P1/I2");
  BOOST_TEST(file.transfers[1].row.order.amount.minor == 1050);
}

BOOST_AUTO_TEST_CASE(service_levels_become_priority_and_method) {
  const auto with = [](const std::string& type) {
    return read(document(transfer("<EndToEndId>E</EndToEndId>", "<InstdAmt Ccy=\"XOF\">1</InstdAmt>",
                                  "<PmtTpInf>" + type + "</PmtTpInf>")))
        .transfers.at(0)
        .row.order;
  };
  BOOST_TEST((with("<InstrPrty>HIGH</InstrPrty>").priority == Priority::HIGH));
  BOOST_TEST((with("<InstrPrty>NORM</InstrPrty>").priority == Priority::NORMAL));
  const auto both = with("<SvcLvl><Cd>SEPA</Cd></SvcLvl><SvcLvl><Cd>URGP</Cd></SvcLvl>");
  BOOST_TEST((both.priority == Priority::URGENT));
  BOOST_TEST((both.method == Method::SEPA));
  BOOST_TEST((with("").method == Method::LOCAL_ACH));
}

BOOST_AUTO_TEST_CASE(an_obligation_without_a_name_gets_a_stable_one_that_fits) {
  const std::string none = "<EndToEndId>NOTPROVIDED</EndToEndId>";
  const auto file = read(document(transfer(none) + transfer("<EndToEndId/>")));
  BOOST_TEST(file.transfers[0].row.order.obligation_id == "P1/#1");
  BOOST_TEST(file.transfers[1].row.order.obligation_id == "P1/#2");
  const auto long_names = [&](char last) {
    return read(document(transfer("<InstrId>" + std::string(80, 'i') + last + "</InstrId>" + none)))
        .transfers.at(0)
        .row;
  };
  BOOST_TEST(!long_names('a').refusal);
  BOOST_TEST(long_names('a').order.obligation_id.size() == 64);
  BOOST_TEST(long_names('a').order.obligation_id != long_names('b').order.obligation_id);
  BOOST_TEST(long_names('a').order.obligation_id == long_names('a').order.obligation_id);
}

BOOST_AUTO_TEST_CASE(a_transfer_that_cannot_be_an_order_is_refused_alone) {
  const std::string eur = "<InstdAmt Ccy=\"EUR\">1</InstdAmt>";
  const std::string ids = "<EndToEndId>E</EndToEndId>";
  const std::pair<std::string, std::string> cases[] = {
      {transfer(ids, "<EqvtAmt><Amt Ccy=\"EUR\">1</Amt><CcyOfTrf>XOF</CcyOfTrf></EqvtAmt>"), "EqvtAmt"},
      {transfer(ids, eur, "", "<FinInstnId/>"), "CdtrAgt"},
      {transfer(ids, ""), "InstdAmt"},
      {transfer(ids, eur + eur), "InstdAmt"},
      {transfer(ids, eur + "</Amt><Amt>" + eur), "Amt"},
      {transfer(ids, "<InstdAmt Ccy=\"XOF\">1.5</InstdAmt>"), "amount"},
      {transfer(ids, "<InstdAmt>1</InstdAmt>"), "currency"},
      {transfer(ids, "<InstdAmt Ccy=\"XOF\">1,5</InstdAmt>"), "amount"}};
  for (const auto& [xml, field] : cases) {
    const auto file = read(document(xml + transfer()));
    BOOST_REQUIRE_EQUAL(file.transfers.size(), 2);
    BOOST_REQUIRE_MESSAGE(file.transfers[0].row.refusal, field);
    BOOST_TEST(file.transfers[0].row.refusal->field == field, file.transfers[0].row.refusal->field);
    BOOST_TEST(!file.transfers[1].row.refusal);
  }
}

BOOST_AUTO_TEST_CASE(a_comment_does_not_shorten_an_amount) {
  const auto file =
      read(document(transfer("<EndToEndId>E</EndToEndId>", "<InstdAmt Ccy=\"XOF\">1<!-- -->500</InstdAmt>")));
  BOOST_TEST(file.transfers[0].row.order.amount.minor == 1500);
}

BOOST_AUTO_TEST_CASE(counts_and_sums_that_disagree_are_warnings_with_both_numbers) {
  const auto file = read(document(transfer(), "<NbOfTxs>2</NbOfTxs><CtrlSum>1500.01</CtrlSum>"));
  BOOST_REQUIRE_EQUAL(file.warnings.size(), 2);
  BOOST_TEST(mentions(file.warnings[0], "\"2\""));
  BOOST_TEST(mentions(file.warnings[0], "1"));
  BOOST_TEST(mentions(file.warnings[1], "1500.01"));
  BOOST_TEST(read(document(transfer(), "<NbOfTxs>001</NbOfTxs><CtrlSum>1500.00</CtrlSum>")).warnings.empty());
}

BOOST_AUTO_TEST_CASE(other_messages_are_refused_by_name) {
  BOOST_TEST(
      mentions(refused("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03\"><CstmrPmtStsRpt/>"
                       "</Document>"),
               "CstmrPmtStsRpt"));
  BOOST_TEST(mentions(refused("<html><body/></html>"), "html"));
  BOOST_TEST(mentions(
      refused("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.02\"><CstmrCdtTrfInitn/>"
              "</Document>"),
      "pain.001.001.02"));
  BOOST_TEST(!refused("").empty());
  BOOST_TEST(!refused("<a/><b/>").empty());
  BOOST_TEST(!refused(document(transfer()) + "<x/>").empty());
}

BOOST_AUTO_TEST_CASE(document_types_and_entities_are_refused_before_parsing) {
  const std::string bomb =
      "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b "
      "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
      "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><Document>&c;</Document>";
  BOOST_TEST(mentions(refused(bomb), "DOCTYPE"));
  BOOST_TEST(
      mentions(refused("<!doctype x SYSTEM \"file:///etc/passwd\">" + document(transfer())), "DOCTYPE"));
  BOOST_TEST(mentions(refused("<x><!ENTITY xxe SYSTEM \"file:///etc/passwd\"></x>"), "ENTITY"));
  const auto file = read(document(transfer("<EndToEndId>&xxe;</EndToEndId>")));
  BOOST_TEST(file.transfers[0].end_to_end_id == "&xxe;");
}

BOOST_AUTO_TEST_CASE(depth_size_and_number_of_nodes_are_bounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  BOOST_TEST(mentions(refused(deep), "deeper than 64"));
  BOOST_TEST(mentions(refused(std::string((32U << 20) + 1, ' ')), "bytes"));
  XmlLimits few;
  few.nodes_max = 100;
  std::string wide = "<a>";
  for (int i = 0; i < 200; ++i) wide += "<b/>";
  BOOST_TEST(!static_cast<bool>(check_xml(wide + "</a>", few)));
  std::string attributes = "<a";
  for (int i = 0; i < 200; ++i) attributes += " b=\"\"";
  BOOST_TEST(!static_cast<bool>(check_xml(attributes + "/>", few)));
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_or_not_whole_is_refused) {
  BOOST_TEST(mentions(refused(std::string("\xFF\xFE<\0a\0", 6)), "UTF-8"));
  BOOST_TEST(mentions(refused(std::string("<\0a\0/\0>\0", 8)), "UTF-8"));
  BOOST_TEST(mentions(refused("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE9</a>"), "UTF-8"));
  BOOST_TEST(mentions(refused("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"), "ISO-8859-1"));
  BOOST_TEST(mentions(refused("<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>"), "UTF-7"));
  for (const std::string broken :
       {"<a", "<a><!-- ", "<a b=\">", "<a><b></b>", "</a>", "<a></b>", "<a><![CDATA[x</a>"})
    BOOST_TEST(!refused(broken).empty(), broken);
  auto cut = document(transfer());
  for (std::size_t n = 0; n < cut.size(); n += 7) BOOST_TEST(!refused(cut.substr(0, n)).empty());
  BOOST_TEST(refused("\xEF\xBB\xBF" + document(transfer())).empty());
}

BOOST_AUTO_TEST_CASE(sums_are_exact) {
  DecimalSum sum;
  for (const char* amount : {"0.1", "0.20", "999999999999999999.99999", "1"}) BOOST_TEST(sum.add(amount));
  BOOST_TEST(sum.text() == "1000000000000000001.29999");
  for (const char* bad : {"", "-1", "1e3", "1.123456", "1234567890123456789", ".", "1 "})
    BOOST_TEST(!sum.add(bad));
  BOOST_TEST(sum.text() == "1000000000000000001.29999");
  BOOST_TEST(DecimalSum{}.text() == "0");
}

BOOST_AUTO_TEST_CASE(what_we_write_reads_back_the_same) {
  for (const auto version : {Pain001Version::v03, Pain001Version::v09}) {
    const auto file = read(write_pain001(example_file(), version));
    BOOST_TEST(file.warnings.empty());
    BOOST_REQUIRE_EQUAL(file.transfers.size(), 3);
    BOOST_TEST(file.initiator == "Société d'Abidjan & Cie");
    const auto wanted = example_file();
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& want = wanted.blocks[0].transfers[i].order;
      const auto& got = file.transfers[i].row;
      BOOST_REQUIRE(!got.refusal);
      BOOST_TEST(got.order.obligation_id == want.obligation_id);
      BOOST_TEST((got.order.amount == want.amount));
      BOOST_TEST((got.order.method == want.method));
      BOOST_TEST(got.order.settlement_date == want.settlement_date);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_we_write_is_valid_against_the_schemas) {
  const auto specs = tests::shared_folder("specs/iso20022");
  if (!specs) return;
  const auto file = example_file();
  BOOST_TEST(
      valid_against(write_pain001(file, Pain001Version::v03), (*specs / "pain.001.001.03.xsd").string()));
  BOOST_TEST(
      valid_against(write_pain001(file, Pain001Version::v09), (*specs / "pain.001.001.09.xsd").string()));
  const auto example = tests::file_text(tests::source_folder() / "examples/pain001-2026-11-20.xml");
  BOOST_TEST(valid_against(example, (*specs / "pain.001.001.09.xsd").string()));
}

BOOST_AUTO_TEST_CASE(our_example_is_read_without_a_warning) {
  const auto file = read(tests::file_text(tests::source_folder() / "examples/pain001-2026-11-20.xml"));
  BOOST_TEST(file.version == "pain.001.001.09");
  BOOST_TEST(file.warnings.empty());
  BOOST_TEST(file.transfers.size() == 20);
  for (const auto& t : file.transfers) BOOST_TEST(!t.row.refusal);
}

BOOST_AUTO_TEST_CASE(every_sample_is_read_with_its_counts_and_sums) {
  const auto samples = tests::shared_folder("samples/pain001");
  if (!samples) return;
  std::size_t read_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*samples)) {
    if (entry.path().extension() != ".xml") continue;
    const auto name = entry.path().filename().string();
    const auto summary = json::parse(tests::file_text(entry.path().string() + ".summary.json"));
    const auto file = read_pain001(tests::file_text(entry.path()));
    if (summary["kind"] != "CstmrCdtTrfInitn") {
      BOOST_TEST(!static_cast<bool>(file), name);
      BOOST_TEST(mentions(file.refusal().detail, summary["kind"]), name);
      continue;
    }
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(file), name);
    ++read_files;
    BOOST_TEST(file->transfers.size() == summary["counted_txs"].get<std::size_t>(), name);
    DecimalSum counted;
    BOOST_TEST(counted.add(summary["counted_sum"].get<std::string>()));
    BOOST_TEST(file->counted_sum == counted.text(), name);
    std::size_t i = 0;
    for (const auto& payment : summary["payments"])
      for (const auto& t : payment["transactions"]) {
        BOOST_TEST(file->transfers.at(i).end_to_end_id == t["end_to_end_id"].get<std::string>(), name);
        BOOST_TEST(file->transfers.at(i).amount == t["amount"].get<std::string>(), name);
        ++i;
      }
    const bool header_warned =
        std::any_of(file->warnings.begin(), file->warnings.end(),
                    [](const std::string& w) { return w.starts_with("GrpHdr: NbOfTxs"); });
    if (summary["counts_agree"].is_boolean())
      BOOST_TEST(header_warned == !summary["counts_agree"].get<bool>(), name);
  }
  BOOST_TEST(read_files >= 20);
}
