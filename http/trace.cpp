#include "http/trace.hpp"

#include "domain/ids.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>

namespace settled {
namespace {
std::uint64_t chance() {
  thread_local std::mt19937_64 generator{[] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
  }()};
  return generator();
}

bool lower_hex(std::string_view s) {
  return s.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool all_zero(std::string_view s) { return s.find_first_not_of('0') == std::string_view::npos; }
}  // namespace

std::string make_request_id() {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return "req_" + base32(make_uuid_v7(now, chance(), chance()));
}

std::string make_trace_id() { return fmt::format("{:016x}{:016x}", chance(), chance() | 1U); }

std::optional<std::string> trace_id_from(std::string_view text) {
  // version "-" trace-id "-" parent-id "-" flags; later versions may append more.
  constexpr std::size_t size = 55;
  if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = text.substr(0, 2), trace = text.substr(3, 32), parent = text.substr(36, 16);
  if (!lower_hex(version) || !lower_hex(trace) || !lower_hex(parent) || !lower_hex(text.substr(53, 2)))
    return std::nullopt;
  if (version == "ff" || all_zero(trace) || all_zero(parent)) return std::nullopt;
  if (version == "00" ? text.size() != size : text.size() > size && text[size] != '-') return std::nullopt;
  return std::string(trace);
}
}  // namespace settled
