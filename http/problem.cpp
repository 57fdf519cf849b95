#include "http/problem.hpp"

#include "http/french.hpp"
#include "http/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace settled {
namespace {
struct Row {
  Errc code;
  int status;
  std::string_view title_en;
  std::string_view title_fr;
  std::string_view sentence_fr;  // the detail in French; the English one is built where the rule stands
};

constexpr std::array rows{
    Row{Errc::ok, 200, "Done", "Fait", "C'est fait."},
    Row{Errc::malformed_body, 400, "The request cannot be read", "La requête est illisible",
        "la requête n'est pas lisible (JSON incorrect, pas de l'UTF-8, clé en double ou imbrication trop "
        "profonde)."},
    Row{Errc::unknown_field, 422, "Unknown field", "Champ inconnu", "champ inconnu."},
    Row{Errc::missing_field, 422, "A field is missing", "Un champ manque", "ce champ est obligatoire."},
    Row{Errc::wrong_type, 422, "A field has the wrong type", "Un champ n'a pas le bon type",
        "la valeur n'a pas le bon type."},
    Row{Errc::invalid_value, 422, "A value is not allowed", "Une valeur n'est pas admise",
        "la valeur n'est pas admise."},
    Row{Errc::amount_decimals, 422, "The amount has too many decimals", "Le montant a trop de décimales",
        "le montant a plus de décimales que la devise n'en admet."},
    Row{Errc::amount_overflow, 422, "The amount is too large", "Le montant est trop grand",
        "le montant dépasse ce qu'un compte peut contenir."},
    Row{Errc::amount_not_positive, 422, "The amount is not above zero", "Le montant n'est pas positif",
        "le montant doit être supérieur à zéro."},
    Row{Errc::unknown_currency, 422, "Unknown currency", "Devise inconnue",
        "ce n'est pas un code de devise ISO 4217."},
    Row{Errc::currency_mismatch, 422, "The currencies differ", "Les devises diffèrent",
        "la devise n'est pas celle du compte."},
    Row{Errc::unknown_bank, 422, "No account serves this bank", "Aucun compte ne sert cette banque",
        "aucun de nos comptes ne sert cette banque dans cette devise."},
    Row{Errc::unknown_account, 404, "No such account", "Compte inconnu", "ce compte n'existe pas."},
    Row{Errc::account_exists, 409, "The account exists already", "Le compte existe déjà",
        "un tel compte est déjà ouvert ; son identifiant est dans « existing »."},
    Row{Errc::account_closed, 422, "The account is closed", "Le compte est clos", "le compte est clos."},
    Row{Errc::insufficient_funds, 422, "Not enough funds", "Fonds insuffisants",
        "le disponible ne suffit pas. Aucun blocage n'a été posé."},
    Row{Errc::idempotency_key_missing, 400, "The Idempotency-Key header is missing",
        "L'en-tête Idempotency-Key manque",
        "l'en-tête Idempotency-Key manque. Créez une clé par ordre, gardez-la avant l'appel, renvoyez la "
        "même à "
        "chaque nouvel essai."},
    Row{Errc::idempotency_mismatch, 409, "The key was used for another request",
        "La clé a servi à une autre requête",
        "cette clé a déjà servi à une requête différente. Prenez une nouvelle clé pour un nouvel ordre."},
    Row{Errc::idempotency_in_progress, 409, "The first call with this key is still running",
        "Le premier appel avec cette clé est en cours",
        "le premier appel avec cette clé est en cours. Redemandez dans 1 s avec la même clé."},
    Row{Errc::same_bank, 422, "Payer and payee are the same bank", "Payeur et bénéficiaire identiques",
        "les deux banques doivent être différentes."},
    Row{Errc::not_found, 404, "Not found", "Introuvable", "il n'y a rien à cette adresse."},
    Row{Errc::unauthorized, 401, "No valid API key", "Pas de clé d'API valable",
        "envoyez une clé d'API valable dans l'en-tête X-API-Key."},
    Row{Errc::method_not_allowed, 405, "Method not allowed here", "Méthode non admise ici",
        "cette adresse n'admet que les méthodes de l'en-tête Allow."},
    Row{Errc::unsupported_media_type, 415, "The body is not plain JSON", "Le corps n'est pas du JSON simple",
        "envoyez le corps en application/json, sans compression."},
    Row{Errc::body_too_large, 413, "The request is too large", "La requête est trop grande",
        "la requête dépasse la taille admise."},
    Row{Errc::too_many_requests, 429, "Too many requests", "Trop de requêtes",
        "trop de requêtes avec cette clé ; réessayez après le délai de Retry-After."},
    Row{Errc::overloaded, 503, "The service is full", "Le service est saturé",
        "le service est saturé. Réessayez avec la même clé après le délai de Retry-After."},
    Row{Errc::database_unavailable, 503, "The database does not answer", "La base de données ne répond pas",
        "la base de données ne répond pas. Les ordres déjà acceptés sont en sûreté ; la reprise est "
        "automatique."},
    Row{Errc::internal, 500, "Our fault", "Erreur de notre part",
        "c'est une erreur de notre part ; indiquez trace_id à l'exploitant."},
    Row{Errc::bank_refused, 422, "The bank refused", "La banque a refusé", "la banque a refusé l'ordre."},
    Row{Errc::expired, 422, "Not sent in time", "Non envoyé à temps",
        "rien n'a été envoyé dans le délai ; les blocages sont levés."},
    Row{Errc::not_allowed_here, 403, "Not allowed in this environment", "Non admis dans cet environnement",
        "cette adresse n'existe qu'en développement."},
    Row{Errc::shutting_down, 503, "The service is stopping", "Le service s'arrête",
        "le service s'arrête. Réessayez avec la même clé après le délai de Retry-After."},
    Row{Errc::no_rail, 422, "No connector carries this order", "Aucun connecteur pour cet ordre",
        "aucun connecteur ne sert cette banque par cette méthode."},
    Row{Errc::illegal_transition, 409, "Not possible in this state", "Impossible dans cet état",
        "l'état actuel ne permet pas cette action."},
    Row{Errc::amount_below_min, 422, "The amount is too small", "Le montant est trop petit",
        "le montant est inférieur au minimum de cette devise."},
    Row{Errc::amount_above_max, 422, "The amount is above the limit", "Le montant dépasse la limite",
        "le montant dépasse le maximum de cette devise."},
    Row{Errc::window_closed, 422, "The settlement window is closed", "La fenêtre de règlement est fermée",
        "la fenêtre de règlement est fermée et l'ordre ne veut pas attendre."},
    Row{Errc::date_past, 422, "The settlement date is past", "La date de règlement est passée",
        "la date de règlement est passée."},
    Row{Errc::blocked_party, 422, "A party is blocked", "Une partie est bloquée",
        "une partie de l'ordre figure sur la liste de blocage ; deux personnes l'ont confirmé."},
    Row{Errc::cancelled, 422, "The order was cancelled", "L'ordre a été annulé",
        "l'ordre a été annulé avant tout blocage de fonds."},
    Row{Errc::already_resolved, 409, "Nothing is left to decide", "Il n'y a plus rien à décider",
        "il n'y a plus rien à décider ici."},
    Row{Errc::same_person, 403, "A second person must approve", "Une deuxième personne doit approuver",
        "celui qui demande ne peut pas approuver : utilisez la clé d'une autre personne."},
    Row{Errc::digest_mismatch, 409, "This is not what was shown", "Ce n'est pas ce qui a été montré",
        "l'empreinte n'est pas celle de la demande ; relisez-la et approuvez ce qu'elle montre."},
    Row{Errc::resolved_not_executed, 422, "Resolved as not executed", "Décidé : non exécuté",
        "deux personnes ont décidé que la banque n'a pas exécuté l'ordre ; les blocages sont levés."},
    Row{Errc::bank_suspended, 422, "The bank is suspended", "La banque est suspendue",
        "cette banque ne participe pas en ce moment."},
    Row{Errc::netting_infeasible, 422, "The netting cannot be settled", "La compensation est irréalisable",
        "le plafond ou la liquidité d'un participant ne suffit pas."},
    Row{Errc::nothing_to_net, 422, "There is nothing to net", "Il n'y a rien à compenser",
        "aucun ordre en attente ne correspond à cette fenêtre."},
};
constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by the code");
static_assert(rows.size() == static_cast<std::size_t>(Errc::nothing_to_net) + 1, "a row for every code");

const Row& row(Errc code) { return rows.at(static_cast<std::size_t>(code)); }

std::string_view field_name(std::string_view pointer) {
  return pointer.starts_with('/') ? pointer.substr(1) : pointer;
}

std::string_view money_sentence(MoneyState money, Lang lang) {
  switch (money) {
    case MoneyState::none:
      return "";
    case MoneyState::untouched:
      return lang == Lang::fr ? "Rien n'a été enregistré." : "Nothing was recorded.";
    case MoneyState::doubt:
      return lang == Lang::fr
                 ? "Nous ne savons pas si l'ordre est enregistré : renvoyez-le avec la même clé, il ne sera "
                   "jamais payé deux fois."
                 : "We do not know whether it was recorded: send it again with the same key, it is never "
                   "paid twice.";
    case MoneyState::unsure:
      return lang == Lang::fr ? "Nous ne savons pas si c'est enregistré : regardez avant de redemander."
                              : "We do not know whether it was recorded: look before you ask again.";
  }
  return "";
}

std::string reason_in(const Refusal& refusal, Lang lang) {
  return lang == Lang::en ? refusal.detail : french_reason(refusal, row(refusal.code).sentence_fr);
}

std::string detail_in(const Problem& problem, Lang lang) {
  std::string text;
  if (problem.errors.size() > 1) {
    text = lang == Lang::fr ? fmt::format("{} champs sont incorrects, voir errors[].", problem.errors.size())
                            : fmt::format("{} things are wrong, see errors[].", problem.errors.size());
  } else if (problem.errors.size() == 1) {
    const auto field = field_name(problem.errors.front().field);
    const auto reason = reason_in(problem.errors.front(), lang);
    text = field.empty() ? reason : fmt::format("{}{}{}", field, lang == Lang::fr ? " : " : ": ", reason);
  } else {
    text = lang == Lang::en && !problem.detail.empty() ? problem.detail
                                                       : std::string(row(problem.code).sentence_fr);
  }
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  if (const auto money = money_sentence(problem.money, lang); !money.empty()) text.append(" ").append(money);
  return text;
}

// "fr;q=0.8" in thousandths: 800.
int weight_of(std::string_view item) {
  const auto q = item.find("q=");
  if (q == std::string_view::npos) return 1000;
  int weight = 0, place = 1000;
  for (const char c : item.substr(q + 2)) {
    if (c == '.') continue;
    if (c < '0' || c > '9' || place == 0) break;
    weight += place * (c - '0');
    place /= 10;
  }
  return weight;
}
}  // namespace

Lang lang_from(const Request& request) {
  const auto* header = request.header("accept-language");
  if (!header) return Lang::en;
  int best_en = 0, best_fr = 0;
  for (std::string_view rest = *header; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    const int weight = weight_of(item);
    const auto tag = item.substr(0, 2);
    const bool whole = item.size() <= 2 || item[2] == '-' || item[2] == ';' || item[2] == ' ';
    if (tag.size() < 2 || !whole) continue;
    if (same_ignoring_case(tag, "en")) best_en = std::max(best_en, weight);
    if (same_ignoring_case(tag, "fr")) best_fr = std::max(best_fr, weight);
  }
  return best_fr > best_en ? Lang::fr : Lang::en;
}

int http_status(Errc code) { return row(code).status; }
std::string_view title(Errc code, Lang lang) {
  return lang == Lang::fr ? row(code).title_fr : row(code).title_en;
}
std::string type_uri(Errc code) {
  auto text = "/problems/" + std::string(to_string(code));
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

Problem problem_of(Refusal refusal, MoneyState money) {
  Problem problem;
  problem.code = refusal.code;
  problem.detail = refusal.detail;
  problem.money = money;
  problem.errors.push_back(std::move(refusal));
  return problem;
}

Problem problem_of(std::vector<Refusal> errors, MoneyState money) {
  Problem problem;
  problem.code = errors.empty() ? Errc::internal : errors.front().code;
  problem.errors = std::move(errors);
  problem.money = money;
  return problem;
}

void append_refusal_members(std::string& out, const Problem& problem, Lang lang) {
  append_json_member(out, "code", to_string(problem.code));
  append_json_member(out, "detail", detail_in(problem, lang));
  append_json_name(out, "errors");
  out += '[';
  for (const Refusal& error : problem.errors) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_json_member(out, "pointer", error.field);
    append_json_member(out, "code", to_string(error.code));
    append_json_member(out, "reason", reason_in(error, lang));
    append_json_member(out, "allowed", lang == Lang::fr ? french_allowed(error.allowed) : error.allowed);
    out += '}';
  }
  out += ']';
}

Response problem_response(const Problem& problem, const ProblemContext& context) {
  Response response;
  response.status = problem.status != 0 ? problem.status : http_status(problem.code);
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body.reserve(512);
  body = '{';
  append_json_member(body, "type", type_uri(problem.code));
  append_json_member(body, "title", title(problem.code, context.lang));
  fmt::format_to(std::back_inserter(body), ",\"status\":{}", response.status);
  append_refusal_members(body, problem, context.lang);
  if (!problem.existing_id.empty()) append_json_member(body, "existing", problem.existing_id);
  append_json_member(body, "trace_id", context.trace_id);
  body += transient(problem.code) ? ",\"retryable\":true" : ",\"retryable\":false";
  append_json_member(body, "lang", context.lang == Lang::fr ? "fr" : "en");
  body += '}';
  response.headers.emplace_back("Content-Language", context.lang == Lang::fr ? "fr" : "en");
  const int retry_after = problem.retry_after > 0                            ? problem.retry_after
                          : response.status == 503 || response.status == 429 ? 2
                          : problem.code == Errc::idempotency_in_progress    ? 1
                                                                             : 0;
  if (retry_after > 0) response.headers.emplace_back("Retry-After", std::to_string(retry_after));
  if (!problem.allow.empty()) response.headers.emplace_back("Allow", problem.allow);
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "ApiKey");
  return response;
}

std::vector<Errc> all_refusals() {
  std::vector<Errc> codes;
  for (const Row& r : rows)
    if (r.code != Errc::ok) codes.push_back(r.code);
  return codes;
}
}  // namespace settled
