#include "connectors/rest_bank/rest_bank.hpp"

#include "connectors/rest_bank/bank_answer.hpp"
#include "security/hmac.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace settled {
namespace {
using Kind = HttpResponse::Kind;

std::string http_code(int status) { return "http_" + std::to_string(status); }

RailAnswer answer(Outcome outcome, std::string code, std::string detail, std::string bank_reference = "") {
  return {outcome, std::move(bank_reference), std::move(code), std::move(detail)};
}

// The bank's word about the payment, if this is a word about *our* payment.
RailAnswer verdict(const HttpResponse& response, const PaymentInstruction& order, bool first = false) {
  const auto said = BankAnswer::read(response.body);
  if (!said || said->status.empty())
    return answer(Outcome::unknown, "unreadable_answer",
                  "HTTP " + std::to_string(response.status) + " without a readable payment");
  // A refusal of a first send may leave out what was never stored; what is there must be ours. Of a repeat
  // only the stored payment is a verdict: the rest may be about the repeat alone.
  const bool refusal = response.status == 422;
  const bool may_leave_out = refusal && first;
  if (said->reference != order.reference && !(may_leave_out && said->reference.empty()))
    return answer(Outcome::unknown, "wrong_reference", "the bank answered about another reference");
  const auto amount = parse_amount(said->amount, order.amount.currency);
  const bool same_money =
      amount && *amount == order.amount.minor && said->currency == order.amount.currency.code();
  if (!same_money && !(may_leave_out && said->amount.empty() && said->currency.empty()))
    return answer(Outcome::unknown, "wrong_amount", "the bank answered about another amount", said->id);
  if (said->status == "REJECTED")
    return answer(Outcome::rejected, said->code.empty() ? "rejected" : said->code, said->reason, said->id);
  if (refusal)
    return answer(Outcome::unknown, "contradiction", "HTTP 422 with status " + said->status, said->id);
  if (said->id.empty())
    return answer(Outcome::unknown, "unreadable_answer", "a payment without the bank's id");
  if (said->status == "COMPLETED") return answer(Outcome::completed, "", "", said->id);
  if (said->status == "PENDING") return answer(Outcome::accepted, "", "", said->id);
  return answer(Outcome::unknown, "unknown_status", "the bank says status " + said->status, said->id);
}

RailAnswer no_verdict(const HttpResponse& response) {
  return answer(Outcome::unknown, http_code(response.status),
                "the bank answered HTTP " + std::to_string(response.status));
}

RailAnswer turned_away(const HttpResponse& response) {
  std::string detail = "turned away before the order was looked at: HTTP " + std::to_string(response.status);
  if (response.retry_after) detail += ", retry after " + std::to_string(response.retry_after->count()) + " s";
  return answer(Outcome::not_sent, http_code(response.status), std::move(detail));
}

RailAnswer no_answer(const HttpResponse& response) {
  const auto outcome = response.kind == Kind::not_sent ? Outcome::not_sent : Outcome::unknown;
  return answer(outcome, response.code, response.detail);
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  json.append(json.empty() ? "{\"" : ",\"").append(name).append("\":\"");
  for (const char c : value) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json.append(1, '\\').append(1, c);
    } else if (byte < 0x20) {
      json.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    } else {
      json.append(1, c);
    }
  }
  json.append(1, '"');
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view digits = "0123456789ABCDEF", marks = "-._~";
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       marks.find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      out.append(1, c);
    else
      out.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return out;
}

// The trace that led to this call, with a new parent for it; without one, a new trace.
std::string traceparent(const std::string& trace_id) {
  const bool usable = trace_id.size() == 32 && trace_id.find_first_not_of('0') != std::string::npos &&
                      trace_id.find_first_not_of("0123456789abcdef") == std::string::npos;
  std::string text = "00-";
  text.append(usable ? trace_id : random_hex(16)).append(1, '-').append(random_hex(8)).append("-01");
  return text;
}

void add_header(HttpRequest& request, std::string_view name, std::string_view value) {
  std::string line;
  line.reserve(name.size() + 2 + value.size());
  request.headers.push_back(std::move(line.append(name).append(": ").append(value)));
}

bool header_safe(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}
}  // namespace

std::vector<std::string> RestBankSettings::problems() const {
  std::vector<std::string> wrong;
  if (name.empty()) wrong.emplace_back("name is empty");
  if (!base_url.starts_with("http://") && !base_url.starts_with("https://"))
    wrong.emplace_back("base_url must begin with https:// (or http:// for the sandbox)");
  if (base_url.ends_with('/') || base_url.find_first_of("?# ") != std::string::npos)
    wrong.emplace_back("base_url must not end in a slash nor contain ? or #");
  if (key_id.empty() || !header_safe(key_id)) wrong.emplace_back("key_id must be visible ASCII");
  if (secret.empty()) wrong.emplace_back("secret is empty");
  if (!header_safe(bearer_token)) wrong.emplace_back("bearer_token must be visible ASCII");
  for (const auto time : {send_max, inquiry_max, health_max})
    if (time.count() < 1) wrong.emplace_back("time-outs must be at least 1 ms");
  return wrong;
}

struct RestBank::Asked {
  std::string_view operation;
  std::string reference, trace_id;
  int attempt = 0;
};

RestBank::RestBank(RestBankSettings settings, std::shared_ptr<HttpClient> client)
    : settings_(std::make_shared<RestBankSettings>(std::move(settings))), client_(std::move(client)) {
  if (const auto wrong = settings_->problems(); !wrong.empty())
    throw std::invalid_argument("rest_bank " + settings_->name + ": " + wrong.front());
  const auto host = settings_->base_url.find("://") + 3;
  const auto path = settings_->base_url.find('/', host);
  if (path != std::string::npos) path_prefix_ = settings_->base_url.substr(path);
}

HttpRequest RestBank::signed_request(std::string method, const std::string& path, std::string body,
                                     const std::string& nonce, std::chrono::milliseconds longest) const {
  using namespace std::chrono;
  const auto now = settings_->unix_seconds
                       ? settings_->unix_seconds()
                       : duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  const auto signature = sign_request(method, path_prefix_ + path, now, nonce, body, settings_->secret);
  HttpRequest request{std::move(method), settings_->base_url + path, {}, std::move(body), longest};
  add_header(request, key_id_header, settings_->key_id);
  add_header(request, timestamp_header, std::to_string(now));
  add_header(request, nonce_header, nonce);
  add_header(request, signature_header, signature);
  if (!settings_->bearer_token.empty())
    add_header(request, "Authorization", std::string("Bearer ").append(settings_->bearer_token));
  add_header(request, "Accept", "application/json");
  return request;
}

void RestBank::call(Asked asked, HttpRequest request, Done done,
                    std::function<RailAnswer(const HttpResponse&)> read) const {
  add_header(request, "traceparent", traceparent(asked.trace_id));
  client_->perform(
      std::move(request), [settings = settings_, asked = std::move(asked), done = std::move(done),
                           read = std::move(read)](const HttpResponse& response) {
        RailAnswer result = read(response);
        if (settings->on_call)
          settings->on_call({settings->name, asked.operation, asked.reference, asked.trace_id, asked.attempt,
                             result.outcome, result.code, response.status, response.duration});
        done(std::move(result));
      });
}

void RestBank::send(const PaymentInstruction& order, int attempt, std::int64_t not_after, Done done) {
  auto request =
      signed_request("POST", "/payments", encode_order(order), order.reference, settings_->send_max);
  request.handed_over_by = std::chrono::steady_clock::time_point(std::chrono::microseconds(not_after));
  add_header(request, idempotency_header, order.reference);
  add_header(request, "Content-Type", "application/json");
  call({"send", order.reference, order.trace_id, attempt}, std::move(request), std::move(done),
       [order, attempt](const HttpResponse& response) { return read_send(response, order, attempt); });
}

void RestBank::inquire(const PaymentInstruction& order, Done done) {
  call({"inquiry", order.reference, order.trace_id, 0},
       signed_request("GET", "/payments?reference=" + percent_encoded(order.reference), "", random_hex(16),
                      settings_->inquiry_max),
       std::move(done), [order](const HttpResponse& response) { return read_inquiry(response, order); });
}

void RestBank::health(Done done) {
  call({"health", "", "", 0}, signed_request("GET", "/health", "", random_hex(16), settings_->health_max),
       std::move(done), [](const HttpResponse& response) {
         if (response.kind != Kind::answered) return no_answer(response);
         return response.status == 200 ? answer(Outcome::completed, "", "") : no_verdict(response);
       });
}

std::string RestBank::encode_order(const PaymentInstruction& order) {
  std::string json;
  json.reserve(256);
  append_member(json, "reference", order.reference);
  append_member(json, "amount", format_amount(order.amount.minor, order.amount.currency));
  append_member(json, "currency", order.amount.currency.code());
  append_member(json, "debtor_bank", order.debtor_bank);
  append_member(json, "creditor_bank", order.creditor_bank);
  append_member(json, "settlement_date", order.settlement_date);
  append_member(json, "method", to_string(order.method));
  return json.append(1, '}');
}

RailAnswer RestBank::read_send(const HttpResponse& response, const PaymentInstruction& order, int attempt) {
  if (response.kind != Kind::answered) return no_answer(response);
  switch (response.status) {
    case 200:
    case 201:
    case 202:
    case 422:
      return verdict(response, order, attempt == 1);
    case 400: {
      // The same bytes that the bank took before cannot be malformed now: on a repeat it proves nothing.
      const auto said = BankAnswer::read(response.body);
      if (!said || said->code.empty() || attempt > 1) return no_verdict(response);
      return answer(Outcome::rejected, said->code, "the bank refused the form of the order: " + said->detail);
    }
    case 401:
    case 403:
    case 429:
      return turned_away(response);
    case 409: {
      const auto said = BankAnswer::read(response.body);
      const bool reused = said && said->code == "reference_reused";
      return reused ? answer(Outcome::unknown, said->code, "the bank knows our reference for another order")
                    : no_verdict(response);
    }
    default:
      return no_verdict(response);
  }
}

RailAnswer RestBank::read_inquiry(const HttpResponse& response, const PaymentInstruction& order) {
  // An inquiry has no effect that could be "not sent": without an answer we know what we knew.
  if (response.kind != Kind::answered) return answer(Outcome::unknown, response.code, response.detail);
  if (response.status == 200) return verdict(response, order);
  if (response.status != 404) return no_verdict(response);
  const auto said = BankAnswer::read(response.body);
  if (said && said->code == "not_found")
    return answer(Outcome::not_found, "not_found", "the bank does not know " + order.reference);
  // A wrong path or a proxy's page must never prove that a payment does not exist.
  return no_verdict(response);
}
}  // namespace settled
