-- The settlement engine in depth: orders that wait, changes that take two people, compensation, netting,
-- windows and calendars, jobs.
--
-- Before: 0002. After: every table of the work lists. Rows of before keep their meaning by the defaults.

alter table accounts
  add column low_threshold  bigint,    -- a balance that comes below it is told as an event
  add column high_threshold bigint,
  add constraint thresholds_in_order check (low_threshold is null or high_threshold is null or low_threshold <= high_threshold);

alter table settlement_transactions
  add column opened_as      text not null default 'EXECUTING',  -- as the first commit recorded it: replays repeat it
  add column opened_note    text not null default '',           -- what its receipt said of its waiting
  add column waiting        text not null default '' check (waiting in ('','window','liquidity','compliance')),
  add column waiting_detail text not null default '',
  add column queue_if_short boolean not null default false,
  add column value_date     date,
  add column release_at     timestamptz,
  add column next_cut_off   timestamptz,
  add column compensated_by uuid;          -- the journal entry that gave the money back
update settlement_transactions set opened_as = 'FAILED' where status = 'FAILED';
-- Work lists look at few of many rows.
create index unknown_settlements on settlement_transactions (unknown_since) where unknown_since is not null;
create index ended_unpaid on settlement_transactions (finalized_at) where status = 'ROLLED_BACK' and attempts > 0;
create index compliance_orders on settlement_transactions (id) where waiting = 'compliance';

-- What one person asked for and a second one approves. `shown` is what both saw, `digest` its SHA-256.
create table operator_actions (
  id              uuid primary key,
  kind            text not null check (kind in ('resolve','compensate','decide')),
  state           text not null check (state in ('pending','approved','superseded')),
  settlement_id   uuid not null,
  verdict         text not null,
  reason          text not null check (reason <> ''),
  bank_reference  text not null default '',
  shown           text not null,
  digest          bytea not null,
  requested_by    text not null,
  requested_at    timestamptz not null,
  approved_by     text not null default '',
  approved_at     timestamptz,
  -- The rule that no bug in memory may break.
  constraint two_people check (state <> 'approved' or (approved_by <> '' and approved_by <> requested_by))
);
create unique index one_pending_action on operator_actions (settlement_id) where state = 'pending';

create table compensation_transactions (
  id              uuid primary key,          -- the journal entry that reverses
  settlement_id   uuid not null unique,      -- once
  action_id       uuid not null,
  debit_account   uuid not null,             -- the nostro
  credit_account  uuid not null,             -- the payer's vostro
  amount          bigint not null check (amount > 0),
  currency        char(3) not null,
  reason          text not null,
  at              timestamptz not null
);

create unique index one_open_break on breaks (kind, settlement_id) where state = 'open';

-- Net positions that were booked, with the gross list as proof.
create table nettings (
  id              uuid primary key,          -- the journal entry
  caller          text not null,
  idem_key        text not null,
  request_digest  bytea not null,
  obligations     text not null,             -- JSON, as they were sent
  positions       text not null,             -- JSON: participant, currency, pays, receives
  at              timestamptz not null,
  unique (caller, idem_key)
);

create table bank_profiles (
  bic     text primary key,
  name    text not null default '',
  status  text not null check (status in ('active','suspended'))
);

create table settlement_windows (
  name            text primary key,
  currency        char(3),                   -- null: every currency
  method          text check (method in ('SWIFT','SEPA','LOCAL_ACH','MOCK')),
  zone            text not null,
  weekdays        integer[] not null,        -- ISO 8601: 1 Monday … 7 Sunday
  calendar        text not null default '',
  effective_from  date,
  effective_to    date,
  opens           integer[] not null,        -- minutes from the business day's midnight, one of each per session
  closes          integer[] not null,
  cut_offs        integer[] not null,
  check (cardinality(opens) = cardinality(closes) and cardinality(opens) = cardinality(cut_offs))
);
create table holiday_rules (
  calendar     text not null,
  position     integer not null,
  name         text not null,
  kind         text not null,
  month        integer not null default 0,
  day          integer not null default 0,
  days         integer not null default 0,
  nth          integer not null default 0,
  weekday      integer not null default 0,
  date         date,
  observance   text not null,
  first_year   integer not null default 0,
  last_year    integer not null default 0,
  provisional  boolean not null default false,
  primary key (calendar, position)
);

create table jobs (
  name          text primary key,
  last_started  timestamptz,
  last_ended    timestamptz,
  last_result   text not null default '',
  last_ok       boolean not null default true,
  runs          bigint not null default 0
);

-- Locks that ended long ago, out of the way of the open ones; by month, so that a month can go as a whole
-- when its retention is over.
create table fund_locks_archive (like fund_locks) partition by range (placed_at);
create table fund_locks_archive_rest partition of fund_locks_archive default;

create view all_fund_locks as select * from fund_locks union all select * from fund_locks_archive;
create index archived_fund_locks on fund_locks_archive (settlement_id);

-- Which books these are, wherever they are restored to: a node that has seen later events of the same books
-- knows that this is an older copy.
create table installation (
  id          uuid not null default gen_random_uuid(),
  created_at  timestamptz not null default now()
);
insert into installation default values;

-- The contract knows the new edges, and the locks that were archived.
create or replace view chk.edge(from_state, to_state) as
  values ('PENDING','VALIDATING'), ('PENDING','FAILED'), ('VALIDATING','PENDING'), ('VALIDATING','FUNDS_LOCKED'), ('VALIDATING','FAILED'),
         ('FUNDS_LOCKED','EXECUTING'), ('FUNDS_LOCKED','ROLLED_BACK'), ('EXECUTING','FUNDS_LOCKED'),
         ('EXECUTING','CONFIRMING'), ('EXECUTING','ROLLED_BACK'), ('CONFIRMING','CONFIRMING'),
         ('CONFIRMING','COMPLETED'), ('CONFIRMING','ROLLED_BACK'), ('CONFIRMING','FUNDS_LOCKED');

create or replace view chk.posting as
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
  from all_fund_locks l, lateral (values (l.debit_account, l.amount), (l.credit_account, -l.amount)) side(account, amount)
  where l.state <> 'posted';
