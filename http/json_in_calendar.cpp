#include "http/json_in_calendar.hpp"

#include "http/json_text.hpp"
#include "http/json_values.hpp"

namespace settled {
namespace {
constexpr std::size_t rules_max = 400;

/// A kind of holiday has fields of its own; the others have no meaning with it.
std::vector<std::string_view> fields_of(HolidayKind kind) {
  std::vector<std::string_view> known{"name", "kind", "observance", "first_year", "last_year", "provisional"};
  const auto also = [&known](std::initializer_list<std::string_view> more) {
    known.insert(known.end(), more);
  };
  switch (kind) {
    case HolidayKind::fixed:
      also({"month", "day"});
      break;
    case HolidayKind::easter:
      also({"days"});
      break;
    case HolidayKind::nth_weekday:
      also({"nth", "weekday", "month"});
      break;
    case HolidayKind::last_weekday:
      also({"weekday", "month"});
      break;
    case HolidayKind::single:
      also({"date"});
      break;
  }
  return known;
}

std::optional<HolidayKind> kind_in(const JsonTree& tree, std::uint32_t object, const std::string& pointer,
                                   std::vector<Refusal>& errors) {
  static const std::vector<std::string_view> every{"name",       "kind",       "month",     "day",
                                                   "days",       "nth",        "weekday",   "date",
                                                   "observance", "first_year", "last_year", "provisional"};
  const auto before = errors.size();
  JsonFields fields(tree, object, pointer, every, errors);
  HolidayKind kind{};
  read_choice(fields, "kind", true, holiday_kind_from, "fixed, easter, nth_weekday, last_weekday or single",
              kind);
  return errors.size() == before ? std::optional(kind) : std::nullopt;
}

HolidayRule read_rule(const JsonTree& tree, std::uint32_t object, const std::string& pointer,
                      std::vector<Refusal>& errors) {
  HolidayRule rule;
  const auto kind = kind_in(tree, object, pointer, errors);
  if (!kind) return rule;
  rule.kind = *kind;
  JsonFields fields(tree, object, pointer, fields_of(*kind), errors);
  // How large each may be is the calendar's own rule (domain/calendar.cpp).
  const auto whole = [&fields](std::string_view name, bool required, int& value) {
    value = read_whole(fields, name, required, -9'999, 9'999).value_or(0);
  };
  rule.name = fields.line("name", true, 1, 140).value_or("");
  switch (*kind) {
    case HolidayKind::fixed:
      whole("month", true, rule.month);
      whole("day", true, rule.day);
      break;
    case HolidayKind::easter:
      whole("days", true, rule.days);
      break;
    case HolidayKind::nth_weekday:
      whole("nth", true, rule.nth);
      [[fallthrough]];
    case HolidayKind::last_weekday:
      whole("weekday", true, rule.weekday);
      whole("month", true, rule.month);
      break;
    case HolidayKind::single:
      rule.date = read_date(fields, "date", true);
      break;
  }
  read_choice(fields, "observance", false, observance_from,
              "as_it_falls, sunday_to_monday or weekend_to_next_weekday", rule.observance);
  whole("first_year", false, rule.first_year);
  whole("last_year", false, rule.last_year);
  rule.provisional = fields.boolean("provisional").value_or(false);
  return rule;
}

void append_rule(std::string& out, const HolidayRule& rule) {
  out += '{';
  append_json_member(out, "name", rule.name);
  append_json_member(out, "kind", to_string(rule.kind));
  const auto number = [&](std::string_view name, int value) { append_json_number(out, name, value); };
  switch (rule.kind) {
    case HolidayKind::fixed:
      number("month", rule.month);
      number("day", rule.day);
      break;
    case HolidayKind::easter:
      number("days", rule.days);
      break;
    case HolidayKind::nth_weekday:
      number("nth", rule.nth);
      [[fallthrough]];
    case HolidayKind::last_weekday:
      number("weekday", rule.weekday);
      number("month", rule.month);
      break;
    case HolidayKind::single:
      append_json_nullable(out, "date", rule.date ? to_string(*rule.date) : "");
      break;
  }
  append_json_member(out, "observance", to_string(rule.observance));
  if (rule.first_year != 0) number("first_year", rule.first_year);
  if (rule.last_year != 0) number("last_year", rule.last_year);
  append_json_bool(out, "provisional", rule.provisional);
  out += '}';
}
}  // namespace

Parsed<Calendar> parse_calendar(std::string& body, std::string name) {
  static const std::vector<std::string_view> known{"name", "rules", "next"};
  Parsed<Calendar> parsed;
  const auto* tree = object_of(body, parsed.errors);
  if (!tree) return parsed;
  JsonFields fields(*tree, 0, "", known, parsed.errors);
  Calendar calendar{std::move(name), {}};
  if (const auto own = fields.text("name", false); own && *own != calendar.name)
    fields.refuse("name",
                  {Errc::invalid_value, "",
                   '"' + std::string(own->substr(0, 40)) + "\" is not the name in the path", calendar.name});
  if (const auto list = read_array(fields, "rules", true, "rules")) {
    for (auto i = *list + 1; i < (*tree)[*list].end && calendar.rules.size() <= rules_max;
         i = (*tree)[i].end) {
      const auto pointer = "/rules/" + std::to_string(calendar.rules.size());
      if ((*tree)[i].kind != JsonKind::object)
        parsed.errors.push_back(not_an_object((*tree)[i].kind, pointer));
      calendar.rules.push_back(
          (*tree)[i].kind == JsonKind::object ? read_rule(*tree, i, pointer, parsed.errors) : HolidayRule{});
    }
    if (calendar.rules.empty() || calendar.rules.size() > rules_max)
      fields.refuse("rules", {Errc::invalid_value, "",
                              calendar.rules.empty() ? "a calendar without a rule has no holiday"
                                                     : "the calendar has too many rules",
                              "1 to " + std::to_string(rules_max) + " rules"});
  }
  if (parsed.errors.empty()) parsed.value = std::move(calendar);
  return parsed;
}

void append_calendar(std::string& out, const Calendar& calendar, int year) {
  out += '{';
  append_json_member(out, "name", calendar.name);
  append_json_name(out, "rules");
  out += '[';
  for (const HolidayRule& rule : calendar.rules) {
    if (out.back() != '[') out += ',';
    append_rule(out, rule);
  }
  out += ']';
  append_json_name(out, "next");
  out += '[';
  for (const int each : {year, year + 1})
    for (const Holiday& holiday : holidays_in(calendar, each)) {
      out += out.back() == '[' ? "{" : ",{";
      append_json_member(out, "date", to_string(holiday.date));
      append_json_member(out, "name", holiday.name);
      append_json_bool(out, "substitute", holiday.substitute);
      append_json_bool(out, "provisional", holiday.provisional);
      out += '}';
    }
  out += "]}";
}
}  // namespace settled
