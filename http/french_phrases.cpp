// Sentences and lists of what is allowed, English with its holes and French: {} is any text, # any number.
#include "http/french.hpp"

#include <algorithm>
#include <array>

namespace settled {
namespace {
struct Phrase {
  std::string_view english, french;
};

constexpr std::array reasons{
    Phrase{"unknown field", "champ inconnu."},
    Phrase{"unknown field. Did you mean \"{}\"?", "champ inconnu. Vouliez-vous « {} » ?"},
    Phrase{"unknown parameter", "paramètre inconnu."},
    Phrase{"unknown parameter. Did you mean \"{}\"?", "paramètre inconnu. Vouliez-vous « {} » ?"},
    Phrase{"the parameter stands twice", "ce paramètre est donné deux fois."},
    Phrase{"the body is empty", "le corps est vide."},
    Phrase{"the body ends where a value should stand", "le corps s'arrête là où une valeur est attendue."},
    Phrase{"the body is larger than {} bytes", "le corps dépasse {} octets."},
    Phrase{"the head of the request is longer than {} bytes", "l'en-tête de la requête dépasse {} octets."},
    Phrase{"the text has {} characters", "le texte a {} caractères."},
    Phrase{"the text is blank", "le texte est vide ou fait de blancs."},
    Phrase{"the text holds a control character", "le texte contient un caractère de commande."},
    Phrase{"the text holds the invisible character {}", "le texte contient le caractère invisible {}."},
    Phrase{"This key was used on {} at {} for {} ({} from {} to {}). This body differs in {}. To read the "
           "first: "
           "GET {}. Use a new key for a new order.",
           "cette clé a servi le {} à {} pour {} ({} de {} à {}). Ce corps en diffère par {}. Pour lire le "
           "premier : "
           "GET {}. Prenez une nouvelle clé pour un nouvel ordre."},
    Phrase{"event {} is beyond the log, which ends with {}",
           "l'événement {} est au-delà du journal, qui se termine par {}."},
    Phrase{"the batch is empty", "le lot est vide."},
    Phrase{"the batch has too many orders", "le lot contient trop d'ordres."},
    Phrase{"the window overlaps itself: a session ends at {}, and one of the same day opens at {}",
           "la fenêtre se recouvre elle-même : une session se termine à {} et une autre du même jour ouvre à "
           "{}."},
    Phrase{
        "the window overlaps itself: a session ends at {}, and one of {} business day(s) later opens at {}",
        "la fenêtre se recouvre elle-même : une session se termine à {} et une autre, {} jour(s) ouvré(s) "
        "plus tard, ouvre à {}."},
    Phrase{"the session is empty: it closes at {} and opens at {}",
           "la session est vide : elle ferme à {} et ouvre à {}."},
    Phrase{"the cut-off {} lies outside the session", "l'heure limite {} est en dehors de la session."},
    Phrase{"a session lasts at most 24 hours, or it would overlap the next day's",
           "une session dure au plus 24 heures, sinon elle recouvrirait celle du lendemain."},
};

constexpr std::array allowed_values{
    Phrase{"# to #", "de # à #"},
    Phrase{"# to # printable characters", "de # à # caractères imprimables"},
    Phrase{"# to # characters", "de # à # caractères"},
    Phrase{"# to # visible ASCII characters", "de # à # caractères ASCII visibles"},
    Phrase{"# to # printable characters in UTF-#, percent-encoded",
           "de # à # caractères imprimables en UTF-#, encodés avec %"},
    Phrase{"# to # orders", "de # à # ordres"},
    Phrase{"# to # sessions", "de # à # sessions"},
    Phrase{"# to # obligations", "de # à # obligations"},
    Phrase{"# to # rules", "de # à # règles"},
    Phrase{"at most # bytes", "au plus # octets"},
    Phrase{"at most # decimals", "au plus # décimales"},
    Phrase{"a whole number", "un nombre entier"},
    Phrase{"a whole number from # to #, without quotes", "un nombre entier de # à #, sans guillemets"},
    Phrase{"more than #", "plus de #"},
    Phrase{"# or more", "# ou plus"},
    Phrase{"#, or minus a credit line", "#, ou moins une ligne de crédit"},
    Phrase{"#, or a negative amount for a credit line", "#, ou un montant négatif pour une ligne de crédit"},
    Phrase{"a smaller amount", "un montant plus petit"},
    Phrase{"decimal text such as \"#.#\"", "un texte décimal tel que « #.# »"},
    Phrase{"three capital letters such as XOF, GHS, EUR", "trois majuscules telles que XOF, GHS, EUR"},
    Phrase{"# or # capital letters and digits such as ABIDCIAB (ISO #)",
           "# ou # majuscules et chiffres tels que ABIDCIAB (ISO #)"},
    Phrase{"two different banks", "deux banques différentes"},
    Phrase{"a BIC", "un BIC"},
    Phrase{"a bank that is active", "une banque active"},
    Phrase{"a bank with a vostro: GET /api/v#/accounts/vostro",
           "une banque qui a un vostro : GET /api/v#/accounts/vostro"},
    Phrase{"a bank with a nostro: GET /api/v#/accounts/nostro",
           "une banque qui a un nostro : GET /api/v#/accounts/nostro"},
    Phrase{"another method or bank: see the configured connectors",
           "une autre méthode ou banque : voir les connecteurs configurés"},
    Phrase{"a currency and method with a window: GET /api/v#/windows",
           "une devise et une méthode qui ont une fenêtre : GET /api/v#/windows"},
    Phrase{"\"queue\": it then goes with value date #-#-#",
           "« queue » : il part alors avec la date de valeur #-#-#"},
    Phrase{"an ISO # code", "un code ISO #"},
    Phrase{"an ISO # code such as XOF", "un code ISO # tel que XOF"},
    Phrase{"YYYY-MM-DD", "AAAA-MM-JJ"},
    Phrase{"YYYY-MM-DD, a day that exists", "AAAA-MM-JJ, un jour qui existe"},
    Phrase{"#-#-# or later", "#-#-# ou plus tard"},
    Phrase{"a string", "une chaîne"},
    Phrase{"true or false", "true ou false"},
    Phrase{"an object of your own", "un objet à vous"},
    Phrase{"a JSON object", "un objet JSON"},
    Phrase{"an array of orders", "un tableau d'ordres"},
    Phrase{"one JSON document", "un seul document JSON"},
    Phrase{"one JSON document in UTF-#, every key once",
           "un seul document JSON en UTF-#, chaque clé une fois"},
    Phrase{"no parameters", "aucun paramètre"},
    Phrase{"once", "une fois"},
    Phrase{"each day once", "chaque jour une fois"},
    Phrase{"each bank once", "chaque banque une fois"},
    Phrase{"each obligation once", "chaque obligation une fois"},
    Phrase{"percent-encoded UTF-#", "de l'UTF-# encodé avec %"},
    Phrase{"an id such as #-#", "un identifiant tel que #-#"},
    Phrase{"an id up to #-#", "un identifiant jusqu'à #-#"},
    Phrase{"the next_cursor of the page before", "le next_cursor de la page précédente"},
    Phrase{"an id such as the one in a Location header or a list",
           "un identifiant tel que celui d'un en-tête Location ou d'une liste"},
    Phrase{"a valid key in X-API-Key, or in Authorization: Bearer",
           "une clé valable dans X-API-Key, ou dans Authorization: Bearer"},
    Phrase{"no Content-Encoding", "pas de Content-Encoding"},
    Phrase{"the paths of /openapi.json", "les chemins de /openapi.json"},
    Phrase{"another API key", "une autre clé d'API"},
    Phrase{"the same order as before, or a new key", "le même ordre qu'avant, ou une nouvelle clé"},
    Phrase{"the same funding as before, or a new key", "la même dotation qu'avant, ou une nouvelle clé"},
    Phrase{"the same netting as before, or a new key", "la même compensation qu'avant, ou une nouvelle clé"},
    Phrase{"sessions that follow one another", "des sessions qui se suivent"},
    Phrase{"after {}, at most {}", "après {}, au plus tard {}"},
    Phrase{"settlement or account, not both", "settlement ou account, pas les deux"},
    Phrase{"either obligations or window", "obligations ou window, pas les deux"},
};

bool digit(char c) { return c >= '0' && c <= '9'; }

/// The texts in the holes of `pattern`, in their order; nothing where `text` does not look so.
std::optional<std::vector<std::string_view>> holes_of(std::string_view pattern, std::string_view text) {
  std::vector<std::string_view> holes;
  while (!pattern.empty()) {
    const bool number = pattern.front() == '#';
    if (!number && !pattern.starts_with("{}")) {
      if (text.empty() || text.front() != pattern.front()) return std::nullopt;
      pattern.remove_prefix(1);
      text.remove_prefix(1);
      continue;
    }
    pattern.remove_prefix(number ? 1 : 2);
    const auto literal = pattern.substr(0, pattern.find_first_of("{#"));
    std::size_t end = 0;
    if (number)
      end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), digit) - text.begin());
    else
      end = literal.empty() ? text.size() : text.find(literal);
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    holes.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!text.empty()) return std::nullopt;
  return holes;
}

template <std::size_t n>
std::optional<std::string> translated(const std::array<Phrase, n>& phrases, std::string_view english) {
  for (const Phrase& phrase : phrases) {
    const auto holes = holes_of(phrase.english, english);
    if (!holes) continue;
    std::string french;
    auto hole = holes->begin();
    for (auto rest = phrase.french; !rest.empty();) {
      if (rest.front() == '#' || rest.starts_with("{}")) {
        french += *hole++;
        rest.remove_prefix(rest.front() == '#' ? 1 : 2);
      } else {
        french += rest.front();
        rest.remove_prefix(1);
      }
    }
    return french;
  }
  return std::nullopt;
}
}  // namespace

std::optional<std::string> french_phrase(std::string_view english) { return translated(reasons, english); }

std::string french_allowed(std::string_view english) {
  if (auto phrase = translated(allowed_values, english)) return *phrase;
  // A list of names: "NORMAL, HIGH or URGENT".
  std::string french(english);
  const auto blank = [&](std::size_t at) { return french[at] == ' '; };
  const auto last = french.find(" or ");
  for (std::size_t i = 0; i < french.size(); ++i)
    if (i > 0 && blank(i) && french[i - 1] != ',' && i != last && i != last + 3) return french;
  if (last != std::string::npos) french.replace(last, 4, " ou ");
  return french;
}
}  // namespace settled
