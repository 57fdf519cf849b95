// The operators' questions, one function per kind of route. What is wrong goes to `errors`.
#pragma once
#include "http/ticket.hpp"

#include <optional>
#include <vector>

namespace settled {

/// A page of a work list.
std::optional<Ask> ask_records(const Request& request, RecordKind kind, std::vector<Refusal>& errors);
std::optional<Ask> ask_proposal(Request& request, ActionKind kind, std::vector<Refusal>& errors);
/// The path names the settlement, or the action.
std::optional<Ask> ask_approval(Request& request, bool by_settlement, std::vector<Refusal>& errors);
std::optional<Ask> ask_cancel(Request& request, std::vector<Refusal>& errors);
std::optional<Ask> ask_close_break(Request& request, std::vector<Refusal>& errors);
std::optional<Ask> ask_account_change(Request& request, std::vector<Refusal>& errors);
std::optional<Ask> ask_netting(Request& request, std::vector<Refusal>& errors);

std::optional<Ask> ask_rules(const Request& request, std::int64_t now_micros, std::vector<Refusal>& errors);
std::optional<Ask> ask_next_window(const Request& request, std::vector<Refusal>& errors);
/// PUT and DELETE of windows, banks and holidays.
std::optional<Ask> ask_rule_change(Request& request, std::int64_t now_micros, std::vector<Refusal>& errors);
std::optional<Ask> ask_run_job(Request& request, std::vector<Refusal>& errors);

}  // namespace settled
