#include "apps/settlectl/api_json.hpp"

#include "apps/settlectl/terminal.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>

namespace settled::ctl {

std::string text(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return {};
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::string money(const json& object) {
  return grouped(text(object, "amount")) + ' ' + text(object, "currency");
}

std::string moment(const json& object, const char* key) {
  auto at = text(object, key).substr(0, 19);
  if (at.size() == 19) at[10] = ' ';
  return at;
}

std::string age(const json& seconds) {
  if (!seconds.is_number_integer()) return {};
  const auto s = seconds.get<long long>();
  const auto two = [](long long large, const char* one, long long small, const char* other) {
    return std::to_string(large) + ' ' + one + (small > 0 ? ' ' + std::to_string(small) + ' ' + other : "");
  };
  if (s >= 86'400) return two(s / 86'400, "d", s % 86'400 / 3'600, "h");
  if (s >= 3'600) return two(s / 3'600, "h", s % 3'600 / 60, "min");
  if (s >= 60) return two(s / 60, "min", s % 60, "s");
  return std::to_string(s) + " s";
}

std::string dumped(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

json parsed(const Answer& answer, const std::string& url) {
  require(answer, url);
  auto body = json::parse(answer.body, nullptr, false);
  if (!body.is_object()) throw Stop(exit_our_fault, "The answer of " + url + " is not a JSON object.");
  return body;
}

json fetch(ApiClient& client, const std::string& path) { return parsed(client.get(path), client.url()); }

std::vector<json> all_pages(ApiClient& client, const std::string& path, std::size_t most) {
  std::vector<json> out;
  std::string cursor;
  do {
    const auto body = fetch(client, cursor.empty() ? path : path + "&cursor=" + percent_encoded(cursor));
    for (const auto& item : body.value("data", json::array()))
      if (out.size() < most) out.push_back(item);
    cursor = text(body, "next_cursor");
  } while (!cursor.empty() && out.size() < most);
  return out;
}

std::string filter(std::string_view name, const std::string& value) {
  return value.empty() ? std::string{} : '&' + std::string(name) + '=' + percent_encoded(value);
}

void print_json(const std::vector<json>& items) {
  for (const auto& item : items) std::puts(dumped(item).c_str());
}

bool confirmed(const std::string& question, const std::string& instead) {
  if (!is_terminal(0)) throw Stop(exit_usage, "Nobody can be asked here. " + instead);
  std::fprintf(stderr, "%s Type yes: ", question.c_str());
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}
}  // namespace settled::ctl
