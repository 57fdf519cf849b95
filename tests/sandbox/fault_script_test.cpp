#define BOOST_TEST_MODULE fault_script
#include "sandbox/fault_script.hpp"

#include <boost/test/unit_test.hpp>

using namespace settled;
using namespace settled::sandbox;
using namespace std::chrono_literals;

namespace {
FaultScript script(const std::string& json) {
  auto made = fault_script_from(json);
  BOOST_REQUIRE_MESSAGE(made, json << ": " << (made ? "" : made.refusal().detail));
  return *made;
}
std::string fired(FaultBook& book, int times, Operation op = Operation::SEND,
                  std::string_view bank = "ABIDCIAB") {
  std::string pattern;
  for (int i = 0; i < times; ++i) pattern += book.decide(op, bank).fault ? '!' : '.';
  return pattern;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_bad_script_is_refused_by_the_name_of_its_field) {
  struct Case {
    const char* json;
    const char* field;
    Errc code;
  };
  for (const Case& c : {
           Case{"", "", Errc::malformed_body},
           Case{"[]", "", Errc::malformed_body},
           Case{R"({"kind":"delay","rate":1,"ms":5)", "", Errc::malformed_body},
           Case{R"({"rate":1})", "/kind", Errc::missing_field},
           Case{R"({"kind":"explode","rate":1})", "/kind", Errc::invalid_value},
           Case{R"({"kind":7,"rate":1})", "/kind", Errc::wrong_type},
           Case{R"({"kind":"refuse"})", "/rate", Errc::missing_field},
           Case{R"({"kind":"refuse","rate":1.01})", "/rate", Errc::invalid_value},
           Case{R"({"kind":"refuse","rate":-0.1})", "/rate", Errc::invalid_value},
           Case{R"({"kind":"refuse","rate":"1"})", "/rate", Errc::wrong_type},
           Case{R"({"kind":"refuse","rate":null})", "/rate", Errc::wrong_type},
           Case{R"({"kind":"refuse","count":0})", "/count", Errc::invalid_value},
           Case{R"({"kind":"refuse","count":1.5})", "/count", Errc::wrong_type},
           Case{R"({"kind":"refuse","count":1,"count":2})", "/count", Errc::malformed_body},
           Case{R"({"kind":"refuse","count":1,"colour":"red"})", "/colour", Errc::unknown_field},
           Case{R"({"kind":"refuse","count":1,"seed":-1})", "/seed", Errc::wrong_type},
           Case{R"({"kind":"refuse","count":1,"ms":5})", "/ms", Errc::invalid_value},
           Case{R"({"kind":"refuse","count":1,"op":"INQUIRY"})", "/op", Errc::invalid_value},
           Case{R"({"kind":"refuse","count":1,"bank":"abc"})", "/bank", Errc::invalid_value},
           Case{R"({"kind":"delay","count":1})", "/ms", Errc::missing_field},
           Case{R"({"kind":"delay","count":1,"ms":0})", "/ms", Errc::invalid_value},
           Case{R"({"kind":"delay","count":1,"ms":3600001})", "/ms", Errc::invalid_value},
           Case{R"({"kind":"error","count":1,"status":200})", "/status", Errc::invalid_value},
           Case{R"({"kind":"error","count":1,"when":"now"})", "/when", Errc::invalid_value},
           Case{R"({"kind":"error","count":1,"op":"SENT"})", "/op", Errc::invalid_value},
       }) {
    const auto made = fault_script_from(c.json);
    BOOST_REQUIRE_MESSAGE(!made, c.json);
    BOOST_TEST(made.refusal().field == c.field, c.json << " names " << made.refusal().field);
    BOOST_TEST((made.refusal().code == c.code), c.json << " is " << to_string(made.refusal().code));
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_faults) {
  FaultBook a, b, other;
  a.add(script(R"({"kind":"drop_answer","rate":0.3,"seed":18446744073709551615})"));
  b.add(script(R"({"kind":"drop_answer","rate":0.3,"seed":18446744073709551615})"));
  other.add(script(R"({"kind":"drop_answer","rate":0.3,"seed":2})"));
  const auto first = fired(a, 1000);
  BOOST_TEST(first == fired(b, 1000));
  BOOST_TEST(first != fired(other, 1000));
  const auto hits = std::count(first.begin(), first.end(), '!');
  BOOST_TEST((hits > 230 && hits < 370));
}

BOOST_AUTO_TEST_CASE(a_count_is_used_up_and_a_rate_of_nothing_never_fires) {
  FaultBook book;
  book.add(script(R"({"kind":"refuse","count":3})"));
  BOOST_TEST(fired(book, 6) == "!!!...");
  FaultBook never;
  never.add(script(R"({"kind":"refuse","rate":0.0,"count":3})"));
  BOOST_TEST(fired(never, 100) == std::string(100, '.'));
}

BOOST_AUTO_TEST_CASE(a_script_strikes_only_whom_it_names) {
  FaultBook book;
  book.add(script(R"({"kind":"error","rate":1,"bank":"ABIDCIAB","op":"INQUIRY"})"));
  BOOST_TEST(fired(book, 1, Operation::SEND) == ".");
  BOOST_TEST(fired(book, 1, Operation::INQUIRY, "ECOCGHAC") == ".");
  BOOST_TEST(fired(book, 1, Operation::INQUIRY) == "!");
}

BOOST_AUTO_TEST_CASE(delays_add_up_and_the_first_other_fault_wins) {
  FaultBook book;
  book.add(script(R"({"kind":"delay","rate":1,"ms":10})"));
  book.add(script(R"({"kind":"refuse","count":1,"code":"AM04","reason":"no funds"})"));
  book.add(script(R"({"kind":"delay","count":1,"ms":5,"op":"ANY"})"));
  book.add(script(R"({"kind":"hang","count":1})"));
  const auto one = book.decide(Operation::SEND, "ABIDCIAB"), two = book.decide(Operation::SEND, "ABIDCIAB"),
             three = book.decide(Operation::SEND, "ABIDCIAB");
  BOOST_TEST(
      (one.delay == 15ms && one.fault && one.fault->kind == FaultKind::refuse && one.fault->code == "AM04"));
  // What lost to another fault keeps its count.
  BOOST_TEST(
      (two.delay == 10ms && two.fault && two.fault->kind == FaultKind::hang && two.fault->time == 60s));
  BOOST_TEST((three.delay == 10ms && !three.fault));
}

BOOST_AUTO_TEST_CASE(scripts_can_be_listed_and_taken_away) {
  FaultBook book;
  BOOST_TEST(book.json() == "[]");
  const auto first = book.add(script(R"({"kind":"refuse","rate":0.5,"seed":9})"));
  const auto second = book.add(script(R"({"kind":"pending","count":2,"ms":50})"));
  BOOST_TEST(first != second);
  BOOST_TEST(book.json().find(R"("kind":"pending","op":"SEND","rate":1.0,"left":2,"seed":0,"ms":50)") !=
             std::string::npos);
  BOOST_TEST(book.remove(first));
  BOOST_TEST(!book.remove(first));
  book.clear();
  BOOST_TEST(book.json() == "[]");
}
