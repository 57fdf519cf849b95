\set v random(0, :vostros - 1)
\set n random_zipfian(1, :nostros, 1.1) - 1
\set amount random(1000, 9999)
with new as materialized (
  select bench_id() as s, bench_vostro(:v) as v, bench_nostro(:n) as n, :amount::bigint as amount
), settlement as (
  insert into settlement_transactions(id, caller, idem_key, request_digest, obligation_id, from_bank, to_bank,
      amount, currency, settlement_date, priority, method, metadata, status, debit_account, credit_account,
      connector, reference, order_digest, attempts, last_outcome, opened_as, trace_id, created_at, locked_at,
      sent_at, last_sent_at, confirmed_at, finalized_at)
    select s, 'bench', gen_random_uuid()::text, '\x6f1d0a5c2b7e48f9a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a', 'OB-' || s,
      'AAAACIAB', 'AAAASNDA', amount, 'XOF', current_date, 'NORMAL', 'LOCAL_ACH', '{"invoice":"F-000000000000"}',
      'COMPLETED', v, n, 'bench', 'ST' || s, '\x6f1d0a5c2b7e48f9a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a', 1, 'completed',
      'EXECUTING', '1b60853ed4ef2bb364a982a1c569b7ad', now(), now(), now(), now(), now(), now() from new
), hold as (
  insert into fund_locks(settlement_id, debit_account, credit_account, amount, currency, state, placed_at, ended_at)
    select s, v, n, amount, 'XOF', 'posted', now(), now() from new
), event as (
  insert into events(stream, seq, at, kind, subject, payload, hash, epoch)
    select 1, nextval('bench_event_seq'), now(), 'settlement.completed', s,
      '{"status":"COMPLETED","obligation_id":"OB-0000000000000000","from_bank":"AAAACIAB","to_bank":"AAAASNDA","amount":"1000","currency":"XOF","steps":["PENDING","VALIDATING","FUNDS_LOCKED","EXECUTING","CONFIRMING","COMPLETED"]}',
      '', 1 from new
), payer as (
  update accounts a set balance = balance - amount, version = version + 1 from new where a.id = new.v
    returning a.id, a.version, s, amount as side, a.balance
), nostro as (
  update accounts a set balance = balance - amount, version = version + 1 from new where a.id = new.n
    returning a.id, a.version, s, -amount as side, a.balance
)
insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at)
  select *, now() from payer union all select *, now() from nostro;
