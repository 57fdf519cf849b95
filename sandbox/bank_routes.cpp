#include "sandbox/bank_routes.hpp"

#include "domain/bank.hpp"
#include "domain/settlement.hpp"
#include "sandbox/json_fields.hpp"
#include "security/hmac.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

namespace settled::sandbox {
namespace {
constexpr std::string_view dropped = "dropped", hung = "hung";

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// ISO 20022's rule for references: 35 characters of a small alphabet.
bool well_formed_reference(std::string_view text) {
  constexpr std::string_view marks = "-_./:+";
  return !text.empty() && text.size() <= 35 && std::all_of(text.begin(), text.end(), [marks](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}
/// For the log, which keeps nothing that a stranger made up freely.
std::string_view reference_or_nothing(std::string_view text) {
  return well_formed_reference(text) ? text : std::string_view{};
}

Refusal at_field(std::string_view name, Refusal refusal) {
  refusal.field = '/' + std::string(name);
  return refusal;
}

Result<Order> order_from(std::string_view body) {
  const auto in = JsonFields::parse(
      body, {"reference", "amount", "currency", "debtor_bank", "creditor_bank", "settlement_date", "method"});
  if (!in) return in.refusal();
  const auto reference = in->text("reference", 35), amount = in->text("amount", 40),
             code = in->text("currency", 3), debtor = in->text("debtor_bank", 11),
             creditor = in->text("creditor_bank", 11), date = in->text("settlement_date", 10),
             method = in->text("method", 20);
  for (const auto* field : {&reference, &amount, &code, &debtor, &creditor, &date, &method})
    if (!*field) return field->refusal();
  if (!well_formed_reference(*reference))
    return Refusal{Errc::invalid_value, "/reference", "the reference has a character that is not allowed",
                   "A-Z a-z 0-9 - _ . / : +"};
  const auto currency = currency_from(*code);
  if (!currency) return at_field("currency", currency.refusal());
  const auto money = positive_amount(*amount, *currency);
  if (!money) return at_field("amount", money.refusal());
  if (const auto bic = bic_from(*debtor); !bic) return at_field("debtor_bank", bic.refusal());
  if (const auto bic = bic_from(*creditor); !bic) return at_field("creditor_bank", bic.refusal());
  if (!valid_date(*date))
    return Refusal{Errc::invalid_value, "/settlement_date", "not a calendar day", "YYYY-MM-DD"};
  if (!method_from(*method))
    return Refusal{Errc::invalid_value, "/method", "not a method", "SWIFT, SEPA, LOCAL_ACH, MOCK"};
  return Order{*reference, *money, *debtor, *creditor, *date, *method};
}

Answer bad_request(const Refusal& refusal) {
  return problem(400, to_string(refusal.code), refusal.detail, refusal.field);
}
Answer no_answer() { return {.drop = true}; }

/// What the bank said is told when its log is on the disk.
HttpServer::Handler written(Bank& bank, HttpServer::Handler handler) {
  struct Tell {
    Bank& bank;
    Answer operator()(Answer answer) const {
      if (answer.wait) {
        answer.then = [*this, then = std::move(answer.then)] { return (*this)(then()); };
        return answer;
      }
      return {.wait = [&b = bank](std::function<void()> go_on) { b.log().when_written(std::move(go_on)); },
              .then = [answer = std::move(answer)] { return answer; }};
    }
  };
  return [tell = Tell{bank}, handler = std::move(handler)](const Request& r) { return tell(handler(r)); };
}

class BankDesk {
 public:
  BankDesk(HttpServer& server, Bank& bank, FaultBook& faults, BankAccess access)
      : server_(server), bank_(bank), faults_(faults), access_(std::move(access)) {}

  Answer send(const Request& request) {
    const auto key = request.header("idempotency-key");
    if (const auto why = unsigned_because(request, key); !why.empty())
      return noted("SEND", key, false, problem(401, why));
    const auto order = order_from(request.body);
    if (!order) return noted("SEND", key, true, bad_request(order.refusal()));
    if (order->reference != key)
      return noted("SEND", key, true,
                   problem(400, "reference_mismatch", "Idempotency-Key and reference differ", "/reference"));
    return server_.after(access_.answer_delay, [this, order = *order] {
      const auto decision = faults_.decide(Operation::SEND, order.creditor_bank);
      return server_.after(decision.delay, [this, order, fault = decision.fault] {
        return fault ? send_with(*fault, order) : execute(order, {});
      });
    });
  }

  Answer inquire(const Request& request, bool by_id) {
    const auto asked = by_id ? request.id : value_of(request.query, "reference");
    if (const auto why = unsigned_because(request, request.header("x-nonce")); !why.empty())
      return noted("INQUIRY", by_id ? "" : asked, false, problem(401, why));
    if (asked.empty() || asked.size() > 64)
      return noted("INQUIRY", "", true, problem(400, "missing_field", "say ?reference=", "/reference"));
    return server_.after(access_.answer_delay, [this, asked, by_id] {
      const auto decision = faults_.decide(Operation::INQUIRY, bank_.creditor_of(asked));
      return server_.after(decision.delay, [this, asked, by_id, fault = decision.fault] {
        return inquire_with(fault, asked, by_id);
      });
    });
  }

 private:
  static std::string value_of(const std::map<std::string, std::string>& from, const std::string& name) {
    const auto at = from.find(name);
    return at == from.end() ? std::string() : at->second;
  }

  Answer noted(std::string_view op, std::string_view reference, bool signature_ok, Answer answer) {
    bank_.note(op, reference_or_nothing(reference), signature_ok, std::to_string(answer.status));
    return answer;
  }

  // The signature is checked before anybody looks at the order: 401 means that nothing was executed.
  std::string_view unsigned_because(const Request& request, std::string_view nonce_wanted) const {
    const auto key_id = request.header("x-key-id"), nonce = request.header("x-nonce"),
               signature = request.header("x-signature");
    const auto time = number_from<std::int64_t>(request.header("x-timestamp"));
    if (key_id.empty() || nonce.empty() || signature.empty() || !time) return "signature_missing";
    if (key_id != access_.key_id) return "key_unknown";
    if (nonce != nonce_wanted || nonce.size() > 128) return "nonce_wrong";
    const auto now = access_.unix_seconds();
    if (*time > now + signature_window_seconds || *time < now - signature_window_seconds)
      return "time_outside";
    const auto right = sign_request(request.method, request.target, *time, nonce, request.body, access_.key);
    return equal_in_constant_time(signature, right) ? "" : "signature_wrong";
  }

  Answer execute(const Order& order, const Treatment& treatment) {
    const auto verdict = bank_.submit(order, treatment);
    if (verdict.kind == Verdict::Kind::reference_reused)
      return problem(409, "reference_reused", "this reference stands for another order", "/reference");
    return {verdict.http_status(), to_json(verdict.payment)};
  }

  Answer inquire_with(const std::optional<Fault>& fault, const std::string& asked, bool by_id) {
    const auto look = [&](std::string_view answer) {
      return by_id ? bank_.by_id(asked, answer)
                   : bank_.by_reference(std::string(reference_or_nothing(asked)), answer);
    };
    if (!fault) {
      const auto payment = look("");
      return payment ? Answer{200, to_json(*payment)} : problem(404, "not_found");
    }
    if (fault->kind == FaultKind::error) {
      look(std::to_string(fault->status));
      return problem(fault->status, "sandbox_fault");
    }
    look(fault->kind == FaultKind::hang ? hung : dropped);
    return server_.after(fault->kind == FaultKind::hang ? fault->time : std::chrono::milliseconds(0),
                         no_answer);
  }

  Answer send_with(const Fault& fault, const Order& order) {
    const auto as = [](std::string_view answer) {
      return Treatment{Standing::COMPLETED, {}, "", "", std::string(answer)};
    };
    switch (fault.kind) {
      case FaultKind::delay:
        break;  // never here: decide() adds delays up
      case FaultKind::error:
        if (fault.after)
          execute(order, as(std::to_string(fault.status)));
        else
          bank_.note_order(order, std::to_string(fault.status));
        return problem(fault.status, "sandbox_fault");
      case FaultKind::refuse:
        return execute(order, {Standing::REJECTED, {}, fault.code, fault.reason, ""});
      case FaultKind::drop_answer:
        execute(order, as(dropped));
        return no_answer();
      case FaultKind::hang:
        if (fault.after)
          execute(order, as(hung));
        else
          bank_.note_order(order, hung);
        return server_.after(fault.time, no_answer);
      case FaultKind::duplicate:
        execute(order, as("delivered twice"));
        return execute(order, {});
      case FaultKind::drop_before:
        bank_.note_order(order, dropped);
        return no_answer();
      case FaultKind::pending:
        return execute(order, {Standing::PENDING, fault.time, "", "", ""});
      case FaultKind::late_effect:
        execute(order, {Standing::LATE, fault.time, "", "", "504"});
        return problem(504, "sandbox_fault");
    }
    return execute(order, {});
  }

  HttpServer& server_;
  Bank& bank_;
  FaultBook& faults_;
  BankAccess access_;
};
}  // namespace

void add_bank_routes(HttpServer& server, Bank& bank, FaultBook& faults, BankAccess access) {
  const auto desk = std::make_shared<BankDesk>(server, bank, faults, std::move(access));
  server.route("POST", "/payments", written(bank, [desk](const Request& r) { return desk->send(r); }));
  server.route("GET", "/payments",
               written(bank, [desk](const Request& r) { return desk->inquire(r, false); }));
  server.route("GET", "/payments/{id}",
               written(bank, [desk](const Request& r) { return desk->inquire(r, true); }));
  server.route("GET", "/sandbox/accounts", written(bank, [&bank](const Request&) {
                 return Answer{200, bank.accounts_json()};
               }));
  server.route("GET", "/sandbox/log", [&bank](const Request& r) {
    const auto number = [&r](const char* name, std::uint64_t unless_given) -> std::optional<std::uint64_t> {
      const auto at = r.query.find(name);
      return at == r.query.end() ? unless_given : number_from<std::uint64_t>(at->second);
    };
    constexpr std::uint64_t page_max = 10'000;
    const auto after = number("after", 0), limit = number("limit", 1'000);
    if (!after) return problem(400, "invalid_value", "after must be a line number", "/after");
    if (!limit || *limit == 0 || *limit > page_max)
      return problem(400, "invalid_value", "limit must be 1 to 10000", "/limit");
    return Answer{200, bank.log().read(*after, *limit), "application/x-ndjson"};
  });
}

void add_fault_routes(HttpServer& server, FaultBook& faults) {
  server.route("POST", "/sandbox/faults", [&faults](const Request& r) {
    auto script = fault_script_from(r.body);
    if (!script) return bad_request(script.refusal());
    script->id = faults.add(*script);
    return Answer{201, to_json(*script)};
  });
  server.route("GET", "/sandbox/faults", [&faults](const Request&) { return Answer{200, faults.json()}; });
  server.route("DELETE", "/sandbox/faults", [&faults](const Request&) {
    faults.clear();
    return Answer{204, ""};
  });
  server.route("DELETE", "/sandbox/faults/{id}", [&faults](const Request& r) {
    const auto id = number_from<std::uint64_t>(r.id);
    if (!id || !faults.remove(*id)) return problem(404, "not_found");
    return Answer{204, ""};
  });
}
}  // namespace settled::sandbox
