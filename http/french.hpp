// The French sentence of a refusal, with the values that the English one names: amounts, dates, banks, ids.
#pragma once
#include "domain/refusal.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace settled {

/// A value in a sentence. `kind` is b bank, i id, a amount with currency, c currency, d date, s status.
struct NamedValue {
  char kind = 0;
  std::string text;
};
/// In the order in which they stand there.
std::vector<NamedValue> values_in(std::string_view sentence);

/// `sentence` is what the code means in general; it is used where the refusal names nothing more.
std::string french_reason(const Refusal& refusal, std::string_view sentence);

}  // namespace settled
