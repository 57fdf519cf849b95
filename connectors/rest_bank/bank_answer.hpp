// What a bank's answer says, read as from a stranger: bounded texts, each member once, the expected types.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace settled {

/// A member that is not there is empty. Members that we do not know are skipped: banks add some.
struct BankAnswer {
  std::string id, reference, status, amount, currency, code, reason, detail;
  /// Nothing unless `body` is one JSON object whose members above, where present, are texts of a sensible
  /// length in printable characters and stand there once.
  static std::optional<BankAnswer> read(std::string_view body);
};

}  // namespace settled
