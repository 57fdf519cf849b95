// Rows F04, F07, F08 and F41: who works with the ledger fails. A settled that was frozen while another took
// its books, actors that throw on demand, a bank that answers nothing.
#include "apps/drill/matrix.hpp"

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <algorithm>
#include <csignal>
#include <thread>

namespace settled::drill {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

constexpr int exit_unavailable = 69, exit_software = 70;

std::int64_t number(const Site& site, const std::string& sql) {
  pqxx::connection db(site.endpoint().database_url);
  return pqxx::nontransaction(db).exec1(sql)[0].as<std::int64_t>();
}

/// What `actor` has been logged with under this event.
int logged(const Site& site, const std::string& event, const std::string& actor) {
  return count_of(site.log(), event + " actor=" + actor);
}

void needs(const RowSettings& settings, const std::string& failpoint) {
  const auto names = failpoints_of(settings.options.program_folder);
  if (std::find(names.begin(), names.end(), failpoint) == names.end())
    throw Skipped("needs the failpoint " + failpoint + ", which this settled has not");
}

/// settled.toml of another one at the same bank, without a bank of its own.
std::string without_sandbox(const Site& site) {
  auto toml = content_of(site.folder() / "settled.toml");
  const auto begin = toml.find("port = "), end = toml.find('\n', begin);
  must(begin != std::string::npos, "the settings of a drill name the port of its bank");
  return toml.replace(begin, end - begin, "enabled = false");
}

std::string frozen_and_taken_over(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  double taken_after = 0;
  int woken_ready = 0;
  std::optional<int> woken_ended;
  drill.under_load(1, [&] {
    // So that much is on its way when it freezes.
    drill.set_faults({.connections = 0, .scripts = {{"pending", R"("rate":0.5,"ms":500)"}}, .strikes = {}});
    std::this_thread::sleep_for(1s);
    auto& first = drill.site();
    auto other = settings.site();
    other.folder = settings.folder / "other";
    other.flags = {"--database-url", first.endpoint().database_url};
    other.toml = without_sandbox(first);
    {
      // While the first one works nobody else does.
      Site second(other);
      second.launch();
      std::optional<int> code;
      must(eventually([&] { return (code = second.ended()) || second.serves(); }, 60s),
           "a second settled on the same database neither ends nor serves");
      must(code == exit_unavailable, code ? "a second settled on the same database ended with " +
                                                std::to_string(*code) + " and not with 69"
                                          : "a second settled on the same database opened its port");
    }
    ::kill(first.pid(), SIGSTOP);
    {
      pqxx::connection db(superuser_url(first, "postgres"));
      pqxx::nontransaction(db).exec(
          "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'settled'");
    }
    Site second(other);
    const auto began = std::chrono::steady_clock::now();
    second.start();
    second.await_ready();
    taken_after = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const auto epoch = number(second, "select epoch from ledger_writers");
    ::kill(first.pid(), SIGCONT);
    // It knows nothing of all this, and has clients that ask it.
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < until && !(woken_ended = first.ended())) {
      woken_ready += Web(first.endpoint().http, {}, 1s).get("/api/v1/health/ready").status == 200;
      if (woken_ready == 0)
        must(number(second, "select epoch from ledger_writers") == epoch,
             "the one that was frozen took the books back while another has them");
      std::this_thread::sleep_for(50ms);
    }
    must(woken_ready == 0, "the one that was frozen says that it takes orders while another has the books");
    if (!woken_ended) {
      second.end(SIGTERM);
      // The books are free again, and its clients ask it for more: it finds that its epoch has passed.
      must(eventually([&] { return (woken_ended = first.ended()).has_value(); }, 60s),
           "the one that was frozen goes on where another one has been");
    } else {
      second.end(SIGKILL);  // its database went with the first one
    }
    must(woken_ended == exit_unavailable, "it ended with " + std::to_string(*woken_ended));
    first.start();
    first.await_ready();
  });
  drill.settle_up(1);
  const auto old = number(drill.site(),
                          "select count(*) from (select epoch, max(epoch) over (order by seq rows between "
                          "unbounded preceding and 1 preceding) as seen from events where stream = 0) e "
                          "where epoch < seen");
  drill.close();
  must(old == 0, std::to_string(old) + " events of an epoch that had passed");
  return "a second one ends with 69; taken over " + in_seconds(taken_after) +
         " after the freeze, nothing of the old epoch after it; the first one, awake again, was fenced and "
         "ended with 69";
}

std::string connector_throws(const RowSettings& settings) {
  needs(settings, "in_connector");
  Drill drill(settings.site());
  drill.open();
  const auto restarts = [&] { return logged(drill.site(), "actor_restarts", "connector:bank"); };
  drill.site().end(SIGKILL);
  // Five times in seconds: it comes back each time.
  drill.site().launch({"FAILPOINT=in_connector:throw*5"});
  drill.site().await_endpoint();
  drill.under_load(1, [&] {
    seconds_until([&] { return restarts() == 5; }, 60s, "the connector's actor has failed five times");
    await_service(drill);
  });
  drill.settle_up(1);
  must(drill.site().running() && logged(drill.site(), "actor_given_up", "connector:bank") == 0,
       "settled gave up a connector that failed five times");
  // And then for ever: whoever supervises processes is told.
  drill.site().end(SIGKILL);
  drill.start_failing("in_connector:throw");
  drill.under_load(2, [&] {
    drill.await_struck(60s);
    await_service(drill);
  });
  drill.settle_up(2);
  must(drill.struck_code() == exit_software,
       "it ended with " + std::to_string(drill.struck_code()) + " and not with 70");
  must(restarts() == 10 && logged(drill.site(), "actor_given_up", "connector:bank") == 1,
       std::to_string(restarts()) + " restarts of the connector's actor and not 10, then the escalation");
  must(logged(drill.site(), "actor_restarts", "ledger_writer") == 0, "the ledger writer was started again");
  drill.close();
  return "5 restarts and it works on; at the 6th failure settled says so and ends with 70; the ledger never "
         "restarted";
}

/// Milliseconds from an order's receipt to its end, of those that were completed in [from, to).
double p99_ms(const Site& site, double from, double to) {
  pqxx::connection db(site.endpoint().database_url);
  return pqxx::nontransaction(db)
      .exec_params1(
          "select coalesce(percentile_disc(0.99) within group (order by "
          "extract(epoch from finalized_at - created_at) * 1000), 0)::float8 "
          "from settlement_transactions where status = 'COMPLETED' and "
          "extract(epoch from finalized_at) >= $1 and extract(epoch from finalized_at) < $2",
          from, to)[0]
      .as<double>();
}
double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string poison_order(const RowSettings& settings) {
  needs(settings, "in_connector");
  auto site = settings.site();
  site.settlement = "unknown_limit_s = 1\n";
  Drill drill(site);
  drill.open();
  drill.site().end(SIGKILL);
  // Whatever its actor hears of the bank, it fails.
  drill.site().launch({"FAILPOINT=answer_read_before_record:throw~poison,before_inquiry:throw~poison"});
  drill.site().await_endpoint();
  drill.site().await_ready();
  Order order{.key = "poison", .from = "ABIDCIAB", .to = "DAKRSNDA", .currency = "XOF", .amount = "777"};
  order.round = 1;
  order.minor = 777;
  order.body = R"({"obligation_id":"poison","from_bank":"ABIDCIAB","to_bank":"DAKRSNDA","amount":"777",)"
               R"("currency":"XOF","method":"MOCK"})";
  Order& poison = drill.history().add(order);
  double before = 0, after = 0;
  std::string breaks;
  drill.under_load(1, [&] {
    std::this_thread::sleep_for(2s);  // it has warmed up
    const double quiet = now_s();
    std::this_thread::sleep_for(5s);
    const double poisoned = now_s();
    before = p99_ms(drill.site(), quiet, poisoned);
    {
      const Load one(drill.site(), drill.history(), {{{&poison}}}, 1);
      seconds_until([&] { return one.done(); }, 20s, "the order is taken");
    }
    const auto web = drill.site().web();
    seconds_until(
        [&] {
          return web->get("/api/v1/unknowns?settlement=" + poison.id).body.find(poison.id) !=
                 std::string::npos;
        },
        20s, "the order is parked and in the list of doubts");
    std::this_thread::sleep_for(5s);
    after = p99_ms(drill.site(), poisoned, now_s());
    must(web->post("/api/v1/jobs/escalate_unknowns/run", "{}").status == 200, "the job cannot be run");
    breaks = web->get("/api/v1/breaks?state=open").body;
    must(web->get("/api/v1/health/detailed").body.find("1 settlements need a person") != std::string::npos,
         "health does not say that an order is parked");
  });
  const auto open = json::parse(breaks, nullptr, false);
  must(open.is_object() && open["data"].size() == 1 && open["data"][0]["settlement"] == poison.id,
       "one break, of that order, must be open: " + breaks.substr(0, 300));
  const auto log = drill.site().log();
  must(count_of(log, "settlement_restarts settlement=" + poison.id) == 3 &&
           count_of(log, "settlement_parked settlement=" + poison.id) == 1 &&
           count_of(log, "settlement_parked") == 1,
       "it must be parked after three restarts, and it alone");
  for (const char* actor : {"ledger_writer", "connector:bank", "intake", "breaker:bank"})
    must(logged(drill.site(), "actor_restarts", actor) == 0, std::string(actor) + " was started again");
  // The next start, without its failure, takes it up.
  must(drill.site().end(SIGTERM) == 0, "settled does not end in order with a parked order");
  drill.site().start();
  drill.settle_up(1);
  must(number(drill.site(), "select count(*) from breaks where state = 'open'") == 0,
       "its break is still open though its end is known");
  drill.close();
  // A tenth, and what a busy machine of two processors does to any percentile.
  must(after <= 1.1 * before + 50, "the others took " + in_seconds(after / 1'000) +
                                       " (99 of 100), before it " + in_seconds(before / 1'000));
  return "parked after 3 restarts, one doubt, one break; 99 of 100 others ended within " +
         std::to_string(static_cast<int>(after)) +
         " ms (before it: " + std::to_string(static_cast<int>(before)) +
         " ms); asked and completed after the next start";
}

std::string answers_lost_for_a_minute(const RowSettings& settings) {
  Drill drill(settings.site());
  drill.open();
  std::int64_t doubts = 0, completed = 0;
  double over = 0;
  const auto count = [&](const std::string& of) {
    return number(drill.site(), "select count(*) from settlement_transactions where " + of);
  };
  drill.under_load(1, [&] {
    std::this_thread::sleep_for(1s);
    const Plan lost{.connections = 0, .scripts = {{"drop_answer", R"("rate":1,"op":"ANY")"}}, .strikes = {}};
    drill.set_faults(lost);
    std::this_thread::sleep_for(500ms);  // what was on its way is over
    const auto before = count("status = 'COMPLETED'");
    std::this_thread::sleep_for(60s);
    completed = count("status = 'COMPLETED'") - before;
    doubts = count("unknown_since is not null");
    drill.site().bank("DELETE", "/sandbox/faults");
    over = seconds_until([&] { return count("unknown_since is not null") == 0; }, 60s,
                         "every doubt is ended by an inquiry");
  });
  drill.settle_up(1);
  BankLog log;
  log.read(drill.site());
  std::int64_t orders = 0;
  for (const auto& [reference, seen] : log.references()) {
    orders += seen.sends > 0;
    must(seen.sends <= 1 && seen.effects <= 1, reference + " was sent " + std::to_string(seen.sends) +
                                                   " times and executed " + std::to_string(seen.effects));
  }
  const auto open = count("status <> 'COMPLETED' and attempts > 0");
  const auto asked = number(drill.site(),
                            "select count(distinct settlement_id) from settlement_attempts where kind = "
                            "'INQUIRY' and outcome = 'completed'");
  drill.close();
  must(completed == 0, std::to_string(completed) + " orders were completed without an answer");
  must(doubts >= 20, "only " + std::to_string(doubts) + " doubts in a minute: that shows little");
  must(open == 0, std::to_string(open) + " orders that the bank has executed are not completed");
  return std::to_string(doubts) + " doubts after the minute, all ended by inquiry within " +
         in_seconds(over) + " (" + std::to_string(asked) + " in all); " + std::to_string(orders) +
         " orders at the bank, each sent once and executed once";
}
}  // namespace

std::vector<Row> rows_of_failures() {
  return {
      {"F04", "settled is frozen, another takes over, it wakes",
       "nothing is written under the old epoch; a second one beside the first ends with 69",
       frozen_and_taken_over},
      {"F07", "the connector throws again and again", "restarts, then escalation; the ledger never restarts",
       connector_throws},
      {"F08", "one order always fails its actor",
       "it is parked after three restarts, one break is opened, its neighbours are not slowed", poison_order},
      {"F41", "the bank executes and loses every answer for 60 s",
       "nothing is sent twice; all is completed by inquiry", answers_lost_for_a_minute},
  };
}
}  // namespace settled::drill
