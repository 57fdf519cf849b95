-- What people decide, told completely.
--
-- Before: 0005. After: the views below. No row of before changes.

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
