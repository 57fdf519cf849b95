#define BOOST_TEST_MODULE figures_actor
#include "actors/figures.hpp"

#include "tests/sim/virtual_actors.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

namespace settled {
namespace {
using namespace std::chrono_literals;

/// A reader that answers while `answers` is set, and counts the questions.
struct Books {
  int asked = 0;
  bool answers = true;
};

/// The promises that it keeps to itself.
struct Silence {
  std::vector<caf::typed_response_promise<AccountPage>> accounts;
  std::vector<caf::typed_response_promise<SettlementPage>> settlements;
};

caf::behavior reader(caf::stateful_actor<Silence>* self, std::shared_ptr<Books> books) {
  const auto answer = [=](auto& kept, auto page) -> caf::result<decltype(page)> {
    ++books->asked;
    if (books->answers) return page;
    return kept.emplace_back(self->make_response_promise<decltype(page)>());
  };
  return {[=](const ListAccounts& q) {
            AccountPage page;
            page.accounts.push_back({.kind = *account_kind_from(q.kind), .bank = "ABIDCIAB", .balance = 7});
            return answer(self->state.accounts, std::move(page));
          },
          [=](const ListSettlements&) {
            return answer(self->state.settlements, SettlementPage{{SettlementView{}}, {}});
          }};
}

struct Fixture {
  tests::VirtualActors world;
  std::shared_ptr<Books> books = std::make_shared<Books>();
  int accounts = 0, looks = 0;

  Fixture() {
    const auto asked = caf::actor_cast<ReaderActor>(world.system().spawn(reader, books));
    world.system().spawn(
        figures,
        FiguresSettings{.reader = asked,
                        .on_accounts = [this](const auto& a) { accounts += static_cast<int>(a.size()); },
                        .on_confirming = [this](const auto&) { ++looks; },
                        .every = 2s,
                        .patience = 5s});
    world.settle();
  }
  ~Fixture() { world.kill_all_but({}); }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(figures_actor, Fixture)

BOOST_AUTO_TEST_CASE(they_are_read_at_the_start_and_again_every_two_seconds) {
  BOOST_TEST(accounts == 2);
  BOOST_TEST(looks == 1);
  world.advance(2s);
  BOOST_TEST(accounts == 4);
  BOOST_TEST(looks == 2);
}

BOOST_AUTO_TEST_CASE(
    a_database_that_is_frozen_is_not_asked_twice_at_once_and_is_looked_at_again_when_it_is_back) {
  books->answers = false;
  world.advance(2s);
  BOOST_TEST(books->asked == 6);
  world.advance(4s);
  BOOST_TEST(books->asked == 6);
  BOOST_TEST(looks == 1);
  books->answers = true;
  world.advance(10s);
  BOOST_TEST(looks > 1);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
