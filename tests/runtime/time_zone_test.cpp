#define BOOST_TEST_MODULE time_zone
#include "runtime/time_zone.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>

using namespace settled;
using namespace std::chrono_literals;

namespace {
const TimeZones zones;

std::int64_t utc(int year, unsigned month, unsigned day, int hour, int minute = 0, int second = 0) {
  const std::chrono::sys_days date{
      std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}};
  return date.time_since_epoch().count() * std::int64_t{86'400} + hour * 3600 + minute * 60 + second;
}
std::string bytes_of(const std::string& zone) {
  std::ifstream file("/usr/share/zoneinfo/" + zone, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
/// A zone file of our own: version 2, one type, no changes, this footer.
std::string file_with(std::string_view footer) {
  const auto header = [](char types) {
    std::string h = "TZif2";
    h.resize(44, '\0');
    h[39] = types;
    h[43] = 4;
    return h;
  };
  const std::string body = std::string(6, '\0') + std::string("LMT\0", 4);
  return header(1) + body + header(1) + body + '\n' + std::string(footer) + '\n';
}
}  // namespace

BOOST_AUTO_TEST_CASE(paris_changes_at_one_o_clock_utc) {
  BOOST_TEST((zones.offset("Europe/Paris", utc(2026, 3, 29, 0, 59, 59)) == 1h));
  BOOST_TEST((zones.offset("Europe/Paris", utc(2026, 3, 29, 1)) == 2h));
  BOOST_TEST((zones.offset("Europe/Paris", utc(2026, 10, 25, 0, 59, 59)) == 2h));
  BOOST_TEST((zones.offset("Europe/Paris", utc(2026, 10, 25, 1)) == 1h));
}

BOOST_AUTO_TEST_CASE(west_africa_keeps_utc) {
  for (const auto* zone : {"Africa/Abidjan", "Africa/Accra"})
    for (unsigned month = 1; month <= 12; ++month)
      BOOST_TEST((zones.offset(zone, utc(2026, month, 15, 12)) == 0h), zone);
}

BOOST_AUTO_TEST_CASE(the_rule_at_the_end_of_the_file_holds_for_ever) {
  BOOST_TEST((zones.offset("America/New_York", utc(2100, 3, 14, 6, 59, 59)) == -5h));
  BOOST_TEST((zones.offset("America/New_York", utc(2100, 3, 14, 7)) == -4h));
  BOOST_TEST((zones.offset("America/New_York", utc(2100, 11, 7, 5, 59, 59)) == -4h));
  BOOST_TEST((zones.offset("America/New_York", utc(2100, 11, 7, 6)) == -5h));
  // In the south summer lasts over New Year.
  BOOST_TEST((zones.offset("Australia/Sydney", utc(2100, 1, 1, 0)) == 11h));
  BOOST_TEST((zones.offset("Australia/Sydney", utc(2100, 7, 1, 0)) == 10h));
}

BOOST_AUTO_TEST_CASE(we_read_every_zone_as_the_c_library_does) {
  std::mt19937_64 chance(20260329);
  for (const auto* zone :
       {"Europe/Paris", "Europe/London", "Europe/Dublin", "America/New_York", "America/St_Johns",
        "Asia/Tehran", "Asia/Kathmandu", "Africa/Abidjan", "Africa/Accra", "Africa/Casablanca",
        "Africa/Cairo", "Africa/Lagos", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago",
        "America/Nuuk", "Asia/Gaza", "UTC"}) {
    BOOST_REQUIRE(::setenv("TZ", zone, 1) == 0);
    ::tzset();
    for (int i = 0; i < 2'000; ++i) {
      const auto at =
          std::uniform_int_distribution<std::int64_t>(utc(1971, 1, 1, 0), utc(2120, 1, 1, 0))(chance);
      const std::time_t time = at;
      std::tm local{};
      ::localtime_r(&time, &local);
      const auto ours = zones.offset(zone, at);
      BOOST_REQUIRE_MESSAGE(
          (ours && ours->count() == local.tm_gmtoff),
          zone << " at " << at << ": ours " << (ours ? ours->count() : -1) << ", theirs " << local.tm_gmtoff);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_three_ways_to_write_a_yearly_change_are_read) {
  const auto offset = [](std::string_view footer, std::int64_t at) {
    const auto zone = TimeZone::from_tzif(file_with(footer));
    BOOST_REQUIRE_MESSAGE(zone, footer);
    return zone->offset(at);
  };
  for (const auto* footer :
       {"AAA0BBB,J60/0,J300/0", "AAA0BBB,60/0,300/0", "AAA0BBB-1,M3.1.1/-144,M10.5.2/-8"})
    BOOST_TEST((offset(footer, utc(2024, 7, 1, 0)) == 1h), footer);
  // Day 60 is 1 March under J in every year; counted from 0 it is 1 March in leap years only.
  BOOST_TEST((offset("AAA0BBB,J60/0,J300/0", utc(2024, 3, 1, 0)) == 1h));
  BOOST_TEST((offset("AAA0BBB,J60/0,J300/0", utc(2024, 2, 29, 23, 59, 59)) == 0h));
  BOOST_TEST((offset("AAA0BBB,60/0,300/0", utc(2024, 3, 1, 0)) == 1h));
  BOOST_TEST((offset("AAA0BBB,60/0,300/0", utc(2023, 3, 1, 0)) == 0h));
  BOOST_TEST((offset("<+0330>-3:30", 0) == 3h + 30min));
  BOOST_TEST((offset("XXX3EDT4,0/0,J365/23", utc(2050, 1, 1, 5)) == -4h));  // summer time all year: RFC 9636
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused) {
  const auto good = bytes_of("Europe/Paris");
  BOOST_REQUIRE(TimeZone::from_tzif(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    BOOST_TEST(!TimeZone::from_tzif(std::string_view(good).substr(0, size)), "cut at " << size);
  for (const auto* footer : {"CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "C1",
                             "CET-1x", "CET-1CEST,M3.6.0,M10.5.0", "CET-999"})
    BOOST_TEST(!TimeZone::from_tzif(file_with(footer)), footer);
  // Whatever the bytes are, reading them ends with a zone or without one.
  std::mt19937 chance(7);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    for (int j = 0; j < 4; ++j) bytes[chance() % bytes.size()] = static_cast<char>(chance());
    if (const auto zone = TimeZone::from_tzif(bytes)) (void)zone->offset(static_cast<std::int64_t>(chance()));
  }
}

BOOST_AUTO_TEST_CASE(a_name_cannot_lead_out_of_the_folder) {
  for (const auto* zone : {"", "../../../etc/passwd", "/etc/localtime", "Europe", "Europe/Nowhere",
                           "tzdata.zi", "Europe/Paris/../Paris", ".", "zone.tab", "right/Europe/Paris"})
    BOOST_TEST(!zones.offset(zone, 0), zone);
  BOOST_TEST(!zones.offset(std::string(5'000, 'A'), 0));
  BOOST_TEST(!TimeZones("/nonexistent").offset("UTC", 0));
}
