#define BOOST_TEST_MODULE keeper
#include "storage/pg_keeper.hpp"
#include "storage/pg_verify.hpp"
#include "tests/storage/books.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

using namespace settled;
using namespace settled::tests;
using namespace std::chrono_literals;

namespace {
struct Config : caf::actor_system_config {
  Config() { add_message_types<caf::id_block::settled>(); }
};

struct House {
  BooksServer server;
  std::string database = server.fresh();
  Config config;
  caf::actor_system system{config};
  KeeperActor keeper;
  caf::scoped_actor self{system};

  explicit House(std::chrono::milliseconds at_a_stretch, std::chrono::milliseconds stands_back_max = 120s) {
    keeper = caf::actor_cast<KeeperActor>(
        system.spawn<caf::detached>(pg_keeper, PgKeeperSettings{.database_url = server.url(database),
                                                                .at_a_stretch = at_a_stretch,
                                                                .stands_back_max = stands_back_max}));
  }
  ~House() { self->send_exit(keeper, caf::exit_reason::user_shutdown); }

  auto ask(bool at_once) { return self->request(keeper, 60s, CheckInvariants{at_once}); }
  template <class Question>
  InvariantReport answer(Question question) {
    InvariantReport report;
    question.receive([&](InvariantReport& answered) { report = std::move(answered); },
                     [&](const caf::error& why) { BOOST_ERROR(system.render(why)); });
    return report;
  }
};
}  // namespace

BOOST_AUTO_TEST_CASE(a_check_that_is_spread_over_time_looks_at_every_rule) {
  House house(0ms);
  const auto report = house.answer(house.ask(false));
  BOOST_TEST(report.ok);
  BOOST_TEST(report.invariants.size() == sql_checks().size());
}

BOOST_AUTO_TEST_CASE(a_check_that_gets_no_time_behind_everybody_else_takes_it_among_them) {
  const auto runs_of_slow_rules = [](bool awaited, std::chrono::milliseconds stands_back_max) {
    House house(0ms, stands_back_max);
    // The first rule is slow, whenever it is tried.
    house.server.run(house.database,
                     "create sequence runs; alter table ledger_entries rename to quick_entries; create view "
                     "ledger_entries as select e.* from quick_entries e, "
                     "(select case when nextval('runs') <= 2 then pg_sleep(0.2) end) slowly");
    const auto report = house.answer(house.ask(awaited));
    BOOST_TEST(report.ok);
    BOOST_TEST(report.invariants.size() == sql_checks().size());
    pqxx::connection db(house.server.url(house.database));
    return pqxx::nontransaction(db).exec1("select last_value from runs")[0].as<int>();
  };
  // That took longer than it may behind the others, and was begun anew; nothing else was.
  for (const bool awaited : {false, true})
    BOOST_TEST(runs_of_slow_rules(awaited, 50ms) == runs_of_slow_rules(awaited, 120s) + 1);
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_check_gets_one_that_begins_now_and_so_does_who_asked_before) {
  House house(1ms);
  auto spread = house.ask(false);
  house.server.run(house.database,
                   "alter table ledger_entries disable trigger append_only; update "
                   "ledger_entries set amount = amount + 1 where version = 1");
  const auto now = house.answer(house.ask(true));
  BOOST_TEST(!now.ok);
  BOOST_TEST(now.invariants.size() == sql_checks().size());
  BOOST_TEST(!house.answer(spread).ok);
}

BOOST_AUTO_TEST_CASE(a_check_that_cannot_run_is_an_error_and_the_next_one_begins_anew) {
  House house(200ms);
  house.server.run(house.database, "alter view all_fund_locks rename to away");
  bool failed = false;
  house.ask(false).receive([](const InvariantReport&) {}, [&](const caf::error&) { failed = true; });
  BOOST_TEST(failed);
  house.server.run(house.database, "alter view away rename to all_fund_locks");
  BOOST_TEST(house.answer(house.ask(false)).ok);
}
