#define BOOST_TEST_MODULE ledger_writer_actor
#include "storage/ledger_writer.hpp"

#include "storage/memory_ledger_store.hpp"
#include "tests/sim/virtual_actors.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>

namespace settled {
namespace {
struct Writer {
  tests::VirtualActors world;
  std::shared_ptr<MemoryBooks> books = std::make_shared<MemoryBooks>();
  MemoryLedgerSettings store{.books = books};
  LedgerActor writer;

  void start() {
    writer = caf::actor_cast<LedgerActor>(world.system().spawn(
        ledger_writer, LedgerWriterSettings{.make_store = [this] { return make_memory_ledger_store(store); },
                                            .clock = world.wall(),
                                            .ids = world.ids()}));
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(ledger_writer_actor, Writer)

// Settlements and intake wait for the writer without a time limit: what they are not told, they never know.
BOOST_AUTO_TEST_CASE(a_writer_that_ends_in_whatever_way_answers_what_it_holds) {
  bool deadly = false;
  store.on_read = [&] {
    if (deadly) throw 1;  // nothing that anybody catches
  };
  start();
  world.settle();
  int errors = 0;
  const auto asker = [&](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    for (int i = 0; i < 2; ++i)  // the second step of a settlement waits for the next batch
      self->request(writer, caf::infinite, AdvanceSettlement{})
          .then([](const SettlementFound&) {}, [&](const caf::error&) { ++errors; });
  };
  world.system().spawn(asker);
  deadly = true;
  world.settle();
  BOOST_TEST(errors == 2);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
