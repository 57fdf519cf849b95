#include "storage/pg_batch_writer.hpp"

#include "storage/event_chain.hpp"
#include "storage/ledger_store.hpp"
#include "storage/pg_array.hpp"
#include "storage/pg_decision_writer.hpp"
#include "storage/pg_pipeline.hpp"
#include "telemetry/failpoint.hpp"
#include "telemetry/mutant.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <array>
#include <libpq-fe.h>

namespace settled {
namespace {
using Of = PgArray::Of;
constexpr int shard_count = 64;

/// Columns of one statement, in the order of its parameters.
template <std::size_t N>
class Columns {
 public:
  template <class... Types>
  explicit Columns(Types... types) : arrays_{PgArray(types)...} {}
  PgArray& operator[](std::size_t i) { return arrays_[i]; }
  std::array<PgPipeline::Value, N> values() {
    std::array<PgPipeline::Value, N> all;
    for (std::size_t i = 0; i < N; ++i) all[i].bytes = arrays_[i].bytes();
    return all;
  }

 private:
  std::array<PgArray, N> arrays_;
};
template <class... Types>
Columns(Types...) -> Columns<sizeof...(Types)>;

/// The statements of one commit on their way.
class Sending {
 public:
  explicit Sending(pg_conn* db) : pipeline_(db) {}

  template <std::size_t N>
  void run(const char* statement, Columns<N>& columns) {
    run(statement, columns.values());
  }
  /// The last parameter: how many rows it must change, or the server fails the whole commit.
  template <std::size_t N>
  void run(const char* statement, Columns<N>& columns, std::size_t rows) {
    const auto wanted = std::to_string(rows);
    std::array<PgPipeline::Value, N + 1> values;
    std::ranges::copy(columns.values(), values.begin());
    values[N] = {wanted, false};
    run(statement, values);
  }
  void run(const char* statement, std::span<const PgPipeline::Value> values) {
    pipeline_.exec_prepared(statement, values);
  }
  void finish() { pipeline_.finish(); }

 private:
  PgPipeline pipeline_;
};

void insert_accounts(Sending& sending, const LedgerBatch& batch) {
  if (batch.new_accounts.empty()) return;
  Columns c(Of::uuid, Of::text, Of::text, Of::text, Of::text, Of::boolean, Of::int2, Of::int8);
  for (const Account& a : batch.new_accounts) {
    c[0].uuid(a.id.uuid);
    c[1].text(to_string(a.kind));
    c[2].text(a.bank);
    c[3].text(a.currency.code());
    c[4].text(a.name);
    c[5].boolean(a.is_default);
    c[6].int2(static_cast<int>(std::hash<AccountId>{}(a.id) % shard_count));
    c[7].int8(a.floor);
  }
  sending.run("insert_accounts", c);
}

void change_accounts(Sending& sending, const LedgerBatch& batch) {
  if (batch.deltas.empty()) return;
  // In account order, which is the order in which the database locks them.
  std::vector<std::pair<AccountId, AccountDelta>> deltas(batch.deltas.begin(), batch.deltas.end());
  std::sort(deltas.begin(), deltas.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Columns c(Of::uuid, Of::int8, Of::int8, Of::int8);
  for (const auto& [id, delta] : deltas) {
    c[0].uuid(id.uuid);
    c[1].int8(delta.balance);
    c[2].int8(delta.held);
    c[3].int8(delta.entries);
  }
  sending.run("change_accounts", c, batch.deltas.size());
}

void insert_settlements(Sending& sending, const LedgerBatch& batch) {
  if (batch.opened.empty()) return;
  Columns c(Of::uuid, Of::text, Of::text, Of::bytea, Of::text, Of::text, Of::text, Of::int8, Of::text,
            Of::text, Of::text, Of::text, Of::text, Of::text, Of::uuid, Of::uuid, Of::text, Of::text,
            Of::bytea, Of::int8, Of::text, Of::text, Of::text, Of::timestamptz, Of::timestamptz,
            Of::timestamptz, Of::text, Of::text, Of::text, Of::boolean, Of::text, Of::timestamptz,
            Of::timestamptz, Of::text, Of::timestamptz, Of::text);
  for (const OpenedRow& row : batch.opened) {
    const SettlementView& s = row.settlement;
    std::size_t i = 0;
    c[i++].uuid(s.id.uuid);
    c[i++].text(row.caller);
    c[i++].text(row.idempotency_key);
    c[i++].bytea(row.request_digest);
    c[i++].text(s.order.obligation_id);
    c[i++].text(s.order.from_bank);
    c[i++].text(s.order.to_bank);
    c[i++].int8(s.order.amount.minor);
    c[i++].text(s.order.amount.currency.code());
    c[i++].text(s.order.settlement_date);
    c[i++].text(to_string(s.order.priority));
    c[i++].text(to_string(s.order.method));
    c[i++].text(s.order.metadata);
    c[i++].text(to_string(s.status));
    c[i++].uuid(s.debit_account.uuid);
    c[i++].uuid(s.credit_account.uuid);
    c[i++].text(s.connector);
    c[i++].text(s.reference);
    c[i++].bytea(row.order_digest);
    c[i++].int8(s.attempts);
    c[i++].text(s.failure_code);
    c[i++].text(s.failure_detail);
    c[i++].text(s.trace_id);
    c[i++].timestamptz(s.created_at);
    c[i++].timestamptz(s.locked_at);
    c[i++].timestamptz(s.finalized_at);
    c[i++].text(to_string(s.opened_as));
    c[i++].text(to_string(s.waiting));
    c[i++].text(s.waiting_detail);
    c[i++].boolean(s.queue_if_short);
    c[i++].text_or_null(s.value_date);
    c[i++].timestamptz(s.release_at);
    c[i++].timestamptz(s.next_cut_off);
    c[i++].text(s.opened_note);
    c[i++].timestamptz(s.confirmed_at);
    c[i++].text(s.last_outcome);
  }
  sending.run("insert_settlements", c);
}

void change_settlements(Sending& sending, const LedgerBatch& batch) {
  if (batch.changed.empty()) return;
  Columns c(Of::uuid, Of::text, Of::text, Of::int8, Of::text, Of::text, Of::text, Of::text, Of::timestamptz,
            Of::timestamptz, Of::timestamptz, Of::timestamptz, Of::timestamptz, Of::timestamptz, Of::text,
            Of::text, Of::text, Of::timestamptz, Of::timestamptz);
  for (const ChangedRow& row : batch.changed) {
    const SettlementView& s = row.settlement;
    std::size_t i = 0;
    c[i++].uuid(s.id.uuid);
    c[i++].text(to_string(row.from));
    c[i++].text(to_string(s.status));
    c[i++].int8(s.attempts);
    c[i++].text(s.bank_reference);
    c[i++].text(s.last_outcome);
    c[i++].text(s.failure_code);
    c[i++].text(s.failure_detail);
    c[i++].timestamptz(s.last_sent_at);
    c[i++].timestamptz(s.confirmed_at);
    c[i++].timestamptz(s.finalized_at);
    c[i++].timestamptz(s.unknown_since);
    c[i++].timestamptz(s.locked_at);
    c[i++].timestamptz(s.sent_at);
    c[i++].text(to_string(s.waiting));
    c[i++].text(s.waiting_detail);
    c[i++].text_or_null(s.value_date);
    c[i++].timestamptz(s.release_at);
    c[i++].timestamptz(s.next_cut_off);
  }
  sending.run("change_settlements", c, batch.changed.size());
}

void insert_holds(Sending& sending, const LedgerBatch& batch) {
  if (batch.holds.empty()) return;
  Columns c(Of::uuid, Of::uuid, Of::uuid, Of::int8, Of::text, Of::timestamptz, Of::text, Of::timestamptz);
  for (const HoldRow& h : batch.holds) {
    c[0].uuid(h.settlement.uuid);
    c[1].uuid(h.debit_account.uuid);
    c[2].uuid(h.credit_account.uuid);
    c[3].int8(h.amount.minor);
    c[4].text(h.amount.currency.code());
    c[5].timestamptz(h.at);
    c[6].text(h.posted ? "posted" : "held");
    c[7].timestamptz(h.posted ? h.at : 0);
  }
  sending.run("insert_holds", c);
}

void end_holds(Sending& sending, const LedgerBatch& batch) {
  if (batch.hold_ends.empty()) return;
  Columns c(Of::uuid, Of::text, Of::timestamptz);
  for (const HoldEndRow& h : batch.hold_ends) {
    c[0].uuid(h.settlement.uuid);
    c[1].text(to_string(h.end));
    c[2].timestamptz(h.at);
  }
  sending.run("end_holds", c, batch.hold_ends.size());
}

void insert_entries(Sending& sending, const LedgerBatch& batch) {
  if (batch.entries.empty()) return;
  Columns c(Of::uuid, Of::int8, Of::uuid, Of::int8, Of::int8, Of::timestamptz);
  for (const EntryRow& e : batch.entries) {
    c[0].uuid(e.account.uuid);
    c[1].int8(e.version);
    c[2].uuid(e.journal);
    c[3].int8(e.amount);
    c[4].int8(e.balance_after);
    c[5].timestamptz(e.at);
  }
  sending.run("insert_entries", c);
}

void insert_attempts(Sending& sending, const LedgerBatch& batch, std::int64_t epoch) {
  if (batch.attempts.empty()) return;
  Columns c(Of::uuid, Of::text, Of::text, Of::text, Of::text, Of::timestamptz, Of::timestamptz, Of::text,
            Of::int8);
  for (const AttemptRow& a : batch.attempts) {
    c[0].uuid(a.settlement.uuid);
    c[1].text(to_string(a.attempt.kind));
    c[2].text(to_string(a.attempt.answer.outcome));
    c[3].text(a.attempt.answer.code);
    c[4].text(a.attempt.answer.detail);
    c[5].timestamptz(a.attempt.started_at);
    c[6].timestamptz(a.attempt.ended_at);
    c[7].text(a.proof);
    c[8].int8(epoch);
  }
  sending.run("insert_attempts", c);
}

void insert_fundings(Sending& sending, const LedgerBatch& batch) {
  if (batch.fundings.empty()) return;
  Columns c(Of::uuid, Of::text, Of::text, Of::bytea, Of::uuid, Of::int8, Of::text, Of::timestamptz);
  for (const FundingRow& f : batch.fundings) {
    c[0].uuid(f.journal.uuid);
    c[1].text(f.caller);
    c[2].text(f.idempotency_key);
    c[3].bytea(f.request_digest);
    c[4].uuid(f.account.uuid);
    c[5].int8(f.amount.minor);
    c[6].text(f.amount.currency.code());
    c[7].timestamptz(f.at);
  }
  sending.run("insert_fundings", c);
}

void insert_events(Sending& sending, const LedgerBatch& batch, int writer, std::int64_t epoch) {
  Columns c(Of::int2, Of::int8, Of::timestamptz, Of::text, Of::uuid, Of::text, Of::bytea, Of::int8);
  for (const EventRow& e : batch.events) {
    c[0].int2(writer);
    c[1].int8(e.seq);
    c[2].timestamptz(e.at);
    c[3].text(e.kind);
    c[4].uuid(e.subject);
    c[5].text(e.payload);
    c[6].bytea(e.hash);
    c[7].int8(epoch);
  }
  sending.run("insert_events", c);
}

/// What depends on no other commit that may be under way: these rows may be written before the last one is
/// durable. (An attempt's number counts those before it: of one settlement two commits are never under way.)
void insert_rows(Sending& sending, const LedgerBatch& batch, int writer, std::int64_t epoch) {
  insert_settlements(sending, batch);
  insert_holds(sending, batch);
  insert_entries(sending, batch);
  insert_attempts(sending, batch, epoch);
  insert_events(sending, batch, writer, epoch);
}

constexpr const char* epoch_has_passed = "the epoch has passed";

void prove_epoch(Sending& sending, const LedgerBatch& batch, int writer, std::int64_t epoch) {
  const EventRow& last = batch.events.back();
  const std::string numbers[] = {std::to_string(writer), std::to_string(epoch), std::to_string(batch.number),
                                 std::to_string(last.seq)};
  const PgPipeline::Value values[] = {{numbers[0], false},
                                      {numbers[1], false},
                                      {numbers[2], false},
                                      {numbers[3], false},
                                      {{reinterpret_cast<const char*>(last.hash.data()), last.hash.size()}}};
  sending.run(mutant("no_epoch_check") ? "skip_epoch" : "prove_epoch", values);
}

/// The session goes on whatever became of the batch: its locks end with the transaction.
class RollbackUnlessDone {
 public:
  explicit RollbackUnlessDone(pg_conn* db) : db_(db) {}
  ~RollbackUnlessDone() {
    if (!done && PQtransactionStatus(db_) != PQTRANS_IDLE) PQclear(PQexec(db_, "rollback"));
  }
  bool done = false;
  RollbackUnlessDone(const RollbackUnlessDone&) = delete;
  RollbackUnlessDone& operator=(const RollbackUnlessDone&) = delete;

 private:
  pg_conn* db_;
};

/// A failpoint inside the transaction: errors that the server shall raise are raised by the server.
void failpoint_in(pqxx::transaction_base& tx, std::string_view name) {
  try {
    failpoint(name);
  } catch (const FailpointSqlState& e) {
    if (e.code.starts_with("08"))
      tx.exec("select pg_terminate_backend(pg_backend_pid())");
    else
      tx.exec("do $$ begin raise exception 'failpoint' using errcode = '" + e.code + "'; end $$");
  }
}
/// "(select unnest($1::uuid[]) id, unnest($2::text[]) kind) t" for "id uuid, kind text": one array for each
/// column. In a select list the values stream; among the tables they would be written down first, which is a
/// third of an insert's time.
std::string rows(std::string_view columns) {
  std::string sql = "(select ";
  for (int n = 1; !columns.empty(); ++n) {
    const auto end = std::min(columns.find(", "), columns.size());
    const auto space = columns.find(' ');
    if (n > 1) sql += ", ";
    sql += "unnest($" + std::to_string(n) + "::" + std::string(columns.substr(space + 1, end - space - 1)) +
           "[]) " + std::string(columns.substr(0, space));
    columns.remove_prefix(std::min(end + 2, columns.size()));
  }
  return sql + ") t";
}

/// The update, which must change `wanted` rows.
std::string must_change(const std::string& update, const std::string& wanted, const char* what) {
  return "with changed as (" + update + " returning 1) select must_change(count(*), " + wanted + ", '" +
         what + "') from changed";
}
}  // namespace

void prepare_batch_statements(PgConnection& db) {
  const auto prepare = [&](const char* name, const std::string& statement) {
    db.prepare(name, statement);
    db.prepare_now(name);  // libpq is given only the name
  };
  prepare("begin_batch", "begin");
  prepare("commit_batch", "commit");
  const std::string next_batch =
      "update ledger_writers set batch = $3, last_seq = $4, last_hash = $5 "
      "where writer = $1 and epoch = $2 and batch = $3 - 1";
  prepare("prove_epoch", must_change(next_batch, "1", epoch_has_passed));
  if (mutant("no_epoch_check")) prepare("skip_epoch", next_batch);
  prepare("insert_accounts",
          "insert into accounts(id, kind, bank, currency, name, is_default, shard, floor) select * from " +
              rows("id uuid, kind text, bank text, currency text, name text, is_default boolean, "
                   "shard smallint, floor bigint"));
  prepare("change_accounts",
          must_change("update accounts a set balance = a.balance + t.b, held = a.held + t.h, "
                      "version = a.version + t.v from " +
                          rows("id uuid, b bigint, h bigint, v bigint") + " where a.id = t.id",
                      "$5", "every account of a batch exists"));
  prepare("insert_settlements",
          "insert into settlement_transactions(id, caller, idem_key, request_digest, obligation_id, "
          "from_bank, to_bank, amount, currency, settlement_date, priority, method, metadata, status, "
          "debit_account, credit_account, connector, reference, order_digest, attempts, failure_code, "
          "failure_detail, trace_id, created_at, locked_at, sent_at, last_sent_at, finalized_at, opened_as, "
          "waiting, waiting_detail, queue_if_short, value_date, release_at, next_cut_off, opened_note, "
          "confirmed_at, last_outcome) "
          "select id, caller, key, digest, obligation, payer, payee, amount, currency, date::date, priority, "
          "method, metadata, status, debit, credit, connector, reference, order_digest, attempts, code, "
          "detail, trace, created, locked, locked, locked, finalized, opened_as, waiting, waiting_detail, "
          "queue_if_short, value_date::date, release, cut_off, note, confirmed, outcome from " +
              rows("id uuid, caller text, key text, digest bytea, obligation text, payer text, payee text, "
                   "amount bigint, currency text, date text, priority text, method text, metadata text, "
                   "status text, debit uuid, credit uuid, connector text, reference text, "
                   "order_digest bytea, attempts bigint, code text, detail text, trace text, "
                   "created timestamptz, locked timestamptz, finalized timestamptz, opened_as text, "
                   "waiting text, waiting_detail text, queue_if_short boolean, value_date text, "
                   "release timestamptz, cut_off timestamptz, note text, confirmed timestamptz, "
                   "outcome text"));
  // The state that the row must still be in is part of the statement: an illegal step writes nothing.
  const std::string change_settlements =
      "update settlement_transactions s set status = t.status, attempts = t.attempts, bank_reference = "
      "t.bank_reference, last_outcome = t.outcome, failure_code = t.code, failure_detail = t.detail, "
      "last_sent_at = t.last_sent, confirmed_at = t.confirmed, finalized_at = t.finalized, "
      "unknown_since = t.unknown, locked_at = t.locked, sent_at = t.sent, waiting = t.waiting, "
      "waiting_detail = t.waiting_detail, value_date = t.value_date::date, release_at = t.release, "
      "next_cut_off = t.cut_off from " +
      rows(
          "id uuid, was text, status text, attempts bigint, bank_reference text, outcome text, "
          "code text, detail text, last_sent timestamptz, confirmed timestamptz, "
          "finalized timestamptz, unknown timestamptz, locked timestamptz, sent timestamptz, "
          "waiting text, waiting_detail text, value_date text, release timestamptz, "
          "cut_off timestamptz") +
      " where s.id = t.id and s.status = t.was";
  prepare("change_settlements",
          must_change(change_settlements, "$20", "a settlement is in the state the book believes"));
  prepare("insert_holds",
          "insert into fund_locks(settlement_id, debit_account, credit_account, amount, currency, placed_at, "
          "state, ended_at) select * from " +
              rows("id uuid, debit uuid, credit uuid, amount bigint, currency text, at timestamptz, "
                   "state text, ended timestamptz"));
  prepare("end_holds", must_change("update fund_locks f set state = t.state, ended_at = t.at from " +
                                       rows("id uuid, state text, at timestamptz") +
                                       " where f.settlement_id = t.id and f.state = 'held'",
                                   "$4", "a hold ends once"));
  prepare("insert_entries",
          "insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at) "
          "select * from " +
              rows("account uuid, version bigint, journal uuid, amount bigint, balance bigint, "
                   "at timestamptz"));
  prepare("insert_attempts",
          "insert into settlement_attempts(settlement_id, n, kind, outcome, code, detail, started_at, "
          "ended_at, proof, epoch) select id, 1 + (select count(*) from settlement_attempts a where "
          "a.settlement_id = t.id), kind, outcome, code, detail, started, ended, proof, epoch from " +
              rows("id uuid, kind text, outcome text, code text, detail text, started timestamptz, "
                   "ended timestamptz, proof text, epoch bigint"));
  prepare("insert_fundings",
          "insert into journal_entries(id, kind, caller, idem_key, request_digest, account_id, amount, "
          "currency, at) select id, 'funding', caller, key, digest, account, amount, currency, at from " +
              rows("id uuid, caller text, key text, digest bytea, account uuid, amount bigint, "
                   "currency text, at timestamptz"));
  prepare("insert_events",
          "insert into events(stream, seq, at, kind, subject, payload, hash, epoch) select * from " +
              rows("stream smallint, seq bigint, at timestamptz, kind text, subject uuid, payload text, "
                   "hash bytea, epoch bigint"));
}

void write_batch_ahead(PgConnection& db, const LedgerBatch& batch, int writer, std::int64_t epoch) {
  RollbackUnlessDone transaction(db.handle());
  Sending sending(db.handle());
  sending.run("begin_batch", {});
  insert_rows(sending, batch, writer, epoch);
  sending.finish();
  transaction.done = true;
}

void write_batch(PgConnection& db, const LedgerBatch& batch, int writer, std::int64_t epoch, bool ahead) {
  ensure(!batch.events.empty(), "a batch has events");
  const RollbackUnlessDone rollback(db.handle());
  // COMMIT travels with the statements: a lone order is one journey to the server.
  const bool stops_before_commit = has_decisions(batch) || failpoints_armed;
  try {
    Sending sending(db.handle());
    if (!ahead) sending.run("begin_batch", {});
    prove_epoch(sending, batch, writer, epoch);
    insert_accounts(sending, batch);
    // First what is soon encoded and takes the server long: it works while the rest is being encoded.
    change_accounts(sending, batch);
    if (!ahead) insert_rows(sending, batch, writer, epoch);
    change_settlements(sending, batch);
    end_holds(sending, batch);
    insert_fundings(sending, batch);
    if (!stops_before_commit) sending.run("commit_batch", {});
    sending.finish();
  } catch (const pqxx::sql_error& e) {
    if (e.sqlstate() == "ST001" &&
        std::string_view(e.what()).find(epoch_has_passed) != std::string_view::npos)
      throw Fenced("commit " + std::to_string(batch.number) + " refused: epoch " + std::to_string(epoch) +
                   " of writer " + std::to_string(writer) + " has passed");
    throw;
  }
  if (!stops_before_commit) return;
  pqxx::nontransaction tx(db);  // within what `sending` began
  write_decisions(tx, batch);
  if (!batch.opened.empty()) failpoint_in(tx, "in_commit1");
  if (!batch.changed.empty()) failpoint_in(tx, "in_commit2");
  tx.exec("commit");
  tx.commit();
}
}  // namespace settled
