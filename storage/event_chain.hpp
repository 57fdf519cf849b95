// The hash chain over events, and the small JSON that their payloads need.
#pragma once
#include "storage/ledger_batch.hpp"

#include <string>
#include <string_view>

namespace settled {

/// The bytes that a hash covers; the schema's function event_text says the same in SQL.
std::string event_text(const EventRow& event);

/// Hands out sequence numbers and hashes, one after the other.
class EventChain {
 public:
  EventChain() = default;
  EventChain(std::int64_t last_seq, Digest last_hash, bool started)
      : seq_(last_seq), hash_(last_hash), started_(started) {}
  void append(LedgerBatch& batch, Micros at, std::string_view kind, const Uuid& subject, std::string payload);
  std::int64_t last_seq() const { return seq_; }
  const Digest& last_hash() const { return hash_; }

 private:
  std::int64_t seq_ = 0;
  Digest hash_{};
  bool started_ = false;
};

/// Builds one flat JSON object.
class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& number(std::string_view key, std::int64_t value);
  JsonObject& raw(std::string_view key, std::string_view json);
  std::string done() { return out_ + '}'; }

 private:
  void key(std::string_view key);
  std::string out_ = [] {
    std::string text;
    text.reserve(400);
    return text += '{';
  }();
};

}  // namespace settled
