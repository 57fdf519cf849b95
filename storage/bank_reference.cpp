#include "storage/bank_reference.hpp"

#include "security/digest.hpp"

#include <algorithm>

namespace settled {
std::string bank_reference_of(std::string_view caller, std::string_view idempotency_key) {
  // With their lengths, so that no two pairs make one text.
  std::string text = "reference/1\n";
  for (const auto part : {caller, idempotency_key})
    text.append(std::to_string(part.size())).append(":").append(part).append("\n");
  const Digest digest = sha256(text);
  Uuid bits;
  std::copy_n(digest.begin(), bits.bytes.size(), bits.bytes.begin());
  return reference_text(bits);
}

std::string bank_reference_of(SettlementId id) { return reference_text(id.uuid); }
}  // namespace settled
