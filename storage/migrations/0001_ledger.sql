-- The books: accounts, holds, entries, settlements, the event log and the writer's proof.
-- Before: an empty database. After: every table that one settlement touches on its way.
--
-- No foreign keys between the hot tables: the one writer validates in memory, and `settlectl verify`
-- checks what a foreign key would (docs/decisions/0006). What stands between a bug and the money is
-- here: the unique keys on idempotency and on (account, version), and the CHECKs.

-- One row per ledger writer. Every commit moves `batch` by one under the epoch that the writer was
-- given: a deposed writer finds no row and its commit fails as a whole.
create table ledger_writers (
  writer     smallint primary key,
  owner      text     not null,
  epoch      bigint   not null check (epoch > 0),
  batch      bigint   not null default 0,   -- number of the last commit: settles what a lost COMMIT did
  last_seq   bigint   not null default 0,   -- end of the writer's event stream
  last_hash  bytea    not null default ''::bytea
);

-- Which writer owns which shard of the accounts. The number of shards is fixed at creation.
create table shard_leases (
  shard   smallint primary key,
  writer  smallint not null references ledger_writers,
  epoch   bigint   not null
);

create table accounts (
  id          uuid     primary key,
  kind        text     not null check (kind in ('nostro','vostro','wallet','treasury','fee','suspense','clearing')),
  bank        text     not null default '' check (bank ~ '^([A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?)?$'),
  currency    char(3)  not null,
  name        text     not null default '',
  status      text     not null default 'open' check (status in ('open','closed')),
  is_default  boolean  not null default false,
  shard       smallint not null,
  balance     bigint   not null default 0,   -- minor units, positive in the kind's normal direction
  held        bigint   not null default 0 check (held >= 0),
  floor       bigint   not null default 0,   -- smallest bigint: no floor
  version     bigint   not null default 0,   -- entries so far
  created_at  timestamptz not null default now(),
  -- The rule that no bug in memory may break: available = balance - held - floor stays >= 0. Neither side
  -- can overflow within the range that balances and floors have.
  constraint available_not_negative check (floor = -9223372036854775808 or (balance >= floor and held <= balance - floor)),
  constraint balance_in_range check (abs(balance) <= 4000000000000000000),
  constraint floor_in_range check (floor = -9223372036854775808 or abs(floor) <= 4000000000000000000),
  constraint bank_accounts_have_a_bank check (kind not in ('nostro','vostro') or bank <> '')
) with (fillfactor = 70);
-- A bank has one vostro per currency: the payer's account is a matter of fact, not of choice.
create unique index one_vostro_per_bank on accounts (bank, currency) where kind = 'vostro';
create unique index one_default_nostro on accounts (currency) where kind = 'nostro' and is_default;
-- The outside world's account of a currency: where development funds come from.
create unique index one_clearing_per_currency on accounts (currency) where kind = 'clearing' and bank = '';

create table settlement_transactions (
  id                uuid     primary key,
  caller            text     not null,          -- whose key space idem_key belongs to
  idem_key          text     not null,
  request_digest    bytea    not null,          -- SHA-256 of what was asked, to tell a replay from a reuse
  obligation_id     text     not null,
  from_bank         text     not null,
  to_bank           text     not null,
  amount            bigint   not null check (amount > 0),
  currency          char(3)  not null,
  settlement_date   date     not null,
  priority          text     not null check (priority in ('NORMAL','HIGH','URGENT')),
  method            text     not null check (method in ('SWIFT','SEPA','LOCAL_ACH','MOCK')),
  metadata          text     not null default '',
  status            text     not null check (status in
    ('PENDING','VALIDATING','FUNDS_LOCKED','EXECUTING','CONFIRMING','COMPLETED','FAILED','ROLLED_BACK')),
  debit_account     uuid     not null,          -- the payer's vostro
  credit_account    uuid     not null,          -- the nostro that pays
  connector         text     not null default '',
  reference         text     not null,          -- ours towards the bank
  order_digest      bytea    not null,          -- SHA-256 of the bytes that go to the bank
  attempts          integer  not null default 0,
  bank_reference    text     not null default '',
  last_outcome      text     not null default '',
  failure_code      text     not null default '',
  failure_detail    text     not null default '',
  trace_id          text     not null default '',
  created_at        timestamptz not null,
  locked_at         timestamptz,
  sent_at           timestamptz,                -- the first intent
  last_sent_at      timestamptz,                -- the latest intent: 'not found' is final relative to it
  confirmed_at      timestamptz,
  finalized_at      timestamptz,
  unknown_since     timestamptz
) with (fillfactor = 80);
create unique index settlement_idempotency on settlement_transactions (caller, idem_key);
create index open_settlements on settlement_transactions (id)
  where status in ('PENDING','VALIDATING','FUNDS_LOCKED','EXECUTING','CONFIRMING');

-- A hold is a pending posting: it reserves `amount` on each of the two accounts that the posting would
-- lower, until it is posted or released.
create table fund_locks (
  settlement_id   uuid    primary key,
  debit_account   uuid    not null,
  credit_account  uuid    not null,
  amount          bigint  not null check (amount > 0),
  currency        char(3) not null,
  state           text    not null check (state in ('held','posted','released','expired')),
  placed_at       timestamptz not null,
  ended_at        timestamptz
) with (fillfactor = 80);

-- Attempts beyond the good case: every inquiry, every repeat, and the first send where its outcome was
-- not at once final. The first intent itself stands in the settlement's row.
create table settlement_attempts (
  settlement_id  uuid     not null,
  n              integer  not null,             -- 1, 2, 3 … over sends and inquiries together
  kind           text     not null check (kind in ('SEND','INQUIRY')),
  outcome        text     not null,
  code           text     not null default '',
  detail         text     not null default '',
  started_at     timestamptz not null,
  ended_at       timestamptz not null,
  proof          text     not null default '',  -- why a repeat could not pay twice
  epoch          bigint   not null,
  primary key (settlement_id, n)
);

-- One side of a posting. Append-only; the version makes the account's entries a chain without gaps.
create table ledger_entries (
  account_id     uuid    not null,
  version        bigint  not null,
  journal_id     uuid    not null,              -- a settlement's id, or a journal_entries row
  amount         bigint  not null check (amount <> 0),  -- debit positive, credit negative
  balance_after  bigint  not null,              -- in the account's normal direction
  at             timestamptz not null,
  primary key (account_id, version)
);

-- Journal entries that belong to no settlement.
create table journal_entries (
  id              uuid primary key,
  kind            text not null check (kind in ('funding')),
  caller          text not null,
  idem_key        text not null,
  request_digest  bytea not null,
  account_id      uuid not null,
  amount          bigint not null check (amount > 0),
  currency        char(3) not null,
  at              timestamptz not null,
  unique (caller, idem_key)
);

-- The one event log: timeline, audit trail, checkpoint record and outbox. hash = SHA-256 of the previous
-- event's hash followed by the bytes of event_text (below), so that an edit shows from there on.
create table events (
  stream   smallint not null,
  seq      bigint   not null,
  at       timestamptz not null,
  kind     text     not null,
  subject  uuid     not null,
  payload  text     not null,                   -- JSON
  hash     bytea    not null,
  epoch    bigint   not null,
  primary key (stream, seq)
);
create index events_of_subject on events (subject, seq);

create function event_text(seq bigint, at timestamptz, kind text, subject uuid, payload text) returns text
language sql immutable as $$
  select seq || '|' || (extract(epoch from at) * 1000000)::bigint || '|' || kind || '|' || subject || '|' || payload
$$;

-- Entries and events are only ever added to.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = '55000';
end $$;
create trigger append_only before update or delete on ledger_entries for each row execute function refuse_change();
create trigger append_only before update or delete on events for each row execute function refuse_change();

-- Names that the documents promise; the facts live in the tables above.
create view nostro_accounts as
  select id, bank, currency, name, status, is_default, balance, held, floor from accounts where kind = 'nostro';
create view vostro_accounts as
  select id, bank, currency, name, status, balance, held, floor from accounts where kind = 'vostro';
create view settlement_atomic_operations as
  select id, status as state, attempts, created_at, finalized_at from settlement_transactions;
create view settlement_operation_checkpoints as
  select s.id as settlement_id, c.name, c.at
  from settlement_transactions s,
  lateral (values ('Validation', s.locked_at), ('Lock', s.locked_at), ('Transfer', s.sent_at),
                  ('Confirm', s.confirmed_at), ('Finalize', s.finalized_at)) as c(name, at)
  where c.at is not null;
