// The system's time zones, read from its compiled zone files (TZif, RFC 9636) without touching the
// process-wide TZ of the C library. g++ 12 has no zones of its own, and Debian's libdate-tz 3.0.1 stops at
// the last change that a file lists: it does not know the rule in the footer, which is all that slim zone
// files have for New York after 2007 (its issues 563, 760, 794).
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace settled {

/// One zone: the listed changes of offset, then the rule of the footer for ever after.
class TimeZone {
 public:
  /// Nothing if the bytes are not a zone that we can trust to the end: damaged, a version without 64-bit
  /// times, or one that counts leap seconds.
  static std::optional<TimeZone> from_tzif(std::string_view bytes);
  /// Local time minus UTC.
  std::chrono::seconds offset(std::int64_t utc_seconds) const;

 private:
  /// When summer time begins or ends: one of POSIX's three forms, and a time of the local day.
  struct YearlyChange {
    enum class Form : std::uint8_t { month_week_day, julian_without_leap_day, day_of_year } form;
    int month = 0, week = 0, day = 0;
    std::int64_t seconds = 7200;
    /// Seconds since 1970, as the local clock before the change shows it.
    std::int64_t local_in(int year) const;
  };
  struct Footer {
    std::int64_t standard = 0, summer = 0;
    std::optional<YearlyChange> to_summer, to_standard;  // both, or neither: no summer time
  };
  static std::optional<Footer> footer_from(std::string_view text);
  static std::optional<YearlyChange> change_from(std::string_view& text);

  std::int64_t before_ = 0;          // the offset before the first change
  std::vector<std::int64_t> times_;  // UTC, rising
  std::vector<std::int64_t> offsets_;
  std::optional<Footer> footer_;
};

/// Zones by name, read at their first use and kept until the process ends: new zone data is seen after a
/// restart. Safe to call from several threads.
class TimeZones {
 public:
  explicit TimeZones(std::filesystem::path folder = "/usr/share/zoneinfo") : folder_(std::move(folder)) {}
  /// Nothing for a zone that the system does not have.
  std::optional<std::chrono::seconds> offset(std::string_view zone, std::int64_t utc_seconds) const;

 private:
  std::shared_ptr<const TimeZone> find(std::string_view zone) const;

  std::filesystem::path folder_;
  mutable std::shared_mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> known_;
};

}  // namespace settled
