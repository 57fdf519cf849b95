#include "http/front.hpp"

#include "http/asks.hpp"
#include "http/json_text.hpp"
#include "http/openapi.hpp"
#include "http/query.hpp"
#include "http/server.hpp"
#include "security/digest.hpp"

#include <boost/system/system_error.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <system_error>

namespace settled {

struct Front::Impl {
  FrontSettings settings;
  FrontActor actor;
  std::shared_ptr<Replays> replays;
  std::shared_ptr<Turn> turn = std::make_shared<Turn>();
  std::shared_ptr<std::atomic<std::size_t>> pending = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<bool> draining{false};
  std::unique_ptr<Server> server;

  std::optional<Response> screen(Request& request);
  void handle(Request request, Responder responder);
  /// What needs no actor; nothing for the rest.
  std::optional<Response> answer_at_once(const Request& request);
  Response refused(const Request& request, const Problem& problem);
  /// More orders wait than may.
  bool no_turn() const;
  bool has_a_receipt(const Request& request) const;
  /// Of a single order; nothing for other requests.
  static std::optional<ReplayKey> replay_key(const Request& request);
  Response seen(const Request& request, Response response);
};

namespace {
bool is_health(RouteId id) {
  return id == RouteId::health || id == RouteId::health_api || id == RouteId::live || id == RouteId::ready ||
         id == RouteId::detailed;
}

std::string again(const Route& asked) {
  return asked.moves_money ? "Send it again with the same key" : "Send it again";
}
Problem full(std::string_view of_what, const Route& asked) {
  Problem problem;
  problem.code = Errc::overloaded;
  problem.retry_after = 1;
  if (asked.changes()) problem.money = MoneyState::untouched;
  problem.errors.push_back(
      {problem.code, "", "full: " + std::string(of_what) + ". " + again(asked) + " in 1 s", ""});
  return problem;
}
Problem too_many_orders(const Route& asked) { return full("too many orders wait for their turn", asked); }

bool is_order(RouteId id) { return id == RouteId::submit_settlement || id == RouteId::submit_batch; }

Response not_ready_while_stopping() {
  Response response;
  response.status = 503;
  response.body = R"({"status":"not_ready","reasons":["shutting down"],"recovering":0})";
  return response;
}

std::optional<Response> problem_page(std::string_view path) {
  std::string name(path.substr(path.rfind('/') + 1));
  std::replace(name.begin(), name.end(), '-', '_');
  const auto code = errc_from(name);
  if (!code || *code == Errc::ok) return std::nullopt;
  Response response;
  std::string& out = response.body;
  out = '{';
  append_json_member(out, "type", type_uri(*code));
  append_json_member(out, "code", to_string(*code));
  append_json_name(out, "status");
  out += std::to_string(http_status(*code));
  append_json_member(out, "title", title(*code, Lang::en));
  append_json_member(out, "title_fr", title(*code, Lang::fr));
  append_json_name(out, "retryable");
  out += transient(*code) ? "true}" : "false}";
  return response;
}

// What a client calls a method may not become a label of a metric.
std::string_view known_method(const Request& request) {
  constexpr std::array<std::string_view, 7> known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const auto at = std::find(known.begin(), known.end(), request.method);
  return at == known.end() ? "other" : *at;
}
}  // namespace

Response Front::Impl::seen(const Request& request, Response response) {
  if (settings.on_request) {
    const auto pattern =
        request.route < 0 ? std::string_view() : route(static_cast<RouteId>(request.route)).pattern;
    settings.on_request({known_method(request), pattern, response.status,
                         std::chrono::steady_clock::now() - request.received_at, request.request_id,
                         request.trace_id, request.caller, request.peer});
  }
  return response;
}

Response Front::Impl::refused(const Request& request, const Problem& problem) {
  return seen(request, problem_response(problem, {lang_from(request), request.trace_id}));
}

bool Front::Impl::no_turn() const {
  const auto& limits = settings.front_limits;
  return turn->waits_longer_than(limits.turn_max) || turn->has_more_than(limits.turn_orders_max);
}

std::optional<ReplayKey> Front::Impl::replay_key(const Request& request) {
  if (static_cast<RouteId>(request.route) != RouteId::submit_settlement) return std::nullopt;
  auto key = idempotency_key_of(request);
  if (!key) return std::nullopt;
  return ReplayKey{.caller = request.caller, .key = *std::move(key), .lang = lang_from(request)};
}

/// Of this key: then memory may answer it.
bool Front::Impl::has_a_receipt(const Request& request) const {
  const auto key = replay_key(request);
  return key && replays->has(*key);
}

std::optional<Response> Front::Impl::screen(Request& request) {
  if (auto problem = pass_gate(request, settings.gate)) return refused(request, *problem);
  const auto id = static_cast<RouteId>(request.route);
  if (is_health(id)) return std::nullopt;
  const Route& asked = route(id);
  if (draining) {
    Problem problem;
    problem.code = Errc::shutting_down;
    problem.errors.push_back({problem.code, "", "the service is stopping. " + again(asked), ""});
    if (asked.changes()) problem.money = MoneyState::untouched;
    return refused(request, problem);
  }
  // By its head alone: to understand an order that has no place costs more than to refuse it.
  if (is_order(id) && no_turn() && !has_a_receipt(request)) return refused(request, too_many_orders(asked));
  const auto most = settings.front_limits.tickets_max;
  if (*pending >= most) return refused(request, full(std::to_string(most) + " requests are waiting", asked));
  return std::nullopt;
}

std::optional<Response> Front::Impl::answer_at_once(const Request& request) {
  Response response;
  switch (static_cast<RouteId>(request.route)) {
    case RouteId::live:
      response.body = R"({"status":"live"})";
      return response;
    case RouteId::ready:
      if (draining) return not_ready_while_stopping();
      return std::nullopt;
    case RouteId::metrics:
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      response.body = settings.metrics_text();
      return response;
    case RouteId::openapi:
      response.body = openapi_document();
      return response;
    case RouteId::problem_page: {
      if (auto page = problem_page(request.path)) return page;
      Problem problem;
      problem.code = Errc::not_found;
      problem.errors.push_back({problem.code, "path:id", "there is no problem type of this name", ""});
      return problem_response(problem, {lang_from(request), request.trace_id});
    }
    default:
      return std::nullopt;
  }
}

void Front::Impl::handle(Request request, Responder responder) {
  if (auto response = answer_at_once(request)) {
    responder(seen(request, std::move(*response)));
    return;
  }
  // Before it is understood: whoever sends the same bytes again gets the same answer.
  auto key = replay_key(request);
  if (key) {
    key->body = sha256(request.body);
    if (const auto known = preferred_wait(request) ? nullptr : replays->find(*key)) {
      responder(seen(request, *known));
      return;
    }
  }
  std::vector<Refusal> errors;
  auto ask = ask_from(request, settings.now(), errors);
  if (!ask) {
    const bool changes = route(static_cast<RouteId>(request.route)).changes();
    const auto money = changes ? MoneyState::untouched : MoneyState::none;
    responder(refused(request, problem_of(std::move(errors), money)));
    return;
  }
  auto* asked = std::get_if<SubmitAsk>(&*ask);
  if (asked && key) asked->key = *std::move(key);
  if (asked && no_turn()) {  // since its head was seen; or its key was known, and memory has no answer
    responder(refused(request, too_many_orders(route(static_cast<RouteId>(request.route)))));
    return;
  }
  auto ticket = std::make_shared<Ticket>(request, std::move(responder), pending, settings.on_request);
  if (asked) ticket->place = turn->take_place(asked->orders.orders.size());
  ticket->ask = std::move(*ask);
  caf::anon_send(actor, std::move(ticket));
}

Front::Front(caf::actor_system& system, FrontSettings settings) : impl_(std::make_unique<Impl>()) {
  impl_->settings = std::move(settings);
  impl_->replays = std::make_shared<Replays>(impl_->settings.front_limits.replays_max);
  impl_->actor = system.spawn(front_actor, impl_->settings.front_limits, impl_->replays, impl_->turn);
}

Front::~Front() { stop(std::chrono::milliseconds(0)); }

CommitListener Front::listener() const { return impl_->actor; }

void Front::connect(FrontActors actors) { caf::anon_send(impl_->actor, FrontConnected{std::move(actors)}); }

void Front::start(FrontActors actors) {
  connect(std::move(actors));
  Impl& impl = *impl_;
  ServerSettings server;
  server.host = impl.settings.host;
  server.port = impl.settings.port;
  server.threads = impl.settings.threads;
  server.limits = impl.settings.limits;
  server.body_max = [&limits = impl.settings.limits](const Request& request) {
    const bool many = request.path == route(RouteId::submit_batch).pattern ||
                      request.path == route(RouteId::post_netting).pattern;
    return many ? limits.batch_body_bytes : limits.body_bytes;
  };
  server.screen = [&impl](Request& request) { return impl.screen(request); };
  server.handle = [&impl](Request request, Responder responder) {
    impl.handle(std::move(request), std::move(responder));
  };
  impl.server = std::make_unique<Server>(std::move(server));
  try {
    impl.server->start();
  } catch (const boost::system::system_error& e) {
    throw std::system_error(e.code());
  }
}

std::uint16_t Front::port() const { return impl_->server ? impl_->server->port() : std::uint16_t{0}; }
std::size_t Front::pending() const { return *impl_->pending; }
void Front::drain() { impl_->draining = true; }

void Front::stop(std::chrono::milliseconds grace) {
  if (!impl_->actor) return;
  drain();
  if (impl_->server) impl_->server->stop(grace);
  caf::anon_send_exit(impl_->actor, caf::exit_reason::user_shutdown);
  impl_->actor = nullptr;
}
}  // namespace settled
