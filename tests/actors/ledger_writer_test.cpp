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

  std::function<void(const LedgerSnapshot&)> on_take_over = [](const LedgerSnapshot&) {};

  void start() {
    writer = caf::actor_cast<LedgerActor>(world.system().spawn(
        ledger_writer, LedgerWriterSettings{.make_store = [this] { return make_memory_ledger_store(store); },
                                            .clock = world.wall(),
                                            .ids = world.ids(),
                                            .on_take_over = on_take_over}));
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

BOOST_AUTO_TEST_CASE(books_that_must_not_be_taken_over_are_not_written_to) {
  int asked = 0;
  on_take_over = [&](const LedgerSnapshot&) {
    ++asked;
    throw Fenced("these books are older than what was seen");
  };
  start();
  const OpenAccount account{"ops", {.bank = "ABIDCIAB", .currency = *currency_from("XOF")}};
  BOOST_CHECK_THROW(world.ask<AccountChanged>(writer, account), std::runtime_error);
  BOOST_TEST(asked == 1);
  BOOST_TEST(books->commits.empty());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
