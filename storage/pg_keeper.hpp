// KEEPER: looks after the database while others work: checks that the books are right, moves finished work
// out of the way, remembers when each job ran.
//
// Spawned by   runtime/, detached (it blocks on the database, and a check of everything takes a while).
// Remembers    nothing; each question gets a connection of its own.
// On failure   answers the question with an error and goes on.
#pragma once
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace settled {

struct PgKeeperState {
  std::string database_url;
  static inline const char* name = "keeper";
};
KeeperActor::behavior_type pg_keeper(KeeperActor::stateful_pointer<PgKeeperState> self,
                                     std::string database_url);

}  // namespace settled
