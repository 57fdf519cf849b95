// What people read when they are refused, in both languages.
#define BOOST_TEST_MODULE http_problem
#include "http/problem.hpp"

#include "domain/account.hpp"
#include "domain/limits.hpp"
#include "http/french.hpp"
#include "http/json_out.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace settled;

namespace {
std::string detail(const Refusal& refusal, Lang lang, MoneyState money = MoneyState::untouched) {
  const auto response = problem_response(problem_of(refusal, money), {lang, "t"});
  return nlohmann::json::parse(response.body).at("detail");
}
const std::string account = AccountId{make_uuid_v7(1'795'168'800'000, 1, 2)}.text();
}  // namespace

BOOST_AUTO_TEST_CASE(every_code_has_its_texts_in_both_languages) {
  for (const Errc code : all_refusals()) {
    BOOST_TEST(title(code, Lang::en).size() >= 5U);
    BOOST_TEST(title(code, Lang::fr).size() >= 5U);
    BOOST_TEST(title(code, Lang::en) != title(code, Lang::fr));
    const auto french = detail({code, "", "something happened", ""}, Lang::fr);
    BOOST_TEST(french.size() >= 20U, to_string(code));
    BOOST_TEST(french.find("Rien n'a été enregistré. Rien") == std::string::npos, to_string(code));
    BOOST_TEST(http_status(code) >= 400);
  }
}

BOOST_AUTO_TEST_CASE(the_french_sentence_names_what_the_english_one_names) {
  struct Case {
    Refusal refusal;
    std::string french;
  };
  const std::vector<Case> cases{
      {{Errc::amount_below_min, "/amount", "50 XOF is below the minimum of 100 XOF", ""},
       "amount : 50 XOF est inférieur au minimum de 100 XOF."},
      {{Errc::amount_above_max, "/amount", "1 250.50 GHS is above the maximum of 1000.00 GHS", ""},
       "amount : 1 250.50 GHS dépasse le maximum de 1000.00 GHS."},
      {{Errc::date_past, "/settlement_date", "2026-11-19 is past: today is 2026-11-20.", ""},
       "settlement_date : la date 2026-11-19 est passée : nous sommes le 2026-11-20."},
      {{Errc::bank_suspended, "/from_bank", "ABIDCIAB is suspended and takes no part.", ""},
       "from_bank : ABIDCIAB est suspendue et ne participe pas en ce moment."},
      {{Errc::same_bank, "/to_bank", "to_bank is the same as from_bank (ABIDCIAB)", ""},
       "to_bank : les deux banques doivent être différentes ; reçu deux fois ABIDCIAB."},
      {{Errc::unknown_bank, "/to_bank",
        "we hold no nostro at DAKRSNDA in XOF and no default nostro in that currency.", ""},
       "to_bank : aucun de nos comptes ne sert DAKRSNDA en XOF."},
      {{Errc::account_exists, "", "a vostro of ABIDCIAB in GHS exists already: " + account + ".", ""},
       "un compte vostro de ABIDCIAB en GHS existe déjà : " + account + "."},
      {{Errc::netting_infeasible, "/obligations", "ABIDCIAB would pay 1 500 XOF and has 20 XOF available.",
        ""},
       "obligations : ABIDCIAB paierait 1 500 XOF et dispose de 20 XOF."},
      // Quoted by the one who sent it: shown, never read.
      {{Errc::unknown_currency, "/currency", "\"ABIDCIAB\" is not an ISO 4217 currency code", ""},
       "currency : ce n'est pas un code de devise ISO 4217 ; reçu « ABIDCIAB »."},
      {{Errc::idempotency_mismatch, "",
        "This key was used on 2026-11-20 at 14:02:11 UTC for set_x (50 000 XOF from ABIDCIAB to DAKRSNDA). "
        "This "
        "body differs in /amount. To read the first: GET /api/v1/settlements/set_x. Use a new key for a new "
        "order.",
        ""},
       "cette clé a servi le 2026-11-20 à 14:02:11 UTC pour set_x (50 000 XOF de ABIDCIAB à DAKRSNDA). Ce "
       "corps "
       "en diffère par /amount. Pour lire le premier : GET /api/v1/settlements/set_x. Prenez une nouvelle "
       "clé pour "
       "un nouvel ordre."},
      {{Errc::unknown_field, "/amuont", "unknown field. Did you mean \"amount\"?", ""},
       "amuont : champ inconnu. Vouliez-vous « amount » ?"},
      {{Errc::unknown_field, "?limti", "unknown parameter. Did you mean \"limit\"?", ""},
       "?limti : paramètre inconnu. Vouliez-vous « limit » ?"},
      {{Errc::invalid_value, "/from_bank", "\"\" is not a BIC", ""},
       "from_bank : la valeur n'est pas admise ; reçu un texte vide."},
      {{Errc::body_too_large, "", "the body is larger than 1048576 bytes", ""},
       "le corps dépasse 1048576 octets."},
      {{Errc::invalid_value, "/sessions/1/opens",
        "the window overlaps itself: a session ends at 17:00, and one of 1 business day(s) later opens at "
        "16:00",
        ""},
       "sessions/1/opens : la fenêtre se recouvre elle-même : une session se termine à 17:00 et une autre, 1 "
       "jour(s) ouvré(s) plus tard, ouvre à 16:00."},
      // No sentence of its own: the values stand in brackets.
      {{Errc::invalid_value, "/floor", "a floor of 5 XOF would leave less than nothing: balance 2 XOF", ""},
       "floor : la valeur n'est pas admise (5 XOF, 2 XOF)."},
  };
  for (const Case& c : cases) BOOST_TEST(detail(c.refusal, Lang::fr, MoneyState::none) == c.french);
}

BOOST_AUTO_TEST_CASE(what_is_allowed_is_told_in_french_too) {
  BOOST_TEST(french_allowed("1 to 64 printable characters") == "de 1 à 64 caractères imprimables");
  BOOST_TEST(french_allowed("NORMAL, HIGH or URGENT") == "NORMAL, HIGH ou URGENT");
  BOOST_TEST(french_allowed("queue or refuse") == "queue ou refuse");
  BOOST_TEST(french_allowed("2026-11-20 or later") == "2026-11-20 ou plus tard");
  BOOST_TEST(french_allowed("obligation_id, from_bank, amount") == "obligation_id, from_bank, amount");
  BOOST_TEST(french_allowed("decimal text such as \"150.25\"") == "un texte décimal tel que « 150.25 »");
  BOOST_TEST(french_allowed("") == "");
  // Nobody's words: better in English than cut in two.
  BOOST_TEST(french_allowed("tea or coffee at five") == "tea or coffee at five");
  const auto body = problem_response(
      problem_of({Errc::invalid_value, "/priority", "\"SOON\" is not known here", "NORMAL, HIGH or URGENT"},
                 MoneyState::untouched),
      {Lang::fr, "t"});
  BOOST_TEST(nlohmann::json::parse(body.body).at("errors").at(0).at("allowed") == "NORMAL, HIGH ou URGENT");
}

BOOST_AUTO_TEST_CASE(a_failure_is_told_in_french_where_nothing_of_it_gets_lost) {
  SettlementView s;
  s.status = s.opened_as = Status::FAILED;
  Account vostro;
  vostro.bank = "ABIDCIAB";
  s.failure_code = "insufficient_funds";
  s.failure_detail = insufficient_funds(vostro, 50).detail;
  const auto failure = [&](Lang lang) {
    std::string settlement, receipt;
    append_settlement(settlement, s, lang);
    append_receipt(receipt, s, lang);
    const std::string told = nlohmann::json::parse(settlement).at("failure").at("detail");
    BOOST_TEST(nlohmann::json::parse(receipt).at("failure").at("detail") == told);
    return told;
  };
  BOOST_TEST(failure(Lang::en) == s.failure_detail);
  BOOST_TEST(failure(Lang::fr).starts_with("ABIDCIAB : 50 XOF demandés, 0 XOF disponibles"));
  s.failure_code = "bank_refused";
  s.failure_detail = "AC04: closed account number";
  BOOST_TEST(failure(Lang::fr) == s.failure_detail);
}

BOOST_AUTO_TEST_CASE(sentences_that_the_domain_makes_are_understood) {
  Account vostro;
  vostro.bank = "ABIDCIAB";
  vostro.balance = 90'000;
  vostro.held = 47'700;
  BOOST_TEST(
      detail(insufficient_funds(vostro, 50'000), Lang::fr, MoneyState::none) ==
      "amount : ABIDCIAB : 50 000 XOF demandés, 42 300 XOF disponibles (solde 90 000 XOF, bloqués 47 700 "
      "XOF). Aucun blocage n'a été posé.");
  AmountLimits limits;
  BOOST_TEST(limits.set({{"MAX_TRANSACTION_AMOUNT", "1000"}}).empty());
  const auto breach = limits.check({200'000, *currency_from("GHS")});
  BOOST_REQUIRE(breach);
  const auto values = values_in(breach->detail);
  BOOST_REQUIRE(values.size() == 2U);
  BOOST_TEST(values[0].text == "2000.00 GHS");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_sentence_tells_what_became_of_the_money) {
  const Refusal away{Errc::database_unavailable, "", "the database did not answer in time", ""};
  BOOST_TEST(detail(away, Lang::en, MoneyState::doubt).ends_with("it is never paid twice."));
  BOOST_TEST(detail(away, Lang::en, MoneyState::unsure).ends_with("look before you ask again."));
  BOOST_TEST(detail(away, Lang::fr, MoneyState::unsure).ends_with("regardez avant de redemander."));
}

BOOST_AUTO_TEST_CASE(a_language_tag_of_any_length_is_read_without_reaching_beyond_it) {
  const auto lang = [](const char* header) {
    Request request;
    request.headers.push_back({"Accept-Language", header});
    return lang_from(request);
  };
  BOOST_CHECK(lang("*") == Lang::en);
  BOOST_CHECK(lang("f") == Lang::en);
  BOOST_CHECK(lang(",,") == Lang::en);
  BOOST_CHECK(lang("fr") == Lang::fr);
  BOOST_CHECK(lang("fra, en;q=0.1") == Lang::en);
  BOOST_CHECK(lang("en;q=0.2, fr-SN") == Lang::fr);
}
