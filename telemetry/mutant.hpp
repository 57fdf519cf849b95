// Deliberate defects, for the proof that our checks see them: tests/mutants/README.md. Only in the program
// settled-mutant, where the variable MUTANT names the one that is on; everywhere else this is `false`.
#pragma once
#include <cstdlib>
#include <string_view>

namespace settled {
#ifdef SETTLED_MUTANTS
inline bool mutant(std::string_view name) {
  static const char* const chosen = std::getenv("MUTANT");
  return chosen && name == chosen;
}
#else
constexpr bool mutant(std::string_view) { return false; }
#endif
}  // namespace settled
