#include "domain/ids.hpp"

namespace settled {
namespace {
constexpr std::string_view base32_digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr int base32_value(char c) {
  const auto at = base32_digits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

Uuid make_uuid_v7(std::int64_t unix_ms, std::uint64_t random_high, std::uint64_t random_low) {
  Uuid id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(unix_ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | ((random_high >> 8) & 0x0F));
  id.bytes[7] = static_cast<std::uint8_t>(random_high);
  for (std::size_t i = 8; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(random_low >> (8 * (15 - i)));
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
  return id;
}

std::int64_t unix_ms_of(const Uuid& id) {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | id.bytes[i];
  return ms;
}

std::string to_string(const Uuid& id) {
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += hex_digits[id.bytes[i] >> 4];
    text += hex_digits[id.bytes[i] & 15];
  }
  return text;
}

std::optional<Uuid> uuid_from(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  std::size_t byte = 0;
  for (std::size_t i = 0; i < 36;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return std::nullopt;
      continue;
    }
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[byte++] = static_cast<std::uint8_t>(high << 4 | low);
    i += 2;
  }
  return id;
}

std::string base32(const Uuid& id) {
  // 130 bits for 128: the first digit carries only three.
  std::string text(26, '0');
  unsigned buffer = 0, bits = 0;
  std::size_t at = 26;
  for (std::size_t i = 16; i-- > 0;) {
    buffer |= static_cast<unsigned>(id.bytes[i]) << bits;
    bits += 8;
    while (bits >= 5) {
      text[--at] = base32_digits[buffer & 31];
      buffer >>= 5;
      bits -= 5;
    }
  }
  text[0] = base32_digits[buffer & 31];
  return text;
}

std::optional<Uuid> uuid_from_base32(std::string_view text) {
  if (text.size() != 26 || base32_value(text[0]) < 0 || base32_value(text[0]) > 7) return std::nullopt;
  Uuid id;
  unsigned buffer = 0, bits = 0;
  std::size_t byte = 16;
  for (std::size_t i = 26; i-- > 0;) {
    const int value = base32_value(text[i]);
    if (value < 0) return std::nullopt;
    buffer |= static_cast<unsigned>(value) << bits;
    bits += 5;
    if (bits >= 8 && byte > 0) {
      id.bytes[--byte] = static_cast<std::uint8_t>(buffer);
      buffer >>= 8;
      bits -= 8;
    }
  }
  return id;
}

std::string reference_text(const Uuid& bits) {
  auto text = "ST" + base32(bits);
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}
}  // namespace settled
