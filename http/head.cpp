#include "http/head.hpp"

#include <algorithm>
#include <array>

namespace settled {
namespace {
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool name_char(char c) {
  const char l = lower(c);
  // RFC 9110 allows the underscore; gateways that turn it into '-' or drop it make two names of one.
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^`|~").find(c) != std::string_view::npos;
}

bool clean_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || u == '\t';
  });
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Two of these would let two readers disagree about who asks, for what, or where the body ends.
constexpr std::array<std::string_view, 11> single{
    "host",      "content-type",  "content-encoding", "content-length", "transfer-encoding",
    "x-api-key", "authorization", "idempotency-key",  "traceparent",    "last-event-id",
    "expect"};

HeadRefusal bad(std::string detail, int status = 400) { return {status, std::move(detail)}; }

std::optional<HeadRefusal> read_request_line(std::string_view line, Head& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return bad("the request line is not \"METHOD target HTTP/1.1\"");
  const auto method = line.substr(0, first);
  auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool http = version.starts_with("HTTP/");
    return bad("this port speaks versions 1.1 and 1.0 of HTTP", http ? 505 : 400);
  }
  head.keep_alive = version == "HTTP/1.1";
  if (method.empty() || method.size() > 32 || !std::all_of(method.begin(), method.end(), name_char))
    return bad("the method is not a token");
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (target.empty() || !std::all_of(target.begin(), target.end(), visible) ||
      target.find('#') != std::string_view::npos)
    return bad("the target of the request holds characters that a URL cannot have");
  if (target.starts_with("http://") || target.starts_with("https://")) {
    target.remove_prefix(target.find("//") + 2);
    const auto slash = target.find('/');
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (!target.starts_with('/') && target != "*") return bad("the target of the request is not a path");
  const auto mark = target.find('?');
  head.request.method = method;
  head.request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) head.request.query = target.substr(mark + 1);
  return std::nullopt;
}

std::optional<HeadRefusal> read_header_line(std::string_view line, Head& head) {
  if (line.front() == ' ' || line.front() == '\t') return bad("a header goes on over two lines (obs-fold)");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return bad("a header line has no name and colon");
  const auto name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), name_char))
    return bad("a header name holds a character that is not allowed here (blank, underscore, control)");
  const auto value = trim(line.substr(colon + 1));
  if (!clean_value(value)) return bad("a header value holds a control character");
  head.request.headers.push_back({std::string(name), std::string(value)});
  return std::nullopt;
}

std::optional<HeadRefusal> read_content_length(const std::string& text, Head& head) {
  std::uint64_t length = 0;
  // 18 digits fit; more is a lie anyway.
  if (text.empty() || text.size() > 18) return bad("Content-Length is not a number of bytes");
  for (const char c : text) {
    if (c < '0' || c > '9') return bad("Content-Length is not a number of bytes: digits only, no sign");
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  head.content_length = length;
  return std::nullopt;
}

std::optional<HeadRefusal> read_framing(Head& head) {
  const Request& r = head.request;
  for (const auto name : single) {
    const auto count = std::count_if(r.headers.begin(), r.headers.end(),
                                     [&](const auto& h) { return same_ignoring_case(h.name, name); });
    if (count > 1)
      return bad("the header " + std::string(name) + " stands " + std::to_string(count) + " times");
  }
  const auto* length = r.header("content-length");
  const auto* coding = r.header("transfer-encoding");
  if (length && coding) return bad("Content-Length and Transfer-Encoding together");
  if (coding) {
    if (!same_ignoring_case(*coding, "chunked"))
      return bad("the only Transfer-Encoding that we take is exactly \"chunked\"");
    if (!head.keep_alive) return bad("Transfer-Encoding needs HTTP/1.1");
    head.chunked = true;
  }
  if (length)
    if (auto refusal = read_content_length(*length, head)) return refusal;
  if (const auto* expect = r.header("expect")) {
    if (!same_ignoring_case(*expect, "100-continue")) return bad("only Expect: 100-continue is known", 417);
    head.expects_continue = head.keep_alive;
  }
  if (head.keep_alive && !r.header("host")) return bad("the Host header is missing");
  for (const auto& h : r.headers) {
    if (!same_ignoring_case(h.name, "connection")) continue;
    for (std::string_view rest = h.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto option = trim(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (same_ignoring_case(option, "close")) head.keep_alive = false;
    }
  }
  return std::nullopt;
}
}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t HeadScanner::end_of_head(std::string_view bytes, std::optional<HeadRefusal>& refusal) {
  for (; seen_ < bytes.size(); ++seen_) {
    const char c = bytes[seen_];
    const char before = seen_ == 0 ? '\0' : bytes[seen_ - 1];
    if (c == '\0') {
      refusal = bad("a NUL byte in the head of the request");
      return 0;
    }
    if ((c == '\n') != (before == '\r')) {
      refusal = bad("lines of the head end in CR LF; a bare CR or LF is refused");
      return 0;
    }
    if (c != '\n') continue;
    if (seen_ == 1) {
      refusal = bad("an empty line where the request line should be");
      return 0;
    }
    if (seen_ >= 3 && bytes[seen_ - 2] == '\n') return ++seen_;
  }
  return 0;
}

std::optional<HeadRefusal> read_head(std::string_view bytes, const HttpLimits& limits, Head& head) {
  bool first = true;
  while (bytes.size() > 2) {
    const auto end = bytes.find("\r\n");
    const auto line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    if (first) {
      if (auto refusal = read_request_line(line, head)) return refusal;
      first = false;
      head.request.headers.reserve(12);
      continue;
    }
    if (head.request.headers.size() == limits.headers)
      return bad("more than " + std::to_string(limits.headers) + " headers", 431);
    if (auto refusal = read_header_line(line, head)) return refusal;
  }
  return read_framing(head);
}
}  // namespace settled
