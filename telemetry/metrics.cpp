#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>
#include <vector>

namespace settled {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

/// The members of a family by their label values. Prometheus' own lookup builds a map of strings per call
/// and takes a lock; ours compares hashes and takes none once a member is known.
template <class Member, std::size_t labels, class... Options>
class Children {
 public:
  using Values = std::array<std::string_view, labels>;
  Children(prometheus::Family<Member>& family, std::array<const char*, labels> names, Options... options)
      : family_(family), names_(names), options_(std::move(options)...) {}

  Member& operator()(const Values& values) {
    auto hash = hash_of(values);
    if (auto* found = find(hash, values)) return *found;
    std::lock_guard lock(mutex_);
    auto known = known_.load(std::memory_order_relaxed);
    if (auto* found = find(hash, values)) return *found;
    if (known == entries_.size()) {
      if (!other_) {
        Values others;
        others.fill("other");
        other_ = &make(others);
      }
      return *other_;
    }
    auto& entry = entries_[known];
    entry.hash = hash;
    for (std::size_t i = 0; i < labels; ++i) entry.values[i] = values[i];
    entry.member = &make(values);
    known_.store(known + 1, std::memory_order_release);
    return *entry.member;
  }

 private:
  struct Entry {
    std::size_t hash = 0;
    std::array<std::string, labels> values;
    Member* member = nullptr;
  };

  static std::size_t hash_of(const Values& values) {
    std::size_t hash = 0;
    for (auto value : values) hash = hash * 0x9E3779B97F4A7C15ULL + std::hash<std::string_view>{}(value);
    return hash;
  }

  Member* find(std::size_t hash, const Values& values) {
    auto known = known_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < known; ++i)
      if (entries_[i].hash == hash && same(entries_[i], values)) return entries_[i].member;
    return nullptr;
  }
  static bool same(const Entry& entry, const Values& values) {
    for (std::size_t i = 0; i < labels; ++i)
      if (entry.values[i] != values[i]) return false;
    return true;
  }

  Member& make(const Values& values) {
    std::map<std::string, std::string> pairs;
    for (std::size_t i = 0; i < labels; ++i) pairs.emplace(names_[i], values[i]);
    return std::apply([&](const auto&... option) -> Member& { return family_.Add(pairs, option...); },
                      options_);
  }

  prometheus::Family<Member>& family_;
  const std::array<const char*, labels> names_;
  const std::tuple<Options...> options_;
  std::mutex mutex_;
  // Filled once, read without a lock: an entry is complete before `known_` counts it.
  std::vector<Entry> entries_ = std::vector<Entry>(Metrics::label_values_max);
  std::atomic<std::size_t> known_{0};
  Member* other_ = nullptr;
};

const Buckets& second_buckets() {
  static const Buckets buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                               0.5,   1,      2.5,   5,    10,    30,   60,  300};
  return buckets;
}
const Buckets& commit_buckets() {
  static const Buckets buckets{0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                               0.05,   0.1,    0.25,  0.5,   1,     2.5,  5};
  return buckets;
}
const Buckets& batch_buckets() {
  static const Buckets buckets{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};
  return buckets;
}
const prometheus::Summary::Quantiles& quantiles() {
  static const prometheus::Summary::Quantiles q{{0.5, 0.05}, {0.9, 0.01}, {0.95, 0.005}, {0.99, 0.001}};
  return q;
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;

  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Summary>& summaries(const char* name, const char* help) {
    return prometheus::BuildSummary().Name(name).Help(help).Register(registry);
  }

  template <std::size_t n>
  using Counters = Children<prometheus::Counter, n>;
  template <std::size_t n>
  using Gauges = Children<prometheus::Gauge, n>;

  prometheus::Family<prometheus::Gauge>& build_info =
      gauges("settled_build_info", "Version and revision; always 1");
  prometheus::Gauge& ready = gauges("settled_ready", "1 while requests are taken").Add({});

  Counters<1> settlements{counters("settlement_total", "Settlements that ended, by status"), {"status"}};
  prometheus::Histogram& settlement_seconds =
      histograms("settlement_duration_seconds", "From receipt to the final status").Add({}, second_buckets());
  Counters<1> amounts{counters("settlement_amount_total", "Sum settled, in major units, for display only"),
                      {"currency"}};
  Counters<1> operations{counters("atomic_operations_total", "Atomic operations by state"), {"state"}};
  prometheus::Counter& discrepancies =
      counters("reconciliation_discrepancies_total", "Differences found between books and statements")
          .Add({});
  Gauges<2> nostro{gauges("nostro_balance", "Nostro balance, in major units, for display only"),
                   {"bank", "currency"}};
  Gauges<2> vostro{gauges("vostro_balance", "Vostro balance, in major units, for display only"),
                   {"bank", "currency"}};

  Gauges<1> unknown{gauges("settled_unknown", "Orders whose outcome at the rail is unknown"), {"rail"}};
  prometheus::Gauge& unknown_oldest =
      gauges("settled_unknown_oldest_seconds", "Age of the oldest unknown outcome").Add({});

  prometheus::Histogram& batch_orders =
      histograms("settled_batch_orders", "Settlements in one group commit").Add({}, batch_buckets());
  prometheus::Histogram& commit_seconds =
      histograms("settled_commit_seconds", "Duration of one group commit").Add({}, commit_buckets());
  prometheus::Histogram& oldest_waited =
      histograms("settled_batch_oldest_wait_seconds", "Waiting time of the oldest request of a group commit")
          .Add({}, commit_buckets());
  prometheus::Histogram& waiting_requests =
      histograms("settled_writer_queue_requests", "Requests that wait for the next group commit, at each one")
          .Add({}, batch_buckets());
  Gauges<1> invariants{gauges("settled_invariant_violations", "What the last check of the books found"),
                       {"name"}};
  prometheus::Gauge& sends_stopped =
      gauges("settled_sends_stopped", "1 while nothing is sent because the books are not right").Add({});
  prometheus::Gauge& queue_depth =
      gauges("settled_queue_depth", "Requests waiting for the ledger writer").Add({});
  prometheus::Gauge& queue_limit =
      gauges("settled_queue_limit", "Beyond this many requests are refused").Add({});
  prometheus::Counter& shed =
      counters("settled_shed_total", "Requests refused because a queue was full").Add({});
  Counters<1> restarts{counters("settled_restarts_total", "Restarts by supervision"), {"actor"}};

  Children<prometheus::Histogram, 3, Buckets> http{
      histograms("settled_http_request_duration_seconds", "From request to answer"),
      {"route", "method", "status"},
      second_buckets()};

  Counters<3> bank_requests{counters("molam_bank_connector_requests_total", "Calls to banks"),
                            {"connector", "operation", "status"}};
  // Each window takes every value in: two that change every half minute, not five.
  Children<prometheus::Summary, 1, prometheus::Summary::Quantiles, std::chrono::milliseconds, int>
      bank_latency{summaries("molam_bank_connector_latency_seconds",
                             "Duration of calls to banks, of the last half to whole minute"),
                   {"connector"},
                   quantiles(),
                   std::chrono::seconds(60),
                   2};
  Counters<2> bank_failures{counters("molam_bank_connector_failures_total", "Failed calls to banks"),
                            {"connector", "error_code"}};
  Gauges<1> bank_breaker{
      gauges("molam_bank_connector_circuit_breaker_state", "0 closed, 1 half open, 2 open"), {"connector"}};
  Gauges<1> breaker{gauges("settled_breaker_state", "0 closed, 1 half open, 2 open"), {"connector"}};
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

std::string Metrics::expose() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
  return out.str();
}

void Metrics::build(std::string_view version, std::string_view revision) {
  impl_->build_info.Add({{"version", std::string(version)}, {"revision", std::string(revision)}}).Set(1);
}

void Metrics::sends_stopped(bool is) { impl_->sends_stopped.Set(is ? 1 : 0); }
void Metrics::ready(bool is) { impl_->ready.Set(is ? 1 : 0); }

void Metrics::settlement_ended(std::string_view status, std::string_view currency, double amount_major,
                               double seconds) {
  impl_->settlements({status}).Increment();
  // Only what was really settled is a sum of settled money.
  if (status == "COMPLETED") impl_->amounts({currency}).Increment(amount_major);
  impl_->settlement_seconds.Observe(seconds);
}

void Metrics::atomic_operation(std::string_view state) { impl_->operations({state}).Increment(); }
void Metrics::reconciliation_discrepancy() { impl_->discrepancies.Increment(); }

void Metrics::nostro_balance(std::string_view bank, std::string_view currency, double major) {
  impl_->nostro({bank, currency}).Set(major);
}
void Metrics::vostro_balance(std::string_view bank, std::string_view currency, double major) {
  impl_->vostro({bank, currency}).Set(major);
}

void Metrics::unknown(std::string_view rail, std::size_t count) {
  impl_->unknown({rail}).Set(static_cast<double>(count));
}
void Metrics::invariant(std::string_view name, std::int64_t violations) {
  impl_->invariants({name}).Set(static_cast<double>(violations));
}
void Metrics::unknown_oldest(double seconds) { impl_->unknown_oldest.Set(seconds); }

void Metrics::committed(std::size_t orders, double seconds, double oldest_waited, std::size_t waiting) {
  impl_->batch_orders.Observe(static_cast<double>(orders));
  impl_->commit_seconds.Observe(seconds);
  impl_->oldest_waited.Observe(oldest_waited);
  impl_->waiting_requests.Observe(static_cast<double>(waiting));
}
void Metrics::queue_depth(std::size_t waiting) { impl_->queue_depth.Set(static_cast<double>(waiting)); }
void Metrics::queue_limit(std::size_t limit) { impl_->queue_limit.Set(static_cast<double>(limit)); }
void Metrics::shed() { impl_->shed.Increment(); }
void Metrics::restarted(std::string_view actor) { impl_->restarts({actor}).Increment(); }

void Metrics::http_request(std::string_view route, std::string_view method, int status, double seconds) {
  std::array<char, 12> digits{};
  auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), status);
  std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  impl_->http({route, method, text}).Observe(seconds);
}

void Metrics::connector_call(std::string_view connector, std::string_view operation, std::string_view status,
                             double seconds) {
  impl_->bank_requests({connector, operation, status}).Increment();
  impl_->bank_latency({connector}).Observe(seconds);
}

void Metrics::connector_failed(std::string_view connector, std::string_view error_code) {
  impl_->bank_failures({connector, error_code}).Increment();
}

void Metrics::breaker(std::string_view connector, Breaker state) {
  impl_->bank_breaker({connector}).Set(static_cast<double>(state));
  impl_->breaker({connector}).Set(static_cast<double>(state));
}

}  // namespace settled
