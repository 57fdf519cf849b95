// Receipts of late, so that a key that comes again is answered without asking anybody: retry storms are how
// overloads go on. Only what is durable is kept here; what is not here any more, the ledger knows.
#pragma once
#include "domain/digest.hpp"
#include "http/problem.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace settled {

/// Whose key it is, of what request, and in which language it was answered.
struct ReplayKey {
  std::string caller, key;
  Digest body{};  // SHA-256 of its bytes: the same order in other bytes is for the ledger to recognise
  Lang lang = Lang::en;
};

class Replays {
 public:
  /// Keeps the last `most` receipts at least, twice as many at most.
  explicit Replays(std::size_t most) : most_(most) {}

  /// The receipt for these very bytes; null where the key is not known here, or came with others.
  std::shared_ptr<const Response> find(const ReplayKey& key);
  /// Is there a receipt of this key, for whatever request?
  bool has(const ReplayKey& key);
  void keep(const ReplayKey& key, Response receipt);

 private:
  struct Kept {
    Digest body{};
    std::shared_ptr<const Response> receipt;
  };
  using Receipts = std::unordered_map<std::string, Kept>;
  const std::size_t most_;
  std::mutex mutex_;
  Receipts young_, old_;
};

}  // namespace settled
