#include "storage/pg_reader.hpp"

#include "storage/pg_connect.hpp"
#include "storage/pg_records.hpp"
#include "storage/pg_settlement_row.hpp"

#include <pqxx/pqxx>

namespace settled {
namespace {
using Self = ReaderActor::stateful_pointer<PgReaderState>;

/// What a list asks beyond its page tells whether another page follows.
template <class Item, class Page, class Next>
void cut_page(std::vector<Item>& items, int limit, Page& page, Next next) {
  if (items.size() <= static_cast<std::size_t>(limit)) return;
  items.resize(static_cast<std::size_t>(limit));
  next(page, items.back());
}

SettlementFound read(pqxx::work& tx, const ReadSettlement& q) {
  const auto rows = tx.exec_params(
      "select " + settlement_columns + " from settlement_transactions where id = $1", to_string(q.id.uuid));
  SettlementFound answer{.found = !rows.empty()};
  if (answer.found) answer.settlement = settlement_from_row(rows[0]);
  return answer;
}

SettlementPage read(pqxx::work& tx, const ListSettlements& q) {
  SettlementPage page;
  for (const auto& row : tx.exec_params(
           "select " + settlement_columns +
               " from settlement_transactions where ($1 = '' or status = $1) and ($2 = '' or from_bank = $2) "
               "and ($3 = '' or to_bank = $3) and ($4 = '' or currency = $4) and ($5 = '' or obligation_id = "
               "$5) and ($6::uuid is null or id < $6::uuid) order by id desc limit $7",
           q.status, q.from_bank, q.to_bank, q.currency, q.obligation_id,
           q.before ? std::make_optional(to_string(q.before)) : std::nullopt, q.limit + 1))
    page.settlements.push_back(settlement_from_row(row));
  cut_page(page.settlements, q.limit, page, [](auto& p, const auto& last) { p.next = last.id.uuid; });
  return page;
}

AccountPage read(pqxx::work& tx, const ReadAccount& q) {
  AccountPage page;
  for (const auto& row :
       tx.exec_params("select " + account_columns + " from accounts where id = $1", to_string(q.id.uuid)))
    page.accounts.push_back(account_from_row(row));
  return page;
}

AccountPage read(pqxx::work& tx, const ListAccounts& q) {
  AccountPage page;
  for (const auto& row : tx.exec_params(
           "select " + account_columns +
               " from accounts where ($1 = '' or kind = $1) and ($2 = '' or bank = $2) and ($3 = '' or "
               "currency = $3) and ($4::uuid is null or id > $4::uuid) order by id limit $5",
           q.kind, q.bank, q.currency, q.after ? std::make_optional(to_string(q.after)) : std::nullopt,
           q.limit + 1))
    page.accounts.push_back(account_from_row(row));
  cut_page(page.accounts, q.limit, page, [](auto& p, const auto& last) { p.next = last.id.uuid; });
  return page;
}

EntryPage read(pqxx::work& tx, const ReadEntries& q) {
  EntryPage page;
  for (const auto& row :
       tx.exec_params("select e.version, e.journal_id, e.amount, e.balance_after, (extract(epoch from e.at) "
                      "* 1000000)::bigint, "
                      "exists (select from settlement_transactions s where s.id = e.journal_id) "
                      "from ledger_entries e where e.account_id = $1 and ($2 = 0 or e.version < $2) "
                      "order by e.version desc limit $3",
                      to_string(q.account.uuid), q.before, q.limit + 1)) {
    const Uuid journal = uuid_from(row[1].c_str()).value();
    page.entries.push_back(
        {.version = row[0].as<std::int64_t>(),
         .journal = row[5].as<bool>() ? SettlementId{journal}.text() : JournalId{journal}.text(),
         .amount = row[2].as<std::int64_t>(),
         .balance_after = row[3].as<std::int64_t>(),
         .at = row[4].as<std::int64_t>()});
  }
  cut_page(page.entries, q.limit, page, [](auto& p, const auto& last) { p.next = last.version; });
  return page;
}

const char* const event_columns =
    "stream, seq, (extract(epoch from at) * 1000000)::bigint, kind, subject, payload from events ";

EventView event_from_row(const pqxx::row& row) {
  EventView event{.stream = row[0].as<int>(),
                  .seq = row[1].as<std::int64_t>(),
                  .at = row[2].as<std::int64_t>(),
                  .kind = row[3].c_str(),
                  .payload = row[5].c_str()};
  // So it was written for a while; the hash chain keeps it (migration 0006).
  if (event.kind == "settlement->waiting") event.kind = "settlement.waiting";
  const Uuid subject = uuid_from(row[4].c_str()).value();
  event.subject = event.kind.starts_with("account.")   ? AccountId{subject}.text()
                  : event.kind.starts_with("netting.") ? JournalId{subject}.text()
                  : subject                            ? SettlementId{subject}.text()
                                                       : std::string();
  return event;
}

EventPage read(pqxx::work& tx, const ReadTimeline& q) {
  EventPage page;
  for (const auto& row :
       tx.exec_params(std::string("select ") + event_columns + "where subject = $1 order by stream, seq",
                      to_string(q.subject)))
    page.events.push_back(event_from_row(row));
  return page;
}

EventPage read(pqxx::work& tx, const ReadEvents& q) {
  EventPage page;
  for (const auto& row : tx.exec_params(
           std::string("select ") + event_columns + "where stream = $1 and seq > $2 order by seq limit $3",
           q.stream, q.after, q.limit))
    page.events.push_back(event_from_row(row));
  return page;
}

struct LastEventOf {
  ReadLastEvent question;
  const std::string& owner;
};
EventsCommitted read(pqxx::work& tx, const LastEventOf& q) {
  const int stream = q.question.stream;
  const auto rows = tx.exec_params("select last_seq, owner from ledger_writers where writer = $1", stream);
  if (rows.empty()) return {.stream = stream, .last_seq = 0};
  if (!q.owner.empty() && q.owner != rows[0][1].c_str())
    throw std::runtime_error("another settled process writes these books");
  return {.stream = stream, .last_seq = rows[0][0].as<std::int64_t>()};
}

RecordPage read(pqxx::work& tx, const ListRecords& q) { return read_records(tx, q); }

/// Answers one question; a connection that died since the last one is made anew, once.
template <class Question>
auto ask(Self self, const Question& q) -> caf::result<decltype(read(std::declval<pqxx::work&>(), q))> {
  auto& state = self->state;
  for (bool fresh = false;; fresh = true) {
    try {
      if (!state.db) {
        fresh = true;
        state.db = std::shared_ptr<PgConnection>(pg_connect(state.database_url));
        // Whoever asked waits 10 s at most; a slow question must not hold up the others for longer.
        pqxx::nontransaction(*static_cast<PgConnection*>(state.db.get()))
            .exec("set statement_timeout = '5s'; set settled.transaction_timeout_ms = " +
                  std::to_string(state.transaction_timeout.count()));
      }
      pqxx::work tx(*static_cast<PgConnection*>(state.db.get()));
      auto answer = read(tx, q);
      tx.commit();
      return answer;
    } catch (const pqxx::sql_error& e) {
      // Cancelled for its length: another try would take as long.
      if (e.sqlstate() != statement_cancelled) state.db.reset();
      if (fresh || e.sqlstate() == statement_cancelled)
        return caf::make_error(caf::sec::runtime_error, std::string("database: ") + e.what());
    } catch (const std::exception& e) {
      state.db.reset();
      if (fresh) return caf::make_error(caf::sec::runtime_error, std::string("database: ") + e.what());
    }
  }
}
}  // namespace

ReaderActor::behavior_type pg_reader(Self self, std::string database_url,
                                     std::chrono::milliseconds transaction_timeout, std::string owner) {
  self->state.database_url = std::move(database_url);
  self->state.owner = std::move(owner);
  self->state.transaction_timeout = transaction_timeout;
  return {
      [=](const ReadSettlement& q) { return ask(self, q); },
      [=](const ListSettlements& q) { return ask(self, q); },
      [=](const ReadTimeline& q) { return ask(self, q); },
      [=](const ReadAccount& q) { return ask(self, q); },
      [=](const ListAccounts& q) { return ask(self, q); },
      [=](const ReadEntries& q) { return ask(self, q); },
      [=](const ListRecords& q) { return ask(self, q); },
      [=](const ReadEvents& q) { return ask(self, q); },
      [=](const ReadLastEvent& q) {
        return ask(self, LastEventOf{q, self->state.owner});
      },
  };
}
}  // namespace settled
