#include "runtime/time_zone.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <mutex>

namespace settled {
namespace {
using namespace std::chrono;

constexpr std::size_t header_size = 44;
constexpr std::size_t file_size_max = 1 << 20;  // the largest zone of 2025 has less than 4 KiB
constexpr std::uint32_t count_max = 100'000;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  if (bytes.size() == 4) return static_cast<std::int32_t>(value);
  return static_cast<std::int64_t>(value);
}

struct Header {
  char version = 0;
  std::uint32_t isut = 0, isstd = 0, leap = 0, time = 0, type = 0, abbreviation = 0;
  std::size_t body_size(std::size_t time_size) const {
    return time * (time_size + 1) + type * 6 + abbreviation + leap * (time_size + 4) + isstd + isut;
  }
};

std::optional<Header> header_at(std::string_view bytes) {
  if (bytes.size() < header_size || !bytes.starts_with("TZif")) return std::nullopt;
  const auto count = [bytes](std::size_t i) {
    return static_cast<std::uint32_t>(big_endian(bytes.substr(20 + 4 * i, 4)));
  };
  const Header header{bytes[4], count(0), count(1), count(2), count(3), count(4), count(5)};
  for (auto c : {header.isut, header.isstd, header.leap, header.time, header.type, header.abbreviation})
    if (c > count_max) return std::nullopt;
  return header;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_number(std::string_view& text, int most) {
  int value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    value = value * 10 + (text[digits] - '0');
    if (value > most) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

/// [+-]hh[:mm[:ss]] in seconds. RFC 9636 allows up to 167 hours for the times of a rule.
std::optional<std::int64_t> take_time(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const auto hours = take_number(text, 167);
  if (!hours) return std::nullopt;
  std::int64_t total = *hours * std::int64_t{3600};
  for (const int unit : {60, 1}) {
    if (!take(text, ':')) break;
    const auto part = take_number(text, 59);
    if (!part) return std::nullopt;
    total += *part * unit;
  }
  return negative ? -total : total;
}

/// The abbreviation, "CET" or "<+0330>": we only step over it.
bool take_name(std::string_view& text) {
  const bool quoted = take(text, '<');
  std::size_t length = 0;
  const auto fits = [quoted](char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return letter || (quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-'));
  };
  while (length < text.size() && fits(text[length])) ++length;
  text.remove_prefix(length);
  return length >= 3 && (!quoted || take(text, '>'));
}
}  // namespace

std::int64_t TimeZone::YearlyChange::local_in(int y) const {
  sys_days date;
  const std::chrono::year in{y};
  switch (form) {
    case Form::month_week_day: {
      const weekday w{static_cast<unsigned>(day)};
      const std::chrono::month m{static_cast<unsigned>(month)};
      date = week == 5 ? sys_days{year_month_weekday_last{in, m, w[last]}}
                       : sys_days{year_month_weekday{in, m, w[static_cast<unsigned>(week)]}};
      break;
    }
    case Form::julian_without_leap_day:
      // Day 60 is 1 March in every year.
      date = sys_days{in / January / 1} + days{day - 1 + (in.is_leap() && day >= 60 ? 1 : 0)};
      break;
    case Form::day_of_year:
      date = sys_days{in / January / 1} + days{day};
      break;
  }
  return date.time_since_epoch().count() * std::int64_t{86'400} + seconds;
}

std::optional<TimeZone::YearlyChange> TimeZone::change_from(std::string_view& text) {
  YearlyChange change{YearlyChange::Form::day_of_year};
  std::optional<int> day;
  if (take(text, 'M')) {
    change.form = YearlyChange::Form::month_week_day;
    const auto month = take_number(text, 12);
    if (!month || *month < 1 || !take(text, '.')) return std::nullopt;
    const auto week = take_number(text, 5);
    if (!week || *week < 1 || !take(text, '.')) return std::nullopt;
    change.month = *month;
    change.week = *week;
    day = take_number(text, 6);
  } else if (take(text, 'J')) {
    change.form = YearlyChange::Form::julian_without_leap_day;
    day = take_number(text, 365);
    if (day && *day < 1) return std::nullopt;
  } else {
    day = take_number(text, 365);
  }
  if (!day) return std::nullopt;
  change.day = *day;
  if (take(text, '/')) {
    const auto time = take_time(text);
    if (!time) return std::nullopt;
    change.seconds = *time;
  }
  return change;
}

std::optional<TimeZone::Footer> TimeZone::footer_from(std::string_view text) {
  Footer footer;
  if (!take_name(text)) return std::nullopt;
  const auto west = take_time(text);  // POSIX counts westward
  if (!west) return std::nullopt;
  footer.standard = -*west;
  if (text.empty()) return footer;
  if (!take_name(text)) return std::nullopt;
  footer.summer = footer.standard + 3600;
  if (!text.starts_with(',')) {
    const auto summer_west = take_time(text);
    if (!summer_west) return std::nullopt;
    footer.summer = -*summer_west;
  }
  if (!take(text, ',')) return std::nullopt;
  footer.to_summer = change_from(text);
  if (!footer.to_summer || !take(text, ',')) return std::nullopt;
  footer.to_standard = change_from(text);
  if (!footer.to_standard || !text.empty()) return std::nullopt;
  return footer;
}

std::optional<TimeZone> TimeZone::from_tzif(std::string_view bytes) {
  const auto old = header_at(bytes);
  if (!old || old->version < '2') return std::nullopt;
  // The first block repeats the data with 32-bit times, for readers of version 1.
  const auto skip = header_size + old->body_size(4);
  if (bytes.size() < skip) return std::nullopt;
  bytes.remove_prefix(skip);
  const auto header = header_at(bytes);
  if (!header || header->leap != 0 || header->type == 0) return std::nullopt;
  bytes.remove_prefix(header_size);
  if (bytes.size() < header->body_size(8)) return std::nullopt;

  const auto times = bytes.substr(0, header->time * std::size_t{8});
  const auto indices = bytes.substr(times.size(), header->time);
  const auto types = bytes.substr(times.size() + indices.size(), header->type * std::size_t{6});
  const auto offset_of = [types](std::size_t type) { return big_endian(types.substr(type * 6, 4)); };
  for (std::size_t i = 0; i < header->type; ++i)
    if (const auto o = offset_of(i); o < -100'000 || o > 100'000) return std::nullopt;
  TimeZone zone;
  zone.before_ = offset_of(0);
  for (std::size_t i = 0; i < header->time; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    const auto time = big_endian(times.substr(i * 8, 8));
    if (type >= header->type || (i > 0 && time <= zone.times_.back())) return std::nullopt;
    zone.times_.push_back(time);
    zone.offsets_.push_back(offset_of(type));
  }

  auto tail = bytes.substr(header->body_size(8));
  if (tail.size() < 2 || tail.front() != '\n' || tail.back() != '\n') return std::nullopt;
  tail = tail.substr(1, tail.size() - 2);
  if (!tail.empty()) {
    zone.footer_ = footer_from(tail);
    if (!zone.footer_) return std::nullopt;
  }
  return zone;
}

seconds TimeZone::offset(std::int64_t utc) const {
  const auto next = std::upper_bound(times_.begin(), times_.end(), utc);
  if (next != times_.end() || !footer_) {
    if (next == times_.begin()) return seconds{before_};
    return seconds{offsets_[static_cast<std::size_t>(next - times_.begin()) - 1]};
  }
  const Footer& f = *footer_;
  if (!f.to_summer) return seconds{f.standard};
  // The last change before `utc` decides. It may have been in the year before: in the south summer time
  // lasts over New Year. Beyond the years that chrono knows, so far away that nobody asks: standard time.
  if (utc < -60'000'000'000 || utc > 250'000'000'000) return seconds{f.standard};
  const auto today = floor<days>(sys_seconds{seconds{utc + f.standard}});
  const int year = static_cast<int>(year_month_day{today}.year());
  std::int64_t latest = std::numeric_limits<std::int64_t>::min();
  std::int64_t offset = f.standard;
  for (const int y : {year - 1, year, year + 1}) {
    const auto summer_at = f.to_summer->local_in(y) - f.standard;
    const auto standard_at = f.to_standard->local_in(y) - f.summer;
    // At the same moment ("all year summer time") the change to summer wins, being looked at last.
    for (const auto& [at, to] : {std::pair{standard_at, f.standard}, std::pair{summer_at, f.summer}}) {
      if (at > utc || at < latest) continue;
      latest = at;
      offset = to;
    }
  }
  return seconds{offset};
}

std::shared_ptr<const TimeZone> TimeZones::find(std::string_view zone) const {
  {
    const std::shared_lock lock{mutex_};
    if (const auto it = known_.find(zone); it != known_.end()) return it->second;
  }
  // The name may come from a request: it must not lead out of the folder.
  const bool plain = std::all_of(zone.begin(), zone.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  });
  if (!plain || zone.empty() || zone.size() > 64 || zone.front() == '/') return nullptr;
  const auto path = folder_ / zone;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return nullptr;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(file_size_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > file_size_max) return nullptr;
  auto read = TimeZone::from_tzif(bytes);
  if (!read) return nullptr;  // not remembered, or wrong names could fill the memory
  const std::unique_lock lock{mutex_};
  return known_.try_emplace(std::string(zone), std::make_shared<const TimeZone>(*std::move(read)))
      .first->second;
}

std::optional<seconds> TimeZones::offset(std::string_view zone, std::int64_t utc_seconds) const {
  const auto found = find(zone);
  if (!found) return std::nullopt;
  return found->offset(utc_seconds);
}

}  // namespace settled
