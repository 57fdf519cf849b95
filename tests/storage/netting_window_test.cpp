// Orders that wait, settled by their net: what gross would be short of funds goes, all of it or nothing.
#define BOOST_TEST_MODULE netting_window
#include "storage/ledger_book.hpp"
#include "storage/memory_ledger_store.hpp"
#include "tests/storage/chk_invariants.hpp"
#include "tests/storage/house_impl.hpp"

namespace settled {
namespace {
using namespace tests;

/// A owes B 100 and has 10, B owes A 90 and has nothing.
struct TwoWhoOweEachOther : House {
  SettlementView ab, ba;
  TwoWhoOweEachOther() {
    bank(a, 10);
    bank(b, 0);
    ab = wait({.key = "ab", .from = a, .to = b, .minor = 100});
    ba = wait({.key = "ba", .from = b, .to = a, .minor = 90});
  }
};
}  // namespace

BOOST_AUTO_TEST_SUITE(orders_that_wait)

BOOST_FIXTURE_TEST_CASE(settle_by_their_net_where_gross_would_be_short, TwoWhoOweEachOther) {
  const auto booked = book("n1");
  BOOST_REQUIRE_MESSAGE(booked.refusal.code == Errc::ok, words(booked.refusal));
  BOOST_TEST(booked.obligations.size() == 2U);
  BOOST_TEST(booked.obligations.at(0).id == ab.id.text());
  BOOST_TEST(booked.ended.size() == 2U);
  BOOST_TEST(balance(a) == 0);
  BOOST_TEST(balance(b) == 10);
  for (const auto& s : {ab, ba}) BOOST_TEST(status(s) == "COMPLETED");
  BOOST_TEST(
      query("select count(*) from settlement_transactions s join accounts v on v.id = s.credit_account "
            "where s.connector = 'netting' and v.kind = 'vostro' and v.bank = s.to_bank and s.attempts = "
            "0 and s.waiting = ''") == 2);
  BOOST_TEST(query("select count(*) from ledger_entries e join settlement_transactions s on s.id = "
                   "e.journal_id") == 4);
  BOOST_TEST(query("select count(*) from fund_locks where state = 'posted'") == 2);
  BOOST_TEST(query("select count(*) from events where kind = 'settlement.completed' and payload like "
                   "'%\"netting\":\"" +
                   booked.journal.text() + "\"%' and payload like '%\"waited_for\":\"window\"%'") == 2);
  BOOST_TEST(query("select count(*) from events where kind = 'netting.booked'") == 1);
  BOOST_TEST(query("select count(*) from ledger_entries where journal_id = '" +
                   to_string(booked.journal.uuid) + "'") == 0);
  BOOST_TEST(expect_right_books().bank->completed_here == 2);
}

BOOST_FIXTURE_TEST_CASE(are_refused_as_a_whole_where_the_net_is_short_and_nothing_changes, House) {
  bank(a, 9);
  bank(b, 0);
  const auto ab = wait({.key = "ab", .from = a, .to = b, .minor = 100});
  wait({.key = "ba", .from = b, .to = a, .minor = 90});
  const auto events = query("select count(*) from events");
  const auto found = ask<NettingWindowFound>(ReadNettingWindow{{.currency = xof}});
  BOOST_TEST(!dry_run(found.obligations, found.means)->feasible);
  const auto refused = book("n1");
  BOOST_TEST(to_string(refused.refusal.code) == "netting_infeasible");
  BOOST_TEST(refused.refusal.field == "/window");
  BOOST_TEST(query("select count(*) from events") == events);
  BOOST_TEST(status(ab) == "PENDING");
  BOOST_TEST(balance(a) == 9);
  // Nothing was booked under the key: with funds it is.
  open({.kind = AccountKind::vostro, .bank = c, .currency = xof}, 1);
  wait({.key = "ca", .from = c, .to = a, .minor = 1});
  BOOST_TEST(book("n1").ended.size() == 3U);
  expect_right_books();
}

BOOST_FIXTURE_TEST_CASE(count_what_is_held_and_what_a_credit_line_allows, House) {
  bank(a, 100, -50);
  bank(b, 0);
  const auto held =
      ask<Submissions>(OpenSettlements{.caller = "test",
                                       .items = {{.id = {fresh_id()},
                                                  .order = {.idempotency_key = "held",
                                                            .order = {.obligation_id = "held",
                                                                      .from_bank = a,
                                                                      .to_bank = "DAKRSNDA",
                                                                      .amount = {60, xof},
                                                                      .settlement_date = "2026-11-23"}},
                                                  .connector = "bank"}}});
  BOOST_TEST(to_string(held.results.at(0).settlement->status) == "EXECUTING");
  wait({.key = "ab", .from = a, .to = b, .minor = 91});  // 100 − 60 held + 50 credit line
  BOOST_TEST(to_string(book("n1").refusal.code) == "netting_infeasible");
  wait({.key = "ba", .from = b, .to = a, .minor = 1});
  BOOST_TEST(words(book("n2").refusal) == "ok  ");
  BOOST_TEST(balance(a) == 10);
  BOOST_TEST(query("select held from accounts where id = '" + to_string(vostros.at(a).uuid) + "'") == 60);
}

BOOST_FIXTURE_TEST_CASE(are_chosen_by_currency_value_date_method_and_banks, House) {
  for (const auto& bic : {a, b, c}) bank(bic, 1'000);
  const auto ids = [](std::vector<SettlementView> orders) {
    std::vector<std::string> out;
    for (const auto& s : orders) out.push_back(s.id.text());
    return out;
  };
  const auto ab = wait({.key = "ab", .from = a, .to = b, .minor = 1});
  const auto bc = wait({.key = "bc", .from = b, .to = c, .minor = 1, .method = Method::SWIFT});
  const auto ca = wait({.key = "ca", .from = c, .to = a, .minor = 1, .value_date = "2026-11-24"});
  const auto poor = wait({.key = "poor", .from = a, .to = c, .minor = 1, .why = Waiting::liquidity});
  // In compliance, to a bank without a vostro, in another currency.
  wait({.key = "held", .from = a, .to = b, .minor = 1, .why = Waiting::compliance});
  wait({.key = "out", .from = a, .to = "DAKRSNDA", .minor = 1});
  const Currency ghs = *currency_from("GHS");
  open({.kind = AccountKind::vostro, .bank = a, .currency = ghs}, 1'000);
  open({.kind = AccountKind::nostro, .bank = b, .currency = ghs}, 1'000);
  wait({.key = "ghs", .from = a, .to = b, .minor = 1, .currency = ghs});

  BOOST_TEST(in({.currency = xof}) == ids({ab, bc, ca, poor}), boost::test_tools::per_element());
  BOOST_TEST(in({.currency = xof, .value_date = "2026-11-24"}) == ids({ca}),
             boost::test_tools::per_element());
  BOOST_TEST(in({.currency = xof, .one_method = true, .method = Method::SWIFT}) == ids({bc}),
             boost::test_tools::per_element());
  BOOST_TEST(in({.currency = xof, .banks = {a, c}}) == ids({ca, poor}), boost::test_tools::per_element());
  BOOST_TEST(in({.currency = ghs}).empty());
  BOOST_TEST(to_string(book("n1", {.currency = ghs}).refusal.code) == "nothing_to_net");
  BOOST_TEST(to_string(ask<NettingWindowFound>(ReadNettingWindow{{.currency = ghs}}).refusal.code) ==
             "nothing_to_net");

  BOOST_TEST(book("n2", {.currency = xof, .banks = {a, b}}).ended.size() == 1U);
  BOOST_TEST(status(ab) == "COMPLETED");
  BOOST_TEST(status(ca) == "PENDING");
  // A closed account takes no part.
  ask<AccountChanged>(
      ChangeAccount{.caller = "test",
                    .id = open({.kind = AccountKind::vostro, .bank = "NIAMNENE", .currency = xof}, 0),
                    .status = "closed"});
  BOOST_TEST(in({.currency = xof}).size() == 3U);
  // Nor does a bank that is suspended.
  ChangeRules suspension{.caller = "test"};
  suspension.put_bank = BankProfile{.bic = c, .status = BankStatus::suspended};
  ask<RulesFound>(suspension);
  BOOST_TEST(in({.currency = xof}).empty());
}

BOOST_FIXTURE_TEST_CASE(for_a_later_day_settle_before_it_only_where_that_day_is_named, TwoWhoOweEachOther) {
  const std::string later = "2126-12-14", the_day_after = "2126-12-15";  // a Saturday, and what it goes with
  const auto ahead = wait({.key = "ahead",
                           .from = a,
                           .to = b,
                           .minor = 5,
                           .value_date = the_day_after,
                           .settlement_date = later});
  BOOST_TEST(in({.currency = xof}).size() == 2U);
  BOOST_TEST(book("today").ended.size() == 2U);
  BOOST_TEST(status(ahead) == "PENDING");
  BOOST_TEST(to_string(book("again").refusal.code) == "nothing_to_net");
  BOOST_TEST(in({.currency = xof, .value_date = the_day_after}).size() == 1U);
  wait(
      {.key = "back", .from = b, .to = a, .minor = 5, .value_date = the_day_after, .settlement_date = later});
  BOOST_TEST(book("that day", {.currency = xof, .value_date = the_day_after}).ended.size() == 2U);
  BOOST_TEST(status(ahead) == "COMPLETED");
}

BOOST_FIXTURE_TEST_CASE(are_booked_once_per_key_and_a_replay_says_what_was_booked, TwoWhoOweEachOther) {
  const auto first = book("n1");
  wait({.key = "later", .from = b, .to = a, .minor = 5});
  for (const bool restarted : {false, true}) {
    if (restarted) {
      stop();
      start();
    }
    const auto again = book("n1");
    BOOST_TEST(again.replayed);
    BOOST_TEST(again.journal.text() == first.journal.text());
    BOOST_TEST(again.ended.empty());
    BOOST_REQUIRE_EQUAL(again.obligations.size(), 2U);
    BOOST_TEST(again.obligations[1].id == ba.id.text());
    BOOST_TEST(again.obligations[1].from == b);
    BOOST_TEST((again.obligations[1].amount == Money{90, xof}));
  }
  auto other = booking("n1", {.currency = xof, .banks = {a, b}});
  other.request_digest[0] = 1;
  BOOST_TEST(to_string(ask<NettingBooked>(other).refusal.code) == "idempotency_mismatch");
  BOOST_TEST(query("select count(*) from settlement_transactions where status = 'PENDING'") == 1);
}

BOOST_FIXTURE_TEST_CASE(still_wait_after_a_restart_before_and_are_final_after_one, TwoWhoOweEachOther) {
  stop();
  start();
  BOOST_TEST(ask<InFlight>(ReadInFlight{}).settlements.size() == 2U);
  book("n1");
  stop();
  start();
  BOOST_TEST(ask<InFlight>(ReadInFlight{}).settlements.empty());
  BOOST_TEST(to_string(ask<ActionAnswered>(CancelSettlement{"test", ab.id, "too late"}).refusal.code) ==
             "already_resolved");
  expect_right_books();
}

BOOST_FIXTURE_TEST_CASE(that_were_told_why_they_wait_in_the_same_commit_are_written_once,
                        TwoWhoOweEachOther) {
  // Both in one batch: the look at the queue changes why they wait, then they are netted.
  caf::scoped_actor self{*system};
  ReleaseWaiting look;
  look.gates.push_back({.currency = xof, .open = false, .opens_at = now() + 60'000'000, .reason = "shut"});
  execute("update settlement_transactions set release_at = now() - interval '1 hour'");
  stop();
  start();
  const auto batches = query("select batch from ledger_writers");
  bool netted = false;
  self->send(writer, look);
  self->request(writer, 60s, booking("n1"))
      .receive([&](NettingBooked& booked) { netted = booked.ended.size() == 2; }, [](const caf::error&) {});
  BOOST_TEST(netted);
  BOOST_TEST(query("select batch from ledger_writers") == batches + 1);
  BOOST_TEST(query("select count(*) from events where kind = 'settlement.waiting'") == 2);
  BOOST_TEST(query("select count(*) from settlement_transactions where status = 'COMPLETED'") == 2);
  expect_right_books();
}

BOOST_FIXTURE_TEST_CASE(tell_of_a_threshold_only_where_the_net_crosses_it, TwoWhoOweEachOther) {
  ask<AccountChanged>(ChangeAccount{.caller = "test", .id = vostros.at(a), .set_high = true, .high = 50});
  ask<AccountChanged>(ChangeAccount{.caller = "test", .id = vostros.at(b), .set_low = true, .low = 5});
  book("n1");
  BOOST_TEST(query("select count(*) from events where kind like 'account.above_high'") == 0);
  BOOST_TEST(query("select count(*) from events where kind = 'account.above_low'") == 1);
}

BOOST_FIXTURE_TEST_CASE(never_take_a_balance_out_of_its_range_on_the_way, House) {
  bank(a, largest_balance - 10);
  bank(b, 100);
  wait({.key = "ba", .from = b, .to = a, .minor = 50});
  wait({.key = "ab", .from = a, .to = b, .minor = 50});
  BOOST_TEST(to_string(book("n1").refusal.code) == "amount_overflow");
}

BOOST_FIXTURE_TEST_CASE(can_be_given_back_by_a_compensation_like_orders_on_us, TwoWhoOweEachOther) {
  book("n1");
  const auto asked = ask<ActionAnswered>(
      ProposeAction{.caller = "one", .kind = ActionKind::compensate, .settlement = ba.id, .reason = "wrong"});
  BOOST_REQUIRE_MESSAGE(asked.refusal.code == Errc::ok, words(asked.refusal));
  const auto refused = ask<ActionAnswered>(
      ApproveAction{.caller = "two", .action = asked.action.id, .digest = asked.action.digest});
  BOOST_TEST(to_string(refused.refusal.code) != "ok");  // A spent what it got
  expect_right_books();
}

BOOST_FIXTURE_TEST_CASE(are_on_us_for_a_checker_from_outside, TwoWhoOweEachOther) {
  book("n1");
  execute(tests::evidence_tables);
  execute(
      "insert into h.client select 'test', idem_key, 'sha', amount, currency, created_at, now(), 202, "
      "type_id('set', id) from settlement_transactions");
  execute(
      "insert into h.consumer(settlement, seq, event_id) select settlement, sseq, stream || '-' || seq from "
      "chk.event where settlement is not null");
  for (const auto& invariant : tests::chk_invariants)
    BOOST_TEST(query("select count(*) from (" + std::string(invariant.sql) + ") x") == 0, invariant.name);
  BOOST_TEST(query("select count(*) from chk.instruction") == 0);
  BOOST_TEST(query("select count(*) from chk.attempt") == 0);
  BOOST_TEST(query("select count(*) from chk.settlement where nostro is null and bank = 'netting'") == 2);
}

BOOST_AUTO_TEST_CASE(balance_whatever_they_are) {
  const unsigned first = std::random_device{}();
  for (unsigned seed = first; seed != first + 300; ++seed) {
    std::mt19937 chance(seed);
    const auto pick = [&](int most) { return std::uniform_int_distribution<int>(0, most)(chance); };
    auto disk = std::make_shared<MemoryBooks>();
    auto store = make_memory_ledger_store({.books = disk});
    LedgerBook book(store->take_over(), now);
    const auto write = [&](auto decide) {
      LedgerBatch batch;
      batch.number = disk->batch + 1;
      decide(batch);
      if (!batch.empty()) store->commit(batch);
    };
    std::vector<std::string> banks{a, b, c, "LOMETGTG", "OUAGBFBF"};
    std::map<std::string, AccountId> vostro;
    for (const auto& bic : banks) {
      write([&](LedgerBatch& batch) {
        Account account{.kind = AccountKind::vostro, .bank = bic, .currency = xof, .floor = -pick(1) * 20};
        vostro[bic] = book.open_account({fresh_id()}, {"test", account}, batch).account.id;
      });
      if (const int funds = pick(150))
        write([&](LedgerBatch& batch) {
          book.fund({fresh_id()}, {fresh_id()}, {"test", bic, {}, vostro[bic], {funds, xof}}, batch);
        });
    }
    write([&](LedgerBatch& batch) {
      Account account{.kind = AccountKind::nostro, .bank = "DAKRSNDA", .currency = xof, .is_default = true};
      book.open_account({fresh_id()}, {"test", account}, batch);
    });
    std::vector<SettlementId> orders;
    const int count = 1 + pick(30);
    for (int i = 0; i < count; ++i)
      write([&](LedgerBatch& batch) {
        const auto from = static_cast<std::size_t>(pick(4)), other = static_cast<std::size_t>(pick(3));
        const auto to = other >= from ? other + 1 : other;
        const Wait w{.key = std::to_string(i), .from = banks[from], .to = banks[to], .minor = 1 + pick(99)};
        orders.push_back(book.open("test", item_of(w), batch).settlement->id);
      });
    const auto found = book.netting_window({.currency = xof});
    const auto plan = dry_run(found.obligations, found.means);
    std::map<std::string, std::int64_t> expected;
    for (const auto& bic : banks) expected[bic] = disk->accounts.at(vostro[bic]).balance;
    NettingBooked booked;
    write([&](LedgerBatch& batch) {
      booked = book.book_netting({fresh_id()}, booking("n"), batch);
      if (!plan->feasible) BOOST_REQUIRE_MESSAGE(batch.empty(), "SEED=" << seed);
    });
    BOOST_REQUIRE_MESSAGE((booked.refusal.code == Errc::ok) == plan->feasible,
                          "SEED=" << seed << ' ' << words(booked.refusal));
    if (plan->feasible)
      for (const auto& p : plan->netting.multilateral) expected[p.participant] += p.net;
    std::int64_t sum = 0;
    for (const auto& [place, entry] : disk->entries) {
      sum += entry.amount;
      const auto& account = disk->accounts.at(place.first);
      if (account.kind == AccountKind::vostro)
        BOOST_REQUIRE_MESSAGE(entry.balance_after >= account.floor, "SEED=" << seed);
    }
    BOOST_REQUIRE_MESSAGE(sum == 0, "SEED=" << seed);
    for (const auto& bic : banks) {
      const auto& account = disk->accounts.at(vostro[bic]);
      BOOST_REQUIRE_MESSAGE(account.balance == expected[bic], "SEED=" << seed << ' ' << bic);
      BOOST_REQUIRE_MESSAGE(account.held == 0, "SEED=" << seed << ' ' << bic);
      BOOST_REQUIRE_MESSAGE(book.account(account.id)->balance == account.balance, "SEED=" << seed);
      BOOST_REQUIRE_MESSAGE(book.account(account.id)->version == account.version, "SEED=" << seed);
    }
    for (const auto& id : orders)
      BOOST_REQUIRE_MESSAGE(
          (disk->settlements.at(id).settlement->status == Status::COMPLETED) == plan->feasible,
          "SEED=" << seed);
    BOOST_REQUIRE_MESSAGE(book.in_flight() == (plan->feasible ? 0 : orders.size()), "SEED=" << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
