// READER: answers questions from the database, never from memory, so that it shows what is durable.
//
// Spawned by   runtime/, detached (it blocks on the database).
// Remembers    its connection only; a lost one is made anew with the next question.
// On failure   answers the question with an error and goes on; nobody waits for a database that is away.
#pragma once
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace settled {

struct PgReaderState {
  std::string database_url;
  std::chrono::milliseconds transaction_timeout{0};  // of settlements: when a hold of what has not left ends
  std::string owner;  // of the books, as the writer tells it; of books that are another's the last event is
                      // an error. Empty: whoever's they are
  std::shared_ptr<void> db;
  static inline const char* name = "reader";
};
ReaderActor::behavior_type pg_reader(ReaderActor::stateful_pointer<PgReaderState> self,
                                     std::string database_url, std::chrono::milliseconds transaction_timeout,
                                     std::string owner);

}  // namespace settled
