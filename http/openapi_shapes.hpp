// What each route takes and answers, for the OpenAPI document.
#pragma once
#include "domain/refusal.hpp"
#include "http/routes.hpp"

#include <string_view>
#include <vector>

namespace settled {

struct Shape {
  std::string_view request;  // schema of the body; empty: none
  int status = 200;
  std::string_view answer;  // schema; "[X]" is a page of X, "text/…" a media type, empty: no body
  std::vector<std::string_view> parameters;
  std::vector<Errc> refusals;  // beyond those of the API key, which the route itself tells
};
Shape shape_of(RouteId id);

}  // namespace settled
