#include "telemetry/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <mutex>

namespace settled {
namespace {

/// Length of the well-formed UTF-8 sequence at `at`; 0 when it is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at + i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF)  // no overlong forms, no surrogates
    return follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  if (lead >= 0xF0 && lead <= 0xF4)
    return follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4
                                                                                                          : 0;
  return 0;
}

/// JSON's rules serve the text form too: whatever a stranger sends, it stays one line and one value.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++i;
    } else if (c == '\n') {
      out += "\\n";
      ++i;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
      ++i;
    } else if (auto length = utf8_length(text, i); length > 0) {
      out += text.substr(i, length);
      i += length;
    } else {
      out += "\\ufffd";
      ++i;
    }
  }
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> to) : to_(std::move(to)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string_view text(line.data(), line.size());
    while (text.ends_with('\n')) text.remove_suffix(1);
    to_(text);
  }
  void flush_() override {}
  std::function<void(std::string_view)> to_;
};

spdlog::level::level_enum level_of(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::debug:
      return spdlog::level::debug;
    case LogSeverity::info:
      return spdlog::level::info;
    case LogSeverity::warning:
      return spdlog::level::warn;
    case LogSeverity::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

struct Log {
  LogShape shape = LogShape::text;
  std::shared_ptr<spdlog::logger> logger;

  void open(LogShape as, LogSeverity least, std::function<void(std::string_view)> to) {
    spdlog::sink_ptr sink;
    if (to)
      sink = std::make_shared<FunctionSink>(std::move(to));
    else
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto made = std::make_shared<spdlog::logger>("settled", std::move(sink));
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        as == LogShape::json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                             : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
        spdlog::pattern_time_type::utc));
    made->set_level(level_of(least));
    made->flush_on(spdlog::level::debug);
    shape = as;
    logger = std::move(made);
  }
};

Log& the_log() {
  static Log log = [] {
    Log made;
    made.open(LogShape::text, LogSeverity::info, {});
    return made;
  }();
  return log;
}

}  // namespace

void open_log(LogShape shape, LogSeverity least, std::function<void(std::string_view)> to) {
  the_log().open(shape, least, std::move(to));
}

bool log_wants(LogSeverity severity) { return the_log().logger->should_log(level_of(severity)); }

void log_line(LogSeverity severity, std::string_view event, std::initializer_list<LogField> fields) {
  auto& log = the_log();
  if (!log.logger->should_log(level_of(severity))) return;
  std::string line;
  line.reserve(160);
  if (log.shape == LogShape::json) {
    line += R"("event":)";
    append_quoted(line, event);
    for (const auto& field : fields) {
      line += ',';
      append_quoted(line, field.key);
      line += ':';
      append_quoted(line, field.value);
    }
  } else {
    line += event;
    for (const auto& field : fields) {
      line += ' ';
      line += field.key;
      line += '=';
      if (plain(field.value))
        line += field.value;
      else
        append_quoted(line, field.value);
    }
  }
  // As an argument: braces in the text are not ours to interpret.
  log.logger->log(level_of(severity), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace settled
