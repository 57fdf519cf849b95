#include "domain/screening.hpp"

#include "domain/unicode.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

namespace settled {
namespace {
// What says how a firm is built and not which one it is: West Africa's, then those of frequent partners.
constexpr auto legal_forms = std::to_array<std::string_view>(
    {"sa",      "sarl", "sarlu", "suarl", "sas", "sasu", "snc",          "scs",     "sca",         "scp",
     "scop",    "gie",  "ei",    "eurl",  "spa", "srl",  "ltd",          "limited", "ltda",        "ltee",
     "limitee", "plc",  "llc",   "llp",   "lp",  "inc",  "incorporated", "corp",    "corporation", "co",
     "company", "cie",  "pvt",   "pte",   "pty", "gmbh", "ag",           "kg",      "bv",          "nv",
     "ab",      "oy",   "as",    "aps",   "ooo", "oao",  "zao"});

bool legal_form(const std::string& word) {
  return std::find(legal_forms.begin(), legal_forms.end(), word) != legal_forms.end();
}

/// The words as written. A full stop inside an abbreviation ("S.A.", "J.P.") does not end the word; after
/// two letters or more it does.
std::vector<std::string> words_of(const std::u32string& name) {
  std::vector<std::string> words;
  std::string word;
  std::size_t since_stop = 0;  // letters since the word began or its last full stop
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
    since_stop = 0;
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == U'.' && since_stop == 1) {
      // "J.Smith": what follows the stop is a word, not the next letter of an abbreviation.
      std::string next, after;
      const bool letter = i + 1 < name.size() && append_folded(next, name[i + 1]) && !next.empty();
      const bool longer =
          i + 2 < name.size() && name[i + 2] != U'.' && append_folded(after, name[i + 2]) && !after.empty();
      if (!letter || longer) end_word();
      since_stop = 0;
      continue;
    }
    const auto size = word.size();
    if (!append_folded(word, name[i])) {
      end_word();
    } else if (word.size() > size) {
      ++since_stop;
    }
  }
  end_word();
  return words;
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return quoted(out);
}

std::string why_of(MatchKind kind, const std::string& name, const BlockedParty& entry,
                   const NormalName& normal) {
  const auto begin = quoted(name) +
                     (kind == MatchKind::exact      ? " is "
                      : kind == MatchKind::joined   ? " is, but for the blanks, "
                      : kind == MatchKind::contains ? " contains all words of "
                                                    : " is a part of ") +
                     quoted(entry.name) + " (line " + std::to_string(entry.line) + ", compared as ";
  return begin + list_of(normal.words) + ')';
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}
}  // namespace

std::string_view to_string(MatchKind kind) {
  switch (kind) {
    case MatchKind::exact:
      return "exact";
    case MatchKind::joined:
      return "joined";
    case MatchKind::contains:
      return "contains";
    case MatchKind::contained_in:
      return "contained_in";
  }
  return "exact";
}

Result<NormalName> normal_name(std::string_view name) {
  const auto decoded = decode_utf8(name);
  if (!decoded) return Refusal{Errc::invalid_value, "", "the name is not UTF-8", "UTF-8 text"};
  auto words = words_of(*decoded);
  // "Company Limited" alone is a name after all.
  if (!std::all_of(words.begin(), words.end(), legal_form)) std::erase_if(words, legal_form);
  NormalName normal;
  for (const auto& word : words) normal.joined += word;
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  normal.words = std::move(words);
  return normal;
}

std::vector<std::string> texts_in(std::string_view json) {
  std::vector<std::string> texts;
  const auto unit = [&](std::size_t at) {  // of \uXXXX
    char32_t value = 0;
    for (const char c : json.substr(std::min(at, json.size()), 4))
      value = value * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    return value;
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '"') continue;
    std::string text;
    for (++i; i < json.size() && json[i] != '"'; ++i) {
      if (json[i] != '\\') {
        text += json[i];
        continue;
      }
      if (++i >= json.size()) break;
      if (json[i] != 'u') {
        text += std::string_view("bfnrt").find(json[i]) == std::string_view::npos ? json[i] : ' ';
        continue;
      }
      auto point = unit(i + 1);
      i += 4;
      if (point >= 0xD800 && point < 0xDC00 && json.substr(std::min(i + 1, json.size()), 2) == "\\u") {
        point = 0x10000 + ((point - 0xD800) << 10) + (unit(i + 3) - 0xDC00);
        i += 6;
      }
      append_utf8(text, point);
    }
    const auto next = json.find_first_not_of(" \t\r\n", i + 1);
    const bool key = next != std::string_view::npos && json[next] == ':';
    if (!key && !text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<Refusal> BlockedList::load(std::string_view file) {
  BlockedList loaded;
  std::vector<Refusal> out;
  if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
  for (int line = 1; !file.empty(); ++line) {
    const auto end = file.find('\n');
    const auto text = trimmed(file.substr(0, end));
    file.remove_prefix(end == std::string_view::npos ? file.size() : end + 1);
    if (text.empty() || text.front() == '#') continue;
    const auto wrong = [&](std::string detail) {
      out.push_back(
          {Errc::invalid_value, "line " + std::to_string(line), std::move(detail), "name; reason; source"});
    };
    std::vector<std::string_view> fields;
    for (auto rest = text;;) {
      const auto at = rest.find(';');
      fields.push_back(trimmed(rest.substr(0, at)));
      if (at == std::string_view::npos) break;
      rest.remove_prefix(at + 1);
    }
    if (!decode_utf8(text)) {
      wrong("the line is not UTF-8");
      continue;
    }
    if (fields.size() != 3 || std::any_of(fields.begin(), fields.end(), [](auto f) { return f.empty(); })) {
      wrong("a line has a name, a reason and a source, none of them empty; this one has " +
            std::to_string(fields.size()) + " fields");
      continue;
    }
    auto normal = normal_name(fields[0]);
    if (!normal || normal->words.empty()) {
      wrong(quoted(fields[0]) + " has no letter or digit to compare");
      continue;
    }
    loaded.entries_.push_back(
        {{std::string(fields[0]), std::string(fields[1]), std::string(fields[2]), line}, *std::move(normal)});
  }
  if (!out.empty()) return out;
  for (std::size_t i = 0; i < loaded.entries_.size(); ++i) {
    const auto& normal = loaded.entries_[i].normal;
    for (const auto& word : normal.words) loaded.by_word_[word].push_back(i);
    loaded.by_joined_[normal.joined].push_back(i);
  }
  *this = std::move(loaded);
  return out;
}

Result<std::vector<ScreeningHit>> BlockedList::screen(std::string_view name) const {
  const auto normal = normal_name(name);
  if (!normal) return normal.refusal();
  std::unordered_map<std::size_t, std::size_t> common;  // entry → words in common
  for (const auto& word : normal->words)
    if (const auto it = by_word_.find(word); it != by_word_.end())
      for (const auto i : it->second) ++common[i];
  std::vector<std::pair<MatchKind, std::size_t>> found;
  const auto same_letters = by_joined_.find(normal->joined);
  const auto joined = [&](std::size_t i) {
    return same_letters != by_joined_.end() &&
           std::find(same_letters->second.begin(), same_letters->second.end(), i) !=
               same_letters->second.end();
  };
  for (const auto& [i, count] : common) {
    const bool all_of_entry = count == entries_[i].normal.words.size();
    const bool all_of_name = count == normal->words.size();
    if (all_of_entry && all_of_name)
      found.emplace_back(MatchKind::exact, i);
    else if (joined(i))
      continue;  // listed below
    else if (all_of_entry)
      found.emplace_back(MatchKind::contains, i);
    else if (all_of_name && count >= 2)
      found.emplace_back(MatchKind::contained_in, i);
  }
  if (same_letters != by_joined_.end())
    for (const auto i : same_letters->second)
      if (entries_[i].normal.words != normal->words) found.emplace_back(MatchKind::joined, i);
  std::sort(found.begin(), found.end());
  std::vector<ScreeningHit> hits;
  hits.reserve(found.size());
  for (const auto& [kind, i] : found)
    hits.push_back(
        {entries_[i].party, kind, why_of(kind, std::string(name), entries_[i].party, entries_[i].normal)});
  return hits;
}

}  // namespace settled
