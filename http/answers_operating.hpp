// What operators are told: actions, work lists, rules, jobs, checks. One function per kind of answer.
#pragma once
#include "http/ticket.hpp"

namespace settled {

void answer_records(Ticket& ticket, const RecordPage& page);
/// 201 with the action that now waits for a second person.
void answer_proposed(Ticket& ticket, const ActionAnswered& answered);
/// 200 with the action and what became of its settlement.
void answer_approved(Ticket& ticket, const ActionAnswered& answered);
/// 200 with the settlement.
void answer_cancelled(Ticket& ticket, const ActionAnswered& answered);
void answer_break_closed(Ticket& ticket, const ActionAnswered& answered, BreakId id);
void answer_account_changed(Ticket& ticket, const AccountChanged& changed);

/// Windows, calendars or banks: what the ticket's route shows.
void answer_rules(Ticket& ticket, const RulesFound& found, int year);
/// The one that was changed, or 204 where one is gone.
void answer_rule_changed(Ticket& ticket, const RulesFound& found, const ChangeRules& change, int year);
void answer_next_window(Ticket& ticket, const WindowFound& found);

void answer_recovery(Ticket& ticket, const RecoveryReport& report);
void answer_jobs(Ticket& ticket, const JobsReport& report);
void answer_job_ran(Ticket& ticket, const JobsReport& report, const std::string& name);
void answer_invariants(Ticket& ticket, const InvariantReport& report);

/// The positions of a booked netting.
void answer_netting(Ticket& ticket, const NettingBooked& booked);
/// What a netting would do, with these means.
void answer_dry_run(Ticket& ticket, const NettingAsk& ask, const MeansFound& found);
/// The same with what waits in its window.
void answer_window_dry_run(Ticket& ticket, const NettingAsk& ask, const NettingWindowFound& found);

}  // namespace settled
