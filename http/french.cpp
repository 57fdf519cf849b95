#include "http/french.hpp"

#include "domain/bank.hpp"
#include "domain/calendar.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/settlement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace settled {
namespace {
/// Used where the English sentence names values of exactly these kinds; {0} is the first.
struct Sentence {
  Errc code;
  std::string_view kinds;
  std::string_view text;
};
constexpr std::array sentences{
    Sentence{Errc::amount_below_min, "aa", "{0} est inférieur au minimum de {1}."},
    Sentence{Errc::amount_above_max, "aa", "{0} dépasse le maximum de {1}."},
    Sentence{Errc::date_past, "dd", "la date {0} est passée : nous sommes le {1}."},
    Sentence{Errc::bank_suspended, "b", "{0} est suspendue et ne participe pas en ce moment."},
    Sentence{Errc::unknown_bank, "b", "aucun de nos comptes ne sert {0}."},
    Sentence{Errc::unknown_bank, "bc", "aucun de nos comptes ne sert {0} en {1}."},
    Sentence{Errc::currency_mismatch, "bc", "{0} n'a pas de compte vostro en {1}."},
    Sentence{Errc::currency_mismatch, "cc", "le compte est tenu en {0}, pas en {1}."},
    Sentence{Errc::same_bank, "b", "les deux banques doivent être différentes ; reçu deux fois {0}."},
    Sentence{Errc::account_closed, "ib", "le compte {0} de {1} est clos."},
    Sentence{Errc::account_closed, "i", "le compte {0} est clos."},
    Sentence{Errc::unknown_account, "i", "il n'y a pas de compte {0}."},
    Sentence{Errc::account_exists, "bci", "un compte vostro de {0} en {1} existe déjà : {2}."},
    Sentence{Errc::account_exists, "ci", "un tel compte en {0} existe déjà : {1}."},
    Sentence{Errc::no_rail, "b", "aucun connecteur ne sert {0} par cette méthode."},
    Sentence{Errc::netting_infeasible, "baa", "{0} paierait {1} et dispose de {2}."},
    Sentence{Errc::nothing_to_net, "c",
             "aucun ordre en {0} qui corresponde n'attend ici sa fenêtre ou des fonds."},
    Sentence{Errc::insufficient_funds, "baaaa",
             "{0} : {1} demandés, {2} disponibles (solde {3}, bloqués {4}). Aucun blocage n'a été posé."},
    Sentence{Errc::insufficient_funds, "aaaa",
             "{0} demandés, {1} disponibles (solde {2}, bloqués {3}). Aucun blocage n'a été posé."},
    Sentence{Errc::illegal_transition, "is", "{0} est {1} : cet état ne permet pas cette action."},
    Sentence{Errc::already_resolved, "is", "{0} est déjà {1}."},
    Sentence{Errc::already_resolved, "ii", "{0} a déjà été compensé par {1}."},
    Sentence{Errc::already_resolved, "bbi", "l'obligation de {0} envers {1} a déjà été compensée par {2}."},
    Sentence{Errc::already_resolved, "i", "il n'y a plus rien à décider pour {0}."},
};

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string_view> words_of(std::string_view sentence) {
  std::vector<std::string_view> words;
  while (!sentence.empty()) {
    const auto end = std::min(sentence.find(' '), sentence.size());
    auto word = sentence.substr(0, end);
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
    while (!word.empty() && std::string_view("(").find(word.front()) != std::string_view::npos)
      word.remove_prefix(1);
    while (!word.empty() && std::string_view("),.:;").find(word.back()) != std::string_view::npos)
      word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

bool is_id(std::string_view word) {
  return SettlementId::from(word) || AccountId::from(word) || JournalId::from(word) || ActionId::from(word) ||
         BreakId::from(word);
}

// How many words from `first` on are an amount with its currency ("1 250.50 GHS"); 0 for anything else.
std::size_t amount_length(const std::vector<std::string_view>& words, std::size_t first) {
  auto lead = words[first];
  if (lead.starts_with('-')) lead.remove_prefix(1);
  auto at = first;
  for (auto word = lead;; word = words[at]) {
    const auto point = word.find('.');
    const bool fraction = point != std::string_view::npos;
    if (!digits(word.substr(0, point)) || (fraction && !digits(word.substr(point + 1)))) return 0;
    if (at > first && (point == std::string_view::npos ? word.size() : point) != 3) return 0;
    if (++at == words.size()) return 0;
    if (currency_from(words[at])) return at + 1 - first;
    if (fraction) return 0;
  }
}
}  // namespace

std::vector<NamedValue> values_in(std::string_view sentence) {
  std::vector<NamedValue> values;
  const auto words = words_of(sentence);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto word = words[i];
    if (const auto length = amount_length(words, i); length > 0) {
      std::string text(word);
      for (std::size_t more = 1; more < length; ++more) text.append(" ").append(words[i + more]);
      values.push_back({'a', std::move(text)});
      i += length - 1;
      continue;
    }
    const char kind = bic_from(word)        ? 'b'
                      : currency_from(word) ? 'c'
                      : date_from(word)     ? 'd'
                      : status_from(word)   ? 's'
                      : is_id(word)         ? 'i'
                                            : '\0';
    if (kind != '\0') values.push_back({kind, std::string(word)});
  }
  return values;
}

std::optional<std::string> french_exactly(Errc code, std::string_view english) {
  if (auto phrase = french_phrase(english)) return phrase;
  const auto values = values_in(english);
  std::string kinds;
  for (const auto& value : values) kinds += value.kind;
  for (const Sentence& own : sentences) {
    if (own.code != code || own.kinds != kinds) continue;
    std::string text(own.text);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto slot = '{' + std::to_string(i) + '}';
      text.replace(text.find(slot), slot.size(), values[i].text);
    }
    return text;
  }
  return std::nullopt;
}

std::string french_reason(const Refusal& refusal, std::string_view sentence) {
  const std::string_view detail = refusal.detail;
  std::string text(sentence);
  if (auto phrase = french_phrase(detail)) return *phrase;
  // What somebody sent is quoted, and may look like anything.
  if (const auto open = detail.find('"'); open != std::string_view::npos) {
    const auto close = detail.find('"', open + 1);
    if (close == std::string_view::npos) return text;
    const auto sent = detail.substr(open + 1, close - open - 1);
    text.insert(text.size() - 1,
                sent.empty() ? " ; reçu un texte vide" : fmt::format(" ; reçu « {} »", sent));
    return text;
  }
  if (auto own = french_exactly(refusal.code, detail)) return *own;
  std::string list;
  for (const auto& value : values_in(detail)) list.append(list.empty() ? "" : ", ").append(value.text);
  if (!list.empty()) text.insert(text.size() - 1, " (" + list + ')');
  return text;
}
}  // namespace settled
