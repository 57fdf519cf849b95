// The French sentence of a refusal, with the values that the English one names: amounts, dates, banks, ids.
#pragma once
#include "domain/refusal.hpp"

#include <optional>
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
/// The same where nothing that the English sentence says gets lost; nothing otherwise.
std::optional<std::string> french_exactly(Errc code, std::string_view english);
/// Of french_phrases.cpp: a whole sentence.
std::optional<std::string> french_phrase(std::string_view english);
/// What is allowed; as it is where nobody has translated it.
std::string french_allowed(std::string_view english);

}  // namespace settled
