#include "http/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace settled {
namespace {
struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// No value can hold a line feed: texts are checked for control characters, metadata is escaped JSON.
std::string lines(std::initializer_list<std::string_view> values) {
  std::string text;
  for (const auto value : values) text.append(value).append("\n");
  return text;
}
}  // namespace

Digest sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  // Fetched once: looking the algorithm up costs more than hashing an order.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Digest digest{};
  unsigned size = 0;
  if (!context || !algorithm || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1)
    throw std::runtime_error("SHA-256 failed");
  return digest;
}

bool same_digest(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Digest order_digest(const OrderIn& in) {
  const SettlementOrder& o = in.order;
  return sha256(lines({"order/1", o.obligation_id, o.from_bank, o.to_bank, std::to_string(o.amount.minor),
                       o.amount.currency.code(), in.date_given ? o.settlement_date : std::string_view(),
                       to_string(o.priority), to_string(o.method), o.metadata}));
}

Digest funding_digest(AccountId account, Money amount) {
  return sha256(lines({"funding/1", account.text(), std::to_string(amount.minor), amount.currency.code()}));
}
}  // namespace settled
