// Rows F23 and F28 to F31: a database that is there and does not work.
#include "apps/drill/matrix.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <thread>

namespace settled::drill {
namespace {
using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::steady_clock;

/// A new order, for what is known already may be answered from memory: what does its client hear, and after
/// how long?
struct Heard {
  int status = 0;
  double seconds = 0;
};
Heard ask(Drill& drill, std::chrono::seconds patience) {
  const auto& orders = drill.history().orders();
  const auto like = std::find_if(orders.begin(), orders.end(),
                                 [](const Order& order) { return order.kind == Order::Kind::good; });
  must(like != orders.end(), "no order has been made yet");
  Order& order = drill.history().add({.round = like->round,
                                      .key = like->key + "-meanwhile",
                                      .body = like->body,
                                      .from = like->from,
                                      .to = like->to,
                                      .currency = like->currency,
                                      .amount = like->amount,
                                      .minor = like->minor});
  const auto at = drill.site().endpoint();
  const auto began = steady_clock::now();
  drill.history().intend(order);
  const auto reply = Web(at.http, at.api_key, patience).post("/api/v1/settlements", order.body, order.key);
  must(reply.status != 202, "a client heard 202 of a database that does nothing");
  drill.history().told(order, reply.status, "", "", false);
  return {reply.status, duration<double>(steady_clock::now() - began).count()};
}

std::string frozen_for_20_s(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  Heard heard;
  double back = 0;
  int alive = 0;
  drill.under_load(1, [&] {
    std::this_thread::sleep_for(1s);
    drill.site().freeze_database(true);
    const auto until = steady_clock::now() + 20s;
    heard = ask(drill, 19s);
    alive = Web(drill.site().endpoint().http).get("/api/v1/health/live").status;
    std::this_thread::sleep_until(until);
    drill.site().freeze_database(false);
    back = await_service(drill);
  });
  drill.settle_up(1);
  drill.close();
  must(alive == 200, "settled said that it is not alive: " + std::to_string(alive));
  must(heard.status == 503, "a client heard " +
                                (heard.status == 0 ? "nothing" : std::to_string(heard.status)) + " within " +
                                in_seconds(heard.seconds) + " of the freeze");
  must(back <= 5, "answers only " + in_seconds(back) + " after the thaw");
  return "503 after " + in_seconds(heard.seconds) + ", answers " + in_seconds(back) + " after the thaw";
}

std::string no_free_connections(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  std::int64_t answered = 0;
  int eaten = 0, list = 0;
  drill.under_load(1, [&] {
    std::this_thread::sleep_for(500ms);
    {
      std::vector<std::unique_ptr<pqxx::connection>> held;
      try {
        for (;; ++eaten)
          held.push_back(std::make_unique<pqxx::connection>(drill.site().endpoint().database_url));
      } catch (const pqxx::failure&) {
        // Full: that is what we wanted.
      }
      const auto before = drill.history().answers();
      std::this_thread::sleep_for(3s);
      answered = drill.history().answers() - before;
      list = drill.site().web()->get("/api/v1/settlements?limit=1").status;
      // The writer loses its session and finds no other.
      pqxx::connection superuser(superuser_url(drill.site()));
      pqxx::nontransaction(superuser).exec(
          "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'");
      try {
        for (;;) held.push_back(std::make_unique<pqxx::connection>(drill.site().endpoint().database_url));
      } catch (const pqxx::failure&) {
      }
      std::this_thread::sleep_for(2s);
    }
    await_service(drill);
  });
  drill.settle_up(1);
  drill.close();
  must(answered > 0, "no order was answered while " + std::to_string(eaten) + " connections were taken");
  must(list == 200 || list == 503, "a list said " + std::to_string(list));
  return std::to_string(answered) + " answers in 3 s while others held all " + std::to_string(eaten) +
         " free connections; lists say " + std::to_string(list);
}

std::string deadlocks(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  int aborted = 0;
  drill.under_load(1, [&] {
    const auto count = [&drill] {
      pqxx::connection db(superuser_url(drill.site()));
      return pqxx::nontransaction(db)
          .exec1("select deadlocks from pg_stat_database where datname = 'settled'")[0]
          .as<int>();
    };
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(300ms);
      pqxx::connection db(superuser_url(drill.site()));
      try {
        pqxx::work tx(db);
        // Against the writer's order: it has its own row already when it comes to the accounts. It waits
        // longer than we do, so it is the one whom PostgreSQL ends.
        tx.exec("set local deadlock_timeout = '30s'");
        tx.exec("select id from accounts for update");
        std::this_thread::sleep_for(200ms);
        tx.exec("select writer from ledger_writers for update");
      } catch (const pqxx::failure&) {
        // It was us; or the writer gave up waiting.
      }
      await_service(drill);
    }
    eventually([&] { return (aborted = count()) > 0; }, 3s);
  });
  drill.settle_up(1);
  drill.close();
  must(aborted > 0, "no deadlock came about");
  return std::to_string(aborted) + " deadlocks, each order once";
}

std::string table_locked(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  double back = 0;
  std::string words;
  int pid = 0;
  drill.under_load(1, [&] {
    std::this_thread::sleep_for(500ms);
    {
      pqxx::connection db(superuser_url(drill.site()) + "&application_name=somebody");
      pqxx::work tx(db);
      pid = tx.exec1("select pg_backend_pid()")[0].as<int>();
      tx.exec("lock table accounts in access exclusive mode");
      const auto until = steady_clock::now() + settings.length(20s, 60s);
      std::this_thread::sleep_for(8s);  // longer than settled itself waits for a lock
      const auto at = drill.site().endpoint();
      words = Web(at.http).get("/api/v1/health/ready").body +
              Web(at.http, at.api_key).get("/api/v1/health/detailed").body;
      std::this_thread::sleep_until(until);
    }
    back = await_service(drill);
  });
  drill.settle_up(1);
  drill.close();
  must(back <= 5, "answers only " + in_seconds(back) + " after the lock was gone");
  must(words.find(std::to_string(pid)) != std::string::npos,
       "waited well (answers " + in_seconds(back) +
           " after the lock was gone), but readiness does not name who "
           "blocks: " +
           words.substr(0, 300));
  return "readiness names the session that blocks; answers " + in_seconds(back) + " after the lock was gone";
}

std::string client_frozen_with_a_lock(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  double blocked = 0;
  drill.under_load(1, [&] {
    std::this_thread::sleep_for(500ms);
    pqxx::connection frozen(drill.site().endpoint().database_url);
    pqxx::work tx(frozen);
    tx.exec("select writer from ledger_writers for update");
    // Says nothing from here on. What was under way may still be answered.
    std::this_thread::sleep_for(500ms);
    blocked = await_service(drill) + 0.5;
    try {
      tx.commit();
      must(false, "the database let a frozen client keep its lock");
    } catch (const pqxx::failure&) {
      // The database ended the session.
    }
  });
  drill.settle_up(1);
  drill.close();
  constexpr double idle_in_transaction_session_timeout = 5;
  must(blocked <= idle_in_transaction_session_timeout + 1.5, "freed only after " + in_seconds(blocked));
  return "freed after " + in_seconds(blocked);
}
}  // namespace

std::vector<Row> rows_of_database() {
  return {
      {"F23", "PostgreSQL frozen for 20 s", "clients are told 503, answers within 5 s of the thaw",
       frozen_for_20_s},
      {"F28", "PostgreSQL without a free connection", "the writer keeps its own; lists may say 503",
       no_free_connections},
      {"F29", "PostgreSQL ends a batch for a deadlock ×5", "each order once", deadlocks},
      {"F30", "a person's table lock for 20 s (60 s)",
       "readiness names the session that blocks; answers within 5 s after it", table_locked},
      {"F31", "a frozen client with a row lock", "the database frees it within 6 s",
       client_frozen_with_a_lock},
  };
}
}  // namespace settled::drill
