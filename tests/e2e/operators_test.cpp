// What an operator does on the command line, with the exit codes that scripts rely on.
#define BOOST_TEST_MODULE e2e_operators
#include "e2e/load.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace settled::tests;
using nlohmann::json;

namespace {
struct Running {
  Running() {
    it = std::make_unique<Settled>();
    it->start();
    vostro = open_account(*it, "vostro", "ABIDCIAB", "XOF", "1000000");
    open_account(*it, "vostro", "DAKRSNDA", "XOF", "1000");
    open_account(*it, "nostro", "DAKRSNDA", "XOF", "1000000");
  }
  ~Running() { it.reset(); }
  static inline std::unique_ptr<Settled> it;
  static inline std::string vostro;
};

struct Ran {
  int code = -1;
  std::string out;  // both streams
};
Ran settlectl(const std::string& arguments) {
  const char* bin = std::getenv("SETTLED_BIN");
  BOOST_REQUIRE(bin);
  const auto line = "'" + std::string(bin) + "/settlectl' --data-dir '" + Running::it->folder().string() +
                    "' " + arguments + " 2>&1 </dev/null";
  Ran ran;
  auto* pipe = ::popen(line.c_str(), "r");
  BOOST_REQUIRE(pipe);
  std::array<char, 4096> buffer{};
  while (const auto n = std::fread(buffer.data(), 1, buffer.size(), pipe)) ran.out.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ran;
}
/// The command ends so, and says that.
void check(const std::string& arguments, int code, const std::string& says) {
  const auto ran = settlectl(arguments);
  BOOST_TEST(ran.code == code, arguments << " ended with " << ran.code << ": " << ran.out);
  BOOST_TEST(ran.out.find(says) != std::string::npos, arguments << " said " << ran.out);
}

std::string written(const std::string& name, const std::string& content) {
  const auto path = Running::it->folder() / name;
  std::ofstream(path) << content;
  return "'" + path.string() + "'";
}

/// One transfer whose header states these totals.
std::string pain001(const std::string& obligation, const std::string& day, const std::string& count = "1",
                    const std::string& sum = "700") {
  return R"(<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M</MsgId><NbOfTxs>)" +
         count + "</NbOfTxs><CtrlSum>" + sum + R"(</CtrlSum></GrpHdr>
<PmtInf><PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>)" +
         day + R"(</Dt></ReqdExctnDt><DbtrAgt><FinInstnId><BICFI>ABIDCIAB</BICFI></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>)" +
         obligation + R"(</EndToEndId></PmtId><Amt><InstdAmt Ccy="XOF">700</InstdAmt></Amt>
<CdtrAgt><FinInstnId><BICFI>DAKRSNDA</BICFI></FinInstnId></CdtrAgt></CdtTrfTxInf></PmtInf>
</CstmrCdtTrfInitn></Document>)";
}

std::string order(const std::string& key, const std::string& more = "") {
  auto body = order_body(key, "ABIDCIAB", "DAKRSNDA", "1500", "XOF");
  if (!more.empty()) body.insert(body.size() - 1, "," + more);
  auto http = Running::it->http();
  const auto reply = http.post("/api/v1/settlements", body, key);
  BOOST_REQUIRE_MESSAGE(reply.status == 202, reply.body);
  return reply.text("id");
}
}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Running);
BOOST_AUTO_TEST_SUITE(operators)

BOOST_AUTO_TEST_CASE(a_doubt_is_ended_on_the_command_line_by_two_people) {
  Running::it->fault("drop_answer", R"("rate":1,"op":"SEND")");
  Running::it->fault("error", R"("rate":1,"op":"INQUIRY","status":500)");
  const auto id = order("doubt");
  BOOST_REQUIRE(eventually([&] { return settlectl("unknowns").out.find(id) != std::string::npos; }));
  check("locks --settlement " + id, 0, "no word from");
  check("unknowns approve " + id + " --as-approver", 65, "Nothing waits for a second person");
  check("unknowns resolve " + id + " --verdict perhaps --reason x", 65, "executed or not_executed");
  check("unknowns resolve " + id + " --verdict executed", 64, "--reason is required");
  check("unknowns resolve " + id + " --verdict executed --reason 'on the statement'", 0,
        "settlectl actions approve act_");
  const auto listed = settlectl("actions --json");
  BOOST_REQUIRE(listed.code == 0);
  const std::string digest = json::parse(listed.out).at("digest");
  // Without a terminal and without a digest nobody has read anything.
  check("unknowns approve " + id + " --as-approver", 64, "on the statement");
  check("unknowns approve " + id + " --digest " + digest, 77, "same_person");
  check("unknowns approve " + id + " --as-approver --digest " + std::string(64, 'a'), 65, "digest_mismatch");
  check("unknowns approve " + id + " --as-approver --digest " + digest, 0, "COMPLETED");
  check("unknowns approve " + id + " --as-approver --digest " + digest, 65, "already_resolved");
  Running::it->clear_faults();
  await_all_final(*Running::it);
  check("unknowns", 0, "No outcome is unknown");

  check("compensate " + id + " --reason 'wrong bank'", 0, "Nothing has changed yet");
  const std::string back = json::parse(settlectl("actions --json").out).at("digest");
  check("actions approve " + id + " --as-approver --digest " + back, 0, "The money went back with jrn_");
  check("compensate " + id + " --reason again", 65, "already_resolved");
  check("actions --state all", 0, "wrong bank");
  check("verify", 0, "The books are right");
}

BOOST_AUTO_TEST_CASE(an_order_that_waits_is_seen_and_called_back) {
  auto body = order_body("queue", "ABIDCIAB", "DAKRSNDA", "900000000", "XOF");
  body.insert(body.size() - 1, R"(,"insufficient_funds":"queue")");
  auto http = Running::it->http();
  const auto id = http.post("/api/v1/settlements", body, "queue").text("id");
  check("status " + id, 2, "waits for liquidity");
  check("cancel " + id, 64, "--reason");
  check("cancel " + id + " --reason 'by mistake'", 0, "called back");
  check("status " + id, 1, "by mistake");
  check("cancel " + id + " --reason again", 65, "already_resolved");
}

BOOST_AUTO_TEST_CASE(positions_are_netted_from_a_file_once) {
  const std::string columns = "obligation_id,from_bank,to_bank,amount,currency\n";
  const auto too_much = written("much.csv", columns + "N1,DAKRSNDA,ABIDCIAB,5000,XOF\n");
  check("net " + too_much + " --dry-run", 1, "not feasible");
  check("net " + too_much + " --dry-run --without DAKRSNDA", 1, "Without DAKRSNDA: feasible");
  check("net " + too_much, 65, "netting_infeasible");
  const auto file =
      written("net.csv", columns + "N1,DAKRSNDA,ABIDCIAB,900,XOF\nN2,ABIDCIAB,DAKRSNDA,500,XOF\n");
  check("net " + file + " --dry-run", 0, "feasible");
  check("net " + file, 0, "booked at");
  check("net " + file, 0, "not booked again");
  check("net " + written("wrong.csv", columns + "N1,DAKRSNDA,ABIDCIAB,1.5,XOF\n"), 65, "refused as a whole");
  check("net /nowhere", 65, "cannot be read");
  check("verify", 0, "The books are right");
}

BOOST_AUTO_TEST_CASE(a_file_of_a_day_that_is_over_is_settled_once_however_often_it_comes) {
  const auto file = written("late.xml", pain001("LATE-1", "2026-01-05"));
  const auto out = " --out '" + (Running::it->folder() / "late.csv").string() + "'";
  check("settle " + file + out, 0, "for a day that is past");
  check("settle " + file + out, 0, "1 completed");
  const auto listed = settlectl("settlement list --obligation LATE-1 --json").out;
  BOOST_TEST(std::count(listed.begin(), listed.end(), '\n') == 1, listed);
  // Who does not ask for it is refused: an API caller means the day that it names.
  auto body = order_body("LATE-2", "ABIDCIAB", "DAKRSNDA", "700", "XOF");
  body.insert(body.size() - 1, R"(,"settlement_date":"2026-01-05")");
  BOOST_TEST(Running::it->http().post("/api/v1/settlements", body, "late-2").text("code") == "date_past");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_what_it_seems_is_refused_before_anything_is_sent) {
  const std::string out = " --out '" + (Running::it->folder() / "odd.csv").string() + "'";
  const auto day = "2026-01-05";
  for (const auto& wrong : {pain001("ODD-1", day, "2"), pain001("ODD-1", day, "1", "7000")})
    check("settle " + written("totals.xml", wrong) + out, 65, "--ignore-totals");
  BOOST_TEST(settlectl("settlement list --obligation ODD-1 --json").out.empty());
  check("settle --ignore-totals " + written("totals.xml", pain001("ODD-1", day, "2")) + out, 0,
        "warning: GrpHdr");
  check("settle " + written("cut.xml", "<Document><CstmrCdtTrfInitn>") + out, 65,
        "The file ends before its elements are closed");
  check("settle " + written("wide.csv", std::string("\xFF\xFEo\0b\0", 6)) + out, 65, "UTF-16");
  check("settle " + written("wide.xml", std::string("<\0?\0", 4)) + out, 65, "UTF-16");
  check("settle '" + Running::it->folder().string() + "'" + out, 65, "is a folder");
  check("settlement list --limit -5", 64, "");
  check("watch --count -1", 64, "");
}

BOOST_AUTO_TEST_CASE(a_result_that_has_no_place_is_refused_before_anything_is_sent) {
  const auto orders =
      "obligation_id,from_bank,to_bank,amount,currency\nNOPLACE-1,ABIDCIAB,DAKRSNDA,700,XOF\n";
  const auto file = written("noplace.csv", orders);
  const auto path = Running::it->folder() / "noplace.csv";
  check("settle " + file + " --out " + file, 73, "is the file of orders itself");
  check("settle " + file + " --out '" + (Running::it->folder() / "." / "noplace.csv").string() + "'", 73,
        "is the file of orders itself");
  std::filesystem::create_hard_link(path, Running::it->folder() / "other.csv.part");
  check("settle " + file + " --out '" + (Running::it->folder() / "other.csv").string() + "'", 73,
        "is the file of orders itself");
  check("settle " + file + " --out /dev/full", 73, "is not a regular file");
  check("settle " + file + " --out '" + Running::it->folder().string() + "'", 73, "is not a regular file");
  check("settle " + file + " --out /nowhere/result.csv", 73, "Nothing was sent");
  BOOST_TEST(std::filesystem::is_character_file("/dev/full"));
  std::ifstream in(path);
  BOOST_TEST(std::string(std::istreambuf_iterator<char>(in), {}) == orders);
  check("settlement list --obligation NOPLACE-1", 0, "");
  BOOST_TEST(settlectl("settlement list --obligation NOPLACE-1 --json").out.empty());
}

BOOST_AUTO_TEST_CASE(rules_are_changed_while_the_service_runs) {
  const std::string window =
      R"({"name":"EVENING","currency":"GHS","zone":"Africa/Accra","weekdays":[1,2,3],"sessions":[)"
      R"({"opens":"18:00","closes":"22:00","cut_off":"21:00"}]})";
  check("windows set " + written("window.json", window), 0, "EVENING");
  check("windows", 0, "18:00");
  auto shut = json::parse(window);
  shut["sessions"][0]["closes"] = "17:00";
  check("windows set " + written("shut.json", shut.dump()), 65, "sessions/0/closes");
  check("windows drop EVENING", 0, "gone");
  check("windows drop EVENING", 65, "not_found");
  check("windows next --currency XOF", 0, "Value date");
  check("calendars add UEMOA 2026-12-24 --title 'A day off'", 0, "2026-12-24");
  check("calendars --name UEMOA", 0, "A day off");
  check("calendars drop UEMOA 2026-12-24", 0, "no single holiday");
  check("calendars --name Mars", 65, "no calendar");
  const auto shown = settlectl("calendars show UEMOA --json");
  BOOST_REQUIRE(shown.code == 0);
  auto calendar = json::parse(shown.out);
  const auto rules = calendar.at("rules").size();
  calendar["rules"].push_back({{"name", "House day"}, {"kind", "fixed"}, {"month", 12}, {"day", 24}});
  check("calendars put UEMOA " + written("uemoa.json", calendar.dump()), 0, "House day");
  BOOST_TEST(json::parse(settlectl("calendars show UEMOA --json").out).at("rules").size() == rules + 1);
  check("calendars put House " + written("rules.json", calendar["rules"].dump()), 0, "House has");
  check("calendars list", 0, "House day");
  calendar["rules"].back()["day"] = 32;
  check("calendars put UEMOA " + written("wrong.json", calendar.dump()), 65, "/day");
  check("calendars put UEMOA " + written("empty.json", "{}"), 65, "no rules of a calendar");
  check("calendars put UEMOA nowhere.json", 65, "cannot be read");
  check("banks set NIAMNENE --status suspended --name 'Banque du Fleuve'", 0, "suspended");
  check("banks", 0, "Banque du Fleuve");
  check("banks set NIAMNENE --status closed", 65, "active or suspended");
  const auto account = "account set " + Running::vostro;
  check(account + " --low 100 --high none", 0, "low threshold 100");
  check(account + " --close", 65, "balance");
  check(account, 64, "Nothing to change");
}

BOOST_AUTO_TEST_CASE(the_service_tells_how_it_looks_after_itself) {
  check("recovery", 0, "Done");
  check("jobs", 0, "check_invariants");
  check("jobs run check_invariants", 0, "the books are right");
  check("jobs run dance", 65, "not_found");
  check("invariants", 0, "All hold");
  check("breaks", 0, "");
  check("held", 0, "No order is held");
  check("--api-key nonsense held", 77, "unauthorized");
  check("unknownz", 64, "Did you mean \"unknowns\"?");
}

BOOST_AUTO_TEST_SUITE_END()
