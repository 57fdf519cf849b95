#include "tests/sim/scenario.hpp"

#include "tests/sim/sim_books.hpp"
#include "tests/sim/sim_clients.hpp"
#include "tests/sim/sim_process.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <array>

namespace settled::tests {
namespace {
using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Ends whoever lets it through: not an exception that code of ours would take for a refusal.
struct Death {};

/// How bad this run is; drawn once.
struct Weather {
  int kill = 0;          // an actor, per step, in 1/10 of a thousandth
  int crash = 0;         // the process, likewise
  int usurp = 0;         // another writer takes over, likewise
  int commit_fault = 0;  // per commit, in thousandths
  int queued = 0;        // orders that wait for funds instead of failing, in thousandths
  int answer_lost = 0;   // per answer between two actors, or to a client
  int creep = 0;         // time passes although somebody has a message, per step
  int wall_jump = 0;     // the wall clock is set, per step, in 1/10 of a thousandth
  int pause = 0;         // an actor has no turn for a while, per step, likewise
  BankTrouble bank;
  microseconds lasts{0};
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, Verdict& verdict);
  ~Scenario() { world_.kill_all_but({}); }  // before what they tell of their end
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;
  void run();
  SimResult result() const;

 private:
  void draw_weather();
  SimProcessSettings process_settings();
  void open_accounts();
  void fund(AccountId account, std::int64_t amount, const std::string& key);
  void plan_orders();
  void storm();
  void trouble_actors();
  void trouble_bank();
  void usurp();
  void crash();
  caf::strong_actor_ptr any_actor();
  void kill_one();
  void pause_one();
  void heal();
  void fund_everybody();
  void calm_down();
  bool at_rest() const;
  void step_or_wait();
  CommitFault commit_fault();
  void durable();
  void final_checks();
  /// In 1/10 of a thousandth.
  bool rarely(int n) { return n > 0 && world_.chance().below(10'000) < static_cast<std::size_t>(n); }
  void fault(const std::string& what) {
    ++faults_;
    if (verdict_.keeps()) verdict_.note("FAULT " + what);
  }

  std::uint64_t seed_;
  Verdict& verdict_;
  VirtualActors world_;
  Weather weather_;
  bool stormy_ = false;
  std::size_t faults_ = 0;
  std::shared_ptr<MemoryBooks> books_ = std::make_shared<MemoryBooks>();
  std::shared_ptr<SimBank> bank_;
  std::unique_ptr<SimProcess> process_;
  std::unique_ptr<SimClients> clients_;
};

Scenario::Scenario(std::uint64_t seed, Verdict& verdict)
    : seed_(seed), verdict_(verdict), world_(Order::chance, seed) {
  if (verdict_.keeps()) {
    world_.trace = [this](const std::string& what) { verdict_.note(what); };
    verdict_.set_clock([this] { return std::to_string(world_.now() / 1'000) + "ms"; });
  }
  draw_weather();
  auto& chance = world_.chance();
  const Capability capability{
      .idempotent_by_reference = chance.per_mille(400),
      .status_by_reference = true,
      .not_found_final_after = milliseconds(chance.one_of(200, 2'000, 2'000, 30'000))};
  bank_ = std::make_shared<SimBank>(world_, verdict_, SimBankSettings{.capability = capability});
  process_ = std::make_unique<SimProcess>(world_, verdict_, process_settings());
  clients_ = std::make_unique<SimClients>(
      world_, verdict_,
      SimClientsSettings{.books = books_,
                         .intake = [this] { return process_->runs() ? process_->intake() : IntakeActor{}; },
                         .loses_answer =
                             [this] {
                               const bool lost = stormy_ && world_.chance().per_mille(weather_.answer_lost);
                               if (lost) fault("answer to a client lost");
                               return lost;
                             }});
}

void Scenario::draw_weather() {
  auto& chance = world_.chance();
  const auto level = [&] { return chance.one_of(0, 0, 20, 100, 300); };
  weather_.kill = chance.one_of(0, 20, 100, 300);
  weather_.crash = chance.one_of(0, 0, 10, 50);
  weather_.usurp = chance.one_of(0, 0, 0, 20);
  weather_.commit_fault = chance.one_of(0, 0, 20, 100, 300);
  weather_.answer_lost = chance.one_of(0, 0, 20, 100);
  weather_.creep = chance.one_of(0, 0, 20, 200);
  weather_.wall_jump = chance.one_of(0, 0, 0, 20);
  weather_.pause = chance.one_of(0, 0, 50, 200);
  weather_.queued = chance.one_of(0, 0, 500);
  auto& bank = weather_.bank;
  for (int* rate :
       {&bank.request_lost, &bank.answer_lost, &bank.effect_late, &bank.server_error, &bank.not_sent,
        &bank.refused, &bank.accepted, &bank.delivered_twice, &bank.slow, &bank.inquiry_lost})
    *rate = level();
  weather_.lasts = milliseconds(chance.between(1'000, 60'000));
}

SimProcessSettings Scenario::process_settings() {
  auto& chance = world_.chance();
  SimProcessSettings settings;
  settings.store.books = books_;
  settings.store.fault = [this](const LedgerBatch&) { return commit_fault(); };
  settings.store.on_durable = [this] { durable(); };
  settings.store.on_read = [this] {
    if (!stormy_ || !world_.chance().per_mille(weather_.commit_fault / 4)) return;
    fault("read refused");
    throw std::runtime_error("the database refused the question");
  };
  settings.bank = bank_;
  settings.settlement = {.transaction_timeout = milliseconds(chance.one_of(15'000, 300'000)),
                         .answer_max = 20s,
                         .send_lasts_max = 5s};
  settings.breaker = {.failure_threshold = chance.one_of(2, 5),
                      .success_threshold = 2,
                      .timeout = milliseconds(chance.one_of(1'000, 20'000)),
                      .half_open_max_calls = chance.one_of(1, 3)};
  settings.calls_under_way_max = static_cast<std::size_t>(chance.one_of(1, 4, 256));
  settings.loses_answer = [this] {
    const bool lost = stormy_ && world_.chance().per_mille(weather_.answer_lost);
    if (lost) fault("answer of a rail lost");
    return lost;
  };
  return settings;
}

CommitFault Scenario::commit_fault() {
  auto& chance = world_.chance();
  if (!stormy_ || !chance.per_mille(weather_.commit_fault)) return CommitFault::none;
  if (chance.per_mille(100)) {
    fault("the writer dies before its commit");
    throw Death{};
  }
  if (chance.per_mille(200)) {  // the writer blocks, and the world goes on
    fault("the database is away");
    const Micros until = world_.now() + chance.between(1'000, 20'000'000);
    while (world_.now() < until && world_.wait()) {
    }
  }
  const auto what = chance.one_of(CommitFault::refused, CommitFault::refused, CommitFault::request_lost,
                                  CommitFault::answer_lost);
  fault("commit " + std::string(to_string(what)));
  return what;
}

void Scenario::durable() {
  if (auto why = wrong_in_books(*books_); !why.empty()) verdict_.fail(why);
  if (stormy_ && world_.chance().per_mille(weather_.commit_fault / 10)) {
    fault("the writer dies after its commit");
    throw Death{};
  }
}

/// Does nothing when it was done before.
void Scenario::fund(AccountId account, std::int64_t amount, const std::string& key) {
  world_.ask<AccountChanged>(process_->ledger(), FundAccount{.caller = "ops",
                                                             .idempotency_key = key + account.text(),
                                                             .account = account,
                                                             .amount = {amount, *currency_from("XOF")}});
}

void Scenario::open_accounts() {
  const auto open = [&](AccountKind kind, const char* bank, std::int64_t funds, bool is_default = false) {
    const auto opened = world_.ask<AccountChanged>(
        process_->ledger(),
        OpenAccount{
            "ops",
            {.kind = kind, .bank = bank, .currency = *currency_from("XOF"), .is_default = is_default}});
    fund(opened.account.id, funds, "at the start ");
  };
  auto& chance = world_.chance();
  open(AccountKind::vostro, "ABIDCIAB", chance.between(300, 2'000));
  open(AccountKind::vostro, "BAMAMLBA", chance.between(300, 2'000));
  open(AccountKind::nostro, "DAKRSNDA", chance.between(500, 3'000), true);
}

void Scenario::plan_orders() {
  auto& chance = world_.chance();
  const auto orders = chance.between(2, 8);
  std::vector<std::size_t> wishes;
  for (std::int64_t i = 0; i < orders; ++i) {
    const auto amount = chance.between(50, 600);
    NewSettlement order{.idempotency_key = "k" + std::to_string(i),
                        .request_digest = {static_cast<std::uint8_t>(i)},
                        .order = {.obligation_id = "ob" + std::to_string(i),
                                  .from_bank = chance.one_of("ABIDCIAB", "ABIDCIAB", "BAMAMLBA"),
                                  .to_bank = chance.one_of("DAKRSNDA", "LOMETGLO"),
                                  .amount = {amount, *currency_from("XOF")},
                                  .settlement_date = ""},
                        .trace_id = {}};
    if (chance.per_mille(weather_.queued)) order.order.insufficient_funds = Otherwise::queue;
    wishes.push_back(clients_->wish("alice", order));
    // The same key from elsewhere: the same order again, another one, or another caller's own.
    if (chance.per_mille(300)) wishes.push_back(clients_->wish("alice", order));
    if (chance.per_mille(100)) wishes.push_back(clients_->wish("bob", order));
    if (chance.per_mille(100)) {
      order.order.amount.minor += 1;
      order.request_digest[1] = 1;
      wishes.push_back(clients_->wish("mallory", order));
      order.order.amount.minor += 1;
      order.request_digest[1] = 2;
      wishes.push_back(clients_->wish("mallory", order));
    }
  }
  std::map<std::string, std::vector<std::size_t>> together;  // a call has one caller
  for (const auto i : wishes) {
    auto& batch = together[clients_->caller(i)];
    batch.push_back(i);
    if (chance.per_mille(300)) continue;
    world_.after(microseconds(chance.between(0, chance.one_of(1'000, 5'000'000))),
                 [this, batch] { clients_->send(batch); });
    batch.clear();
  }
  for (const auto& [caller, batch] : together)
    if (!batch.empty()) world_.after(1ms, [this, batch = batch] { clients_->send(batch); });
}

void Scenario::step_or_wait() {
  if (stormy_ && world_.chance().per_mille(weather_.creep)) {
    if (world_.wait()) return;
  }
  if (!world_.step()) world_.wait();
}

void Scenario::storm() {
  stormy_ = true;
  bank_->trouble = weather_.bank;
  const Micros end = world_.now() + weather_.lasts.count();
  for (int guard = 0; guard < 20'000 && world_.now() < end && !verdict_.failed(); ++guard) {
    trouble_actors();
    if (process_->runs() && process_->wants_to_end()) crash();
    step_or_wait();
  }
}

void Scenario::trouble_actors() {
  if (rarely(weather_.kill)) kill_one();
  if (rarely(weather_.crash) && process_->runs()) crash();
  if (rarely(weather_.usurp) && process_->runs()) usurp();
  if (rarely(weather_.pause)) pause_one();
  if (rarely(weather_.wall_jump)) {
    fault("the wall clock is set");
    world_.set_wall(std::chrono::seconds(world_.chance().between(-3'600, 3'600)));
  }
  if (rarely(weather_.bank.not_sent / 10)) trouble_bank();
}

void Scenario::trouble_bank() {
  if (bank_->trouble.down) return;
  fault("the bank is down");
  bank_->trouble.down = true;
  world_.after(milliseconds(world_.chance().between(100, 10'000)), [this] { bank_->trouble.down = false; });
}

caf::strong_actor_ptr Scenario::any_actor() {
  auto& chance = world_.chance();
  const auto living = world_.living(chance.one_of("settlement", "settlement", "settlement", "intake",
                                                  "circuit_breaker", "connector", "ledger_writer"));
  return living.empty() ? nullptr : living[chance.below(living.size())];
}

void Scenario::kill_one() {
  const auto victim = any_actor();
  if (!victim) return;
  fault("kill " + std::to_string(victim->id()));
  world_.kill(victim);
}

void Scenario::pause_one() {
  const auto who = any_actor();
  if (!who) return;
  fault("pause " + std::to_string(who->id()));
  world_.pause(who, microseconds(world_.chance().between(1'000, 20'000'000)));
}

/// Another writer over the same books, while ours lives on and does not know it yet.
void Scenario::usurp() {
  fault("another writer takes over");
  const auto store = process_->settings().store;
  const auto usurper = world_.system().spawn(
      quiet_writer, LedgerWriterSettings{.make_store = [store] { return make_memory_ledger_store(store); },
                                         .clock = world_.wall(),
                                         .ids = world_.ids()});
  if (world_.chance().per_mille(500))
    caf::anon_send(
        usurper,
        OpenAccount{"ops",
                    {.kind = AccountKind::nostro, .bank = "ACCRGHAC", .currency = *currency_from("GHS")}});
}

void Scenario::crash() {
  fault("the process dies");
  process_->kill();
  world_.after(milliseconds(world_.chance().between(1, 3'000)), [this] {
    if (!process_->runs()) process_->start();
  });
}

void Scenario::heal() {
  stormy_ = false;
  verdict_.note("everything heals");
  bank_->trouble = {};
}

/// What waits for funds gets them.
void Scenario::fund_everybody() {
  if (std::none_of(books_->settlements.begin(), books_->settlements.end(),
                   [](const auto& one) { return one.second.settlement->status == Status::PENDING; }))
    return;
  try {
    for (const auto& [id, account] : std::map(books_->accounts))
      if (account.kind == AccountKind::vostro || account.is_default) fund(id, 100'000, "later ");
  } catch (const std::runtime_error& e) {
    verdict_.note(std::string("not funded yet: ") + e.what());
  }
}

bool Scenario::at_rest() const {
  if (!clients_->all_answered() || bank_->on_the_way > 0) return false;
  return std::all_of(books_->settlements.begin(), books_->settlements.end(),
                     [](const auto& one) { return final_status(one.second.settlement->status); });
}

/// Everything comes to its end without anybody's help; but for what was parked, which the next start takes
/// up.
void Scenario::calm_down() {
  const Micros late = world_.now() + microseconds(1h).count();
  int starts_left = 3;
  for (int guard = 0; !at_rest() && !verdict_.failed(); ++guard) {
    if (process_->runs() && (process_->wants_to_end() || process_->has_parked())) {
      if (starts_left-- == 0) return verdict_.fail("without any trouble the process does not get well");
      crash();
    }
    if (guard % 1'000 == 999 && process_->runs()) fund_everybody();
    step_or_wait();
    if (world_.now() > late || guard > 50'000) return;
  }
  world_.advance(1min);  // what comes late, comes now
}

void Scenario::final_checks() {
  if (verdict_.failed()) return;
  if (auto why = wrong_in_books(*books_); !why.empty()) return verdict_.fail(why);
  if (auto why = wrong_in_history(*books_); !why.empty()) return verdict_.fail(why);
  if (!clients_->all_answered()) return verdict_.fail("a client never had its answer");
  if (auto why = wrong_at_the_end(*books_, *bank_); !why.empty()) return verdict_.fail(why);
  if (const auto left = world_.living("settlement").size(); left > 0)
    return verdict_.fail(std::to_string(left) + " actors of settlements that are final");
  const auto health = world_.ask<HealthReport>(process_->intake(), ReadHealth{});
  if (!health.ready || health.in_flight != 0 || health.recovering != 0)
    return verdict_.fail("the intake is not at rest: in flight " + std::to_string(health.in_flight) +
                         ", recovering " + std::to_string(health.recovering));
  if (!world_.ask<InFlight>(process_->ledger(), ReadInFlight{}).settlements.empty())
    return verdict_.fail("the writer's book has settlements in flight");
}

void Scenario::run() {
  process_->start();
  open_accounts();
  plan_orders();
  storm();
  if (!verdict_.failed()) {
    heal();
    calm_down();
  }
  final_checks();
}

SimResult Scenario::result() const {
  return {.seed = seed_,
          .why = verdict_.why(),
          .notes = verdict_.notes(),
          .settlements = books_->settlements.size(),
          .steps = world_.steps(),
          .restarts = static_cast<std::size_t>(process_->restarts + process_->starts - 1),
          .faults = faults_};
}
}  // namespace

SimResult run_scenario(std::uint64_t seed, std::size_t lines) {
  Verdict verdict;
  verdict.keep(lines);
  Scenario scenario(seed, verdict);
  try {
    scenario.run();
  } catch (const std::exception& e) {
    verdict.fail(std::string("the run ended with ") + e.what());
  }
  return scenario.result();
}
}  // namespace settled::tests
