// What Prometheus reads at /metrics, in the words of the domain. Every method may be called from any thread.
//
// A label's value costs one search among the values seen so far, by hash; after label_values_max of them the
// rest are counted as "other", so that no caller can make the exposition grow without end. No id, no person,
// no free text becomes a label.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace settled {

class Metrics {
 public:
  static constexpr std::size_t label_values_max = 512;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The text exposition, version 0.0.4 ("text/plain; version=0.0.4; charset=utf-8").
  std::string expose() const;

  void build(std::string_view version, std::string_view revision);
  void ready(bool is);

  /// A settlement reached its final status, `seconds` after it was received.
  /// The sum of amounts is a double in major units and for display only: the ledger knows the truth.
  void settlement_ended(std::string_view status, std::string_view currency, double amount_major,
                        double seconds);
  void atomic_operation(std::string_view state);
  void reconciliation_discrepancy();
  /// In major units, for display only.
  void nostro_balance(std::string_view bank, std::string_view currency, double major);
  void vostro_balance(std::string_view bank, std::string_view currency, double major);

  /// Orders whose outcome at the rail we do not know, and the age of the oldest of all.
  void unknown(std::string_view rail, std::size_t count);
  void unknown_oldest(double seconds);

  /// How many things break one rule of the books; and whether sending is stopped for it.
  void invariant(std::string_view name, std::int64_t violations);
  void sends_stopped(bool is);

  /// One group commit of the ledger writer.
  /// `oldest_waited`: seconds that the commit's oldest request had waited; `waiting`: requests for the next.
  void committed(std::size_t orders, double seconds, double oldest_waited, std::size_t waiting);
  void queue_depth(std::size_t waiting);
  void queue_limit(std::size_t limit);
  /// A request was refused because a queue is full.
  void shed();
  void restarted(std::string_view actor);

  /// `route` is the pattern ("/api/v1/settlements/{id}"), never the path.
  void http_request(std::string_view route, std::string_view method, int status, double seconds);

  /// `operation`: send, inquire, health; `status`: an outcome of domain/rail.hpp.
  void connector_call(std::string_view connector, std::string_view operation, std::string_view status,
                      double seconds);
  void connector_failed(std::string_view connector, std::string_view error_code);
  enum class Breaker { closed = 0, half_open = 1, open = 2 };
  void breaker(std::string_view connector, Breaker state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace settled
