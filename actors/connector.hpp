// CONNECTOR: the one that talks to a bank, for many settlements at once and without blocking.
//
// Spawned by   runtime/, one per configured connector, behind its circuit breaker.
// Remembers    which calls are under way and which wait for a place; nothing that must survive it.
// Limits       at most `in_flight_max` payments and a quarter of that in inquiries under way. A payment that
//              waits past its `not_after` is answered not_sent, because it was not.
// On failure   its callers hear nothing, their time limits run out, and they doubt: they will ask.
#pragma once
#include "connectors/connector.hpp"
#include "domain/clock.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>
#include <unordered_map>

namespace settled {

struct ConnectorSettings {
  std::size_t in_flight_max = 256;
  Clock clock;  // steady, the same as the settlements'
};

using ConnectorActor = RailActor::extend<caf::reacts_to<CallDone>>;

struct ConnectorState {
  using Promise = caf::typed_response_promise<RailAnswer>;
  std::shared_ptr<Connector> connector;
  ConnectorSettings settings;
  std::uint64_t next_ticket = 0;
  struct Call {
    Promise promise;
    std::size_t* place = nullptr;  // the counter that this call takes a place of
  };
  std::unordered_map<std::uint64_t, Call> under_way;
  std::size_t sending = 0, inquiring = 0, checking = 0;
  std::deque<std::pair<SendPayment, Promise>> waiting;
  std::deque<std::pair<InquirePayment, Promise>> questions;
  static inline const char* name = "connector";
};

ConnectorActor::behavior_type connector(ConnectorActor::stateful_pointer<ConnectorState> self,
                                        std::shared_ptr<Connector> rail, ConnectorSettings settings);

}  // namespace settled
