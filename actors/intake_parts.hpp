// The parts of intake that stand in files of their own. For actors/intake*.cpp only.
#pragma once
#include "actors/intake.hpp"

namespace settled {
using IntakeSelf = IntakeWithQueue::stateful_pointer<IntakeState>;

// intake_flight.cpp: who is in flight and has an actor.
/// The rail that the row names, and no other: another bank's "not found" would prove nothing.
std::shared_ptr<const SettlementContext> context_of(const IntakeState& state, const SettlementView& s);
bool has_actor(const IntakeState& state, SettlementId id);
void start(IntakeSelf self, const Recorded& s, Start how);
/// Whoever was taken up begins when it is its turn.
void wake_some(IntakeSelf self);
void asked(IntakeSelf self, const AskedOnce& one);
void park(IntakeSelf self, SettlementId id, const std::string& why);
/// Spawns an actor for everything in flight that has none: after a start of the process, after a restart of
/// the ledger writer (whose last answers may be lost), after a failure of a settlement. One question at a
/// time, however many reasons there are.
void take_up(IntakeSelf self);
void now_ready(IntakeSelf self);
void report_recovered(IntakeSelf self);
RecoveryReport recovery_report(const IntakeState& state);
void ended(IntakeSelf self, const caf::down_msg& down);

// intake_queue.cpp: the house rules, and the orders that wait.
/// Orders are turned away until the rules are here.
void load_rules(IntakeSelf self);
/// Does it wait? Then the queue is looked at from now on, and it gets no actor yet. Who sees it for the first
/// time counts it.
bool note_waiting(IntakeSelf self, const SettlementView& s);
void look_at_queue(IntakeSelf self);
/// The windows have changed, perhaps while nobody ran: orders that wait for them are told when they may go.
void plan_queue(IntakeSelf self);
/// Orders that ended without an actor of their own.
void ended_in_the_books(IntakeState& state, const std::vector<Recorded>& settlements);
/// By window: what it settles waits no more.
caf::result<NettingBooked> book_netting(IntakeSelf self, BookNetting& request);
caf::result<RulesFound> change_rules(IntakeSelf self, const ChangeRules& request);
/// Which calendars need a look before the next year's feasts come; empty: none.
std::string calendars_to_look_at(const IntakeState& state);
WindowFound read_window(const IntakeState& state, const ReadWindow& question);

// intake_people.cpp: what people decide, and looking again at what is over.
caf::result<ActionAnswered> approve(IntakeSelf self, const ApproveAction& request);
Count retry_parked(IntakeSelf self);
caf::result<Count> look_after_locks(IntakeSelf self, const LookAfterLocks& request);
Count watch(IntakeSelf self, const WatchEnded& ended);
}  // namespace settled
