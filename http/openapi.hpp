// The OpenAPI 3.1 document of the port, made from the route table.
#pragma once
#include <string>

namespace settled {
/// Made once.
const std::string& openapi_document();
}  // namespace settled
