#include "http/openapi.hpp"

#include "http/openapi_schemas.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

#include <nlohmann/json.hpp>

#include <string_view>
#include <vector>

namespace settled {
namespace {
using Json = nlohmann::ordered_json;

struct Shape {
  std::string_view request;  // schema of the body; empty: none
  int status = 200;
  std::string_view answer;  // schema; "[X]" is a page of X, "text/…" a media type
  std::vector<std::string_view> parameters;
  std::vector<int> refusals;
};

// No default: a new route cannot be forgotten.
Shape shape_of(RouteId id) {
  switch (id) {
    case RouteId::submit_settlement:
      return {"Order",
              202,
              "Receipt",
              {"Idempotency-Key", "Prefer", "traceparent"},
              {400, 409, 413, 415, 422, 503}};
    case RouteId::submit_batch:
      return {"Batch", 200, "BatchAnswer", {"Idempotency-Key", "traceparent"}, {400, 413, 415, 422, 503}};
    case RouteId::list_settlements:
      return {"",
              200,
              "[Settlement]",
              {"status", "from_bank", "to_bank", "currency", "obligation_id", "limit", "cursor"},
              {422, 503}};
    case RouteId::show_settlement:
      return {"", 200, "Settlement", {"id"}, {404, 503}};
    case RouteId::settlement_timeline:
      return {"", 200, "[Event]", {"id"}, {404, 503}};
    case RouteId::open_account:
      return {"NewAccount", 201, "Account", {}, {400, 409, 413, 415, 422, 503}};
    case RouteId::list_accounts:
      return {"", 200, "[Account]", {"kind", "bank", "currency", "limit", "cursor"}, {422, 503}};
    case RouteId::list_nostro:
    case RouteId::list_vostro:
      return {"", 200, "[Account]", {"bank", "currency", "limit", "cursor"}, {422, 503}};
    case RouteId::show_account:
      return {"", 200, "Account", {"id"}, {404, 503}};
    case RouteId::account_entries:
      return {"", 200, "[Entry]", {"id", "limit", "cursor"}, {404, 422, 503}};
    case RouteId::account_timeline:
      return {"", 200, "[Event]", {"id"}, {404, 503}};
    case RouteId::fund_account:
      return {"Funding", 201, "Funded", {"id", "Idempotency-Key"}, {400, 403, 404, 409, 413, 415, 422, 503}};
    case RouteId::events:
      return {"", 200, "text/event-stream", {"after", "kind_prefix", "Last-Event-ID"}, {422, 503}};
    case RouteId::health:
    case RouteId::health_api:
      return {"", 200, "Health", {}, {}};
    case RouteId::live:
      return {"", 200, "Live", {}, {}};
    case RouteId::ready:
      return {"", 200, "Ready", {}, {503}};
    case RouteId::detailed:
      return {"", 200, "HealthDetailed", {}, {}};
    case RouteId::metrics:
      return {"", 200, "text/plain", {}, {}};
    case RouteId::openapi:
      return {"", 200, "application/json", {}, {}};
    case RouteId::problem_page:
      return {"", 200, "ProblemType", {"id"}, {404}};
  }
  return {};
}

Json ref(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

Json parameter(std::string_view in, std::string_view name, Json schema, std::string_view description,
               bool required = false) {
  return {{"name", name},
          {"in", in},
          {"required", required},
          {"description", description},
          {"schema", std::move(schema)}};
}

Json parameters() {
  const Json text = {{"type", "string"}};
  return {
      {"id", parameter("path", "id", text, "The id as it was given.", true)},
      {"Idempotency-Key",
       parameter("header", "Idempotency-Key", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}},
                 "One per order. Store it before the call and send it again on every retry.", true)},
      {"Prefer", parameter("header", "Prefer", {{"type", "string"}, {"examples", Json::array({"wait=10"})}},
                           "wait=N waits up to N (1 to 60) seconds for the final state (RFC 7240).")},
      {"traceparent", parameter("header", "traceparent", text, "W3C Trace Context; passed on.")},
      {"Last-Event-ID", parameter("header", "Last-Event-ID", text, "Go on after this event.")},
      {"after", parameter("query", "after", text,
                          "Go on after this event, such as 0-123. From now on when left out.")},
      {"kind_prefix",
       parameter("query", "kind", text, "Only kinds that begin like this, such as settlement.")},
      {"limit",
       parameter("query", "limit", {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}, {"default", 50}},
                 "Items of a page.")},
      {"cursor", parameter("query", "cursor", text, "next_cursor of the page before.")},
      {"status", parameter("query", "status", ref("Status"), "Only this status.")},
      {"kind", parameter("query", "kind", ref("AccountKind"), "Only this kind.")},
      {"bank", parameter("query", "bank", ref("Bic"), "Only this bank.")},
      {"from_bank", parameter("query", "from_bank", ref("Bic"), "Only this payer.")},
      {"to_bank", parameter("query", "to_bank", ref("Bic"), "Only this payee.")},
      {"currency", parameter("query", "currency", ref("Currency"), "Only this currency.")},
      {"obligation_id", parameter("query", "obligation_id", text, "Only this obligation.")},
  };
}

Json json_content(Json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

Json answer_content(std::string_view answer) {
  if (answer.find('/') != std::string_view::npos)
    return {
        {std::string(answer), {{"schema", {{"type", answer == "application/json" ? "object" : "string"}}}}}};
  if (!answer.starts_with('[')) return json_content(ref(answer));
  return json_content({{"type", "object"},
                       {"required", {"data", "next_cursor"}},
                       {"properties",
                        {{"data", {{"type", "array"}, {"items", ref(answer.substr(1, answer.size() - 2))}}},
                         {"next_cursor", {{"type", {"string", "null"}}}}}}});
}

std::string description_of(int status) {
  for (const Errc code : all_refusals())
    if (http_status(code) == status) return std::string(title(code, Lang::en));
  return status == 202 ? "Recorded; being settled" : status == 201 ? "Done" : "As asked";
}

Json operation(const Route& route) {
  const auto shape = shape_of(route.id);
  Json op = {{"summary", route.summary}};
  std::string name(route.method == "GET" ? "get" : "post");
  for (const char c : route.pattern) name += c == '/' || c == '.' || c == '{' || c == '}' ? '_' : c;
  op["operationId"] = name;
  if (route.needs_api_key)
    op["security"] = Json::array({{{"ApiKey", Json::array()}}, {{"Bearer", Json::array()}}});
  for (const auto p : shape.parameters)
    op["parameters"].push_back({{"$ref", "#/components/parameters/" + std::string(p)}});
  if (!shape.request.empty())
    op["requestBody"] = {{"required", true}, {"content", json_content(ref(shape.request))}};
  Json& responses = op["responses"];
  responses[std::to_string(shape.status)] = {{"description", description_of(shape.status)},
                                             {"content", answer_content(shape.answer)}};
  if (route.id == RouteId::submit_settlement)
    responses["200"] = {{"description", "With Prefer: wait, the final state"},
                        {"content", json_content(ref("Settlement"))}};
  auto refusals = shape.refusals;
  if (route.needs_api_key) refusals.push_back(401);
  for (const int status : refusals) {
    const bool ready = route.id == RouteId::ready;
    responses[std::to_string(status)] = {
        {"description", ready ? "Not ready, and why" : description_of(status)},
        {"content", ready ? json_content(ref("Ready"))
                          : Json{{"application/problem+json", {{"schema", ref("Problem")}}}}}};
  }
  return op;
}

std::string make_document() {
  Json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "settled"},
        {"version", "1"},
        {"description",
         "Settlement between banks. Amounts are decimal text, times are UTC, errors are problem documents "
         "(RFC 9457). Every POST that moves money needs an Idempotency-Key."}}},
      {"paths", Json::object()}};
  for (const Route& r : routes()) {
    std::string method(r.method == "GET" ? "get" : "post");
    document["paths"][std::string(r.pattern)][method] = operation(r);
  }
  document["components"] = {{"securitySchemes",
                             {{"ApiKey", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}},
                              {"Bearer", {{"type", "http"}, {"scheme", "bearer"}}}}},
                            {"parameters", parameters()},
                            {"schemas", Json::parse(openapi_schemas)}};
  return document.dump();
}
}  // namespace

const std::string& openapi_document() {
  static const std::string document = make_document();
  return document;
}
}  // namespace settled
