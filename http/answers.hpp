// From an actor's answer to a response: pure, one function per kind of answer.
#pragma once
#include "http/ticket.hpp"

namespace settled {

/// A single order, not waited for. A refusal becomes a problem.
void answer_submission(Ticket& ticket, const Submission& submission);
/// Of an order that is recorded.
Response receipt(const Submission& submission, Lang lang);
/// The same once more.
void mark_replayed(Response& response);
/// A single order after Prefer: wait. `view` is the settlement at the end of the wait.
void answer_waited(Ticket& ticket, const SettlementView& view, bool replayed, std::chrono::seconds wait);
/// A batch: the refusals of malformed elements and the results of the others, in the batch's order.
void answer_batch(Ticket& ticket, const SubmitAsk& ask, const std::vector<Submission>& results);
void answer_settlement(Ticket& ticket, const SettlementFound& found);
void answer_settlements(Ticket& ticket, const SettlementPage& page);
void answer_timeline(Ticket& ticket, const EventPage& page);
void answer_opened(Ticket& ticket, const AccountChanged& changed);
void answer_funded(Ticket& ticket, const AccountChanged& changed, Money amount);
/// None or one account.
void answer_account(Ticket& ticket, const AccountPage& page);
void answer_accounts(Ticket& ticket, const AccountPage& page);
void answer_entries(Ticket& ticket, const EntryPage& page, Currency currency);
/// `report` is null when nobody answered in time.
void answer_health(Ticket& ticket, const HealthReport* report);
/// The one who knows did not answer.
void answer_unavailable(Ticket& ticket, bool timed_out);

Problem nothing_here(std::string detail);
/// What a change was refused with: nothing was recorded, unless the database left us in doubt.
Problem refusal_of(RouteId route, const Refusal& refusal);
/// How sure we are when the answer to a change does not come.
MoneyState doubt_of(RouteId route);
Response json_response(int status);

}  // namespace settled
