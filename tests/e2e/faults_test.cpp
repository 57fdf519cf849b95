// A bank that loses answers, hangs, repeats, fails after it has paid and pays late: nothing is paid twice,
// nothing is forgotten, everything ends.
#define BOOST_TEST_MODULE e2e_faults
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace settled;
using namespace settled::tests;

namespace {
/// One settled for all tests of this file, so that the books hold what all of them did.
struct Running {
  Running() {
    it = std::make_unique<Settled>();
    it->start();
    open_account(*it, "vostro", "ABIDCIAB", "XOF", "100000000");
    open_account(*it, "nostro", "DAKRSNDA", "XOF", "100000000");
  }
  ~Running() { it.reset(); }
  static inline std::unique_ptr<Settled> it;
  static inline History history;
};

struct Script {
  const char* kind;
  const char* more;
};
void settle_under(const std::string& name, const std::vector<Script>& scripts, int n = 40) {
  const Settled& settled = *Running::it;
  for (const Script& s : scripts) settled.fault(s.kind, s.more);
  Load load(settled, orders(name, n, "ABIDCIAB", "DAKRSNDA", "1000"), 8);
  const auto& sent = load.finish();
  await_all_final(settled);
  BOOST_TEST(settled.faults_fired() > 0);
  settled.clear_faults();
  Running::history.insert(Running::history.end(), sent.begin(), sent.end());
  auto verdict = check_books(settled, Running::history);
  BOOST_TEST(verdict.settlements["COMPLETED"] == static_cast<std::int64_t>(Running::history.size()));
}
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(answers_that_are_lost_are_asked_for) {
  settle_under("dropped", {{"drop_answer", R"("rate":0.3,"seed":1)"}});
}
BOOST_AUTO_TEST_CASE(requests_that_are_lost_are_sent_again_once_that_is_proved) {
  settle_under("lost", {{"drop_before", R"("rate":0.3,"count":10,"seed":2)"}});
}
BOOST_AUTO_TEST_CASE(an_error_after_the_payment_is_not_taken_for_a_refusal) {
  settle_under("error-after", {{"error", R"("rate":0.3,"seed":3,"status":503,"when":"after")"}});
}
BOOST_AUTO_TEST_CASE(an_error_before_the_payment_is_not_taken_for_a_payment) {
  settle_under("error-before", {{"error", R"("rate":0.3,"count":10,"seed":4,"status":500)"}});
}
BOOST_AUTO_TEST_CASE(a_slow_bank_is_waited_for) {
  settle_under("slow", {{"delay", R"("rate":0.5,"seed":5,"ms":700)"}});
}
BOOST_AUTO_TEST_CASE(a_hanging_bank_is_asked_later) {
  settle_under("hanging", {{"hang", R"("count":3,"ms":1500,"when":"after")"},
                           {"hang", R"("count":3,"ms":1500,"when":"before")"}});
}
BOOST_AUTO_TEST_CASE(a_request_that_is_delivered_twice_is_paid_once) {
  settle_under("twice", {{"duplicate", R"("rate":0.5,"seed":6)"}});
}
BOOST_AUTO_TEST_CASE(a_payment_that_comes_late_is_not_sent_again_before_not_found_is_final) {
  settle_under("late", {{"late_effect", R"("rate":0.3,"seed":7,"ms":1200)"}});
}
BOOST_AUTO_TEST_CASE(a_payment_that_is_pending_is_followed) {
  settle_under("pending", {{"pending", R"("rate":0.5,"seed":8,"ms":800)"}});
}
BOOST_AUTO_TEST_CASE(inquiries_that_fail_leave_the_doubt_open_until_one_succeeds) {
  settle_under("doubt", {{"drop_answer", R"("rate":0.2,"seed":9)"},
                         {"error", R"("rate":0.5,"count":8,"seed":10,"op":"INQUIRY")"}});
}
BOOST_AUTO_TEST_CASE(all_of_it_at_once) {
  settle_under("all",
               {{"delay", R"("rate":0.3,"seed":11,"ms":200)"},
                {"drop_answer", R"("rate":0.1,"seed":12)"},
                {"error", R"("rate":0.1,"seed":13,"when":"after")"},
                {"duplicate", R"("rate":0.1,"seed":14)"},
                {"late_effect", R"("rate":0.1,"seed":15,"ms":900)"},
                {"drop_before", R"("rate":0.1,"seed":16)"}},
               100);
}
BOOST_AUTO_TEST_CASE(it_ends_in_order) { Running::it->end_in_order(); }

BOOST_AUTO_TEST_SUITE_END()
