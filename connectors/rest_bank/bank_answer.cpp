#include "connectors/rest_bank/bank_answer.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

namespace settled {
namespace {
struct Member {
  std::string_view name;
  std::string BankAnswer::*place;
  std::size_t longest;
};
constexpr auto members = std::to_array<Member>({
    {"id", &BankAnswer::id, 64},
    {"reference", &BankAnswer::reference, 64},
    {"status", &BankAnswer::status, 32},
    {"amount", &BankAnswer::amount, 40},
    {"currency", &BankAnswer::currency, 3},
    {"code", &BankAnswer::code, 64},
    {"reason", &BankAnswer::reason, 512},
    {"detail", &BankAnswer::detail, 512},
});
// They end in our log and before the eyes of operators: no line feeds, no terminal sequences.
bool printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}
}  // namespace

std::optional<BankAnswer> BankAnswer::read(std::string_view body) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object)) return std::nullopt;
  BankAnswer answer;
  std::array<bool, members.size()> seen{};
  for (const auto& [name, element] : object) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Member& member = members[i];
      if (name != member.name) continue;
      std::string_view text;
      if (seen[i] || element.get(text) || text.size() > member.longest || !printable(text))
        return std::nullopt;
      seen[i] = true;
      answer.*member.place = text;
    }
  }
  return answer;
}
}  // namespace settled
