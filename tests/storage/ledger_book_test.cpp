// What the books decide in memory, step by step and without I/O. Whatever they decide must pass the rules
// that the database keeps.
#define BOOST_TEST_MODULE ledger_book
#include "storage/ledger_book.hpp"

#include "storage/memory_ledger_store.hpp"

#include <boost/test/unit_test.hpp>

namespace settled {
namespace {
const Currency xof = *currency_from("XOF");
const std::string payer = "ABIDCIAB", payee = "DAKRSNDA";

struct House {
  Micros now = 1'795'175'000'000'000;
  int ids = 0;
  bool quarantine = false;
  MemoryBooks disk;
  LedgerBatch batch{.number = 1};
  LedgerBook book{LedgerSnapshot{}, [this] { return now; }, [this] { return quarantine; }};
  AccountId vostro = account(AccountKind::vostro, payer, 1'000);
  AccountId nostro = account(AccountKind::nostro, payee, 1'000);

  Uuid id() { return make_uuid_v7(now / 1'000, static_cast<std::uint64_t>(++ids), 7); }
  void commit() {
    if (batch.empty()) return;
    disk.check(batch);
    disk.write(batch, 1);
    batch = LedgerBatch{.number = batch.number + 1};
  }
  AccountId account(AccountKind kind, const std::string& bank, std::int64_t minor) {
    const auto opened = book.open_account(
        {id()}, {.caller = "ops", .account = {.kind = kind, .bank = bank, .currency = xof}}, batch);
    commit();
    if (minor > 0) fund(opened.account.id, minor);
    return opened.account.id;
  }
  void fund(AccountId account, std::int64_t minor) {
    FundAccount request{.caller = "ops", .account = account, .amount = {minor, xof}};
    request.idempotency_key = to_string(id());
    BOOST_REQUIRE(book.fund({id()}, {id()}, request, batch).refusal.code == Errc::ok);
    commit();
  }
  Recorded open(const std::string& key, std::int64_t minor, Admission admission = {}, bool on_us = false) {
    OpenSettlements::Item item{.id = {id()}, .order = {}, .connector = "bank"};
    item.order.idempotency_key = item.order.order.obligation_id = key;
    item.order.order.from_bank = payer;
    item.order.order.to_bank = payee;
    item.order.order.amount = {minor, xof};
    item.admission = std::move(admission);
    item.on_us = on_us;
    const auto answer = book.open("test", item, batch);
    BOOST_REQUIRE_MESSAGE(answer.kind == Submission::Kind::accepted, answer.refusal.detail);
    commit();
    return answer.settlement;
  }
  /// An order that waits for a window which is open by now.
  Recorded waiting(const std::string& key, std::int64_t minor, bool on_us = false) {
    return open(key, minor, {.waiting = Waiting::window, .waiting_detail = "opens soon"}, on_us);
  }
  Released release() {
    auto released = book.release_waiting({}, batch);
    commit();
    return released;
  }
  void close(AccountId account) {
    const auto changed = book.change_account({.caller = "ops", .id = account, .status = "closed"}, batch);
    BOOST_REQUIRE_MESSAGE(changed.refusal.code == Errc::ok, changed.refusal.detail);
    commit();
  }
  void set_bank(const std::string& bic, BankStatus status) {
    ChangeRules change;
    change.put_bank = BankProfile{.bic = bic, .status = status};
    book.change_rules(change, batch);
    commit();
  }
  /// As the disk has it.
  const SettlementView& recorded(const Recorded& s) const { return disk.settlements.at(s->id).settlement; }
  /// One person asks, another approves what was shown.
  ActionAnswered decided(ActionKind kind, const Recorded& s, const std::string& verdict,
                         const std::string& bank_reference = "") {
    const Recorded row = recorded(s);
    const auto asked = book.propose({id()},
                                    {.caller = "ada",
                                     .kind = kind,
                                     .settlement = s->id,
                                     .verdict = verdict,
                                     .reason = "statement of today",
                                     .bank_reference = bank_reference},
                                    row, batch);
    BOOST_REQUIRE_MESSAGE(asked.refusal.code == Errc::ok, asked.refusal.detail);
    commit();
    ApproveAction yes{.caller = "ben"};
    yes.settlement = s->id;
    yes.digest = asked.action.digest;
    auto answer = book.approve({id()}, yes, row, batch);
    commit();
    return answer;
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(the_books, House)

BOOST_AUTO_TEST_CASE(the_bank_reference_that_two_people_give_with_their_word_is_kept) {
  const auto s = open("k", 100);
  book.advance({.id = s->id, .path = {Event::doubt}}, batch);
  commit();
  decided(ActionKind::resolve, s, "executed", "bp-7");
  BOOST_TEST(to_string(recorded(s).status) == "COMPLETED");
  BOOST_TEST(recorded(s).bank_reference == "bp-7");
  BOOST_TEST(recorded(s).last_outcome == "unknown");  // nobody was asked
}

BOOST_AUTO_TEST_CASE(an_order_whose_payee_has_come_to_hold_too_much_fails_alone_when_its_turn_comes) {
  const auto house = account(AccountKind::vostro, payee, 1);
  const auto first = waiting("a", 100, true), second = waiting("b", 100, true);
  fund(house, largest_balance - 150);
  const auto released = release();  // passes the rules of the database
  BOOST_TEST(released.still_waiting == 0);
  BOOST_TEST(to_string(recorded(first).status) == "COMPLETED");
  BOOST_TEST(to_string(recorded(second).status) == "FAILED");
  BOOST_TEST(recorded(second).failure_code == "amount_overflow");
  BOOST_TEST(disk.accounts.at(house).balance == largest_balance - 49);
}

BOOST_AUTO_TEST_CASE(an_order_that_waits_for_an_account_which_is_then_closed_fails_by_name) {
  const auto house = account(AccountKind::vostro, payee, 0);
  const auto s = waiting("k", 100, true);
  close(house);
  const auto released = release();
  BOOST_TEST(released.ended.size() == 1U);
  BOOST_TEST(to_string(recorded(s).status) == "FAILED");
  BOOST_TEST(recorded(s).failure_code == "account_closed");
  BOOST_TEST(disk.accounts.at(house).balance == 0);
}

BOOST_AUTO_TEST_CASE(an_order_of_a_bank_that_is_suspended_waits_on_until_the_bank_is_active_again) {
  const auto s = waiting("k", 100);
  set_bank(payee, BankStatus::suspended);
  BOOST_TEST(release().still_waiting == 1);
  BOOST_TEST(to_string(recorded(s).status) == "PENDING");
  BOOST_TEST(recorded(s).waiting_detail == payee + " is suspended and takes no part.");
  const auto commits = disk.commits.size();
  BOOST_TEST(release().still_waiting == 1);
  BOOST_TEST(disk.commits.size() == commits);  // told once
  set_bank(payee, BankStatus::active);
  BOOST_TEST(release().started.size() == 1U);
  BOOST_TEST(to_string(recorded(s).status) == "EXECUTING");
}

BOOST_AUTO_TEST_CASE(what_two_people_release_meets_closed_accounts_and_suspended_banks_as_well) {
  const Admission held{.waiting = Waiting::compliance, .waiting_detail = "held"};
  const auto house = account(AccountKind::vostro, payee, 0);
  const auto closed = open("a", 100, held, true);
  close(house);
  decided(ActionKind::decide, closed, "release");
  release();
  BOOST_TEST(recorded(closed).failure_code == "account_closed");
  const auto suspended_one = open("b", 100, held);
  set_bank(payer, BankStatus::suspended);
  decided(ActionKind::decide, suspended_one, "release");
  BOOST_TEST(release().still_waiting == 1);
  BOOST_TEST(to_string(recorded(suspended_one).status) == "PENDING");
}

BOOST_AUTO_TEST_CASE(in_quarantine_nothing_that_waits_ends_without_its_banks_word) {
  account(AccountKind::vostro, payee, 1);
  quarantine = true;
  const auto dear = waiting("dear", 5'000);
  const auto late =
      open("late", 5'000, {.next_cut_off = now + 10, .queue_if_short = true});  // waits for funds
  const auto in_the_house = waiting("in the house", 10, true);
  const auto payable = waiting("payable", 100);
  now += 20;
  const auto released = release();
  BOOST_TEST(released.ended.empty());
  BOOST_TEST(released.still_waiting == 3);
  BOOST_TEST(to_string(recorded(payable).status) == "EXECUTING");  // its bank is asked
  const auto refused = book.cancel({.caller = "ops", .id = dear->id, .reason = "not owed"}, batch);
  BOOST_TEST(to_string(refused.refusal.code) == "illegal_transition");
  BOOST_TEST(batch.empty());
  quarantine = false;
  release();
  BOOST_TEST(recorded(dear).failure_code == "insufficient_funds");
  BOOST_TEST(recorded(late).failure_code == "insufficient_funds");
  BOOST_TEST(to_string(recorded(in_the_house).status) == "COMPLETED");
}

BOOST_AUTO_TEST_CASE(in_quarantine_an_order_that_is_short_of_funds_waits_and_does_not_fail) {
  quarantine = true;  // the bank may have executed it in a time that these books do not know
  const auto s = open("again", 5'000);
  BOOST_TEST(to_string(recorded(s).status) == "PENDING");
  quarantine = false;
  release();
  BOOST_TEST(to_string(recorded(s).status) == "FAILED");
}

BOOST_AUTO_TEST_CASE(in_quarantine_two_people_release_but_do_not_reject) {
  const Admission held{.waiting = Waiting::compliance, .waiting_detail = "held"};
  const auto no = open("no", 100, held), yes = open("yes", 100, held);
  quarantine = true;
  BOOST_TEST(to_string(decided(ActionKind::decide, no, "reject").refusal.code) == "illegal_transition");
  BOOST_TEST(to_string(recorded(no).status) == "VALIDATING");
  decided(ActionKind::decide, yes, "release");
  BOOST_TEST(release().started.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace settled
