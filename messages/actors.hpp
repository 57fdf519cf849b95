// Every actor's messages on one page, and CAF's table of message types.
#pragma once
#include "messages/accounts.hpp"
#include "messages/operating.hpp"
#include "messages/rails.hpp"
#include "messages/reading.hpp"

#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(settled, caf::first_custom_type_id)
// New ids go at the end: nodes of two versions must agree.
CAF_ADD_TYPE_ID(settled, (settled::SubmitSettlements))
CAF_ADD_TYPE_ID(settled, (settled::Submissions))
CAF_ADD_TYPE_ID(settled, (settled::AwaitSettlement))
CAF_ADD_TYPE_ID(settled, (settled::OpenSettlements))
CAF_ADD_TYPE_ID(settled, (settled::AdvanceSettlement))
CAF_ADD_TYPE_ID(settled, (settled::SettlementFound))
CAF_ADD_TYPE_ID(settled, (settled::EventsCommitted))
CAF_ADD_TYPE_ID(settled, (settled::OpenAccount))
CAF_ADD_TYPE_ID(settled, (settled::FundAccount))
CAF_ADD_TYPE_ID(settled, (settled::AccountChanged))
CAF_ADD_TYPE_ID(settled, (settled::SendPayment))
CAF_ADD_TYPE_ID(settled, (settled::InquirePayment))
CAF_ADD_TYPE_ID(settled, (settled::CheckRail))
CAF_ADD_TYPE_ID(settled, (settled::RailAnswer))
CAF_ADD_TYPE_ID(settled, (settled::ReadSettlement))
CAF_ADD_TYPE_ID(settled, (settled::ListSettlements))
CAF_ADD_TYPE_ID(settled, (settled::SettlementPage))
CAF_ADD_TYPE_ID(settled, (settled::ReadTimeline))
CAF_ADD_TYPE_ID(settled, (settled::ReadAccount))
CAF_ADD_TYPE_ID(settled, (settled::ListAccounts))
CAF_ADD_TYPE_ID(settled, (settled::AccountPage))
CAF_ADD_TYPE_ID(settled, (settled::ReadEntries))
CAF_ADD_TYPE_ID(settled, (settled::EntryPage))
CAF_ADD_TYPE_ID(settled, (settled::ReadEvents))
CAF_ADD_TYPE_ID(settled, (settled::EventPage))
CAF_ADD_TYPE_ID(settled, (settled::ReadLastEvent))
CAF_ADD_TYPE_ID(settled, (settled::ReadHealth))
CAF_ADD_TYPE_ID(settled, (settled::HealthReport))
CAF_ADD_TYPE_ID(settled, (settled::ProposeAction))
CAF_ADD_TYPE_ID(settled, (settled::ApproveAction))
CAF_ADD_TYPE_ID(settled, (settled::ActionAnswered))
CAF_ADD_TYPE_ID(settled, (settled::CancelSettlement))
CAF_ADD_TYPE_ID(settled, (settled::ReleaseWaiting))
CAF_ADD_TYPE_ID(settled, (settled::Released))
CAF_ADD_TYPE_ID(settled, (settled::EscalateUnknowns))
CAF_ADD_TYPE_ID(settled, (settled::CloseBreak))
CAF_ADD_TYPE_ID(settled, (settled::Count))
CAF_ADD_TYPE_ID(settled, (settled::ChangeAccount))
CAF_ADD_TYPE_ID(settled, (settled::BookNetting))
CAF_ADD_TYPE_ID(settled, (settled::NettingBooked))
CAF_ADD_TYPE_ID(settled, (settled::ReadMeans))
CAF_ADD_TYPE_ID(settled, (settled::ReadRecovery))
CAF_ADD_TYPE_ID(settled, (settled::RecoveryReport))
CAF_ADD_TYPE_ID(settled, (settled::RetryParked))
CAF_ADD_TYPE_ID(settled, (settled::WatchEnded))
CAF_ADD_TYPE_ID(settled, (settled::ReadJobs))
CAF_ADD_TYPE_ID(settled, (settled::RunJob))
CAF_ADD_TYPE_ID(settled, (settled::JobsReport))
CAF_ADD_TYPE_ID(settled, (settled::CheckInvariants))
CAF_ADD_TYPE_ID(settled, (settled::ReadInvariants))
CAF_ADD_TYPE_ID(settled, (settled::InvariantReport))
CAF_ADD_TYPE_ID(settled, (settled::ArchiveFinished))
CAF_ADD_TYPE_ID(settled, (settled::ReadEnded))
CAF_ADD_TYPE_ID(settled, (settled::KeepJob))
CAF_ADD_TYPE_ID(settled, (settled::ReadKeptJobs))
CAF_ADD_TYPE_ID(settled, (settled::ListRecords))
CAF_ADD_TYPE_ID(settled, (settled::RecordPage))
CAF_ADD_TYPE_ID(settled, (settled::SettlementMoved))
CAF_ADD_TYPE_ID(settled, (settled::LookAfterLocks))
CAF_ADD_TYPE_ID(settled, (settled::ReadNettingWindow))
CAF_ADD_TYPE_ID(settled, (settled::NettingWindowFound))
CAF_END_TYPE_ID_BLOCK(settled)

namespace settled {

/// actors/intake: takes orders in, has them written down, and knows the actor of every one in flight.
using IntakeActor = caf::typed_actor<
    caf::replies_to<SubmitSettlements>::with<Submissions>,
    caf::replies_to<AwaitSettlement>::with<SettlementFound>, caf::reacts_to<AskedOnce>,
    caf::replies_to<ApproveAction>::with<ActionAnswered>, caf::replies_to<ChangeRules>::with<RulesFound>,
    caf::replies_to<ReadWindow>::with<WindowFound>, caf::replies_to<RetryParked>::with<Count>,
    caf::replies_to<WatchEnded>::with<Count>, caf::replies_to<LookAfterLocks>::with<Count>,
    caf::replies_to<ReadRecovery>::with<RecoveryReport>, caf::replies_to<BookNetting>::with<NettingBooked>,
    caf::replies_to<ReadHealth>::with<HealthReport>>;

/// actors/settlement: one per settlement in flight.
using SettlementActor =
    caf::typed_actor<caf::replies_to<AwaitSettlement>::with<SettlementFound>, caf::reacts_to<NextStep>,
                     caf::reacts_to<PatienceOver>, caf::reacts_to<SettlementMoved>>;

/// storage/ledger_writer: the one who writes. Answers only what is durable.
using LedgerActor = caf::typed_actor<
    caf::replies_to<OpenSettlements>::with<Submissions>,
    caf::replies_to<AdvanceSettlement>::with<SettlementFound>,
    caf::replies_to<OpenAccount>::with<AccountChanged>, caf::replies_to<FundAccount>::with<AccountChanged>,
    caf::replies_to<ChangeAccount>::with<AccountChanged>, caf::replies_to<ReleaseWaiting>::with<Released>,
    caf::replies_to<ProposeAction>::with<ActionAnswered>,
    caf::replies_to<ApproveAction>::with<ActionAnswered>,
    caf::replies_to<CancelSettlement>::with<ActionAnswered>,
    caf::replies_to<CloseBreak>::with<ActionAnswered>, caf::replies_to<EscalateUnknowns>::with<Count>,
    caf::replies_to<BookNetting>::with<NettingBooked>, caf::replies_to<ReadMeans>::with<MeansFound>,
    caf::replies_to<ReadNettingWindow>::with<NettingWindowFound>,
    caf::replies_to<ReadRules>::with<RulesFound>, caf::replies_to<ChangeRules>::with<RulesFound>,
    caf::replies_to<ReadInFlight>::with<InFlight>>;

/// actors/circuit_breaker in front of actors/connector: both speak this.
using RailActor = caf::typed_actor<
    caf::replies_to<SendPayment>::with<RailAnswer>, caf::replies_to<InquirePayment>::with<RailAnswer>,
    caf::replies_to<CheckRail>::with<RailAnswer>, caf::replies_to<ReadHealth>::with<HealthReport>>;

/// storage/reader: answers from the database, never from memory.
using ReaderActor = caf::typed_actor<
    caf::replies_to<ReadSettlement>::with<SettlementFound>,
    caf::replies_to<ListSettlements>::with<SettlementPage>, caf::replies_to<ReadTimeline>::with<EventPage>,
    caf::replies_to<ReadAccount>::with<AccountPage>, caf::replies_to<ListAccounts>::with<AccountPage>,
    caf::replies_to<ReadEntries>::with<EntryPage>, caf::replies_to<ListRecords>::with<RecordPage>,
    caf::replies_to<ReadEvents>::with<EventPage>, caf::replies_to<ReadLastEvent>::with<EventsCommitted>>;

/// storage/pg_keeper: looks after the database while others work: checks the books, archives, remembers jobs.
using KeeperActor =
    caf::typed_actor<caf::replies_to<CheckInvariants>::with<InvariantReport>,
                     caf::replies_to<ArchiveFinished>::with<Count>,
                     caf::replies_to<ReadEnded>::with<WatchEnded>, caf::replies_to<KeepJob>::with<Count>,
                     caf::replies_to<ReadKeptJobs>::with<JobsReport>>;

/// actors/scheduler: runs what must run again and again.
using SchedulerActor =
    caf::typed_actor<caf::replies_to<ReadJobs>::with<JobsReport>, caf::replies_to<RunJob>::with<JobsReport>,
                     caf::replies_to<ReadInvariants>::with<InvariantReport>>;

/// actors/health.
using HealthActor = caf::typed_actor<caf::replies_to<ReadHealth>::with<HealthReport>>;

/// Whoever wants to hear that events were committed (http/ for its streams).
using CommitListener = caf::typed_actor<caf::reacts_to<EventsCommitted>>;

}  // namespace settled
