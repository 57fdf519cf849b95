#include "http/openapi.hpp"

#include "http/openapi_operating_schemas.hpp"
#include "http/openapi_schemas.hpp"
#include "http/openapi_shapes.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace settled {
namespace {
using Json = nlohmann::ordered_json;

Json ref(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

Json parameter(std::string_view in, std::string_view name, Json schema, std::string_view description,
               bool required = false) {
  return {{"name", name},
          {"in", in},
          {"required", required},
          {"description", description},
          {"schema", std::move(schema)}};
}

// The first is the default.
Json states(const std::vector<std::string>& names) {
  return parameter("query", "state", {{"enum", names}, {"default", names.front()}}, "Only in this state.");
}

Json parameters() {
  const Json text = {{"type", "string"}};
  return {
      {"id", parameter("path", "id", text, "The id as it was given.", true)},
      {"name", parameter("path", "name", text, "The name, percent-encoded.", true)},
      {"bic", parameter("path", "bic", ref("Bic"), "The bank.", true)},
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
      {"settlement", parameter("query", "settlement", text, "Only of this settlement, set_….")},
      {"account", parameter("query", "account", text, "Only on this account, acc_….")},
      {"lock_state", states({"held", "posted", "released", "expired", "all"})},
      {"break_state", states({"open", "closed", "all"})},
      {"action_state", states({"pending", "approved", "superseded", "all"})},
      {"needed_currency", parameter("query", "currency", ref("Currency"), "The order's currency.", true)},
      {"method", parameter("query", "method", ref("Method"), "The order's method.")},
      {"date",
       parameter("query", "date", {{"type", "string"}, {"format", "date"}}, "The holiday's day.", true)},
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
  switch (status) {
    case 201:
      return "Done";
    case 202:
      return "Recorded: being settled, or waiting";
    case 204:
      return "Gone";
    default:
      return "As asked";
  }
}

// Status by status, what each of its codes means.
Json problems(const Route& route, std::vector<Errc> codes) {
  if (route.needs_api_key) codes.push_back(Errc::unauthorized);
  std::map<int, std::string> by_status;
  for (const Errc code : codes) {
    auto& text = by_status[http_status(code)];
    text += (text.empty() ? "`" : "; `") + std::string(to_string(code)) +
            "`: " + std::string(title(code, Lang::en));
  }
  Json responses = Json::object();
  for (const auto& [status, text] : by_status)
    responses[std::to_string(status)] = {
        {"description", text}, {"content", {{"application/problem+json", {{"schema", ref("Problem")}}}}}};
  return responses;
}

std::string lower(std::string_view method) {
  std::string name(method);
  for (char& c : name) c = static_cast<char>(c + ('a' - 'A'));
  return name;
}

Json operation(const Route& route) {
  const auto shape = shape_of(route.id);
  Json op = {{"summary", route.summary}};
  auto name = lower(route.method);
  for (const char c : route.pattern)
    name += c == '/' || c == '.' || c == '{' || c == '}' || c == '-' ? '_' : c;
  op["operationId"] = name;
  if (route.needs_api_key)
    op["security"] = Json::array({{{"ApiKey", Json::array()}}, {{"Bearer", Json::array()}}});
  for (const auto p : shape.parameters)
    op["parameters"].push_back({{"$ref", "#/components/parameters/" + std::string(p)}});
  if (!shape.request.empty())
    op["requestBody"] = {{"required", true}, {"content", json_content(ref(shape.request))}};
  Json& responses = op["responses"];
  auto& good = responses[std::to_string(shape.status)] = {{"description", description_of(shape.status)}};
  if (!shape.answer.empty()) good["content"] = answer_content(shape.answer);
  if (route.id == RouteId::submit_settlement)
    responses["200"] = {{"description", "With Prefer: wait, the final state"},
                        {"content", json_content(ref("Settlement"))}};
  if (route.id == RouteId::post_netting)
    responses["200"] = {{"description", "With \"dry_run\": true, what would happen"},
                        {"content", json_content(ref("NettingDryRun"))}};
  if (route.id == RouteId::ready)
    responses["503"] = {{"description", "Not ready, and why"}, {"content", json_content(ref("Ready"))}};
  responses.update(problems(route, shape.refusals));
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
    document["paths"][std::string(r.pattern)][lower(r.method)] = operation(r);
  }
  auto schemas = Json::parse(openapi_schemas);
  schemas.update(Json::parse(openapi_operating_schemas));
  document["components"] = {{"securitySchemes",
                             {{"ApiKey", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}},
                              {"Bearer", {{"type", "http"}, {"scheme", "bearer"}}}}},
                            {"parameters", parameters()},
                            {"schemas", std::move(schemas)}};
  return document.dump();
}
}  // namespace

const std::string& openapi_document() {
  static const std::string document = make_document();
  return document;
}
}  // namespace settled
