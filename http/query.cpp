#include "http/query.hpp"

#include "domain/unicode.hpp"
#include "http/json_in.hpp"

#include <algorithm>
#include <charconv>

namespace settled {
namespace {
std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<std::string> decoded(std::string_view raw, bool plus_is_blank = true) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i] == '+' && plus_is_blank ? ' ' : raw[i];
    if (c == '%') {
      const auto high = i + 1 < raw.size() ? hex_digit(raw[i + 1]) : std::nullopt;
      const auto low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : std::nullopt;
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    }
    // Lines and NULs have no place in a value of ours: they end up in logs and queries.
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    text += c;
  }
  // The database would not take it either.
  if (!decode_utf8(text)) return std::nullopt;
  return text;
}

template <class Int>
std::optional<Int> whole_number(std::string_view text) {
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts off what stands before the next separator that is not in quotes.
std::string_view next_part(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (quoted && rest[end] == '\\')
      ++end;
    else if (rest[end] == '"')
      quoted = !quoted;
  }
  end = std::min(end, rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}
}  // namespace

Result<Query> Query::parse(std::string_view raw, const std::vector<std::string_view>& known) {
  Query query;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    const auto part = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    const auto name = decoded(part.substr(0, equals));
    const auto value = decoded(equals < part.size() ? part.substr(equals + 1) : std::string_view{});
    const std::string pointer = "?" + (name ? name->substr(0, 64) : std::string());
    if (!name || !value)
      return Refusal{Errc::invalid_value, pointer, "a percent sign or control character is wrong here",
                     "percent-encoded UTF-8"};
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      std::string detail = "unknown parameter", allowed;
      if (const auto close = closest_name(*name, known); !close.empty())
        detail += ". Did you mean \"" + std::string(close) + "\"?";
      for (const auto k : known) allowed.append(allowed.empty() ? "" : ", ").append(k);
      return Refusal{Errc::unknown_field, pointer, detail, allowed.empty() ? "no parameters" : allowed};
    }
    // Also where one of them is empty.
    if (std::any_of(query.values_.begin(), query.values_.end(),
                    [&](const auto& v) { return v.first == *name; }))
      return Refusal{Errc::invalid_value, pointer, "the parameter stands twice", "once"};
    query.values_.emplace_back(*name, *value);
  }
  return query;
}

const std::string& Query::operator[](std::string_view name) const {
  static const std::string none;
  for (const auto& [n, value] : values_)
    if (n == name) return value;
  return none;
}

Result<int> Query::limit() const {
  const std::string& text = (*this)["limit"];
  if (text.empty()) return 50;
  const auto value = whole_number<int>(text);
  if (!value || *value < 1 || *value > 200)
    return Refusal{Errc::invalid_value, "?limit", '"' + text.substr(0, 40) + "\" is not a limit", "1 to 200"};
  return *value;
}

std::optional<std::string> path_segment(std::string_view raw) { return decoded(raw, false); }

Result<std::string> idempotency_key_of(const Request& request) {
  constexpr std::string_view pointer = "header:Idempotency-Key";
  const auto* header = request.header("idempotency-key");
  if (!header || header->empty())
    return Refusal{
        Errc::idempotency_key_missing, std::string(pointer),
        "the Idempotency-Key header is missing. Make one per order, store it before you call, send it "
        "again on every retry",
        "1 to 255 visible ASCII characters"};
  std::string_view key = *header;
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
  if (valid_idempotency_key(key)) return std::string(key);
  return Refusal{Errc::invalid_value, std::string(pointer), "this is not an idempotency key",
                 "1 to 255 visible ASCII characters"};
}

std::optional<std::chrono::seconds> preferred_wait(const Request& request) {
  constexpr std::size_t longest = 60;
  for (const auto& header : request.headers) {
    if (!same_ignoring_case(header.name, "prefer")) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      auto item = next_part(rest, ',');
      const auto preference = next_part(item, ';');  // its parameters mean nothing here
      const auto equals = preference.find('=');
      if (equals == std::string_view::npos ||
          !same_ignoring_case(trimmed(preference.substr(0, equals)), "wait"))
        continue;
      auto word = trimmed(preference.substr(equals + 1));
      if (word.size() >= 2 && word.front() == '"' && word.back() == '"')
        word = word.substr(1, word.size() - 2);
      const bool number =
          !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
      // The first one counts, as if the others were not there. More digits than fit are more than enough.
      if (!number) return std::nullopt;
      const auto seconds = std::min(whole_number<std::size_t>(word).value_or(longest), longest);
      return seconds > 0 ? std::optional(std::chrono::seconds(seconds)) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> event_seq_from(std::string_view text) {
  if (text.starts_with("0-")) text.remove_prefix(2);
  return whole_number<std::int64_t>(text);
}
}  // namespace settled
