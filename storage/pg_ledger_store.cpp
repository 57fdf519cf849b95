#include "storage/pg_ledger_store.hpp"

#include "storage/pg_array.hpp"
#include "storage/pg_batch_writer.hpp"
#include "storage/pg_decision_reader.hpp"
#include "storage/pg_session.hpp"
#include "storage/pg_settlement_row.hpp"
#include "telemetry/mutant.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace settled {
namespace {

constexpr int lease_lock_class = 0x5E77;  // advisory locks (class, writer): one live session per writer

/// Errors after which the same work may be tried again: the server goes, comes, is full or was in the way.
bool passing(const std::string& sqlstate) {
  // Without a state: the server went away while libpqxx read the answer.
  return sqlstate.empty() || sqlstate == "25006" || sqlstate.starts_with("08") ||
         sqlstate.starts_with("53") || sqlstate.starts_with("57") || sqlstate.starts_with("40") ||
         sqlstate.starts_with("55P") || sqlstate.starts_with("58") || sqlstate == "25P03";
}

/// In portions: a hundred thousand rows in one answer weigh more than the book that is made of them.
template <class F>
void for_each_row(pqxx::transaction_base& tx, const std::string& query, F f) {
  constexpr int portion = 2'000;
  tx.exec0("set local cursor_tuple_fraction = 1");  // all rows are wanted
  tx.exec0("declare portion no scroll cursor for " + query);
  for (bool more = true; more;) {
    const auto rows = tx.exec("fetch " + std::to_string(portion) + " from portion");
    for (const auto& r : rows) f(r);
    more = rows.size() == portion;
  }
  tx.exec0("close portion");
}

/// Two lanes that write, and a session that looks up. A commit may be under way in one lane while the other
/// takes the next batch's rows, and while the keys of the one after it are looked up. The first lane holds
/// the lease, the second is there as soon as it is needed.
class PgLedgerStore final : public LedgerStore {
 public:
  explicit PgLedgerStore(PgLedgerSettings settings) : settings_(std::move(settings)) {}

  LedgerSnapshot take_over() override {
    return persistently(lanes_[0], [&] {
      if (!lanes_[0].db) connect(0);
      const auto since = settings_.steady();
      pqxx::work tx(*lanes_[0].db);
      if (mutant("no_unique_idempotency")) tx.exec("drop index if exists settlement_idempotency");
      const auto row = tx.exec_params1(
          "insert into ledger_writers(writer, owner, epoch) values ($1, $2, 1) on conflict (writer) do "
          "update "
          "set owner = $2, epoch = ledger_writers.epoch + 1 returning epoch, batch, last_seq, last_hash",
          settings_.writer, settings_.owner);
      LedgerSnapshot snapshot;
      snapshot.epoch = row[0].as<std::int64_t>();
      snapshot.batch = row[1].as<std::int64_t>();
      snapshot.last_seq = row[2].as<std::int64_t>();
      const pqxx::binarystring hash(row[3]);
      snapshot.chain_started = hash.size() == snapshot.last_hash.size();
      if (snapshot.chain_started) std::copy(hash.begin(), hash.end(), snapshot.last_hash.begin());
      tx.exec_params0(
          "insert into shard_leases(shard, writer, epoch) select s, $1, $2 from generate_series(0, $3 - 1) s "
          "on conflict (shard) do update set writer = $1, epoch = $2",
          settings_.writer, snapshot.epoch, settings_.shards);
      for_each_row(tx, "select " + account_columns + " from accounts order by id",
                   [&](const pqxx::row& r) { snapshot.accounts.add(account_from_row(r)); });
      for_each_row(tx,
                   "select " + settlement_columns +
                       " from settlement_transactions where status in "
                       "('PENDING','VALIDATING','FUNDS_LOCKED','EXECUTING','CONFIRMING') order by id",
                   [&](const pqxx::row& r) { snapshot.open.emplace_back(settlement_from_row(r)); });
      read_decisions(tx, snapshot);
      tx.commit();
      epoch_ = snapshot.epoch;
      settings_.on_proved(since);
      tell(lanes_[0], true);
      return snapshot;
    });
  }

  std::vector<KnownSettlement> find_keys(const std::string& caller,
                                         std::span<const std::string_view> keys) override {
    return persistently(lookups_, [&] {
      pqxx::nontransaction tx(lookups());
      // In the index's order, so that neighbours share its pages.
      std::vector<std::string_view> sorted(keys.begin(), keys.end());
      std::sort(sorted.begin(), sorted.end());
      sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
      PgArray wanted(PgArray::Of::text);
      for (const auto key : sorted) wanted.text(key);
      std::vector<KnownSettlement> known;
      for (const auto& r : tx.exec_prepared("find_keys", caller, pqxx::binarystring(wanted.bytes()))) {
        KnownSettlement k{.settlement = settlement_from_row(r)};
        k.idempotency_key = r["idem_key"].c_str();
        const pqxx::binarystring digest(r["request_digest"]);
        std::copy_n(digest.begin(), std::min(digest.size(), k.request_digest.size()),
                    k.request_digest.begin());
        known.push_back(std::move(k));
      }
      tx.commit();
      lookups_.plan_again_as_tables_grow(keys.size());
      return known;
    });
  }

  std::optional<KnownFunding> find_funding(const std::string& caller, const std::string& key) override {
    return find_journal("select id, request_digest from journal_entries where caller = $1 and idem_key = $2",
                        caller, key);
  }

  std::optional<KnownNetting> find_netting(const std::string& caller, const std::string& key) override {
    return persistently(lookups_, [&] {
      pqxx::nontransaction tx(lookups());
      return read_netting(tx, caller, key);
    });
  }

  std::optional<NettedBefore> find_netted(const std::vector<Obligation>& obligations) override {
    return persistently(lookups_, [&] {
      pqxx::nontransaction tx(lookups());
      return read_netted(tx, obligations);
    });
  }

  std::optional<KnownFunding> find_journal(const char* statement, const std::string& caller,
                                           const std::string& key) {
    return persistently(lookups_, [&]() -> std::optional<KnownFunding> {
      pqxx::nontransaction tx(lookups());
      const auto rows = tx.exec_params(statement, caller, key);
      tx.commit();
      if (rows.empty()) return std::nullopt;
      KnownFunding known;
      known.journal = {uuid_from(rows[0][0].c_str()).value()};
      const pqxx::binarystring digest(rows[0][1]);
      std::copy_n(digest.begin(), std::min(digest.size(), known.request_digest.size()),
                  known.request_digest.begin());
      return known;
    });
  }

  bool break_was_told(const std::string& kind, SettlementId settlement, const std::string& detail) override {
    return persistently(lookups_, [&] {
      pqxx::nontransaction tx(lookups());
      return !tx.exec_params("select 1 from breaks where settlement_id = $1 and kind = $2 and detail = $3",
                             to_string(settlement.uuid), kind, detail)
                  .empty();
    });
  }

  std::optional<Recorded> find(SettlementId id) override {
    return persistently(lookups_, [&]() -> std::optional<Recorded> {
      pqxx::nontransaction tx(lookups());
      const auto rows = tx.exec_params(
          "select " + settlement_columns + " from settlement_transactions where id = $1", to_string(id.uuid));
      tx.commit();
      if (rows.empty()) return std::nullopt;
      return settlement_from_row(rows[0]);
    });
  }

  bool end_with(std::int64_t batch) override {
    return persistently(lanes_[0], [&] {
      if (!lanes_[0].db) connect(0);
      const auto since = settings_.steady();
      const auto recorded = recorded_batch();
      settings_.on_proved(since);
      return recorded == batch;
    });
  }

  /// The second lane is opened here: a server may have no session for it.
  bool lane_ready(int lane) override {
    PgSession& session = session_of(lane);
    const std::lock_guard mine(session.busy);
    try {
      if (lane == 1 && !session.db) connect(1);
    } catch (const std::exception&) {
      return false;
    }
    return session.db != nullptr;
  }

  void write_ahead(const LedgerBatch& batch) override {
    PgSession& lane = session_of(batch.lane);
    const std::lock_guard mine(lane.busy);
    if (!lane.db) return;
    try {
      write_batch_ahead(*lane.db, batch, settings_.writer, epoch_);
      lane.ahead = batch.number;
    } catch (const std::exception&) {
      lane.lose();  // the commit writes everything once more, and says what is wrong
    }
  }

  void commit(const LedgerBatch& batch) override {
    PgSession& lane = session_of(batch.lane);
    persistently(lane, [&] {
      const std::lock_guard mine(lane.busy);
      if (lane.ahead == batch.number) {
        try {
          return write_in(lane, batch);
        } catch (const pqxx::failure&) {
          lane.lose();  // its transaction may have had to wait for too long
        }
      }
      if (lane.db) return write_in(lane, batch);
      return batch.lane == 0 ? write_anew(batch) : write_for_the_second_lane(batch);
    });
  }

 private:
  PgConnection& lookups() {
    if (!lookups_.db) {
      lookups_.begin(pg_connect(settings_.database_url));
      // Key by key: `= any($2)` or a join, planned for an empty table, would read all of a caller's orders,
      // and filter.
      lookups_.db->prepare("find_keys",
                           "select s.* from (select unnest($2::text[]) as key) wanted, lateral (select " +
                               settlement_columns +
                               ", idem_key, request_digest from settlement_transactions "
                               "where caller = $1 and idem_key = wanted.key limit 1) s");
    }
    return *lookups_.db;
  }

  PgSession& session_of(int lane) { return lanes_.at(static_cast<std::size_t>(lane)); }

  bool write_in(PgSession& lane, const LedgerBatch& batch) {
    const auto since = settings_.steady();
    write_batch(*lane.db, batch, settings_.writer, epoch_, std::exchange(lane.ahead, 0) == batch.number);
    settings_.on_proved(since);
    lane.plan_again_as_tables_grow(batch.opened.size());
    return true;
  }

  /// The first lane's batch, after its session was lost.
  bool write_anew(const LedgerBatch& batch) {
    try {
      return write_by_the_first_lane(batch);
    } catch (const pqxx::broken_connection&) {
      // A full server, perhaps: a session of the second lane is the one that the first lane needs.
      const std::unique_lock theirs(lanes_[1].busy, std::try_to_lock);
      if (theirs) lanes_[1].lose();
      throw;
    }
  }

  /// The second lane's batch, after its session was lost: the server may have no other. All commits behind
  /// this one wait for it, also the next one, of which the first lane may hold rows.
  bool write_for_the_second_lane(const LedgerBatch& batch) {
    PgSession& first = lanes_[0];
    const std::lock_guard mine(first.busy);
    try {
      return write_by_the_first_lane(batch);
    } catch (const pqxx::sql_error& e) {
      if (e.sqlstate() != lock_not_available || !first.db) {
        first.lose();
        throw;
      }
      // Asked here, where nobody else speaks on this session.
      const auto why = lock_in_the_way(*first.db, e.what());
      first.lose();
      throw pqxx::sql_error(why, e.query(), lock_not_available);
    } catch (...) {
      first.lose();
      throw;
    }
  }

  /// After a session was lost: its last COMMIT may have happened although the answer was lost.
  bool write_by_the_first_lane(const LedgerBatch& batch) {
    PgSession& first = lanes_[0];
    if (!first.db) connect(0);
    first.forget_ahead();
    const auto since = settings_.steady();
    // `for update` waits until a dying session has decided.
    if (recorded_batch(" for update") != batch.number) {
      try {
        return write_in(first, batch);
      } catch (const Fenced&) {
        // Or that session has decided only now.
        if (recorded_batch() != batch.number) throw;
      }
    }
    settings_.on_proved(since);
    return true;
  }

  void connect(int lane) {
    auto db = pg_connect(settings_.database_url);
    if (lane == 0) take_lease(*db);
    PgSession& session = session_of(lane);
    session.begin(std::move(db));
    prepare_batch_statements(*session.db);
  }

  void take_lease(PgConnection& db) {
    const auto give_up = std::chrono::steady_clock::now() + settings_.lease_patience;
    for (;;) {
      pqxx::nontransaction session(db);
      const auto lock = "select pg_try_advisory_lock(" + std::to_string(lease_lock_class) + ", " +
                        std::to_string(settings_.writer) + ")";
      if (session.exec1(lock)[0].as<bool>() || mutant("no_epoch_check")) break;
      if (std::chrono::steady_clock::now() > give_up || !settings_.keep_waiting())
        throw Fenced("another settled process writes to this database (ledger writer " +
                     std::to_string(settings_.writer) + "): stop it first");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  /// As the first lane's session sees it.
  std::int64_t recorded_batch(const char* how = "") {
    pqxx::work tx(*lanes_[0].db);
    const auto rows =
        tx.exec_params(std::string("select batch from ledger_writers where writer = $1 and epoch = $2") + how,
                       settings_.writer, epoch_);
    tx.commit();
    if (rows.empty() && mutant("no_epoch_check")) return 0;
    if (rows.empty())
      throw Fenced("this writer was deposed: its epoch " + std::to_string(epoch_) + " has passed");
    return rows[0][0].as<std::int64_t>();
  }

  /// After a lock that we did not get: who holds one. Asked on the session whose statement has just been
  /// rolled back, so that what is found is not ours; nor is it our other lane, which waits for this one.
  std::string lock_in_the_way(PgConnection& db, const std::string& otherwise) {
    try {
      std::string words;
      pqxx::nontransaction session(db);
      for (const auto& r :
           session.exec("select l.pid, coalesce(a.usename, 'of nobody'), min(c.relname::text) "
                        "from pg_locks l join pg_class c on c.oid = l.relation "
                        "left join pg_stat_activity a on a.pid = l.pid "
                        "where l.granted and l.mode <> 'AccessShareLock' and l.pid <> pg_backend_pid() "
                        "and l.pid not in (" +
                        std::to_string(lanes_[0].process) + ", " + std::to_string(lanes_[1].process) +
                        ") "
                        "and l.database = (select oid from pg_database where datname = current_database()) "
                        "and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace "
                        "group by 1, 2 order by 1"))
        words += (words.empty() ? "blocked by the database session " : ", and by session ") +
                 r[0].as<std::string>() + " of user " + r[1].as<std::string>() + ", which locks " +
                 r[2].as<std::string>();
      return words.empty() ? otherwise : words;
    } catch (const pqxx::failure&) {
      return otherwise;
    }
  }

  /// What became of a session's work. That keys can be looked up again does not mean that anything can be
  /// written. Tells of a change only, and of two at once the later one last.
  void tell(PgSession& session, bool there, const std::string& why = "") {
    const std::lock_guard one_by_one(telling_);
    session.down = !there;
    if (there && (lanes_[0].down || lanes_[1].down)) return;
    if (std::exchange(there_, there) != there) settings_.on_database(there, why);
  }

  /// Runs `work` until it got through. Refusals of our own making pass on; a database that is away is
  /// waited out.
  template <class Work>
  auto persistently(PgSession& session, Work work) -> decltype(work()) {
    for (auto pause = std::chrono::milliseconds(20);;
         pause = std::min(pause * 2, std::chrono::milliseconds(500))) {
      std::string why;
      try {
        auto done = work();
        tell(session, true);  // only now: a new connection may wait for the same lock as the one before
        return done;
      } catch (const Fenced& e) {
        settings_.on_fenced(e.what());
        throw;
      } catch (const pqxx::in_doubt_error& e) {
        why = e.what();
      } catch (
          const pqxx::statement_completion_unknown& e) {  // derives from transaction_rollback: a doubt first
        why = e.what();
      } catch (const pqxx::broken_connection& e) {
        why = e.what();
      } catch (const pqxx::sql_error& e) {
        if (!passing(e.sqlstate())) throw;
        why = e.sqlstate() == lock_not_available && session.db ? lock_in_the_way(*session.db, e.what())
                                                               : e.what();
      } catch (const pqxx::failure& e) {
        why = e.what();
      }
      session.lose();  // whatever it was, the next try asks a new session what was recorded
      tell(session, false, why);
      if (!settings_.keep_waiting()) throw std::runtime_error("stopped while the database is away: " + why);
      std::this_thread::sleep_for(pause);
    }
  }

  PgLedgerSettings settings_;
  std::array<PgSession, 2> lanes_;
  PgSession lookups_;
  std::int64_t epoch_ = 0;
  std::mutex telling_;
  std::optional<bool> there_;  // as told
};
}  // namespace

std::unique_ptr<LedgerStore> make_pg_ledger_store(PgLedgerSettings settings) {
  return std::make_unique<PgLedgerStore>(std::move(settings));
}
}  // namespace settled
