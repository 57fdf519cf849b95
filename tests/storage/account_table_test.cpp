#define BOOST_TEST_MODULE account_table
#include "storage/account_table.hpp"

#include <boost/test/unit_test.hpp>

namespace settled {
namespace {
AccountId numbered(int n) {
  AccountId id;
  id.uuid.bytes[0] = static_cast<std::uint8_t>(n >> 8);
  id.uuid.bytes[15] = static_cast<std::uint8_t>(n);
  return id;
}
Account vostro(int n, std::string bank, const char* currency = "XOF") {
  return {.id = numbered(n), .bank = std::move(bank), .currency = *currency_from(currency)};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(account_table)

BOOST_AUTO_TEST_CASE(an_account_comes_back_as_it_was_added) {
  AccountTable table;
  Account a{.id = numbered(1),
            .kind = AccountKind::nostro,
            .bank = "DAKRSNDAXXX",
            .currency = *currency_from("GHS"),
            .name = "our account in Dakar, opened for the second half of the year",
            .status = AccountStatus::closed,
            .is_default = true,
            .balance = 7,
            .held = 3,
            .floor = -5,
            .low_threshold = 2,
            .high_threshold = no_threshold,
            .version = 9};
  table.add(a);
  const Account back = table.whole(table.at(a.id));
  BOOST_TEST((back.id == a.id));
  BOOST_TEST((back.kind == a.kind && back.status == a.status && back.currency == a.currency));
  BOOST_TEST(back.bank == a.bank);
  BOOST_TEST(back.name == a.name);
  BOOST_TEST(back.is_default);
  BOOST_TEST(back.balance == 7);
  BOOST_TEST(back.held == 3);
  BOOST_TEST(back.floor == -5);
  BOOST_TEST(back.version == 9);
  BOOST_TEST(back.low_threshold == 2);
  BOOST_TEST(back.high_threshold == no_threshold);
  BOOST_TEST(available(table.at(a.id)) == available(a));
}

BOOST_AUTO_TEST_CASE(a_vostro_is_found_by_bank_and_currency_and_other_kinds_are_not) {
  AccountTable table;
  table.add(vostro(1, "ABIDCIAB"));
  table.add(vostro(2, "ABIDCIAB", "GHS"));
  table.add(vostro(3, "ABIDCIABXXX"));
  Account nostro = vostro(4, "DAKRSNDA");
  nostro.kind = AccountKind::nostro;
  table.add(nostro);
  BOOST_TEST((table.vostro("ABIDCIAB", *currency_from("XOF"))->id == numbered(1)));
  BOOST_TEST((table.vostro("ABIDCIAB", *currency_from("GHS"))->id == numbered(2)));
  BOOST_TEST((table.vostro("ABIDCIABXXX", *currency_from("XOF"))->id == numbered(3)));
  BOOST_TEST(!table.vostro("ABIDCIAB", *currency_from("EUR")));
  BOOST_TEST(!table.vostro("DAKRSNDA", *currency_from("XOF")));
  BOOST_TEST(!table.find(numbered(5)));
  BOOST_CHECK_THROW(table.at(numbered(5)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_change_of_status_floor_and_thresholds_leaves_the_money_alone) {
  AccountTable table;
  Account a = vostro(1, "ABIDCIAB");
  a.balance = 100;
  table.add(a);
  table.at(a.id).balance = 250;  // posted since
  a.status = AccountStatus::closed;
  a.floor = -10;
  a.high_threshold = 300;
  table.change(a);
  BOOST_TEST(table.at(a.id).watched);
  Account back = table.whole(table.at(a.id));
  BOOST_TEST((back.status == AccountStatus::closed));
  BOOST_TEST(back.floor == -10);
  BOOST_TEST(back.high_threshold == 300);
  BOOST_TEST(back.balance == 250);
  a.high_threshold = no_threshold;
  table.change(a);
  BOOST_TEST(!table.at(a.id).watched);
}

BOOST_AUTO_TEST_CASE(ten_thousand_accounts_are_found_also_after_the_table_has_moved) {
  AccountTable first;
  for (int n = 0; n < 10'000; ++n) {
    std::string bank = "AAAACIAB";
    for (int i = 0, rest = n; i < 4; ++i, rest /= 26)
      bank[static_cast<std::size_t>(i)] = static_cast<char>('A' + rest % 26);
    first.add(vostro(n, bank));
  }
  const AccountTable table = std::move(first);
  for (int n = 0; n < 10'000; ++n) {
    const auto* row = table.find(numbered(n));
    BOOST_REQUIRE(row);
    BOOST_REQUIRE((table.vostro(row->bank(), row->currency)->id == row->id));
  }
}

BOOST_AUTO_TEST_CASE(an_account_stands_in_the_book_once) {
  AccountTable table;
  table.add(vostro(1, "ABIDCIAB"));
  BOOST_CHECK_THROW(table.add(vostro(1, "DAKRSNDA")), std::logic_error);
}

BOOST_AUTO_TEST_CASE(what_is_no_bic_has_no_place_in_the_book) {
  AccountTable table;
  BOOST_CHECK_THROW(table.add(vostro(1, "ABIDCIABXXXX")), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
