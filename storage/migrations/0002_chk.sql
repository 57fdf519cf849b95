-- The contract `chk`: what an independent checker may know of our books, as views over our own tables.
-- Before: the tables of 0001. After: the same, with the registry of connectors, the breaks, and the schema
-- `chk` with the names, columns and types that checkers are written against. Nothing of ours reads it.
--
-- How our facts are told in the contract's words:
--   ids          as the API shows them ("set_…", "acc_…"), because clients' histories hold those.
--   transition   every state that an event lists as walked, in order; the initial PENDING is no transition.
--   event        payload is the text that the hash covers: hash = sha256(prev || payload). One event tells
--                all transitions of one commit: `sseq` is the number of the last one that it tells.
--   bank         the connector, which is also how the bank's own log calls itself.
--   posting      debits positive. Entries are 'posted'; an open hold is 'pending', one that was given back
--                'void', with the amounts that its posting would have.
--   balance      debits positive too, so that it is the sum of the postings.

create table bank_connectors_registry (
  name                  text     primary key,
  type                  text     not null,
  idempotent            boolean  not null,   -- a second send of our reference does not pay again
  status_by_reference   boolean  not null,
  notfound_final_after  interval not null,   -- after the last send
  updated_at            timestamptz not null default now()
);

-- What the books and the world tell differently, until a person or a later fact closes it.
create table breaks (
  id             uuid     primary key,
  kind           text     not null,
  settlement_id  uuid,
  reference      text     not null default '',
  connector      text     not null default '',
  bank           text     not null default '',
  currency       char(3),
  amount         bigint,
  detail         text     not null default '',
  state          text     not null default 'open' check (state in ('open','closed')),
  opened_at      timestamptz not null default now(),
  closed_at      timestamptz,
  closed_by      text     not null default '',
  close_reason   text     not null default '',
  constraint closed_with_a_time check ((state = 'closed') = (closed_at is not null))
);
create index open_breaks on breaks (settlement_id) where state = 'open';

-- "set_" and 26 digits of Crockford's base 32: eight bits make two digits, then twenty bits four.
create function type_id(prefix text, id uuid) returns text
language plpgsql immutable strict parallel safe as $$
declare
  digits constant text := '0123456789abcdefghjkmnpqrstvwxyz';
  hex constant text := replace(id::text, '-', '');
  v int := ('x000000' || left(hex, 2))::bit(32)::int;
  result text := prefix || '_' || substr(digits, (v >> 5) + 1, 1) || substr(digits, (v & 31) + 1, 1);
begin
  for i in 0..5 loop
    v := ('x000' || substr(hex, 3 + 5 * i, 5))::bit(32)::int;
    result := result || substr(digits, (v >> 15) + 1, 1) || substr(digits, (v >> 10 & 31) + 1, 1)
                     || substr(digits, (v >> 5 & 31) + 1, 1) || substr(digits, (v & 31) + 1, 1);
  end loop;
  return result;
end $$;

-- What the events of settlements tell. Read with patterns and not as JSON, so that a forged payload is found
-- by the checks and does not stop them; a quote inside a text is escaped, so no text can pretend to be a key.
create view settlement_told as
  select e.subject as settlement_id, e.stream, e.seq, e.at, e.epoch,
         string_to_array(replace(substring(e.payload from '"steps":\[([^]]*)\]'), '"', ''), ',') as steps,
         substring(e.payload from '"sent":"([a-z_]+)"') as sent,
         substring(e.payload from '"asked":"([a-z_]+)"') as asked,
         substring(e.payload from '"took_us":([0-9]{1,15})')::bigint as took_us,
         substring(e.payload from '"proof":"((?:[^"\\]|\\.)*)"') as proof
  from events e where e.kind like 'settlement.%';

create schema chk;

create view chk.settlement as
  select type_id('set', id) as id, caller as tenant, idem_key, status as state,
         status in ('COMPLETED','FAILED','ROLLED_BACK') as terminal, amount, currency::text as ccy,
         to_bank as creditor, connector as bank, type_id('acc', credit_account) as nostro
  from settlement_transactions;

create view chk.transition as
  with walked as (
    select t.settlement_id, s.to_state, t.at, t.epoch,
           row_number() over walk as place, lag(s.to_state) over walk as from_state,
           first_value(s.to_state) over walk = 'PENDING' as begins_right
    from settlement_told t, unnest(t.steps) with ordinality s(to_state, n)
    window walk as (partition by t.settlement_id order by t.stream, t.seq, s.n)
  )
  -- A walk that does not begin with PENDING shows its first state: no edge leads there from nowhere.
  select type_id('set', settlement_id) as settlement, (place - begins_right::int)::int as seq, from_state,
         to_state, at, epoch
  from walked where place > 1 or not begins_right;

-- domain/settlement.hpp's table; a test compares them.
create view chk.edge(from_state, to_state) as
  values ('PENDING','VALIDATING'), ('VALIDATING','FUNDS_LOCKED'), ('VALIDATING','FAILED'),
         ('FUNDS_LOCKED','EXECUTING'), ('FUNDS_LOCKED','ROLLED_BACK'), ('EXECUTING','FUNDS_LOCKED'),
         ('EXECUTING','CONFIRMING'), ('EXECUTING','ROLLED_BACK'), ('CONFIRMING','CONFIRMING'),
         ('CONFIRMING','COMPLETED'), ('CONFIRMING','ROLLED_BACK'), ('CONFIRMING','FUNDS_LOCKED');

create view chk.instruction as
  select reference as e2e, type_id('set', id) as settlement
  from settlement_transactions where sent_at is not null;

-- A send begins with its intent, which is the event that leads to EXECUTING, and ends with the next event:
-- with the outcome that it tells, or as a doubt when whoever sent could not record one. Only what has no
-- event after it is still under way. A send that is recorded without an intent of its own is told as well:
-- it was blind. The exact times stand in settlement_attempts, for all but the good case.
create view chk.attempt as
  with told as (
    select *, 'EXECUTING' = any(steps) as intends,
           lag('EXECUTING' = any(steps)) over life as intended, count(sent) over life as sent_so_far,
           lag(sent) over life as sent_before, lead(sent) over life as sent_next, lead(at) over life as at_next,
           count(asked) over life as asked_so_far,
           count(sent) over (life rows between unbounded preceding and 1 following) as sent_until_next
    from settlement_told where steps is not null or sent is not null or asked is not null
    window life as (partition by settlement_id order by stream, seq)
  ), acts as (
    select settlement_id, stream, seq, 1 as part, 'INQUIRY' as kind, asked as outcome,
           at - took_us * interval '1 microsecond' as t0, at as t1, epoch, null as proof, asked_so_far as nth
    from told where asked is not null
    union all
    select settlement_id, stream, seq, 2, 'SEND',
           case when at_next is not null then coalesce(sent_next, 'unknown') end, at, at_next, epoch,
           coalesce(proof, case when sent_before = 'not_sent' then 'nothing left: the send before is not_sent' end),
           case when sent_next is not null then sent_until_next end
    from told where intends
    union all
    select settlement_id, stream, seq, 0, 'SEND', sent, at - took_us * interval '1 microsecond', at, epoch, null,
           sent_so_far
    from told where sent is not null and intended is not true
  ), recorded as (
    select settlement_id, kind, started_at, ended_at,
           row_number() over (partition by settlement_id, kind order by n) as nth
    from settlement_attempts
  )
  select s.reference as e2e,
         (row_number() over (partition by a.settlement_id order by a.stream, a.seq, a.part))::int as n,
         a.kind, a.outcome, coalesce(r.started_at, a.t0) as t0, coalesce(r.ended_at, a.t1) as t1, a.epoch, a.proof
  from acts a
  join settlement_transactions s on s.id = a.settlement_id
  left join recorded r on r.settlement_id = a.settlement_id and r.kind = a.kind and r.nth = a.nth;

create view chk.capability as
  select name as bank, idempotent, notfound_final_after from bank_connectors_registry;

create view chk.posting as
  select case when s.id is null then type_id('jrn', e.journal_id) else type_id('set', e.journal_id) end as entry,
         case when s.id is not null then type_id('set', s.id) end as settlement, 'posted' as phase,
         type_id('acc', e.account_id) as account, a.currency::text as ccy, e.amount, e.version as seq
  from ledger_entries e
  left join accounts a on a.id = e.account_id
  left join settlement_transactions s on s.id = e.journal_id
  union all
  select type_id('set', l.settlement_id) || '/hold', type_id('set', l.settlement_id),
         case l.state when 'held' then 'pending' else 'void' end, type_id('acc', side.account), l.currency::text,
         side.amount, null
  from fund_locks l, lateral (values (l.debit_account, l.amount), (l.credit_account, -l.amount)) side(account, amount)
  where l.state <> 'posted';

-- Available funds are what counts for both kinds of account: the floor is told so that
-- balance - hold - floor is what is available, although balances are debits positive here.
create view chk.balance as
  select type_id('acc', id) as account, currency::text as ccy, case when debit then balance else -balance end as balance,
         held as hold,
         case when debit or floor = -9223372036854775808 then floor
              else greatest(floor::numeric - 2 * balance::numeric, -9223372036854775808)::bigint end as floor
  from (select *, kind in ('nostro','treasury','clearing') as debit from accounts) a;

create view chk.hold as
  select type_id('set', l.settlement_id) as settlement, type_id('acc', side.account) as account,
         l.currency::text as ccy, l.amount
  from fund_locks l, lateral (values (l.debit_account), (l.credit_account)) side(account)
  where l.state = 'held';

-- A writer's lease is the advisory lock of its session: it ends with the session and not at a time.
create view chk.node as
  select w.owner, bool_or(l.pid is not null) as alive
  from ledger_writers w
  left join pg_locks l on l.locktype = 'advisory' and l.classid = 24183 and l.objid = w.writer::int::oid and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
  group by w.owner;

create view chk.lease as
  select s.shard::int as shard, w.owner, s.epoch, case when n.alive then timestamptz 'infinity' end as until
  from shard_leases s
  join ledger_writers w on w.writer = s.writer
  join chk.node n on n.owner = w.owner;

create view chk.event as
  select e.stream::text as stream, e.seq,
         case when e.kind like 'settlement.%' then type_id('set', e.subject) end as settlement, t.sseq,
         event_text(e.seq, e.at, e.kind, e.subject, e.payload) as payload,
         coalesce(lag(e.hash) over (partition by e.stream order by e.seq), ''::bytea) as prev, e.hash
  from events e
  left join (select stream, seq,
                    (sum(coalesce(cardinality(steps), 0)) over life
                     - (first_value(steps[1]) over life is not distinct from 'PENDING')::int)::int as sseq
             from settlement_told
             window life as (partition by settlement_id order by stream, seq)) t using (stream, seq);

create view chk.brk as
  select type_id('brk', id) as id, kind, type_id('set', settlement_id) as settlement, reference as e2e,
         coalesce(nullif(connector, ''), bank) as bank, currency::text as ccy, amount, state = 'open' as open
  from breaks;
