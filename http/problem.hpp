// Refusals as a client sees them: application/problem+json (RFC 9457) in English or French. The one table
// that gives each Errc its status and titles is in problem.cpp.
#pragma once
#include "domain/refusal.hpp"
#include "http/exchange.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace settled {

enum class Lang : std::uint8_t { en, fr };
/// The better liked of the two in an Accept-Language header; English when neither is named.
Lang lang_from(const Request& request);

int http_status(Errc code);
std::string_view title(Errc code, Lang lang);
/// "amount_decimals" as the problem's type: "/problems/amount-decimals".
std::string type_uri(Errc code);

/// What became of the money, said at the end of every refusal of an order.
enum class MoneyState : std::uint8_t {
  none,       // a question, nothing that moves money
  untouched,  // nothing was recorded
  doubt,      // the commit's answer did not come: the same key finds out
  unsure,     // the same where there is no key: only a look finds out
};

struct Problem {
  Errc code = Errc::internal;
  std::string detail;
  std::vector<Refusal> errors;  // what is wrong, field by field
  MoneyState money = MoneyState::none;
  int status = 0;           // 0: the table's
  int retry_after = 0;      // seconds; 0: as the status suggests
  std::string allow;        // 405: the methods that there are
  std::string existing_id;  // account_exists, idempotency_mismatch: what is there already
};

/// A refusal of one field or rule, with itself as the only entry of errors[].
Problem problem_of(Refusal refusal, MoneyState money);
/// All errors of one body.
Problem problem_of(std::vector<Refusal> errors, MoneyState money);

struct ProblemContext {
  Lang lang = Lang::en;
  std::string trace_id;
};
/// The whole answer, with Retry-After, Allow and Content-Language where they belong.
Response problem_response(const Problem& problem, const ProblemContext& context);
/// The members "code","detail","errors":[…] without braces, for elements of a batch.
void append_refusal_members(std::string& out, const Problem& problem, Lang lang);
/// Every Errc but ok.
std::vector<Errc> all_refusals();

}  // namespace settled
