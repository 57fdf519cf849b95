-- What people decide, told completely.
--
-- Before: 0005. After: the tables and views below. No row of before changes.

-- What a netting has settled: an obligation is netted once, under whatever key it is sent again. Of a window
-- these are the obligations of its orders; the first netting stands where two orders have the same.
create table netted_obligations (
  obligation_id  text not null,
  from_bank      text not null,
  to_bank        text not null,
  netting_id     uuid not null,
  primary key (obligation_id, from_bank, to_bank)
);
insert into netted_obligations
  select o ->> 'id', o ->> 'from', o ->> 'to', n.id
  from nettings n, json_array_elements(n.obligations::json) o
  where not exists (select from settlement_transactions s  -- of a window: the settlements' own ids
                    where type_id('set', s.id) = o ->> 'id' and s.connector = 'netting')
  order by n.id
  on conflict do nothing;
insert into netted_obligations
  select s.obligation_id, s.from_bank, s.to_bank, n.id
  from nettings n, json_array_elements(n.obligations::json) o
  join settlement_transactions s on type_id('set', s.id) = o ->> 'id'
  where s.connector = 'netting'
  order by n.id
  on conflict do nothing;

-- A break that was closed does not come back with the same facts.
create index breaks_of_settlement on breaks (settlement_id);

-- domain/settlement.hpp's table, with the edge of what two people book after its end.
create or replace view chk.edge(from_state, to_state) as
  values ('PENDING','VALIDATING'), ('PENDING','FAILED'), ('VALIDATING','PENDING'), ('VALIDATING','FUNDS_LOCKED'), ('VALIDATING','FAILED'),
         ('FUNDS_LOCKED','EXECUTING'), ('FUNDS_LOCKED','ROLLED_BACK'), ('EXECUTING','FUNDS_LOCKED'),
         ('EXECUTING','CONFIRMING'), ('EXECUTING','ROLLED_BACK'), ('CONFIRMING','CONFIRMING'),
         ('CONFIRMING','COMPLETED'), ('CONFIRMING','ROLLED_BACK'), ('CONFIRMING','FUNDS_LOCKED'), ('ROLLED_BACK','COMPLETED');

-- For a while an order that waits for something else now was told as 'settlement->waiting'. The hash chain
-- covers what was written, so it stays; whoever reads it is told what it means.
create or replace view settlement_told as
  select e.subject as settlement_id, e.stream, e.seq, e.at, e.epoch,
         string_to_array(replace(substring(e.payload from '"steps":\[([^]]*)\]'), '"', ''), ',') as steps,
         substring(e.payload from '"sent":"([a-z_]+)"') as sent,
         substring(e.payload from '"asked":"([a-z_]+)"') as asked,
         substring(e.payload from '"took_us":([0-9]{1,15})')::bigint as took_us,
         substring(e.payload from '"proof":"((?:[^"\\]|\\.)*)"') as proof
  from events e where e.kind like 'settlement.%' or e.kind = 'settlement->waiting';

create or replace view chk.event as
  select e.stream::text as stream, e.seq,
         case when e.kind like 'settlement.%' or e.kind = 'settlement->waiting' then type_id('set', e.subject) end as settlement,
         t.sseq,
         event_text(e.seq, e.at, e.kind, e.subject, e.payload) as payload,
         coalesce(lag(e.hash) over (partition by e.stream order by e.seq), ''::bytea) as prev, e.hash
  from events e
  left join (select stream, seq,
                    (sum(coalesce(cardinality(steps), 0)) over life
                     - (first_value(steps[1]) over life is not distinct from 'PENDING')::int)::int as sseq
             from settlement_told
             window life as (partition by settlement_id order by stream, seq)) t using (stream, seq);
