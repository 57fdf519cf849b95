// One line per event: a stable event name and key=value fields, as text for people or JSON for machines.
//
//   log_info("rail_silent", {{"settlement", id.text()}, {"ms", 300}});
//
// Info is for operators, debug is for us. Whoever calls keeps secrets and personal data out.
#pragma once
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace settled {

struct LogField {
  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <std::integral Number>
  LogField(std::string_view k, Number v) : key(k), value(std::to_string(v)) {}
  std::string_view key;
  std::string value;
};

enum class LogShape : std::uint8_t { text, json };
enum class LogSeverity : std::uint8_t { debug, info, warning, error };

/// Text from info upwards to stderr, unless told otherwise here, once, before other threads log.
/// `to` takes the finished lines instead of stderr, without their line end; for tests.
void open_log(LogShape shape, LogSeverity least, std::function<void(std::string_view)> to = {});

bool log_wants(LogSeverity severity);
void log_line(LogSeverity severity, std::string_view event, std::initializer_list<LogField> fields);

inline void log_debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_line(LogSeverity::debug, event, fields);
}
inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_line(LogSeverity::info, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_line(LogSeverity::warning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_line(LogSeverity::error, event, fields);
}

}  // namespace settled
