// Calendars in the database: what a migration brings, and what is left of them.
#define BOOST_TEST_MODULE storage_calendars
#include "domain/default_windows.hpp"
#include "storage/migrations.hpp"
#include "storage/pg_ledger_store.hpp"
#include "tests/database_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace settled;
using namespace settled::tests;

namespace {
struct Fixture : DatabaseFixture {
  Rules rules() const {
    return make_pg_ledger_store({.database_url = url, .owner = "test"})->take_over().rules;
  }
  /// As the version before left it; then the migration once more.
  void migrate_again() {
    execute("drop table calendars cascade");
    for (const auto& file : embedded_migrations())
      if (file.name.ends_with("_calendars")) execute(std::string(file.sql));
  }
  std::int64_t days_of(int year, const std::string& calendar) {
    return query("select count(*) from holiday_rules where kind = 'single' and provisional and calendar = '" +
                 calendar + "' and extract(year from date) = " + std::to_string(year));
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(calendars, Fixture)

BOOST_AUTO_TEST_CASE(delivered_calendars_of_before_get_the_expected_days_of_2027_and_others_are_left_alone) {
  rules();  // the defaults
  const auto delivered = query<std::string>(
      "select string_agg(concat_ws('|', calendar, name, date, observance, provisional), E'\\n' order by "
      "calendar, "
      "date, name) from holiday_rules where kind = 'single'");
  execute("delete from holiday_rules where date >= '2027-01-01'");
  BOOST_TEST(days_of(2026, "UEMOA") == 4);
  BOOST_TEST(days_of(2027, "UEMOA") == 0);
  migrate_again();
  BOOST_TEST(
      query<std::string>(
          "select string_agg(concat_ws('|', calendar, name, date, observance, provisional), E'\\n' order by "
          "calendar, date, name) from holiday_rules where kind = 'single'") == delivered);
  // Somebody looked at 2027 already, and somebody removed a feast.
  execute(
      "delete from holiday_rules where calendar = 'UEMOA' and date >= '2027-01-01' and date <> '2027-05-17'");
  execute(
      "delete from holiday_rules where calendar = 'Ghana' and (date >= '2027-01-01' or name = 'Shaqq Day')");
  migrate_again();
  BOOST_TEST(days_of(2027, "UEMOA") == 1);
  BOOST_TEST(days_of(2027, "Ghana") == 2);
  BOOST_TEST(find_calendar(rules().calendars, "Ghana")->rules.size() ==
             find_calendar(default_calendars(), "Ghana")->rules.size() - 2);
}

BOOST_AUTO_TEST_CASE(a_calendar_whose_last_rule_is_deleted_is_there_after_a_restart_and_after_the_migration) {
  const auto by_windows = rules().windows;
  execute("delete from holiday_rules where calendar = 'UEMOA'");
  BOOST_REQUIRE(find_calendar(rules().calendars, "UEMOA"));
  BOOST_TEST(find_calendar(rules().calendars, "UEMOA")->rules.empty());
  migrate_again();  // a window names it
  BOOST_REQUIRE(find_calendar(rules().calendars, "UEMOA"));
  BOOST_TEST(find_calendar(rules().calendars, "TARGET")->rules.size() == 6U);
  BOOST_TEST(rules().windows.size() == by_windows.size());
}

BOOST_AUTO_TEST_SUITE_END()
