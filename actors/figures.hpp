// FIGURES: reads again and again what only the database knows and somebody watches: balances, and orders in
// doubt.
//
// Who scrapes /metrics sees what was read last. Nobody waits for the database there: it may be frozen, and
// the port's few threads have other things to do.
//
// Spawned by   runtime/, one per process.
// Remembers    nothing: what it reads it tells.
// Waits for    the reader, for at most `patience`; silence leaves the figures as they were.
#pragma once
#include "messages/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace settled {

/// FIGURES to itself: it is time again.
struct LookAtFigures {};
using FiguresActor = caf::typed_actor<caf::reacts_to<LookAtFigures>>;

struct FiguresSettings {
  ReaderActor reader;
  /// Of each kind and of orders in doubt at most 200 are read: beyond that a figure says "many".
  std::function<void(const std::vector<Account>&)> on_accounts;
  std::function<void(const std::vector<SettlementView>&)> on_confirming;
  std::chrono::milliseconds every{2'000};
  std::chrono::milliseconds patience{5'000};
};

struct FiguresState {
  FiguresSettings settings;
  int open = 0;  // questions of this look that have no answer yet
  static inline const char* name = "figures";
};
FiguresActor::behavior_type figures(FiguresActor::stateful_pointer<FiguresState> self,
                                    FiguresSettings settings);

}  // namespace settled

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(settled::LookAtFigures)
