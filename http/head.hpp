// The framing rules of a request's head, checked on the raw bytes before any library reads them: what two
// programs could read in two ways is refused here (RELIABILITY S22, S23).
#pragma once
#include "http/exchange.hpp"
#include "http/limits.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace settled {

struct HeadRefusal {
  int status = 400;
  std::string detail;
};

/// Looks for the end of a head in bytes that arrive piecemeal.
class HeadScanner {
 public:
  /// The size of the head with its empty line, 0 while it is not complete, or a refusal. `bytes` starts at
  /// the request line and only grows between calls.
  std::size_t end_of_head(std::string_view bytes, std::optional<HeadRefusal>& refusal);

 private:
  std::size_t seen_ = 0;
};

struct Head {
  Request request;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;
};

/// Reads a complete head. Everything about framing that is not plain and single is refused.
std::optional<HeadRefusal> read_head(std::string_view bytes, const HttpLimits& limits, Head& head);

}  // namespace settled
