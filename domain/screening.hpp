// The list of blocked parties. Names are compared in a form that writing cannot easily change: without case,
// accents, punctuation, legal forms and order of words. A hit is no verdict: the order waits for a person,
// who is shown the entry, its line and why it matched.
#pragma once
#include "domain/refusal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace settled {

/// "SOCIÉTÉ N'Guessan & Frères S.A.R.L." has the words {"freres", "nguessan", "societe"}.
struct NormalName {
  std::vector<std::string> words;  // sorted, each once; legal forms only if there is nothing else
  std::string joined;              // all of them in the order as written, without blanks
};
/// Errors: invalid_value (not UTF-8: overlong forms, surrogates and what is cut off included).
Result<NormalName> normal_name(std::string_view name);

/// Every text value of a well-formed JSON object, however deep; keys are none. Who writes what to whom has
/// many names in many languages: so all texts are compared, whatever they are called.
std::vector<std::string> texts_in(std::string_view json);

struct BlockedParty {
  std::string name;  // as the list has it
  std::string reason;
  std::string source;
  int line = 0;  // of the file, from 1
};

enum class MatchKind : std::uint8_t {
  exact,         // the same words
  joined,        // the same letters, set apart otherwise: "Al Qaida", "Alqaida"
  contains,      // the name has all words of the entry, and more
  contained_in,  // the name, of two words or more, is part of the entry
};
std::string_view to_string(MatchKind kind);

struct ScreeningHit {
  BlockedParty entry;
  MatchKind kind = MatchKind::exact;
  std::string why;  // for the person who decides
};

class BlockedList {
 public:
  /// Lines "name; reason; source"; empty lines and those that begin with # are skipped. A list with a
  /// mistake is refused as a whole, each mistake named with its line ("line 7" in `field`), and the list in
  /// use stays: half a list would let somebody through unseen.
  std::vector<Refusal> load(std::string_view file);
  std::size_t size() const { return entries_.size(); }
  /// All hits, the surest kind first, then by line. Errors: invalid_value (not UTF-8).
  Result<std::vector<ScreeningHit>> screen(std::string_view name) const;

 private:
  struct Entry {
    BlockedParty party;
    NormalName normal;
  };
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_word_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_joined_;
};

}  // namespace settled
