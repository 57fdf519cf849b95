#include "storage/pg_verify.hpp"

namespace settled {
namespace {

// Debit-normal accounts count debits up (domain/account.hpp).
#define SIGN "(case when a.kind in ('nostro','treasury','clearing') then 1 else -1 end)"
#define OPEN "('FUNDS_LOCKED','EXECUTING','CONFIRMING')"

constexpr SqlCheck checks[] = {
    {"sum", R"(
      select a.currency::text, '0', sum(e.amount)::text
      from ledger_entries e join accounts a on a.id = e.account_id
      group by a.currency having sum(e.amount) <> 0)"},
    {"journal", R"(
      select case when s.id is null then 'jrn:' else 'set:' end || e.journal_id, 'debits = credits',
             'difference ' || sum(e.amount) || ' ' || a.currency
      from ledger_entries e
      join accounts a on a.id = e.account_id
      left join settlement_transactions s on s.id = e.journal_id
      group by e.journal_id, s.id, a.currency having sum(e.amount) <> 0)"},
    {"balance", R"(
      select 'acc:' || a.id, 'sum of entries ' || coalesce(e.total, 0) * )" SIGN R"(, 'balance ' || a.balance
      from accounts a
      left join (select account_id, sum(amount) as total from ledger_entries group by account_id) e
        on e.account_id = a.id
      where a.balance <> coalesce(e.total, 0) * )" SIGN},
    {"entries", R"(
      select 'acc:' || a.id, 'version ' || a.version || ', entries 1 to ' || a.version,
             coalesce(e.n, 0) || ' entries, the last is ' || coalesce(e.last, 0)
      from accounts a
      left join (select account_id, count(*) as n, max(version) as last from ledger_entries group by account_id) e
        on e.account_id = a.id
      where a.version <> coalesce(e.n, 0) or a.version <> coalesce(e.last, 0))"},
    // The first entry from which on the chain is wrong; those after it only follow.
    {"entry chain", R"(
      select distinct on (account_id) 'acc:' || account_id || ' entry ' || version,
             'balance ' || running || ' after it', 'balance_after ' || balance_after
      from (select e.account_id, e.version, e.balance_after,
                   sum(e.amount) over (partition by e.account_id order by e.version) * )" SIGN R"( as running
            from ledger_entries e join accounts a on a.id = e.account_id) chain
      where running <> balance_after order by account_id, version)"},
    {"held", R"(
      select 'acc:' || a.id, 'open holds ' || coalesce(h.total, 0), 'held ' || a.held
      from accounts a
      left join (select account, sum(amount) as total
                 from (select debit_account as account, amount from fund_locks where state = 'held'
                       union all
                       select credit_account, amount from fund_locks where state = 'held') sides
                 group by account) h on h.account = a.id
      where a.held <> coalesce(h.total, 0))"},
    {"available", R"(
      select 'acc:' || a.id, 'available >= 0',
             'balance ' || a.balance || ', held ' || a.held || ', floor ' || a.floor
      from accounts a
      where a.floor <> -9223372036854775808 and a.balance::numeric - a.held - a.floor < 0)"},
    {"orphan hold", R"(
      select 'set:' || l.settlement_id, 'an open settlement',
             coalesce('settlement is ' || s.status, 'no settlement') || ', hold of ' || l.amount || ' ' || l.currency
      from fund_locks l left join settlement_transactions s on s.id = l.settlement_id
      where l.state = 'held' and (s.id is null or s.status not in )" OPEN R"())"},
    {"hold", R"(
      select 'set:' || s.id, 'hold ' || w.wanted, coalesce('hold ' || l.state, 'no hold') || ' (' || s.status || ')'
      from settlement_transactions s
      cross join lateral (select case when s.status in )" OPEN R"( then 'held'
                                      when s.status = 'COMPLETED' then 'posted'
                                      when s.status = 'ROLLED_BACK' then 'released or expired'
                                      else 'none' end as wanted) w
      left join all_fund_locks l on l.settlement_id = s.id
      where (case when w.wanted = 'none' then l.state is not null
                  when w.wanted = 'released or expired' then coalesce(l.state, '') not in ('released', 'expired')
                  else coalesce(l.state, '') <> w.wanted end)
        and not (l.state = 'held' and s.status not in )" OPEN R"())"},
    {"hold amount", R"(
      select 'set:' || s.id, s.amount || ' ' || s.currency || ' on the settlement''s accounts',
             l.amount || ' ' || l.currency || case when (l.debit_account, l.credit_account) =
               (s.debit_account, s.credit_account) then '' else ' on other accounts' end
      from all_fund_locks l join settlement_transactions s on s.id = l.settlement_id
      where (l.amount, l.currency, l.debit_account, l.credit_account)
            is distinct from (s.amount, s.currency, s.debit_account, s.credit_account))"},
    {"settlement entries", R"(
      select 'set:' || s.id,
             case when s.status = 'COMPLETED' then '2 entries: ' || s.amount || ' off each account'
                  else 'no entries (' || s.status || ')' end,
             coalesce(e.n, 0) || ' entries' || case when e.n = 2 then ' of another amount or account' else '' end
      from settlement_transactions s
      left join (select e.journal_id, count(*) as n,
                        count(*) filter (where e.account_id = x.debit_account and e.amount = x.amount) as debits,
                        count(*) filter (where e.account_id = x.credit_account and e.amount = -x.amount) as credits
                 from ledger_entries e join settlement_transactions x on x.id = e.journal_id
                 group by e.journal_id) e on e.journal_id = s.id
      where case when s.status = 'COMPLETED' then (e.n, e.debits, e.credits) is distinct from (2::bigint, 1::bigint, 1::bigint)
                 else e.n is not null end)"},
    {"funding entries", R"(
      select 'jrn:' || j.id, '2 entries: ' || j.amount || ' on acc:' || j.account_id || ' and its other side',
             coalesce(e.n, 0) || ' entries'
      from journal_entries j
      left join (select e.journal_id, count(*) as n,
                        count(*) filter (where e.account_id = x.account_id and abs(e.amount) = x.amount) as own,
                        count(*) filter (where e.account_id <> x.account_id and abs(e.amount) = x.amount) as other
                 from ledger_entries e join journal_entries x on x.id = e.journal_id
                 group by e.journal_id) e on e.journal_id = j.id
      where (e.n, e.own, e.other) is distinct from (2::bigint, 1::bigint, 1::bigint))"},
    {"final time", R"(
      select 'set:' || s.id, case when s.finalized_at is null then 'finalized_at' else 'no finalized_at' end,
             s.status
      from settlement_transactions s
      where (s.status in ('COMPLETED','FAILED','ROLLED_BACK')) <> (s.finalized_at is not null))"},
    // What foreign keys would refuse (docs/decisions/0006).
    {"orphan entry", R"(
      select 'acc:' || e.account_id || ' entry ' || e.version, 'its account and its journal entry',
             case when a.id is null then 'no such account' else 'no journal entry jrn:' || e.journal_id end
      from ledger_entries e
      left join accounts a on a.id = e.account_id
      left join settlement_transactions s on s.id = e.journal_id
      left join (select id from journal_entries union all select id from nettings union all
                 select id from compensation_transactions) j on j.id = e.journal_id
      where a.id is null or (s.id is null and j.id is null))"},
    {"compensation entries", R"(
      select 'set:' || c.settlement_id, '2 entries that give back ' || c.amount || ' ' || c.currency,
             coalesce(e.n, 0) || ' entries, settlement is ' || coalesce(s.status, 'none')
      from compensation_transactions c
      left join settlement_transactions s on s.id = c.settlement_id and s.compensated_by = c.id
      left join (select e.journal_id, count(*) as n,
                        count(*) filter (where e.account_id = x.debit_account and e.amount = x.amount) as debits,
                        count(*) filter (where e.account_id = x.credit_account and e.amount = -x.amount) as credits
                 from ledger_entries e join compensation_transactions x on x.id = e.journal_id
                 group by e.journal_id) e on e.journal_id = c.id
      where (e.n, e.debits, e.credits) is distinct from (2::bigint, 1::bigint, 1::bigint)
         or s.status is distinct from 'COMPLETED' or s.amount <> c.amount)"},
    // Settled in our own books: nobody was to send it.
    {"netted", R"(
      select 'set:' || s.id, 'completed between two vostros, never sent',
             s.status || ', sent ' || s.attempts || ' times, the other side is a ' || coalesce(a.kind, 'missing account')
      from settlement_transactions s left join accounts a on a.id = s.credit_account
      where s.connector = 'netting' and (s.status <> 'COMPLETED' or s.attempts <> 0 or a.kind is distinct from 'vostro'))"},
    {"two people", R"(
      select 'set:' || settlement_id, 'asked for and approved by two people', requested_by || ' and ' || approved_by
      from operator_actions where state = 'approved' and (approved_by = '' or approved_by = requested_by))"},
    {"orphan settlement", R"(
      select 'set:' || s.id, 'both accounts, in ' || s.currency,
             case when d.id is null then 'no payer''s account acc:' || s.debit_account
                  when c.id is null then 'no paying account acc:' || s.credit_account
                  else d.currency || ' and ' || c.currency end
      from settlement_transactions s
      left join accounts d on d.id = s.debit_account
      left join accounts c on c.id = s.credit_account
      where d.id is null or c.id is null or d.currency <> s.currency or c.currency <> s.currency)"},
    {"orphan attempt", R"(
      select 'set:' || t.settlement_id, 'a settlement', 'attempt ' || t.n || ' of none'
      from settlement_attempts t left join settlement_transactions s on s.id = t.settlement_id
      where s.id is null)"},
    {"orphan funding", R"(
      select 'jrn:' || j.id, 'its account', 'no account acc:' || j.account_id
      from journal_entries j left join accounts a on a.id = j.account_id where a.id is null)"},
    {"event gap", R"(
      select 'stream ' || stream || ' event ' || seq, 'event ' || before + 1 || ' before it',
             'event ' || before || ' before it'
      from (select stream, seq, coalesce(lag(seq) over (partition by stream order by seq), 0) as before
            from events) numbered
      where seq <> before + 1)"},
    {"event chain", R"(
      select 'stream ' || stream || ' event ' || seq || ' (' || kind || ')',
             'hash ' || left(encode(computed, 'hex'), 16), 'hash ' || left(encode(hash, 'hex'), 16)
      from (select stream, seq, kind, hash,
                   sha256(coalesce(lag(hash) over (partition by stream order by seq), ''::bytea) ||
                          convert_to(event_text(seq, at, kind, subject, payload), 'UTF8')) as computed
            from events) chain
      where hash <> computed)"},
    {"event end", R"(
      select 'stream ' || coalesce(w.writer, e.stream),
             coalesce('last event ' || w.last_seq || ' with hash ' || left(encode(w.last_hash, 'hex'), 16),
                      'a writer'),
             coalesce('last event ' || e.seq || ' with hash ' || left(encode(e.hash, 'hex'), 16), 'no events')
      from ledger_writers w
      full join (select distinct on (stream) stream, seq, hash from events order by stream, seq desc) e
        on e.stream = w.writer
      where (w.last_seq, w.last_hash) is distinct from (coalesce(e.seq, 0), coalesce(e.hash, ''::bytea)))"},
    // The first event tells of the order, the last one (inquiries aside) of its state.
    {"settlement events", R"(
      select 'set:' || s.id,
             'events from settlement.executing, .failed, .pending, .validating or .completed to settlement.' || lower(s.status),
             coalesce('events from ' || e.first || ' to ' || e.last, 'no events')
      from settlement_transactions s
      left join (select subject, (array_agg(kind order by stream, seq))[1] as first,
                        (array_agg(kind order by stream desc, seq desc))[1] as last
                 from events where kind like 'settlement.%' and kind not in
                   ('settlement.inquired', 'settlement.waiting', 'settlement.compensated')
                 group by subject) e on e.subject = s.id
      where e.first is null or e.first not in ('settlement.executing', 'settlement.failed', 'settlement.pending',
                                                    'settlement.validating', 'settlement.completed')
         or e.last <> 'settlement.' || lower(s.status))"},
    {"orphan event", R"(
      select 'stream ' || e.stream || ' event ' || e.seq, 'the thing it tells of',
             e.kind || ' of ' || case when e.kind like 'account.%' then 'acc:' else 'set:' end || e.subject
      from events e
      left join settlement_transactions s on s.id = e.subject
      left join accounts a on a.id = e.subject
      where ((e.kind like 'settlement.%' or e.kind = 'settlement->waiting') and s.id is null)
         or (e.kind like 'account.%' and a.id is null))"},
};
#undef SIGN
#undef OPEN
}  // namespace

std::span<const SqlCheck> sql_checks() { return checks; }
}  // namespace settled
