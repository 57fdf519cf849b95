#include "storage/pg_records.hpp"

#include "storage/event_chain.hpp"

namespace settled {
namespace {
#define TIME(column) "to_char(" column " at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
#define PARTIES "s.obligation_id, s.from_bank, s.to_bank, s.priority"

/// A column's name says how it is shown: "settlement@set" is an id, "amount@money" minor units of the row's
/// currency, "@number", "@json" and "@bool" themselves, everything else text. A null is null.
/// Parameters: $1 state ('' for any), $2 subject or null, $3 cursor or null, $4 how many.
struct RecordList {
  RecordKind kind;
  const char* sql;
};
constexpr RecordList lists[] = {
    {RecordKind::fund_locks,
     "select l.settlement_id as \"settlement@set\", l.state, l.amount as \"amount@money\", l.currency, "
     "l.debit_account as \"debit_account@acc\", l.credit_account as \"credit_account@acc\", " TIME(
         "l.placed_at") " as placed_at, " TIME("l.ended_at") " as ended_at, " PARTIES
                                                             ", s.status, s.connector, case s.status when "
                                                             "'FUNDS_LOCKED' then 'the rail has not taken it "
                                                             "yet; expires "
                                                             "when nothing could be sent in time' when "
                                                             "'EXECUTING' then 'the order is on its way to ' "
                                                             "|| s.connector "
                                                             "when 'CONFIRMING' then case when "
                                                             "s.unknown_since is null then s.connector || ' "
                                                             "works on it' else "
                                                             "'no word from ' || s.connector || ' yet: ' || "
                                                             "s.last_outcome end else 'ended' end as why "
                                                             "from all_fund_locks l join "
                                                             "settlement_transactions s on s.id = "
                                                             "l.settlement_id "
                                                             "where ($1 = '' or l.state = $1) and ($2::uuid "
                                                             "is null or $2::uuid in (l.settlement_id, "
                                                             "l.debit_account, "
                                                             "l.credit_account)) and ($3::uuid is null or "
                                                             "l.settlement_id < $3::uuid) "
                                                             "order by l.settlement_id desc limit $4"},
    // A doubt since its first silence; what the bank has accepted and not ended, since it was sent.
    {RecordKind::unknowns,
     "select s.id as \"settlement@set\", " PARTIES
     ", case when s.unknown_since is null then 'in_process' else 'doubt' end as kind, s.amount as "
     "\"amount@money\", s.currency, s.connector as owner, s.reference, s.attempts as \"attempts@number\", "
     "s.last_outcome as outcome, " TIME("s.unknown_since") " as unknown_since, " TIME(
         "coalesce(s.unknown_since, s.last_sent_at)") " as since, extract(epoch from now() - "
                                                      "coalesce(s.unknown_since, s.last_sent_at))::bigint as "
                                                      "\"age_s@number\", b.id as \"break@brk\", a.id as "
                                                      "\"action@act\" from settlement_transactions s "
                                                      "left join breaks b on b.settlement_id = s.id and "
                                                      "b.state = 'open' and b.kind = 'unknown_outcome' "
                                                      "left join operator_actions a on a.settlement_id = "
                                                      "s.id and a.state = 'pending' "
                                                      "where s.status = 'CONFIRMING' and ($1 = '' or "
                                                      "s.connector = $1) and ($2::uuid is null or s.id = "
                                                      "$2::uuid) and ($3::uuid is null or s.id < $3::uuid) "
                                                      "order by s.id desc limit $4"},
    {RecordKind::breaks,
     "select b.id as \"id@brk\", b.kind, b.state, b.settlement_id as \"settlement@set\", b.reference, "
     "b.connector, "
     "b.bank, b.amount as \"amount@money\", b.currency, b.detail, " TIME(
         "b.opened_at") " as opened_at, " TIME("b.closed_at") " as closed_at, b.closed_by, b.close_reason "
                                                              "from breaks b "
                                                              "where ($1 = '' or b.state = $1) and ($2::uuid "
                                                              "is null or b.settlement_id = $2::uuid) and "
                                                              "($3::uuid is null or b.id < $3::uuid) order "
                                                              "by b.id desc limit $4"},
    {RecordKind::actions,
     "select a.id as \"id@act\", a.kind, a.state, a.settlement_id as \"settlement@set\", a.verdict, "
     "a.reason, "
     "a.bank_reference, a.shown, encode(a.digest, 'hex') as digest, a.requested_by, " TIME(
         "a.requested_at") " as requested_at, a.approved_by, " TIME("a.approved_at") " as approved_at "
                                                                                     "from operator_actions "
                                                                                     "a where ($1 = '' or "
                                                                                     "a.state = $1) and "
                                                                                     "($2::uuid is null or "
                                                                                     "$2::uuid in "
                                                                                     "(a.settlement_id, "
                                                                                     "a.id)) and ($3::uuid "
                                                                                     "is null or a.id < "
                                                                                     "$3::uuid) "
                                                                                     "order by a.id desc "
                                                                                     "limit $4"},
    {RecordKind::compensations,
     "select c.id as \"id@jrn\", c.settlement_id as \"settlement@set\", c.action_id as \"action@act\", "
     "c.amount as "
     "\"amount@money\", c.currency, c.debit_account as \"debit_account@acc\", c.credit_account as "
     "\"credit_account@acc\", c.reason, " TIME(
         "c.at") " as at, a.requested_by, a.approved_by "
                 "from compensation_transactions c left join operator_actions a on a.id = c.action_id "
                 "where ($1 = '' or c.currency = $1) and ($2::uuid is null or c.settlement_id = $2::uuid) "
                 "and ($3::uuid is "
                 "null or c.id < $3::uuid) order by c.id desc limit $4"},
    {RecordKind::nettings,
     "select n.id as \"id@jrn\", n.positions as \"positions@json\", n.obligations as "
     "\"obligations@json\", " TIME(
         "n.at") " as at, n.caller from nettings n where ($1 = '' or n.caller = $1) and ($2::uuid is null or "
                 "n.id = "
                 "$2::uuid) and ($3::uuid is null or n.id < $3::uuid) order by n.id desc limit $4"},
    {RecordKind::held_orders,
     "select s.id as \"settlement@set\", " PARTIES
     ", s.amount as \"amount@money\", s.currency, s.waiting_detail as why, " TIME(
         "s.created_at") " as created_at, s.metadata, a.id as \"action@act\" from settlement_transactions s "
                         "left join operator_actions a on a.settlement_id = s.id and a.state = 'pending' "
                         "where s.waiting = 'compliance' and ($1 = '' or s.status = $1) and ($2::uuid is "
                         "null or "
                         "s.id = $2::uuid) and ($3::uuid is null or s.id < $3::uuid) order by s.id desc "
                         "limit $4"},
};
#undef TIME
#undef PARTIES

const char* sql_of(RecordKind kind) {
  for (const RecordList& list : lists)
    if (list.kind == kind) return list.sql;
  throw std::logic_error("every kind of record has its list");
}

std::string shown(const pqxx::field& field, std::string_view as, const pqxx::row& row) {
  const std::string text = field.c_str();
  if (as == "money") {
    const auto currency = currency_from(row["currency"].c_str());
    ensure(static_cast<bool>(currency), "a recorded currency is one we know");
    return format_amount(field.as<std::int64_t>(), *currency);
  }
  const auto uuid = uuid_from(text);
  return uuid && as.size() == 3 ? std::string(as) + '_' + base32(*uuid) : text;
}

std::string record_of(const pqxx::row& row) {
  JsonObject json;
  for (const auto& field : row) {
    const std::string_view column = field.name();
    const auto at = column.find('@');
    const auto name = column.substr(0, at);
    const auto as = at == std::string_view::npos ? std::string_view{} : column.substr(at + 1);
    if (field.is_null())
      json.raw(name, "null");
    else if (as == "json" || as == "number" || as == "bool")
      json.raw(name, field.c_str());
    else
      json.text(name, shown(field, as, row));
  }
  return json.done();
}
}  // namespace

RecordPage read_records(pqxx::transaction_base& tx, const ListRecords& q) {
  const auto or_null = [](const Uuid& id) { return id ? std::optional(to_string(id)) : std::nullopt; };
  RecordPage page;
  const auto rows =
      tx.exec_params(sql_of(q.kind), q.state, or_null(q.subject), or_null(q.before), q.limit + 1);
  for (const auto& row : rows) {
    if (page.items.size() == static_cast<std::size_t>(q.limit)) break;
    page.items.push_back(record_of(row));
    // Every list is in the order of its first column.
    if (static_cast<int>(rows.size()) > q.limit) page.next = uuid_from(row[0].c_str()).value();
  }
  return page;
}
}  // namespace settled
