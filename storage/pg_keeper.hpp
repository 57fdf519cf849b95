// KEEPER: looks after the database while others work: checks that the books are right, moves finished work
// out of the way, remembers when each job ran.
//
// Spawned by   runtime/, detached (it blocks on the database, and a check of everything takes a while).
// Remembers    how far a check has come; each question gets a connection of its own.
// Stands back  a check's process at the server runs behind everybody else's; what does not get through
//              there takes its turn among them, sooner where somebody waits: after a restart the sends do.
// Spreads      a check that nobody waits for: rule by rule, each in a snapshot of its own, and after each
//              a pause of 19 times what it took, so that it takes a twentieth of one core. Small books are
//              checked at once.
// On failure   answers the question with an error and goes on.
#pragma once
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace settled {

struct PgKeeperSettings {
  std::string database_url;
  /// Books that are checked within this time are not worth a pause.
  std::chrono::milliseconds at_a_stretch{200};
  /// A rule that takes longer than this behind everybody else is begun anew as one of them; a quarter of it
  /// where somebody waits.
  std::chrono::milliseconds stands_back_max{120'000};
};

/// Keeper to itself: on with the check.
struct CheckOn {
  std::int64_t check = 0;  // which: one that was begun anew is another
};

/// A check that is under way.
struct BooksCheck {
  InvariantReport report;
  bool awaited = false;     // all of it at once
  bool in_a_hurry = false;  // it got no time behind the others
  std::vector<caf::typed_response_promise<InvariantReport>> waiting;
};

struct PgKeeperState {
  PgKeeperSettings settings;
  std::optional<BooksCheck> check;
  std::int64_t checks = 0;
  static inline const char* name = "keeper";
};
using PgKeeperActor = KeeperActor::extend<caf::reacts_to<CheckOn>>;
PgKeeperActor::behavior_type pg_keeper(PgKeeperActor::stateful_pointer<PgKeeperState> self,
                                       PgKeeperSettings settings);

}  // namespace settled

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::CheckOn)
