#include "http/response_text.hpp"

#include "http/problem.hpp"
#include "http/trace.hpp"

#include <algorithm>

namespace settled {
namespace {
std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

// No header of ours may carry a line end, whatever it was made from.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(out.end() - static_cast<std::ptrdiff_t>(value.size()), out.end(), control, ' ');
  out += "\r\n";
}
}  // namespace

std::string head_text(const Response& response, std::string_view request_id, bool keep_alive,
                      bool has_length) {
  std::string out;
  out.reserve(320 + (has_length && response.body.size() < 65536 ? response.body.size() : 0));
  out.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(reason_of(response.status));
  out += "\r\n";
  // 204 has no body by definition, and may not say how long it is (RFC 9110, 8.6).
  const bool bodiless = response.status == 204;
  if (!bodiless) append_header(out, "Content-Type", response.content_type);
  if (has_length && !bodiless) append_header(out, "Content-Length", std::to_string(response.body.size()));
  append_header(out, "X-Request-Id", request_id);
  append_header(out, "Cache-Control", "no-store");
  append_header(out, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  append_header(out, "Connection", keep_alive ? "keep-alive" : "close");
  out += "\r\n";
  return out;
}

Response refused(int status, std::string detail, const Request* request) {
  Problem problem;
  problem.code = status == 413 || status == 431 ? Errc::body_too_large
                 : status == 503                ? Errc::overloaded
                 : status == 500                ? Errc::internal
                                                : Errc::malformed_body;
  problem.status = status;
  const bool asks = request && (request->method == "GET" || request->method == "HEAD");
  problem.money = asks ? MoneyState::none : status == 500 ? MoneyState::unsure : MoneyState::untouched;
  if (status == 503) problem.retry_after = 1;
  problem.errors.push_back({problem.code, "", std::move(detail), ""});
  const bool traced = request && !request->trace_id.empty();
  return problem_response(
      problem, {request ? lang_from(*request) : Lang::en, traced ? request->trace_id : make_trace_id()});
}
}  // namespace settled
