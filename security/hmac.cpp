#include "security/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

namespace settled {
namespace {
std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(size * 2, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return text;
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL refused to compute a SHA-256");
  return hex(digest.data(), size);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw std::runtime_error("an HMAC key of more than 2 GiB");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!HMAC(EVP_sha256(), key.empty() ? "" : key.data(), static_cast<int>(key.size()), bytes_of(bytes),
            bytes.size(), digest.data(), &size))
    throw std::runtime_error("OpenSSL refused to compute an HMAC");
  return hex(digest.data(), size);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> chance(bytes);
  if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      RAND_bytes(chance.data(), static_cast<int>(bytes)) != 1)
    throw std::runtime_error("no random bytes from OpenSSL");
  return hex(chance.data(), bytes);
}

std::string canonical_request(std::string_view method, std::string_view path, std::int64_t timestamp,
                              std::string_view nonce, std::string_view body) {
  std::string text;
  text.reserve(method.size() + path.size() + nonce.size() + 88);
  text.append(method).append(1, '\n').append(path).append(1, '\n');
  text.append(std::to_string(timestamp)).append(1, '\n').append(nonce).append(1, '\n');
  return text.append(sha256_hex(body));
}

std::string sign_request(std::string_view method, std::string_view path, std::int64_t timestamp,
                         std::string_view nonce, std::string_view body, std::string_view key) {
  return hmac_sha256_hex(key, canonical_request(method, path, timestamp, nonce, body));
}
}  // namespace settled
