#include "http/ticket.hpp"

namespace settled {

Ticket::Ticket(const Request& request, Responder responder, std::shared_ptr<std::atomic<std::size_t>> pending,
               OnRequest on_request)
    : route(static_cast<RouteId>(request.route)),
      lang(lang_from(request)),
      responder_(std::move(responder)),
      pending_(std::move(pending)),
      on_request_(std::move(on_request)),
      method_(request.method),
      request_id_(request.request_id),
      trace_id_(request.trace_id),
      caller_(request.caller),
      peer_(request.peer),
      received_at_(request.received_at) {
  pending_->fetch_add(1);
}

Ticket::~Ticket() { pending_->fetch_sub(1); }

void Ticket::seen(int status) const {
  if (!on_request_) return;
  on_request_({method_, settled::route(route).pattern, status,
               std::chrono::steady_clock::now() - received_at_, request_id_, trace_id_, caller_, peer_});
}

void Ticket::answer(Response response) {
  seen(response.status);
  responder_(std::move(response));
}

void Ticket::refuse(const Problem& problem) { answer(problem_response(problem, {lang, trace_id_})); }

StreamWriter Ticket::stream(Response head, StreamEvents events) {
  seen(head.status);
  return responder_.stream(std::move(head), std::move(events));
}

}  // namespace settled
