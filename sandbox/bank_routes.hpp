// The bank's API ("rest_bank") on the wire: signatures, bodies, verdicts, and the faults that scripts ask
// for.
#pragma once
#include "sandbox/bank.hpp"
#include "sandbox/fault_script.hpp"
#include "sandbox/http_server.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace settled::sandbox {

struct BankAccess {
  std::string key_id, key;
  std::chrono::milliseconds answer_delay{0};
  std::function<std::int64_t()> unix_seconds;
};

/// Adds POST /payments, GET /payments/{id}, GET /payments?reference=, GET /sandbox/accounts and
/// GET /sandbox/log. Server, bank and faults must live as long as the server runs.
void add_bank_routes(HttpServer& server, Bank& bank, FaultBook& faults, BankAccess access);
/// POST, GET, DELETE /sandbox/faults and DELETE /sandbox/faults/{id}.
void add_fault_routes(HttpServer& server, FaultBook& faults);

}  // namespace settled::sandbox
