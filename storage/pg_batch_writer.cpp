#include "storage/pg_batch_writer.hpp"

#include "storage/event_chain.hpp"
#include "storage/ledger_store.hpp"
#include "storage/pg_array.hpp"
#include "storage/pg_decision_writer.hpp"
#include "storage/pg_pipeline.hpp"
#include "telemetry/failpoint.hpp"
#include "telemetry/mutant.hpp"

#include <pqxx/pqxx>

#include <libpq-fe.h>

#include <algorithm>
#include <array>

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

/// The statements of one commit on their way, and what each must have done.
class Sending {
 public:
  explicit Sending(pg_conn* db) : pipeline_(db) { run("begin_batch", {}, nullptr); }

  template <std::size_t N>
  void run(const char* statement, Columns<N>& columns) {
    run(statement, columns.values(), nullptr);
  }
  /// `what` must be true: that so many rows were changed.
  template <std::size_t N>
  void run(const char* statement, Columns<N>& columns, std::size_t rows, const char* what) {
    run(statement, columns.values(), what, rows);
  }
  /// `what` is null where any number of rows will do.
  void run(const char* statement, std::span<const PgPipeline::Value> values, const char* what,
           std::size_t rows = 0) {
    pipeline_.exec_prepared(statement, values);
    expected_.push_back({rows, what});
  }
  std::vector<std::int64_t> finish() {
    auto changed = pipeline_.finish();
    for (std::size_t i = 0; i < changed.size(); ++i)
      if (expected_[i].what)
        ensure(static_cast<std::size_t>(changed[i]) == expected_[i].rows, expected_[i].what);
    return changed;
  }

 private:
  struct Expected {
    std::size_t rows;
    const char* what;
  };
  PgPipeline pipeline_;
  std::vector<Expected> expected_;
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
  sending.run("change_accounts", c, batch.deltas.size(), "every account of a batch exists");
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
  sending.run("change_settlements", c, batch.changed.size(), "a settlement is in the state the book believes");
}

void write_holds(Sending& sending, const LedgerBatch& batch) {
  if (!batch.holds.empty()) {
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
  if (!batch.hold_ends.empty()) {
    Columns c(Of::uuid, Of::text, Of::timestamptz);
    for (const HoldEndRow& h : batch.hold_ends) {
      c[0].uuid(h.settlement.uuid);
      c[1].text(to_string(h.end));
      c[2].timestamptz(h.at);
    }
    sending.run("end_holds", c, batch.hold_ends.size(), "a hold ends once");
  }
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

void prove_epoch(Sending& sending, const LedgerBatch& batch, int writer, std::int64_t epoch) {
  const EventRow& last = batch.events.back();
  const std::string numbers[] = {std::to_string(writer), std::to_string(epoch), std::to_string(batch.number),
                                 std::to_string(last.seq)};
  const PgPipeline::Value values[] = {
      {numbers[0], false},
      {numbers[1], false},
      {numbers[2], false},
      {numbers[3], false},
      {{reinterpret_cast<const char*>(last.hash.data()), last.hash.size()}}};
  sending.run("prove_epoch", values, nullptr);
}

/// The session goes on whatever became of the batch: its locks end with the transaction.
class RollbackUnlessDone {
 public:
  explicit RollbackUnlessDone(pg_conn* db) : db_(db) {}
  ~RollbackUnlessDone() {
    if (PQtransactionStatus(db_) != PQTRANS_IDLE) PQclear(PQexec(db_, "rollback"));
  }
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
}  // namespace

void prepare_batch_statements(PgConnection& db) {
  const auto prepare = [&](const char* name, const char* statement) {
    db.prepare(name, statement);
    db.prepare_now(name);  // libpq is given only the name
  };
  prepare("begin_batch", "begin");
  prepare("prove_epoch",
             "update ledger_writers set batch = $3, last_seq = $4, last_hash = $5 "
             "where writer = $1 and epoch = $2 and batch = $3 - 1");
  prepare(
      "insert_accounts",
      "insert into accounts(id, kind, bank, currency, name, is_default, shard, floor) select * from "
      "unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::smallint[], "
      "$8::bigint[])");
  prepare(
      "change_accounts",
      "update accounts a set balance = a.balance + t.b, held = a.held + t.h, version = a.version + t.v "
      "from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) t(id, b, h, v) where a.id = t.id");
  prepare(
      "insert_settlements",
      "insert into settlement_transactions(id, caller, idem_key, request_digest, obligation_id, from_bank, "
      "to_bank, amount, currency, settlement_date, priority, method, metadata, status, debit_account, "
      "credit_account, connector, reference, order_digest, attempts, failure_code, failure_detail, trace_id, "
      "created_at, locked_at, sent_at, last_sent_at, finalized_at, opened_as, waiting, waiting_detail, "
      "queue_if_short, value_date, release_at, next_cut_off, opened_note, confirmed_at, last_outcome) "
      "select t.a1, t.a2, t.a3, t.a4, t.a5, t.a6, t.a7, t.a8, t.a9, t.a10::date, t.a11, t.a12, t.a13, t.a14, "
      "t.a15, t.a16, t.a17, t.a18, t.a19, t.a20, t.a21, t.a22, t.a23, t.a24, t.a25, t.a25, t.a25, t.a26, "
      "t.a27, "
      "t.a28, t.a29, t.a30, t.a31::date, t.a32, t.a33, t.a34, t.a35, t.a36 from "
      "unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], "
      "$8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], "
      "$15::uuid[], "
      "$16::uuid[], $17::text[], $18::text[], $19::bytea[], $20::bigint[], $21::text[], $22::text[], "
      "$23::text[], $24::timestamptz[], $25::timestamptz[], $26::timestamptz[], $27::text[], $28::text[], "
      "$29::text[], $30::boolean[], $31::text[], $32::timestamptz[], $33::timestamptz[], $34::text[], "
      "$35::timestamptz[], $36::text[]) "
      "t(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, "
      "a22, "
      "a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36)");
  // The state that the row must still be in is part of the statement: an illegal step writes nothing.
  prepare(
      "change_settlements",
      "update settlement_transactions s set status = t.status, attempts = t.attempts, bank_reference = "
      "t.bank_reference, last_outcome = t.outcome, failure_code = t.code, failure_detail = t.detail, "
      "last_sent_at = t.last_sent, confirmed_at = t.confirmed, finalized_at = t.finalized, unknown_since = "
      "t.unknown, locked_at = t.locked, sent_at = t.sent, waiting = t.waiting, waiting_detail = "
      "t.waiting_detail, "
      "value_date = t.value_date::date, release_at = t.release, next_cut_off = t.cut_off from "
      "unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], "
      "$7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], "
      "$12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::text[], "
      "$18::timestamptz[], $19::timestamptz[]) "
      "t(id, was, status, attempts, bank_reference, outcome, code, detail, last_sent, confirmed, finalized, "
      "unknown, locked, sent, waiting, waiting_detail, value_date, release, cut_off) where s.id = t.id and "
      "s.status = t.was");
  prepare(
      "insert_holds",
      "insert into fund_locks(settlement_id, debit_account, credit_account, amount, currency, state, "
      "placed_at, ended_at) "
      "select id, d, c, a, cur, state, at, ended from unnest($1::uuid[], $2::uuid[], $3::uuid[], "
      "$4::bigint[], "
      "$5::text[], $6::timestamptz[], $7::text[], $8::timestamptz[]) t(id, d, c, a, cur, at, state, ended)");
  prepare("end_holds",
             "update fund_locks f set state = t.state, ended_at = t.at from "
             "unnest($1::uuid[], $2::text[], $3::timestamptz[]) t(id, state, at) "
             "where f.settlement_id = t.id and f.state = 'held'");
  prepare(
      "insert_entries",
      "insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at) select * from "
      "unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::timestamptz[])");
  prepare(
      "insert_attempts",
      "insert into settlement_attempts(settlement_id, n, kind, outcome, code, detail, started_at, ended_at, "
      "proof, epoch) select t.id, 1 + (select count(*) from settlement_attempts a where a.settlement_id = "
      "t.id), "
      "t.kind, t.outcome, t.code, t.detail, t.started, t.ended, t.proof, t.epoch from unnest($1::uuid[], "
      "$2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[], "
      "$9::bigint[]) t(id, kind, outcome, code, detail, started, ended, proof, epoch)");
  prepare("insert_fundings",
             "insert into journal_entries(id, kind, caller, idem_key, request_digest, account_id, amount, "
             "currency, at) "
             "select id, 'funding', caller, key, digest, account, amount, cur, at from unnest($1::uuid[], "
             "$2::text[], "
             "$3::text[], $4::bytea[], $5::uuid[], $6::bigint[], $7::text[], $8::timestamptz[]) "
             "t(id, caller, key, digest, account, amount, cur, at)");
  prepare("insert_events",
             "insert into events(stream, seq, at, kind, subject, payload, hash, epoch) select * from "
             "unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[], "
             "$7::bytea[], "
             "$8::bigint[])");
}

void write_batch(PgConnection& db, const LedgerBatch& batch, int writer, std::int64_t epoch) {
  ensure(!batch.events.empty(), "a batch has events");
  const RollbackUnlessDone rollback(db.handle());
  {
    Sending sending(db.handle());
    prove_epoch(sending, batch, writer, epoch);
    insert_accounts(sending, batch);
    insert_settlements(sending, batch);
    change_settlements(sending, batch);
    change_accounts(sending, batch);
    write_holds(sending, batch);
    insert_entries(sending, batch);
    insert_attempts(sending, batch, epoch);
    insert_fundings(sending, batch);
    insert_events(sending, batch, writer, epoch);
    const auto changed = sending.finish();
    if (changed[1] != 1 && !mutant("no_epoch_check"))
      throw Fenced("commit " + std::to_string(batch.number) + " refused: epoch " + std::to_string(epoch) +
                   " of writer " + std::to_string(writer) + " has passed");
  }
  pqxx::nontransaction tx(db);  // within what `sending` began
  write_decisions(tx, batch);
  if (!batch.opened.empty()) failpoint_in(tx, "in_commit1");
  if (!batch.changed.empty()) failpoint_in(tx, "in_commit2");
  tx.exec("commit");
  tx.commit();
}
}  // namespace settled
