// One request on its way through the front actor: what is asked of whom, and how it will be answered.
#pragma once
#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "http/replays.hpp"
#include "http/routes.hpp"
#include "http/turn.hpp"
#include "messages/actors.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace settled {

/// An answered request, for metrics and the log. No secrets, no bodies.
struct RequestSeen {
  std::string_view method;
  std::string_view route;  // the pattern, "" when no route matched
  int status = 0;
  std::chrono::nanoseconds took{0};
  std::string_view request_id, trace_id, caller, peer;
};
using OnRequest = std::function<void(const RequestSeen&)>;

/// Orders to submit. `elements` tells which of a batch's orders were well formed, in the batch's order.
struct SubmitAsk {
  SubmitSettlements orders;
  ReplayKey key;  // of a single order
  std::optional<std::chrono::seconds> wait;
  bool batch = false;
  std::vector<std::vector<Refusal>> elements;  // of a batch: empty = the next of `orders`
};
struct EntriesAsk {
  ReadEntries page;
  Currency currency;
};
struct TimelineAsk {
  ReadTimeline subject;
};
/// Amounts are still text: the account knows their currency.
struct ChangeAccountAsk {
  ChangeAccount change;
  std::optional<std::string> floor, low, high;
};
/// Booked, or only worked out (a dry run), also with some banks left out.
struct NettingAsk {
  BookNetting booking;
  bool dry_run = false;
  std::vector<std::string> without;
};
/// Windows, calendars or banks: the route says which. `year` is that of now.
struct RulesAsk {
  int year = 0;
};
struct ChangeRulesAsk {
  ChangeRules change;
  int year = 0;
};
struct HealthAsk {};
struct EventsAsk {
  std::optional<std::int64_t> after;
  std::string kind;
  std::string after_from{};  // where it was named, for a refusal
};
using Ask =
    std::variant<SubmitAsk, ReadSettlement, ListSettlements, TimelineAsk, OpenAccount, FundAccount,
                 ReadAccount, ListAccounts, EntriesAsk, HealthAsk, EventsAsk, ListRecords, ProposeAction,
                 ApproveAction, CancelSettlement, CloseBreak, ChangeAccountAsk, NettingAsk, RulesAsk,
                 ChangeRulesAsk, ReadWindow, ReadRecovery, ReadJobs, RunJob, ReadInvariants>;

class Ticket {
 public:
  Ticket(const Request& request, Responder responder, std::shared_ptr<std::atomic<std::size_t>> pending,
         OnRequest on_request);
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  void answer(Response response);
  void refuse(const Problem& problem);
  StreamWriter stream(Response head, StreamEvents events);
  void seen(int status) const;

  RouteId route = RouteId::health;
  Lang lang = Lang::en;
  Ask ask;
  std::shared_ptr<Turn::Place> place;  // where orders wait; given up when they are handed on

 private:
  Responder responder_;
  std::shared_ptr<std::atomic<std::size_t>> pending_;
  OnRequest on_request_;
  std::string method_, request_id_, trace_id_, caller_, peer_;
  std::chrono::steady_clock::time_point received_at_;
};
using TicketPtr = std::shared_ptr<Ticket>;

}  // namespace settled
