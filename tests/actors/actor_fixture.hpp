// Books in memory with a real ledger writer, a rail that does what the test says, and time that stands still
// until the test moves it.
#pragma once
#include "actors/intake.hpp"
#include "storage/ledger_writer.hpp"
#include "storage/memory_ledger_store.hpp"
#include "tests/actors/scripted_rail.hpp"

#include <boost/test/unit_test.hpp>

namespace settled::tests {
using namespace std::chrono_literals;

struct ActorFixture {
  VirtualActors world;
  std::shared_ptr<MemoryBooks> books = std::make_shared<MemoryBooks>();
  MemoryLedgerSettings store{.books = books};
  LedgerActor writer;
  std::shared_ptr<RailScript> rail = std::make_shared<RailScript>();
  Capability capability{
      .idempotent_by_reference = false, .status_by_reference = true, .not_found_final_after = 2s};
  SettlementSettings settings{
      .transaction_timeout = 60s, .send_begins_max = 10s, .answer_max = 20s, .send_lasts_max = 5s};
  bool in_quarantine = false;
  Micros proven = 0;

  ActorFixture() {
    rail->clock = world.steady();
    writer = caf::actor_cast<LedgerActor>(world.system().spawn(
        ledger_writer, LedgerWriterSettings{.make_store =
                                                [this] {
                                                  auto now = store;
                                                  now.fault = [this](const LedgerBatch& b) {
                                                    return store.fault(b);
                                                  };
                                                  now.on_durable = [this] { store.on_durable(); };
                                                  now.steady = world.steady();
                                                  now.on_proved = [this](Micros since) { proven = since; };
                                                  return make_memory_ledger_store(now);
                                                },
                                            .clock = world.wall(),
                                            .ids = world.ids(),
                                            .quarantined = [this] { return in_quarantine; }}));
    open_account(AccountKind::vostro, "ABIDCIAB");
    open_account(AccountKind::nostro, "DAKRSNDA");
  }

  ~ActorFixture() { world.kill_all_but({}); }
  ActorFixture(const ActorFixture&) = delete;
  ActorFixture& operator=(const ActorFixture&) = delete;

  void open_account(AccountKind kind, const std::string& bank) {
    const auto xof = *currency_from("XOF");
    const auto opened =
        world.ask<AccountChanged>(writer, OpenAccount{"ops", {.kind = kind, .bank = bank, .currency = xof}});
    world.ask<AccountChanged>(
        writer,
        FundAccount{
            .caller = "ops", .idempotency_key = bank, .account = opened.account.id, .amount = {1'000, xof}});
  }

  NewSettlement order(const std::string& key) const {
    return {.idempotency_key = key,
            .request_digest = {},
            .order = {.obligation_id = key,
                      .from_bank = "ABIDCIAB",
                      .to_bank = "DAKRSNDA",
                      .amount = {100, *currency_from("XOF")},
                      .settlement_date = ""},
            .trace_id = {}};
  }

  /// A settlement whose hold and intent are durable, as its actor is given it.
  SettlementView row(const std::string& key = "k") {
    const auto answer = world.ask<Submissions>(
        writer, OpenSettlements{"test", {{SettlementId{world.ids()()}, order(key), "bank"}}});
    BOOST_REQUIRE(answer.results.at(0).settlement->status == Status::EXECUTING);
    return answer.results.at(0).settlement;
  }

  std::shared_ptr<const SettlementContext> context() {
    return std::make_shared<SettlementContext>(
        SettlementContext{.ledger = writer,
                          .rail = caf::actor_cast<RailActor>(world.system().spawn(scripted_rail, rail)),
                          .capability = capability,
                          .settings = settings,
                          .clock = world.wall(),
                          .steady = world.steady(),
                          .proven = [this] { return proven; },
                          .chance = [] { return 0; },
                          .quarantined = [this] { return in_quarantine; }});
  }

  const SettlementView& recorded(SettlementId id) const { return books->settlements.at(id).settlement; }
  const SettlementView& only_one() const { return books->settlements.begin()->second.settlement; }
  std::size_t actors_alive() { return world.living("settlement").size(); }
};

}  // namespace settled::tests

// What Boost.Test prints.
namespace settled {
inline std::ostream& boost_test_print_type(std::ostream& out, Status status) {
  return out << to_string(status);
}
}  // namespace settled
