#define BOOST_TEST_MODULE order_csv
#include "formats/order_csv.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace settled;

namespace {
const std::string header = "obligation_id,from_bank,to_bank,amount,currency";
std::vector<OrderRow> read(const std::string& text) {
  std::istringstream in(text);
  OrderCsvReader reader(in);
  BOOST_TEST(!reader.refusal());
  std::vector<OrderRow> rows;
  while (auto row = reader.next()) rows.push_back(*row);
  return rows;
}
Refusal refused_header(const std::string& text) {
  std::istringstream in(text);
  OrderCsvReader reader(in);
  BOOST_TEST(!reader.next());
  return reader.refusal().value_or(Refusal{Errc::ok, "", "", ""});
}
}  // namespace

BOOST_AUTO_TEST_CASE(columns_may_stand_in_any_order_and_optional_ones_may_be_absent) {
  const auto rows = read(
      "currency;priority;amount;to_bank;from_bank;obligation_id;metadata\n"
      "GHS;URGENT;150.25;KUMAGHKU;ACCRGHAC;OB-1;\"{\"\"a\"\":1}\"\n"
      "XOF;;150000;DAKRSNDA;ABIDCIAB;OB-2;\n");
  BOOST_REQUIRE_EQUAL(rows.size(), 2);
  BOOST_TEST(!rows[0].refusal);
  BOOST_TEST(rows[0].number == 2);
  BOOST_TEST(rows[0].order.amount.minor == 15025);
  BOOST_TEST((rows[0].order.priority == Priority::URGENT));
  BOOST_TEST(rows[0].order.metadata == "{\"a\":1}");
  BOOST_TEST((rows[1].order.priority == Priority::NORMAL));
  BOOST_TEST((rows[1].order.method == Method::LOCAL_ACH));
  BOOST_TEST(rows[1].order.settlement_date.empty());
}

BOOST_AUTO_TEST_CASE(a_header_that_cannot_be_understood_refuses_the_file_by_name) {
  BOOST_TEST(refused_header("").detail.find("empty") != std::string::npos);
  BOOST_TEST(refused_header(header + ",amuont\n").detail.find("\"amuont\"") != std::string::npos);
  BOOST_TEST(refused_header(header + ",amount\n").detail.find("twice") != std::string::npos);
  BOOST_TEST(refused_header("obligation_id,from_bank,to_bank,amount\n").field == "currency");
  BOOST_TEST((refused_header("\xFF\xFEo\0b\0").code == Errc::unknown_field));
  BOOST_TEST((refused_header(std::string("o\0b\0", 4)).code == Errc::malformed_body));
}

BOOST_AUTO_TEST_CASE(each_wrong_field_is_named_and_the_next_row_goes_on) {
  const std::map<std::string, std::pair<std::string, Errc>> cases{
      {",ABIDCIAB,DAKRSNDA,1,XOF", {"obligation_id", Errc::missing_field}},
      {std::string(65, 'x') + ",ABIDCIAB,DAKRSNDA,1,XOF", {"obligation_id", Errc::invalid_value}},
      {"a\tb,ABIDCIAB,DAKRSNDA,1,XOF", {"obligation_id", Errc::invalid_value}},
      {"a\xFF,ABIDCIAB,DAKRSNDA,1,XOF", {"obligation_id", Errc::invalid_value}},
      {"a,abidciab,DAKRSNDA,1,XOF", {"from_bank", Errc::invalid_value}},
      {"a,ABIDCIAB,DAKR,1,XOF", {"to_bank", Errc::invalid_value}},
      {"a,ABIDCIAB,ABIDCIAB,1,XOF", {"to_bank", Errc::same_bank}},
      {"a,ABIDCIAB,DAKRSNDA,50000.50,XOF", {"amount", Errc::amount_decimals}},
      {"a,ABIDCIAB,DAKRSNDA,150.255,GHS", {"amount", Errc::amount_decimals}},
      {"a,ABIDCIAB,DAKRSNDA,-5,XOF", {"amount", Errc::invalid_value}},
      {"a,ABIDCIAB,DAKRSNDA,1e3,XOF", {"amount", Errc::invalid_value}},
      {"a,ABIDCIAB,DAKRSNDA,0,XOF", {"amount", Errc::amount_not_positive}},
      {"a,ABIDCIAB,DAKRSNDA,9223372036854775808,XOF", {"amount", Errc::amount_overflow}},
      {"a,ABIDCIAB,DAKRSNDA,1,FCFA", {"currency", Errc::unknown_currency}},
      {"a,ABIDCIAB,DAKRSNDA,1", {"", Errc::malformed_body}},
      {"a,ABIDCIAB,DAKRSNDA,1,XOF,extra", {"", Errc::malformed_body}},
  };
  for (const auto& [line, want] : cases) {
    const auto rows = read(header + "\n" + line + "\ngood,ABIDCIAB,DAKRSNDA,1,XOF\n");
    BOOST_REQUIRE_MESSAGE(rows.size() == 2, line);
    BOOST_REQUIRE_MESSAGE(rows[0].refusal, line);
    BOOST_TEST(rows[0].number == 2);
    BOOST_TEST(rows[0].refusal->field == want.first, line << ": " << rows[0].refusal->field);
    BOOST_TEST((rows[0].refusal->code == want.second), line << ": " << to_string(rows[0].refusal->code));
    BOOST_TEST(!rows[1].refusal);
  }
}

BOOST_AUTO_TEST_CASE(an_obligation_has_64_characters_however_many_bytes_they_take_and_all_of_them_are_seen) {
  std::string accents;
  for (int i = 0; i < 64; ++i) accents += "é";
  const auto row = [](const std::string& obligation) {
    return read(header + '\n' + obligation + ",ABIDCIAB,DAKRSNDA,1,XOF\n").at(0);
  };
  BOOST_TEST(!row(accents).refusal);
  BOOST_TEST(row(accents + "é").refusal->detail.find("has 65 characters") != std::string::npos);
  BOOST_TEST(row("OB\u202E1").refusal->detail.find("invisible character U+202E") != std::string::npos);
  BOOST_TEST(row("OB\u200B1").refusal->detail.find("invisible character U+200B") != std::string::npos);
  BOOST_TEST(row(" \u00A0").refusal->detail.find("is blank") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(optional_fields_are_checked_too) {
  const std::string long_header = header + ",settlement_date,priority,method\n";
  const std::string order = "a,ABIDCIAB,DAKRSNDA,1,XOF,";
  BOOST_TEST(read(long_header + order + "2026-02-30,,\n")[0].refusal->field == "settlement_date");
  BOOST_TEST(read(long_header + order + ",high,\n")[0].refusal->field == "priority");
  BOOST_TEST(read(long_header + order + ",,CASH\n")[0].refusal->field == "method");
}

BOOST_AUTO_TEST_CASE(two_obligations_never_share_an_idempotency_key) {
  SettlementOrder order;
  order.from_bank = "ABIDCIAB";
  std::set<std::string> keys;
  for (const std::string id : {"OB-1", "OB 1", "OB%201", "OB\"1", "é", "%C3%A9"}) {
    order.obligation_id = id;
    const auto key = idempotency_key_of(order);
    BOOST_TEST(keys.insert(key).second, key);
    for (const char c : key) BOOST_TEST((c > 0x20 && c < 0x7F));
  }
  BOOST_TEST(keys.contains("obl:ABIDCIAB:OB-1"));
  order.obligation_id = std::string(64, '%');
  BOOST_TEST(idempotency_key_of(order).size() <= 255);
  // 64 characters of four bytes each.
  const auto many = [](const std::string& one) {
    std::string text;
    for (int i = 0; i < 63; ++i) text += "\U0001F4B6";
    return text + one;
  };
  for (const std::string last : {"a", "b"}) {
    order.obligation_id = many(last);
    const auto key = idempotency_key_of(order);
    BOOST_TEST(key.size() <= 255, key.size());
    BOOST_TEST(key.starts_with("obl:ABIDCIAB:%F0%9F%92%B6"));
    BOOST_TEST(keys.insert(key).second, key);
    BOOST_TEST(key == idempotency_key_of(order));
  }
}

BOOST_AUTO_TEST_CASE(our_example_has_1000_orders_and_its_known_faults) {
  const char* source = std::getenv("SETTLED_SOURCE");
  std::ifstream in(std::string(source ? source : ".") + "/examples/settlements-2026-11-20.csv");
  BOOST_REQUIRE(in);
  OrderCsvReader reader(in);
  BOOST_REQUIRE(!reader.refusal());
  std::size_t rows = 0;
  std::map<Errc, int> refused;
  std::map<std::string, int> keys;
  while (auto row = reader.next()) {
    ++rows;
    if (row->refusal)
      ++refused[row->refusal->code];
    else
      ++keys[idempotency_key_of(row->order)];
  }
  BOOST_TEST(rows == 1000);
  BOOST_TEST(refused.size() == 1);
  BOOST_TEST(refused[Errc::amount_decimals] == 3);
  BOOST_TEST(keys.size() == 1000 - 3 - 2);
}
