// core: the same intake, ledger writer and book in this process, over books in memory; the orders are on us.
// What is left is what the actors and the book cost, without HTTP and without a database.
#include "actors/intake.hpp"
#include "apps/bench/cases.hpp"
#include "apps/bench/core_books.hpp"
#include "runtime/clock.hpp"
#include "storage/ledger_writer.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cmath>
#include <ctime>
#include <deque>
#include <stdexcept>
#include <unordered_map>

namespace settled::bench {
namespace {
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int counterparties = 10'000, banks = 1'000, per_message = 1'000;

struct CoreConfig : caf::actor_system_config {
  CoreConfig() {
    add_message_types<caf::id_block::settled>();
    set("scheduler.max-threads", std::size_t{1});
    set("scheduler.policy", caf::atom("sharing"));
  }
};

RailActor::behavior_type yes_rail() {
  const auto yes = [] { return RailAnswer{.outcome = Outcome::completed, .bank_reference = "in-process"}; };
  return {[=](const SendPayment&) { return yes(); }, [=](const InquirePayment&) { return yes(); },
          [=](const CheckRail&) { return yes(); }, [](const ReadHealth&) { return HealthReport{}; }};
}

double process_cpu_s() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::string text_of(std::array<char, 8> bic) { return {bic.data(), bic.size()}; }

class Core {
 public:
  Core() : system_(config_), books_(std::make_shared<CoreBooks>()) {
    writer_ = system_.spawn(ledger_writer,
                            LedgerWriterSettings{.make_store = [b = books_] { return make_core_store(b); },
                                                 .clock = system_clock(),
                                                 .ids = system_ids()});
    open_accounts();
    const auto rail = system_.spawn(yes_rail);
    const auto context =
        std::make_shared<SettlementContext>(SettlementContext{.ledger = caf::actor_cast<LedgerActor>(writer_),
                                                              .rail = rail,
                                                              .capability = {.idempotent_by_reference = true,
                                                                             .status_by_reference = true,
                                                                             .not_found_final_after = 2s},
                                                              .settings = {},
                                                              .clock = system_clock(),
                                                              .steady = settled::steady_clock(),
                                                              .proven = settled::steady_clock(),
                                                              .chance = system_chance()});
    intake_ = caf::actor_cast<IntakeActor>(system_.spawn(
        intake, IntakeSettings{.in_flight_max = 1'000'000,
                               .clock = system_clock(),
                               .ids = system_ids(),
                               .ledger = caf::actor_cast<LedgerActor>(writer_),
                               .rules = {{.connector = "core", .banks = {"*"}, .methods = {}, .on_us = true}},
                               .rails = {context}}));
  }
  ~Core() {
    caf::anon_send_exit(intake_, caf::exit_reason::kill);
    caf::anon_send_exit(caf::actor_cast<caf::actor>(writer_), caf::exit_reason::kill);
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  struct Run {
    double per_s = 0, cpu_us = 0;
    std::string broken;
  };
  /// Messages of 1,000 orders, four under way; ends when all of them are COMPLETED.
  Run run(double seconds, std::uint64_t seed) {
    Orders draw({.seed = seed, .counterparties = counterparties, .banks = banks, .on_us = true});
    // Made before the time counts: parsing orders is not the core's work.
    std::deque<SubmitSettlements> ready;
    const auto most = static_cast<std::size_t>(seconds * 300) + 8;
    while (ready.size() < most) ready.push_back(message(draw));
    caf::scoped_actor self{system_};
    const double cpu = process_cpu_s();
    const auto begun = std::chrono::steady_clock::now();
    std::uint64_t accepted = 0;
    int under_way = 0;
    const auto took = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    };
    for (bool sending = true; sending || under_way > 0;) {
      sending = sending && took() < seconds && !ready.empty();
      if (sending && under_way < 4) {
        self->send(intake_, std::move(ready.front()));
        ready.pop_front();
        ++under_way;
        continue;
      }
      self->receive([&](const Submissions& answer) {
        --under_way;
        for (const auto& one : answer.results) accepted += one.kind == Submission::Kind::accepted ? 1 : 0;
      });
    }
    while (in_flight(self) > 0) sleep_ms(1);
    const double time = took();
    const double n = static_cast<double>(accepted);
    return {n / time, (process_cpu_s() - cpu) * 1e6 / std::max(n, 1.0), books_->check(accepted)};
  }

 private:
  std::int64_t in_flight(caf::scoped_actor& self) {
    std::int64_t n = 0;
    self->request(intake_, 60s, ReadHealth{})
        .receive([&](const HealthReport& report) { n = report.in_flight; },
                 [](const caf::error&) { throw std::runtime_error("the intake does not answer"); });
    return n;
  }

  static SubmitSettlements message(Orders& draw) {
    SubmitSettlements out{.caller = "bench", .orders = {}};
    out.orders.reserve(per_message);
    for (int i = 0; i < per_message; ++i) {
      const Order o = draw.next();
      NewSettlement s;
      s.idempotency_key.assign(o.key.data(), o.key.size());
      std::copy_n(o.key.begin(), 32, s.request_digest.begin());
      s.order = {.obligation_id = "OB-" + s.idempotency_key.substr(0, 16),
                 .from_bank = text_of(o.from),
                 .to_bank = text_of(o.to),
                 .amount = {o.amount, *currency_from("XOF")},
                 .settlement_date = ""};  // none: today, whenever that is
      s.trace_id = "1b60853ed4ef2bb364a982a1c569b7ad";
      out.orders.push_back(std::move(s));
    }
    return out;
  }

  void open_accounts() {
    caf::scoped_actor self{system_};
    const auto xof = *currency_from("XOF");
    const auto ask = [&](auto request) {
      AccountChanged changed;
      self->request(writer_, 60s, std::move(request))
          .receive([&](AccountChanged& answer) { changed = std::move(answer); },
                   [](const caf::error&) { throw std::runtime_error("an account cannot be opened"); });
      return changed;
    };
    const auto open = [&](AccountKind kind, const std::string& bank, std::int64_t money) {
      const auto opened = ask(OpenAccount{"bench", {.kind = kind, .bank = bank, .currency = xof}});
      ask(FundAccount{
          .caller = "bench", .idempotency_key = bank, .account = opened.account.id, .amount = {money, xof}});
    };
    for (std::uint32_t i = 0; i < counterparties; ++i)
      open(AccountKind::vostro, text_of(counterparty_bic(i)), 1'000'000'000'000);
    for (std::uint32_t i = 0; i < banks; ++i)
      open(AccountKind::vostro, text_of(bank_bic(i)), 1'000'000'000'000'000);
  }

  CoreConfig config_;
  caf::actor_system system_;
  std::shared_ptr<CoreBooks> books_;
  LedgerWriterActor writer_;
  IntakeActor intake_;
};

/// The least that a settlement can be: two balances in a hash map move, if both can.
double bare_loop(double seconds) {
  std::unordered_map<std::uint64_t, std::int64_t> balances;
  for (std::uint64_t i = 0; i < counterparties + banks; ++i) balances[Random::mix(i)] = 1'000'000'000'000'000;
  Random random(3);
  const Zipf zipf(banks, Town::zipf);
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  double took = 0;
  while (took < seconds) {
    for (int i = 0; i < 10'000; ++i) {
      auto& payer = balances.find(Random::mix(random.below(counterparties)))->second;
      auto& nostro = balances.find(Random::mix(counterparties + zipf.draw(random)))->second;
      const auto amount = static_cast<std::int64_t>(1'000 + random.below(9'000));
      if (payer < amount || nostro < amount) continue;
      payer -= amount;
      nostro -= amount;
      ++done;
    }
    took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  return static_cast<double>(done) / took;
}
}  // namespace

std::vector<Result> core(Lab& lab) {
  std::string broken;
  std::uint64_t seed = 40;
  const double seconds = std::min(lab.options.seconds, 2.0);
  const auto rounds = lab.rounds([&] {
    Round round;
    round["bare"] = bare_loop(0.5);
    Core core;
    const auto run = core.run(seconds, ++seed);
    round["ours"] = run.per_s;
    round["cpu_us"] = run.cpu_us;
    if (broken.empty()) broken = run.broken;
    return round;
  });
  Result result;
  result.name = "core";
  result.unit = "settlements/s";
  result.value = median(column(rounds, "ours"));
  result.reference = median(column(rounds, "bare"));
  result.cpu_us = median(column(rounds, "cpu_us"));
  result.bar = 200'000;
  result.goal = 1'000'000;
  result.broken = broken;
  result.note =
      "intake, ledger writer, settlements and book on one scheduler thread over books in memory; reference: "
      "two balances in a hash map";
  return {result.settle()};
}

}  // namespace settled::bench
