-- What the plain-SQL references call. The tables, constraints and indexes are settled's own, made by its own
-- migrations in a database of their own, and no others.
--
-- In their favour: accounts are addressed by their ids (no search by bank), ids come from a sequence, so that
-- the primary keys grow at one end; the row that everybody wants, the nostro's, is locked as late as
-- possible, and the two accounts always in the same order, so there is nothing to wait for twice and no deadlock;
-- the hold is written once, as already posted; events are not chained by hashes, which would queue up everybody.
create sequence bench_ids cache 100;
create sequence bench_event_seq cache 100;

create function bench_id() returns uuid language sql volatile as $$
  select ('00000000-0005-7000-8000-' || lpad(to_hex(nextval('bench_ids')), 12, '0'))::uuid $$;

-- One settlement in one function and one commit.
create function bench_settle(vostro_n bigint, nostro_n bigint, sum bigint) returns uuid language plpgsql as $$
declare
  s uuid := bench_id();
  v uuid := bench_vostro(vostro_n);
  n uuid := bench_nostro(nostro_n);
  v_balance bigint; v_version bigint; n_balance bigint; n_version bigint;
begin
  insert into settlement_transactions(id, caller, idem_key, request_digest, obligation_id, from_bank, to_bank,
      amount, currency, settlement_date, priority, method, metadata, status, debit_account, credit_account,
      connector, reference, order_digest, attempts, last_outcome, opened_as, trace_id, created_at, locked_at,
      sent_at, last_sent_at, confirmed_at, finalized_at)
    values (s, 'bench', gen_random_uuid()::text, '\x6f1d0a5c2b7e48f9a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a', 'OB-' || s,
      'AAAACIAB', 'AAAASNDA', sum, 'XOF', current_date, 'NORMAL', 'LOCAL_ACH', '{"invoice":"F-000000000000"}',
      'COMPLETED', v, n, 'bench', 'ST' || s, '\x6f1d0a5c2b7e48f9a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a', 1, 'completed',
      'EXECUTING', '1b60853ed4ef2bb364a982a1c569b7ad', now(), now(), now(), now(), now(), now());
  insert into fund_locks(settlement_id, debit_account, credit_account, amount, currency, state, placed_at, ended_at)
    values (s, v, n, sum, 'XOF', 'posted', now(), now());
  insert into events(stream, seq, at, kind, subject, payload, hash, epoch)
    values (1, nextval('bench_event_seq'), now(), 'settlement.completed', s,
      '{"status":"COMPLETED","obligation_id":"OB-0000000000000000","from_bank":"AAAACIAB","to_bank":"AAAASNDA","amount":"1000","currency":"XOF","steps":["PENDING","VALIDATING","FUNDS_LOCKED","EXECUTING","CONFIRMING","COMPLETED"]}',
      '', 1);
  update accounts set balance = balance - sum, version = version + 1 where id = v
    returning balance, version into v_balance, v_version;
  insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at)
    values (v, v_version, s, sum, v_balance, now());
  update accounts set balance = balance - sum, version = version + 1 where id = n
    returning balance, version into n_balance, n_version;
  insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at)
    values (n, n_version, s, -sum, n_balance, now());
  return s;
end $$;

-- Two commits, between which a bank would be asked: reserve, then finalise.
create function bench_reserve(vostro_n bigint, nostro_n bigint, sum bigint) returns uuid language plpgsql as $$
declare
  s uuid := bench_id();
  v uuid := bench_vostro(vostro_n);
  n uuid := bench_nostro(nostro_n);
begin
  insert into settlement_transactions(id, caller, idem_key, request_digest, obligation_id, from_bank, to_bank,
      amount, currency, settlement_date, priority, method, metadata, status, debit_account, credit_account,
      connector, reference, order_digest, attempts, opened_as, trace_id, created_at, locked_at, sent_at, last_sent_at)
    values (s, 'bench', gen_random_uuid()::text, '\x6f1d0a5c2b7e48f9a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a', 'OB-' || s,
      'AAAACIAB', 'AAAASNDA', sum, 'XOF', current_date, 'NORMAL', 'LOCAL_ACH', '{"invoice":"F-000000000000"}',
      'EXECUTING', v, n, 'bench', 'ST' || s, '\x6f1d0a5c2b7e48f9a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a', 1,
      'EXECUTING', '1b60853ed4ef2bb364a982a1c569b7ad', now(), now(), now(), now());
  insert into fund_locks(settlement_id, debit_account, credit_account, amount, currency, state, placed_at)
    values (s, v, n, sum, 'XOF', 'held', now());
  insert into events(stream, seq, at, kind, subject, payload, hash, epoch)
    values (1, nextval('bench_event_seq'), now(), 'settlement.executing', s,
      '{"status":"EXECUTING","obligation_id":"OB-0000000000000000","from_bank":"AAAACIAB","to_bank":"AAAASNDA","amount":"1000","currency":"XOF","steps":["PENDING","VALIDATING","FUNDS_LOCKED","EXECUTING"]}',
      '', 1);
  update accounts set held = held + sum where id = v;
  update accounts set held = held + sum where id = n;
  return s;
end $$;

create function bench_finalise(s uuid) returns void language plpgsql as $$
declare
  v uuid; n uuid; sum bigint;
  v_balance bigint; v_version bigint; n_balance bigint; n_version bigint;
begin
  update settlement_transactions set status = 'COMPLETED', last_outcome = 'completed', confirmed_at = now(), finalized_at = now()
    where id = s and status = 'EXECUTING' returning debit_account, credit_account, amount into strict v, n, sum;
  update fund_locks set state = 'posted', ended_at = now() where settlement_id = s and state = 'held';
  insert into events(stream, seq, at, kind, subject, payload, hash, epoch)
    values (1, nextval('bench_event_seq'), now(), 'settlement.completed', s,
      '{"status":"COMPLETED","steps":["CONFIRMING","COMPLETED"],"sent":"completed","took_us":50000}', '', 1);
  update accounts set balance = balance - sum, held = held - sum, version = version + 1 where id = v
    returning balance, version into v_balance, v_version;
  insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at)
    values (v, v_version, s, sum, v_balance, now());
  update accounts set balance = balance - sum, held = held - sum, version = version + 1 where id = n
    returning balance, version into n_balance, n_version;
  insert into ledger_entries(account_id, version, journal_id, amount, balance_after, at)
    values (n, n_version, s, -sum, n_balance, now());
end $$;

-- The durable floor's row.
create table bench_rows (id bigint primary key, amount bigint not null, at timestamptz not null);
