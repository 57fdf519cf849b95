#include "apps/bench/driver.hpp"
#include "apps/bench/reference.hpp"

#include <chrono>
#include <cstring>
#include <libpq-fe.h>
#include <memory>
#include <stdexcept>
#include <vector>

namespace settled::bench {
namespace {
/// Rows in PostgreSQL's binary COPY format.
class BinaryRows {
 public:
  BinaryRows() {
    bytes_.append("PGCOPY\n\377\r\n\0", 11);
    big(std::int32_t{0});
    big(std::int32_t{0});
  }
  void row(int columns) { big(static_cast<std::int16_t>(columns)); }
  void text(std::string_view value) {
    big(static_cast<std::int32_t>(value.size()));
    bytes_ += value;
  }
  template <class Integer>
  void number(Integer value) {
    big(static_cast<std::int32_t>(sizeof value));
    big(value);
  }
  /// The numbering of fill_with_accounts and functions.sql.
  void id(int kind, std::int64_t n) {
    big(std::int32_t{16});
    big(std::int32_t{0});
    big(static_cast<std::int16_t>(kind));
    big(std::int16_t{0x7000});
    big((std::uint64_t{1} << 63U) | static_cast<std::uint64_t>(n));
  }
  std::string done() {
    big(std::int16_t{-1});
    return std::move(bytes_);
  }

 private:
  template <class Integer>
  void big(Integer value) {
    for (int shift = static_cast<int>(sizeof value - 1) * 8; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift) & 255U);
  }
  std::string bytes_;
};

struct Batch {
  std::string settlements, holds, entries, events;
};

constexpr std::int64_t microseconds_to_2000 = 946'684'800'000'000;
constexpr int days_from_2000 = 9'800;

Batch make_batch(std::int64_t first, int n, const Town& town, Random& random, const Zipf& zipf) {
  BinaryRows settlements, holds, entries, events;
  const std::int64_t at = now_us() - microseconds_to_2000;
  const std::string digest(32, '\x5a');
  for (std::int64_t i = first; i < first + n; ++i) {
    const auto vostro =
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(town.counterparties)));
    const auto nostro = static_cast<std::int64_t>(zipf.draw(random));
    const auto amount = static_cast<std::int64_t>(1'000 + random.below(9'000));
    char key[40];
    std::snprintf(key, sizeof key, "%016llx%016llx", static_cast<unsigned long long>(random.next()),
                  static_cast<unsigned long long>(random.next()));
    settlements.row(28);
    settlements.id(6, i);
    settlements.text("bench");
    settlements.text(key);
    settlements.text(digest);
    settlements.text("OB-" + std::string(key, 16));
    settlements.text("AAAACIAB");
    settlements.text("AAAASNDA");
    settlements.number(amount);
    settlements.text("XOF");
    settlements.number(std::int32_t{days_from_2000});
    for (const char* value : {"NORMAL", "LOCAL_ACH", R"({"invoice":"F-000000000000"})", "COMPLETED"})
      settlements.text(value);
    settlements.id(1, vostro);
    settlements.id(2, nostro);
    settlements.text("bench");
    settlements.text("ST" + std::string(key, 26));
    settlements.text(digest);
    settlements.number(std::int32_t{1});
    settlements.text("completed");
    settlements.text("EXECUTING");
    settlements.text("1b60853ed4ef2bb364a982a1c569b7ad");
    for (int time = 0; time < 5; ++time) settlements.number(at);

    holds.row(8);
    holds.id(6, i);
    holds.id(1, vostro);
    holds.id(2, nostro);
    holds.number(amount);
    holds.text("XOF");
    holds.text("posted");
    holds.number(at);
    holds.number(at);

    // Versions beyond those that exist: every one is new, as the index demands.
    for (const bool payer : {true, false}) {
      entries.row(6);
      entries.id(payer ? 1 : 2, payer ? vostro : nostro);
      entries.number(std::int64_t{1'000'000'000} + i);
      entries.id(6, i);
      entries.number(payer ? amount : -amount);
      entries.number(std::int64_t{1'000'000'000'000});
      entries.number(at);
    }

    events.row(8);
    events.number(std::int16_t{2});
    events.number(i + 1);
    events.number(at);
    events.text("settlement.completed");
    events.id(6, i);
    events.text(
        R"({"status":"COMPLETED","obligation_id":"OB-0000000000000000","from_bank":"AAAACIAB","to_bank":"AAAASNDA","amount":"1000","currency":"XOF","steps":["PENDING","VALIDATING","FUNDS_LOCKED","EXECUTING","CONFIRMING","COMPLETED"]})");
    events.text(digest);
    events.number(std::int64_t{1});
  }
  return {settlements.done(), holds.done(), entries.done(), events.done()};
}

struct Session {
  explicit Session(const std::string& url) : db(PQconnectdb(url.c_str()), PQfinish) {
    if (PQstatus(db.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(db.get()));
  }
  void expect(PGresult* result, ExecStatusType status) {
    const bool ok = PQresultStatus(result) == status;
    PQclear(result);
    if (!ok) throw std::runtime_error(std::string("COPY: ") + PQerrorMessage(db.get()));
  }
  void exec(const char* sql) { expect(PQexec(db.get(), sql), PGRES_COMMAND_OK); }
  void copy(const char* into, const std::string& rows) {
    expect(PQexec(db.get(), (std::string("copy ") + into + " from stdin binary").c_str()), PGRES_COPY_IN);
    if (PQputCopyData(db.get(), rows.data(), static_cast<int>(rows.size())) != 1 ||
        PQputCopyEnd(db.get(), nullptr) != 1)
      throw std::runtime_error(std::string("COPY: ") + PQerrorMessage(db.get()));
    expect(PQgetResult(db.get()), PGRES_COMMAND_OK);
    while (PGresult* rest = PQgetResult(db.get())) PQclear(rest);
  }
  std::unique_ptr<PGconn, decltype(&PQfinish)> db;
};
}  // namespace

CopyLimit::CopyLimit(const Cluster& cluster, std::string database, Town town)
    : cluster_(cluster), database_(std::move(database)), town_(town) {}

ReferenceRun CopyLimit::run(double seconds, int per_commit) {
  // As many as could be written at 40,000 a second.
  std::vector<Batch> batches;
  Random random(static_cast<std::uint64_t>(made_) + 77);
  const Zipf zipf(static_cast<std::size_t>(town_.banks), Town::zipf);
  const auto wanted = static_cast<std::size_t>(seconds * 40'000 / per_commit) + 1;
  while (batches.size() < wanted) {
    batches.push_back(make_batch(made_, per_commit, town_, random, zipf));
    made_ += per_commit;
  }
  Session session(cluster_.url(database_));
  const double cpu = cluster_.cpu_s();
  const auto begun = std::chrono::steady_clock::now();
  double took = 0;
  std::size_t done = 0;
  while (took < seconds && done < batches.size()) {
    const Batch& b = batches[done++];
    session.exec("begin");
    session.copy(
        "settlement_transactions(id, caller, idem_key, request_digest, obligation_id, from_bank, to_bank, "
        "amount, currency, settlement_date, priority, method, metadata, status, debit_account, "
        "credit_account, connector, reference, order_digest, attempts, last_outcome, opened_as, trace_id, "
        "created_at, locked_at, sent_at, confirmed_at, finalized_at)",
        b.settlements);
    session.copy(
        "fund_locks(settlement_id, debit_account, credit_account, amount, currency, state, placed_at, "
        "ended_at)",
        b.holds);
    session.copy("ledger_entries(account_id, version, journal_id, amount, balance_after, at)", b.entries);
    session.copy("events(stream, seq, at, kind, subject, payload, hash, epoch)", b.events);
    session.exec("commit");
    took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  const double n = static_cast<double>(done) * per_commit;
  return {.per_s = n / took,
          .cpu_us = (cluster_.cpu_s() - cpu) * 1e6 / n,
          .average_ms = took * 1e3 / static_cast<double>(done)};
}

}  // namespace settled::bench
