#include "http/json_in_operating.hpp"

#include "domain/bank.hpp"
#include "http/json_values.hpp"

#include <unordered_set>

namespace settled {
namespace {
constexpr std::size_t reason_max = 500;
constexpr std::size_t errors_told_max = 100;  // of one list

std::string reason_of(JsonFields& fields) { return fields.line("reason", true, 1, reason_max).value_or(""); }

std::string verdict_of(JsonFields& fields, ActionKind kind) {
  const auto text = fields.text("verdict", true);
  if (!text) return {};
  if (!verdict_allowed(kind, *text))
    fields.refuse("verdict",
                  {Errc::invalid_value, "", '"' + std::string(text->substr(0, 40)) + "\" is no verdict here",
                   std::string(allowed_verdicts(kind))});
  return std::string(*text);
}

std::optional<Obligation> obligation_at(const JsonTree& tree, std::uint32_t index, const std::string& pointer,
                                        std::vector<Refusal>& errors) {
  static const std::vector<std::string_view> known{"obligation_id", "from_bank", "to_bank", "amount",
                                                   "currency"};
  if (tree[index].kind != JsonKind::object) {
    errors.push_back(not_an_object(tree[index].kind, pointer));
    return std::nullopt;
  }
  const auto before = errors.size();
  JsonFields fields(tree, index, pointer, known, errors);
  Obligation o;
  o.id = fields.line("obligation_id", true, 1, 64).value_or("");
  o.from = read_bic(fields, "from_bank", true);
  o.to = read_bic(fields, "to_bank", true);
  if (const auto money = read_amount(fields, read_currency(fields))) o.amount = *money;
  if (!o.from.empty() && o.from == o.to)
    fields.refuse("to_bank", {Errc::same_bank, "", "to_bank is the same as from_bank (" + o.to + ")",
                              "two different banks"});
  if (errors.size() > before) return std::nullopt;
  return o;
}

void read_obligations(const JsonTree& tree, std::uint32_t list, NettingIn& in, std::vector<Refusal>& errors) {
  std::unordered_set<std::string> ids;
  std::size_t place = 0;
  for (auto i = list + 1; i < tree[list].end; i = tree[i].end, ++place) {
    // The rest would be no news.
    if (errors.size() >= errors_told_max) return;
    const auto pointer = "/obligations/" + std::to_string(place);
    auto obligation = obligation_at(tree, i, pointer, errors);
    if (!obligation) continue;
    if (!ids.insert(obligation->id).second)
      errors.push_back({Errc::invalid_value, pointer + "/obligation_id",
                        '"' + obligation->id + "\" is listed twice", "each obligation once"});
    in.obligations.push_back(std::move(*obligation));
  }
  if (place == 0)
    errors.push_back({Errc::invalid_value, "/obligations", "there is nothing to net",
                      "1 to " + std::to_string(netting_obligations_max) + " obligations"});
}

/// Texts that are BICs, each once; what is wrong is noted and ends it.
std::vector<std::string> bics_of(const JsonTree& tree, std::uint32_t list, const std::string& name,
                                 std::vector<Refusal>& errors) {
  std::vector<std::string> bics;
  std::unordered_set<std::string_view> named;
  for (auto i = list + 1; i < tree[list].end; i = tree[i].end) {
    const auto pointer = name + '/' + std::to_string(bics.size());
    if (tree[i].kind != JsonKind::text) {
      errors.push_back({Errc::wrong_type, pointer,
                        "this is " + std::string(to_string(tree[i].kind)) + ", not a string", "a BIC"});
      return bics;
    }
    auto bic = bic_from(tree[i].text);
    if (!bic) {
      errors.push_back({Errc::invalid_value, pointer, bic.refusal().detail, bic.refusal().allowed});
      return bics;
    }
    if (!named.insert(tree[i].text).second) {
      errors.push_back({Errc::invalid_value, pointer, '"' + *bic + "\" is named twice", "each bank once"});
      return bics;
    }
    bics.push_back(std::move(*bic));
  }
  return bics;
}

NettingWindow read_netting_window(const JsonTree& tree, std::uint32_t index, std::vector<Refusal>& errors) {
  static const std::vector<std::string_view> known{"currency", "value_date", "method", "banks"};
  NettingWindow window;
  if (tree[index].kind != JsonKind::object) {
    errors.push_back(not_an_object(tree[index].kind, "/window"));
    return window;
  }
  JsonFields fields(tree, index, "/window", known, errors);
  if (const auto currency = read_currency(fields)) window.currency = *currency;
  if (const auto date = read_date(fields, "value_date", false)) window.value_date = to_string(*date);
  window.one_method = fields.find("method", false).has_value();
  read_choice(fields, "method", false, method_from, "SWIFT, SEPA, LOCAL_ACH or MOCK", window.method);
  const auto list = read_array(fields, "banks", false, "BICs");
  if (!list) return window;
  const auto before = errors.size();
  window.banks = bics_of(tree, *list, "/window/banks", errors);
  if (errors.size() == before && (window.banks.size() < 2 || window.banks.size() > netting_banks_max))
    fields.refuse("banks", {Errc::invalid_value, "", "an order has a payer's and a payee's bank",
                            "2 to " + std::to_string(netting_banks_max) + " banks, or none: all"});
  return window;
}

void read_what_to_net(const JsonTree& tree, JsonFields& fields, NettingIn& in, std::vector<Refusal>& errors) {
  const auto window = fields.find("window", false), obligations = fields.find("obligations", false);
  if (window && obligations) {
    fields.refuse("window", {Errc::invalid_value, "", "obligations and a window are two nettings",
                             "either obligations or window"});
  } else if (window) {
    in.window = read_netting_window(tree, *window, errors);
  } else if (!obligations) {
    fields.refuse("obligations", {Errc::missing_field, "", "nothing says what is to be netted",
                                  "either obligations or window"});
  } else if (const auto list = read_array(fields, "obligations", true, "obligations")) {
    read_obligations(tree, *list, in, errors);
  }
}

void read_without(const JsonTree& tree, JsonFields& fields, NettingIn& in, std::vector<Refusal>& errors) {
  const auto list = read_array(fields, "without", false, "BICs");
  if (!list || tree[*list].end == *list + 1) return;
  if (!in.dry_run) {
    fields.refuse("without", {Errc::invalid_value, "", "banks are left out of a dry run only",
                              "\"dry_run\": true, or the obligations without theirs"});
    return;
  }
  // Who takes part in a window shows when it is looked at.
  if (in.window) {
    in.without = bics_of(tree, *list, "/without", errors);
    return;
  }
  std::unordered_set<std::string_view> there;
  for (const auto& o : in.obligations) there.insert({o.from, o.to});
  for (auto i = *list + 1; i < tree[*list].end; i = tree[i].end) {
    const auto pointer = "/without/" + std::to_string(in.without.size());
    if (tree[i].kind != JsonKind::text) {
      errors.push_back({Errc::wrong_type, pointer,
                        "this is " + std::string(to_string(tree[i].kind)) + ", not a string", "a BIC"});
      return;
    }
    if (!there.contains(tree[i].text)) {
      errors.push_back({Errc::invalid_value, pointer,
                        '"' + std::string(tree[i].text.substr(0, 40)) + "\" takes part in no obligation here",
                        "a bank of the obligations"});
      return;
    }
    in.without.emplace_back(tree[i].text);
  }
}

template <class T, class Read>
Parsed<T> parse_object(std::string& body, const std::vector<std::string_view>& known, Read read) {
  Parsed<T> parsed;
  const auto* tree = object_of(body, parsed.errors);
  if (!tree) return parsed;
  JsonFields fields(*tree, 0, "", known, parsed.errors);
  T value = read(fields, *tree, parsed.errors);
  if (parsed.errors.empty()) parsed.value = std::move(value);
  return parsed;
}
}  // namespace

std::string hex_of(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::optional<Digest> digest_from(std::string_view hex) {
  Digest digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (value < 0) return std::nullopt;
    digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4U | value);
  }
  return digest;
}

Parsed<ProposalIn> parse_proposal(std::string& body, ActionKind kind) {
  std::vector<std::string_view> known{"reason"};
  if (kind != ActionKind::compensate) known.emplace_back("verdict");
  if (kind == ActionKind::resolve) known.emplace_back("bank_reference");
  return parse_object<ProposalIn>(body, known, [&](JsonFields& fields, const JsonTree&, auto&) {
    ProposalIn in;
    if (kind != ActionKind::compensate) in.verdict = verdict_of(fields, kind);
    in.reason = reason_of(fields);
    if (kind != ActionKind::resolve) return in;
    in.bank_reference = fields.line("bank_reference", false, 1, 64).value_or("");
    if (!in.bank_reference.empty() && in.verdict == "not_executed")
      fields.refuse("bank_reference",
                    {Errc::invalid_value, "", "what was not executed has no reference of the bank's",
                     "no bank_reference, or the verdict executed"});
    return in;
  });
}

Parsed<std::string> parse_reason(std::string& body) {
  return parse_object<std::string>(
      body, {"reason"}, [](JsonFields& fields, const JsonTree&, auto&) { return reason_of(fields); });
}

Parsed<Digest> parse_approval(std::string& body) {
  return parse_object<Digest>(body, {"digest"}, [](JsonFields& fields, const JsonTree&, auto&) {
    const auto text = fields.text("digest", true);
    const auto digest = text ? digest_from(*text) : std::nullopt;
    if (text && !digest)
      fields.refuse("digest", {Errc::invalid_value, "", "this is not a digest",
                               "64 hex digits: those of the action that you have read"});
    return digest.value_or(Digest{});
  });
}

Parsed<AccountChangeIn> parse_account_change(std::string& body) {
  static const std::vector<std::string_view> known{"status", "floor", "low_threshold", "high_threshold"};
  return parse_object<AccountChangeIn>(
      body, known, [](JsonFields& fields, const JsonTree& tree, std::vector<Refusal>& errors) {
        AccountChangeIn in;
        AccountStatus status{};
        read_choice(fields, "status", false, account_status_from, "open or closed", status);
        if (fields.find("status", false)) in.status = to_string(status);
        if (const auto text = fields.digits("floor", false)) in.floor = *text;
        const auto threshold = [&](std::string_view name, bool& given, std::optional<std::string>& value) {
          given = fields.find(name, false).has_value();
          if (!given || is_null(fields, name)) return;
          if (const auto text = fields.digits(name, false)) value = *text;
        };
        threshold("low_threshold", in.low_given, in.low);
        threshold("high_threshold", in.high_given, in.high);
        if (tree[0].end == 1)
          errors.push_back({Errc::missing_field, "", "there is nothing to change",
                            "status, floor, low_threshold or high_threshold"});
        return in;
      });
}

Parsed<BankProfile> parse_bank(std::string& body, std::string bic) {
  return parse_object<BankProfile>(body, {"name", "status"}, [&](JsonFields& fields, const JsonTree&, auto&) {
    BankProfile bank;
    bank.bic = std::move(bic);
    bank.name = fields.line("name", false, 0, 140).value_or("");
    read_choice(fields, "status", true, bank_status_from, "active or suspended", bank.status);
    return bank;
  });
}

Parsed<HolidayRule> parse_holiday(std::string& body) {
  return parse_object<HolidayRule>(body, {"date", "name"}, [](JsonFields& fields, const JsonTree&, auto&) {
    HolidayRule rule;
    rule.kind = HolidayKind::single;
    rule.date = read_date(fields, "date", true);
    rule.name = fields.line("name", true, 1, 140).value_or("");
    return rule;
  });
}

Parsed<NettingIn> parse_netting(std::string& body) {
  static const std::vector<std::string_view> known{"obligations", "window", "dry_run", "without"};
  return parse_object<NettingIn>(body, known,
                                 [](JsonFields& fields, const JsonTree& tree, std::vector<Refusal>& errors) {
                                   NettingIn in;
                                   in.dry_run = fields.boolean("dry_run").value_or(false);
                                   read_what_to_net(tree, fields, in, errors);
                                   read_without(tree, fields, in, errors);
                                   return in;
                                 });
}

std::vector<Refusal> check_no_body(std::string& body) {
  std::vector<Refusal> errors;
  if (body.empty()) return errors;
  if (const auto* tree = object_of(body, errors)) JsonFields(*tree, 0, "", {}, errors);
  return errors;
}
}  // namespace settled
