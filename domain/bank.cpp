#include "domain/bank.hpp"

#include <algorithm>

namespace settled {
Result<std::string> bic_from(std::string_view text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto alnum = [&](char c) { return upper(c) || (c >= '0' && c <= '9'); };
  const bool sized = text.size() == 8 || text.size() == 11;
  if (!sized || !std::all_of(text.begin(), text.end(), alnum) || !upper(text[4]) || !upper(text[5]))
    return Refusal{Errc::invalid_value, "", '"' + std::string(text.substr(0, 40)) + "\" is not a BIC",
                   "8 or 11 capital letters and digits such as ABIDCIAB (ISO 9362)"};
  return std::string(text);
}
}  // namespace settled
