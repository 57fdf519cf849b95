// The rail "rest_bank": a bank with a signed JSON API (B4-75…91).
//
// What the bank promises, and what this connector therefore concludes from an answer to a send:
//   200 201 202  the payment, with our reference, amount and currency: COMPLETED, PENDING or REJECTED
//   422          the same, REJECTED: a verdict for ever
//   400          the order was refused before anything was done with it
//   401 403 429  the request was turned away before the order was looked at: signature, rights and rate are
//                checked first. Nothing was executed *by this request*: not_sent
//   409          our reference stands for another order at the bank: unknown, a person must look
// All else proves nothing and is `unknown`: 5xx, other statuses, unreadable answers, another reference or
// amount, silence. "Not found" of an inquiry counts only if it comes as the bank's own {"code":"not_found"}.
//
// not_sent speaks of one attempt. Whoever sent an order before and got `unknown` still has that doubt.
#pragma once
#include "connectors/connector.hpp"
#include "connectors/http_client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace settled {

/// One call as the log and the metrics see it: no bodies, no secrets.
struct CallRecord {
  std::string connector;
  std::string_view operation;  // "send", "inquiry", "health"
  std::string reference;
  std::string trace_id;
  int attempt = 0;  // sends only
  Outcome outcome = Outcome::unknown;
  std::string code;
  int http_status = 0;  // 0: no answer
  std::chrono::microseconds duration{0};
};

struct RestBankSettings {
  std::string name = "rest_bank";
  std::string base_url;  // "https://bank.example/api": without a slash at its end
  std::string key_id;
  std::string secret;        // of the HMAC
  std::string bearer_token;  // empty: none
  std::chrono::milliseconds send_max{15'000};
  std::chrono::milliseconds inquiry_max{5'000};
  std::chrono::milliseconds health_max{5'000};
  Capability capability{true, true, std::chrono::milliseconds(30'000)};
  std::function<void(const CallRecord&)> on_call;  // may be empty; called on the client's thread
  std::function<std::int64_t()> unix_seconds;      // empty: the system's clock
  /// Everything that is wrong with these settings, a sentence each.
  std::vector<std::string> problems() const;
};

class RestBank final : public Connector {
 public:
  /// Throws std::invalid_argument where settings have problems.
  RestBank(RestBankSettings settings, std::shared_ptr<HttpClient> client);

  std::string_view name() const override { return settings_->name; }
  Capability capability() const override { return settings_->capability; }
  void send(const PaymentInstruction& order, int attempt, std::int64_t not_after, Done done) override;
  void inquire(const PaymentInstruction& order, Done done) override;
  void health(Done done) override;

  /// The exact bytes of the body of a send, for the ledger's digest: a function of the order alone.
  static std::string encode_order(const PaymentInstruction& order);
  /// What an answer to a send or an inquiry means. Pure; here for the tests and the curious.
  static RailAnswer read_send(const HttpResponse& response, const PaymentInstruction& order, int attempt);
  static RailAnswer read_inquiry(const HttpResponse& response, const PaymentInstruction& order);

 private:
  struct Asked;  // what the completion needs to know about a call
  void call(Asked asked, HttpRequest request, Done done,
            std::function<RailAnswer(const HttpResponse&)> read) const;
  HttpRequest signed_request(std::string method, const std::string& path, std::string body,
                             const std::string& nonce, std::chrono::milliseconds longest) const;

  std::shared_ptr<const RestBankSettings> settings_;  // shared with calls that outlive the connector
  std::shared_ptr<HttpClient> client_;
  std::string path_prefix_;  // of base_url: part of what is signed
};

}  // namespace settled
