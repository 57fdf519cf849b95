#include "config/config.hpp"

namespace settled {

std::string_view to_string(Environment environment) {
  switch (environment) {
    case Environment::development:
      return "development";
    case Environment::production:
      return "production";
  }
  return "?";
}

std::string_view to_string(LogFormat format) {
  switch (format) {
    case LogFormat::text:
      return "text";
    case LogFormat::json:
      return "json";
  }
  return "?";
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "?";
}

std::string_view to_string(WindowUse use) {
  switch (use) {
    case WindowUse::by_environment:
      return "by_environment";
    case WindowUse::always_open:
      return "always_open";
    case WindowUse::scheduled:
      return "scheduled";
  }
  return "";
}

std::string redacted_url(std::string_view url) {
  std::string out(url);
  // postgresql://user:password@host/…: the last @ before the path ends the user part.
  if (auto start = out.find("://"); start != std::string::npos) {
    start += 3;
    auto end = out.find_first_of("/?", start);
    auto at = out.substr(0, end).rfind('@');
    // A password with a bare / or ? in it ends later than we think: then nothing of the rest is shown.
    if (auto any_at = out.rfind('@'); any_at != std::string::npos && (at == std::string::npos || any_at > at))
      at = any_at;
    if (at != std::string::npos && at >= start) {
      auto colon = out.find(':', start);
      if (colon < at) out.replace(colon + 1, at - colon - 1, "***");
    }
  }
  // …?password=…, and "password=…" between the words of a connection string.
  for (auto at = out.find("password="); at != std::string::npos; at = out.find("password=", at + 12)) {
    auto begin = at + 9;
    bool quoted = begin < out.size() && out[begin] == '\'';
    auto end = quoted ? out.find('\'', begin + 1) : out.find_first_of("& ", begin);
    if (quoted && end != std::string::npos) ++end;
    out.replace(begin, end == std::string::npos ? std::string::npos : end - begin, "***");
  }
  return out;
}

}  // namespace settled
