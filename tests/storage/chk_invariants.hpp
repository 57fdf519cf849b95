// The invariants that a checker from outside asks of the contract `chk` (and of what clients, bank and an
// event consumer wrote down, `h`): each statement selects violations, so a right history gives no row.
// They are written as a stranger would who knows only the columns.
#pragma once

namespace settled::tests {

struct Invariant {
  const char* name;
  const char* sql;
};

/// What comes from outside; filled by whoever ran the load.
inline constexpr const char* evidence_tables = R"(
  create schema h;
  create table h.client(tenant text, key text, body_sha text, amount bigint, ccy text, t0 timestamptz,
                        t1 timestamptz, status int, id text);
  create table h.bank(n bigint generated always as identity, ts timestamptz, bank text, op text, e2e text,
                      amount bigint, ccy text, creditor text, biz_sha text, sig_ok bool, effect bool, answer text);
  create table h.consumer(n bigint generated always as identity, settlement text, seq int, event_id text);)";

inline constexpr Invariant chk_invariants[] = {
    {"a1", R"(select c.id from h.client c where c.status between 200 and 299 and not exists (
                select from chk.settlement s where (s.tenant, s.idem_key, s.id) = (c.tenant, c.key, c.id)))"},
    {"a2",
     R"(select key from h.client where status between 200 and 299 group by tenant, key having count(distinct id) > 1
              union all
              select idem_key from chk.settlement group by tenant, idem_key having count(*) > 1)"},
    {"a3", R"(select s.id from chk.settlement s where
                (select bool_and(status between 400 and 499) from h.client c
                 where (c.tenant, c.key) = (s.tenant, s.idem_key)))"},
    {"a4", R"(select s.id from chk.settlement s where not exists (
                select from h.client c where (c.tenant, c.key, c.amount, c.ccy) = (s.tenant, s.idem_key, s.amount, s.ccy)))"},
    {"a5", R"(select key from h.client where status between 200 and 299
              group by tenant, key having count(distinct body_sha) > 1)"},
    {"b1", "select e2e from h.bank where effect group by e2e having count(*) > 1"},
    {"b2",
     R"(select later.e2e from h.bank sent join h.bank later using (bank, e2e) join chk.capability c using (bank)
              where sent.op = 'SEND' and later.op = 'SEND' and later.n > sent.n and not c.idempotent and not exists (
                select from h.bank asked where (asked.bank, asked.e2e, asked.op) = (sent.bank, sent.e2e, 'INQUIRY')
                  and asked.n between sent.n and later.n and asked.answer like '%not_found%'
                  and asked.ts >= sent.ts + c.notfound_final_after))"},
    {"b3", R"(select s.id from chk.settlement s join chk.instruction i on i.settlement = s.id
              where s.state = 'COMPLETED' and not exists (select from h.bank b where b.e2e = i.e2e and b.effect
                and (b.bank, b.amount, b.ccy, b.creditor) = (s.bank, s.amount, s.ccy, s.creditor)))"},
    {"b4",
     R"(select b.e2e from h.bank b left join chk.instruction i using (e2e) left join chk.settlement s on s.id = i.settlement
              where b.effect and (s.id is null or s.terminal and s.state <> 'COMPLETED')
                and not exists (select from chk.brk k where k.open and k.e2e = b.e2e))"},
    {"b5",
     R"(select b.e2e from h.bank b join chk.instruction i using (e2e) join chk.settlement s on s.id = i.settlement
              where b.op = 'SEND' and b.sig_ok and (b.amount, b.ccy, b.creditor) <> (s.amount, s.ccy, s.creditor)
              union all
              select e2e from h.bank where op = 'SEND' and sig_ok group by e2e having count(distinct biz_sha) > 1)"},
    {"b6", "select e2e from h.bank where op = 'SEND' and not sig_ok"},
    {"b7", "select settlement from chk.instruction group by settlement having count(*) > 1"},
    {"b8",
     R"(select a.e2e from chk.attempt a join chk.attempt b using (e2e) where a.kind = 'SEND' and b.kind = 'SEND'
              and a.n < b.n and (a.t1 is null or b.t0 < a.t1))"},
    {"b9", R"(select b.e2e from h.bank b where b.op = 'SEND' and not exists (
                select from chk.attempt a where a.e2e = b.e2e and a.kind = 'SEND' and a.t0 <= b.ts))"},
    {"b10",
     R"(select a.e2e from chk.attempt a where a.kind = 'SEND' and coalesce(a.proof, '') = '' and exists (
                 select from chk.attempt earlier where earlier.e2e = a.e2e and earlier.kind = 'SEND' and earlier.n < a.n))"},
    {"c1", R"(select entry from chk.posting group by entry, phase, ccy having sum(amount) <> 0
              union all select entry from chk.posting group by entry having count(*) < 2)"},
    {"c2", "select ccy from chk.posting where phase = 'posted' group by ccy having sum(amount) <> 0"},
    {"c3", R"(select account from chk.balance b full join (
                select account, ccy, sum(amount) as total from chk.posting where phase = 'posted' group by 1, 2) p
              using (account, ccy) where coalesce(b.balance, 0) <> coalesce(p.total, 0))"},
    {"c4",
     R"(select account from chk.balance b full join (select account, ccy, sum(amount) as total from chk.hold group by 1, 2) h
              using (account, ccy) where coalesce(b.hold, 0) <> coalesce(h.total, 0))"},
    {"c5", "select account from chk.balance where balance::numeric - hold < floor"},
    {"c6", R"(select entry from chk.posting where phase = 'posted' group by entry, account having count(*) > 1
              union all
              select settlement from chk.posting where settlement is not null group by settlement having count(distinct phase) > 1
              union all
              select p.settlement from chk.posting p join chk.settlement s on s.id = p.settlement
              where p.phase = 'posted' and s.state <> 'COMPLETED')"},
    {"c7",
     R"(select account from (select account, seq, lag(seq, 1, 0::bigint) over (partition by account order by seq) as before
                from chk.posting where phase = 'posted') p where seq <> before + 1)"},
    {"c8", R"(select bank, ccy from (
                select s.bank, s.ccy, -p.amount as moved, 0 as paid from chk.posting p
                  join chk.settlement s on s.id = p.settlement and s.nostro = p.account where p.phase = 'posted'
                union all select bank, ccy, 0, amount from h.bank where effect
                union all select bank, ccy, amount, 0 from chk.brk where open) x
              group by bank, ccy having sum(moved) <> sum(paid))"},
    {"d1", R"(select t.settlement from chk.transition t where not exists (
                select from chk.edge e where e.from_state = t.from_state and e.to_state = t.to_state))"},
    {"d2",
     R"(select settlement from (select t.*, lag(seq, 1, 0) over life as seq_before, lag(epoch, 1, 0::bigint) over life as epoch_before,
                lag(to_state, 1, 'PENDING') over life as state_before from chk.transition t
                window life as (partition by settlement order by seq)) x
              where seq <> seq_before + 1 or epoch < epoch_before or from_state is distinct from state_before)"},
    {"d3", R"(select s.id from chk.settlement s where s.state <> coalesce(
                (select to_state from chk.transition t where t.settlement = s.id order by seq desc limit 1), 'PENDING'))"},
    {"d4", R"(select s.id from chk.settlement s where not s.terminal
                and not exists (select from chk.brk k where k.open and k.settlement = s.id))"},
    {"e1",
     "select shard from chk.lease l left join chk.node n using (owner) where n.alive is not true or until < "
     "now()"},
    {"e2", "select e2e from chk.attempt where t1 is null"},
    {"e3",
     R"(select h.settlement from chk.hold h left join chk.settlement s on s.id = h.settlement where s.terminal is not false)"},
    {"f1", R"(select t.settlement from chk.transition t where not exists (
                select from chk.event e where e.settlement = t.settlement and e.sseq >= t.seq))"},
    {"f2", R"(select e.settlement from chk.event e where e.settlement is not null and not exists (
                select from h.consumer c where (c.settlement, c.seq) = (e.settlement, e.sseq)))"},
    {"f3",
     R"(select settlement from (select settlement, seq, max(seq) over (partition by settlement order by n) as highest
                from (select settlement, seq, min(n) as n from h.consumer group by 1, 2) first) x where seq < highest)"},
    {"f4", "select event_id from h.consumer group by event_id having count(distinct (settlement, seq)) > 1"},
    {"f5",
     R"(select stream, seq from (select e.*, lag(seq, 1, 0::bigint) over chain as seq_before, lag(hash, 1, ''::bytea) over chain as hash_before
                from chk.event e window chain as (partition by stream order by seq)) x
              where seq <> seq_before + 1 or prev <> hash_before or hash <> sha256(prev || convert_to(payload, 'UTF8')))"},
};

}  // namespace settled::tests
