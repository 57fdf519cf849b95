#define BOOST_TEST_MODULE bank
#include "sandbox/bank.hpp"

#include "sandbox/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <fstream>
#include <future>
#include <limits>
#include <regex>
#include <set>
#include <thread>
#include <vector>

using namespace settled;
using namespace settled::sandbox;
using namespace std::chrono_literals;
using settled::tests::TempDir;

namespace {
Order order(const std::string& reference, std::int64_t minor = 15025, const std::string& to = "ECOCGHAC") {
  return {reference, {minor, *currency_from("GHS")}, "ABIDCIAB", to, "2026-11-20", "LOCAL_ACH"};
}
BankSettings in(const TempDir& dir) { return {.data_dir = dir.path()}; }
std::size_t count(const std::string& text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}
void await_log(Bank& bank) {
  std::promise<void> written;
  bank.log().when_written([&] { written.set_value(); });
  written.get_future().wait();
}
std::string log_of(Bank& bank) {
  await_log(bank);
  return bank.log().read(0, 100'000);
}
void until(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::sleep_for(1ms);
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_reference_is_executed_once_and_its_first_result_told_again) {
  TempDir dir;
  Bank bank(in(dir));
  const auto first = bank.submit(order("R1"), {}), again = bank.submit(order("R1"), {});
  BOOST_TEST(first.http_status() == 201);
  BOOST_TEST(again.http_status() == 200);
  BOOST_TEST(to_json(first.payment) == to_json(again.payment));
  BOOST_TEST(bank.submit(order("R1", 15026), {}).http_status() == 409);
  BOOST_TEST(bank.submit(order("R1", 15025, "ABIDCIAB"), {}).http_status() == 409);
  BOOST_TEST(count(log_of(bank), "\"effect\":true") == 1u);
  BOOST_TEST(bank.accounts_json() ==
             R"({"ours":[{"currency":"GHS","balance":"-150.25","minor":-15025}],)"
             R"("banks":[{"bank":"ECOCGHAC","currency":"GHS","balance":"150.25","minor":15025}]})");
}

BOOST_AUTO_TEST_CASE(many_at_once_with_one_reference_are_one_payment) {
  TempDir dir;
  Bank bank(in(dir));
  std::atomic<int> created = 0, repeated = 0;
  std::vector<std::thread> threads;
  threads.reserve(64);
  for (int i = 0; i < 64; ++i)
    threads.emplace_back([&] { ++(bank.submit(order("R1"), {}).http_status() == 201 ? created : repeated); });
  for (auto& t : threads) t.join();
  BOOST_TEST(created == 1);
  BOOST_TEST(repeated == 63);
  BOOST_TEST(count(log_of(bank), "\"effect\":true") == 1u);
  BOOST_TEST(count(log_of(bank), "\n") == 64u);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_remembered) {
  TempDir dir;
  Bank bank(in(dir));
  const auto refused = bank.submit(order("R1"), {Standing::REJECTED, {}, "AC04", "closed account", ""});
  BOOST_TEST(refused.http_status() == 422);
  BOOST_TEST(bank.submit(order("R1"), {}).http_status() == 422);
  BOOST_TEST(to_json(*bank.by_reference("R1")) == to_json(refused.payment));
  BOOST_TEST(to_json(refused.payment).find(R"("status":"REJECTED")") != std::string::npos);
  const auto stranger = bank.submit(order("R2", 1, "UNKNGHAC"), {});
  BOOST_TEST(stranger.http_status() == 422);
  BOOST_TEST(stranger.payment.code == "RC01");
  BOOST_TEST(count(log_of(bank), "\"effect\":true") == 0u);
}

BOOST_AUTO_TEST_CASE(an_account_that_would_overflow_refuses) {
  TempDir dir;
  Bank bank(in(dir));
  BOOST_TEST(bank.submit(order("R1", std::numeric_limits<std::int64_t>::max()), {}).http_status() == 201);
  BOOST_TEST(bank.submit(order("R2", 1), {}).payment.code == "AM02");
}

BOOST_AUTO_TEST_CASE(what_is_pending_is_executed_later_and_once) {
  TempDir dir;
  Bank bank(in(dir));
  BOOST_TEST(bank.submit(order("R1"), {Standing::PENDING, 30ms, "", "", ""}).http_status() == 202);
  BOOST_TEST(bank.by_reference("R1").has_value());
  until([&] { return bank.by_reference("R1")->standing == Standing::COMPLETED; });
  BOOST_TEST(bank.submit(order("R1"), {}).http_status() == 200);
  BOOST_TEST(count(log_of(bank), "\"effect\":true") == 1u);
  BOOST_TEST(count(log_of(bank), "\"op\":\"EXECUTE\"") == 1u);
}

BOOST_AUTO_TEST_CASE(a_late_order_is_invisible_and_then_executed) {
  TempDir dir;
  Bank bank(in(dir));
  bank.submit(order("R1"), {Standing::LATE, 50ms, "", "", "504"});
  BOOST_TEST(!bank.by_reference("R1").has_value());
  until([&] { return bank.by_reference("R1").has_value(); });
  BOOST_TEST((bank.by_reference("R1")->standing == Standing::COMPLETED));
}

BOOST_AUTO_TEST_CASE(a_late_order_that_was_overtaken_is_not_executed_twice) {
  TempDir dir;
  Bank bank(in(dir));
  bank.submit(order("R1"), {Standing::LATE, 50ms, "", "", "504"});
  bank.submit(order("LAST"), {Standing::LATE, 100ms, "", "", "504"});
  BOOST_TEST(bank.submit(order("R1"), {}).http_status() == 201);
  until([&] { return bank.by_reference("LAST").has_value(); });
  BOOST_TEST(count(log_of(bank), "\"effect\":true") == 2u);
}

BOOST_AUTO_TEST_CASE(a_restart_knows_what_was_done_and_what_is_still_to_do) {
  TempDir dir;
  std::string payment, accounts;
  {
    Bank bank(in(dir));
    bank.submit(order("R1"), {});
    bank.submit(order("R2"), {Standing::REJECTED, {}, "AC04", "closed \"account\"", ""});
    bank.submit(order("R3", 7), {Standing::PENDING, 3600s, "", "", ""});
    bank.submit(order("R4", 8), {Standing::LATE, 50ms, "", "", "504"});
    bank.note("SEND", "", false, "401");
    payment = to_json(*bank.by_reference("R1")) + to_json(*bank.by_reference("R2"));
    accounts = bank.accounts_json();
  }
  Bank bank(in(dir));
  BOOST_TEST(to_json(*bank.by_reference("R1")) + to_json(*bank.by_reference("R2")) == payment);
  BOOST_TEST((bank.by_reference("R3")->standing == Standing::PENDING));
  BOOST_TEST(bank.submit(order("R1"), {}).http_status() == 200);
  BOOST_TEST(bank.submit(order("R1", 1), {}).http_status() == 409);
  until([&] { return bank.by_reference("R4").has_value(); });
  BOOST_TEST(count(bank.accounts_json(), "15033") == 2u);
  BOOST_TEST(bank.by_id(bank.by_reference("R1")->id)->reference == "R1");
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_cut_and_a_broken_one_stops_the_start) {
  TempDir dir;
  {
    Bank bank(in(dir));
    bank.submit(order("R1"), {});
  }
  std::ofstream(dir.path() / "bank.jsonl", std::ios::app) << R"({"n":2,"op":"SEND","e2e":"R2","effect":tr)";
  {
    Bank bank(in(dir));
    BOOST_TEST(bank.log().torn_bytes() == 41u);
    BOOST_TEST(!bank.by_reference("R2").has_value());
    BOOST_TEST(count(log_of(bank), "\n") == 2u);  // R1 and the inquiry
  }
  std::ofstream(dir.path() / "bank.jsonl", std::ios::app) << "rubbish\n";
  BOOST_CHECK_THROW(Bank{in(dir)}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_log_is_read_in_pages) {
  TempDir dir;
  Bank bank(in(dir));
  for (int i = 1; i <= 5; ++i) bank.note("SEND", std::string("R").append(std::to_string(i)), true, "503");
  await_log(bank);
  BOOST_TEST(count(bank.log().read(0, 2), "\n") == 2u);
  BOOST_TEST(bank.log().read(3, 1).starts_with("{\"n\":4,"));
  BOOST_TEST(count(bank.log().read(3, 100), "\n") == 2u);
  BOOST_TEST(bank.log().read(5, 100).empty());
  BOOST_TEST(bank.log().read(500, 100).empty());
}

BOOST_AUTO_TEST_CASE(every_business_field_is_in_the_digest) {
  std::set<std::string> digests{business_digest(order("R1"))};
  const std::vector<std::function<void(Order&)>> changes{
      [](Order& o) { o.reference.append("2"); },
      [](Order& o) { o.amount.minor = 1; },
      [](Order& o) { o.amount.currency = *currency_from("NGN"); },
      [](Order& o) { o.debtor_bank.assign(8, 'X'); },
      [](Order& o) { o.creditor_bank.assign(8, 'X'); },
      [](Order& o) { o.settlement_date = "2026-11-21"; },
      [](Order& o) { o.method = "MOCK"; }};
  for (const auto& change : changes) {
    Order other = order("R1");
    change(other);
    digests.insert(business_digest(other));
  }
  BOOST_TEST(digests.size() == 8u);
}

BOOST_AUTO_TEST_CASE(each_request_is_one_line_on_the_disk_with_the_fields_a_checker_reads) {
  TempDir dir;
  Bank bank({.data_dir = dir.path(), .name = "bceao"});
  const auto file = [&] {
    std::ifstream in(dir.path() / "bank.jsonl");
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  };
  const std::string time =
      R"(\{"n":[0-9]+,"ts":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z","bank":"bceao",)";
  const std::string order_fields =
      R"("amount":15025,"ccy":"GHS","creditor":"ECOCGHAC","biz_sha":"[0-9a-f]{64}",)";
  const std::string no_order = R"("amount":0,"ccy":"","creditor":"","biz_sha":"",)";
  const struct {
    std::function<void()> request;
    std::string line;
  } cases[] = {
      {[&] { bank.submit(order("R1"), {}); },
       R"("op":"SEND","e2e":"R1",)" + order_fields +
           R"("sig_ok":true,"effect":true,"answer":"201 COMPLETED".*)"},
      {[&] { bank.submit(order("R1"), {}); },
       R"("op":"SEND","e2e":"R1",)" + order_fields +
           R"("sig_ok":true,"effect":false,"answer":"200 COMPLETED".*)"},
      {[&] { bank.by_reference("R1"); }, R"("op":"INQUIRY","e2e":"R1",)" + order_fields +
                                             R"("sig_ok":true,"effect":false,"answer":"200 COMPLETED".*)"},
      {[&] { bank.by_reference("R2"); }, R"("op":"INQUIRY","e2e":"R2",)" + no_order +
                                             R"("sig_ok":true,"effect":false,"answer":"404 not_found".*)"},
      {[&] { bank.note("SEND", "R3", false, "401"); },
       R"("op":"SEND","e2e":"R3",)" + no_order + R"("sig_ok":false,"effect":false,"answer":"401".*)"},
      {[&] { bank.note_order(order("R4"), "dropped"); },
       R"("op":"SEND","e2e":"R4",)" + order_fields + R"("sig_ok":true,"effect":false,"answer":"dropped".*)"},
  };
  std::size_t lines = 0;
  for (const auto& c : cases) {
    c.request();
    await_log(bank);  // then its answer may go out
    const auto log = file();
    BOOST_REQUIRE_EQUAL(log.size(), ++lines);
    BOOST_TEST(std::regex_match(log.back(), std::regex(time + c.line)), log.back());
  }
}
