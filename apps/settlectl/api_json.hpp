// Answers of the server as JSON, and what commands print of them.
#pragma once
#include "apps/settlectl/api_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace settled::ctl {

using nlohmann::json;

/// A member as text: itself, or its JSON; empty where it is absent or null.
std::string text(const json& object, const char* key);
/// "150 000 XOF".
std::string money(const json& object);
/// "2026-11-21 12:21:14" of an RFC 3339 time: for tables.
std::string moment(const json& object, const char* key);
/// "3 h 12 min" of seconds.
std::string age(const json& seconds);
/// JSON whatever the text was: bytes that are not UTF-8 are replaced.
std::string dumped(const json& body);

/// The object of a success. Throws Stop for anything else.
json parsed(const Answer& answer, const std::string& url);
json fetch(ApiClient& client, const std::string& path);
/// All pages of a list, at most `most` items; `path` has its limit already.
std::vector<json> all_pages(ApiClient& client, const std::string& path, std::size_t most = 10'000);
/// "&name=value" where the value is not empty.
std::string filter(std::string_view name, const std::string& value);

/// One per line.
void print_json(const std::vector<json>& items);

/// A question on stderr that only the word "yes" answers with yes. Throws Stop where nobody can be asked;
/// `instead` says what to do then.
bool confirmed(const std::string& question, const std::string& instead);

}  // namespace settled::ctl
