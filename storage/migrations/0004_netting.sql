-- Orders that settle in our own books (on us, or by netting) told as what they are.
--
-- Before: 0003; `chk` told an order that is on us as one that was sent to a bank and never came to an end.
-- After: such an order has no instruction, no attempt and no nostro; its postings and its states are told as
-- before. No table changes.

-- The payee's side is a vostro: nothing left the house.
create view settled_on_us as
  select s.id from settlement_transactions s join accounts a on a.id = s.credit_account where a.kind = 'vostro';

create or replace view chk.settlement as
  select type_id('set', s.id) as id, s.caller as tenant, s.idem_key, s.status as state,
         s.status in ('COMPLETED','FAILED','ROLLED_BACK') as terminal, s.amount, s.currency::text as ccy,
         s.to_bank as creditor, s.connector as bank,
         case when u.id is null then type_id('acc', s.credit_account) end as nostro
  from settlement_transactions s left join settled_on_us u on u.id = s.id;

create or replace view chk.instruction as
  select s.reference as e2e, type_id('set', s.id) as settlement
  from settlement_transactions s left join settled_on_us u on u.id = s.id
  where s.sent_at is not null and u.id is null;

-- As in 0002 but for the last line.
create or replace view chk.attempt as
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
  left join recorded r on r.settlement_id = a.settlement_id and r.kind = a.kind and r.nth = a.nth
  where a.settlement_id not in (select id from settled_on_us);
