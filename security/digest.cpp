#include "security/digest.hpp"

#include "domain/refusal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

namespace settled {
namespace {
// Fetching the algorithm and making a context costs more than hashing an event: both are kept per thread.
struct Hasher {
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                            EVP_MD_free};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

template <class... Parts>
Digest hash_of(const Parts&... parts) {
  thread_local Hasher hasher;
  Digest digest{};
  unsigned size = 0;
  bool ok = EVP_DigestInit_ex2(hasher.context.get(), hasher.algorithm.get(), nullptr) == 1;
  ((ok = ok && EVP_DigestUpdate(hasher.context.get(), parts.data(), parts.size()) == 1), ...);
  ok = ok && EVP_DigestFinal_ex(hasher.context.get(), digest.data(), &size) == 1;
  ensure(ok && size == digest.size(), "SHA-256 works");
  return digest;
}
}  // namespace

Digest sha256(std::string_view bytes) { return hash_of(bytes); }
Digest sha256(const Digest& before, std::string_view bytes) { return hash_of(before, bytes); }
bool same_digest(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}
}  // namespace settled
