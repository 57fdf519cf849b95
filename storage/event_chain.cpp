#include "storage/event_chain.hpp"

#include "security/digest.hpp"

#include <algorithm>

namespace settled {

std::string event_text(const EventRow& event) {
  std::string text;
  text.reserve(event.payload.size() + event.kind.size() + 80);
  text += std::to_string(event.seq);
  text += '|';
  text += std::to_string(event.at);
  text += '|';
  text += event.kind;
  text += '|';
  text += to_string(event.subject);
  text += '|';
  text += event.payload;
  return text;
}

void EventChain::append(LedgerBatch& batch, Micros at, std::string_view kind, const Uuid& subject,
                        std::string payload) {
  EventRow event{
      .seq = ++seq_, .at = at, .kind = std::string(kind), .subject = subject, .payload = std::move(payload)};
  const auto text = event_text(event);
  hash_ = started_ ? sha256(hash_, text) : sha256(text);
  started_ = true;
  event.hash = hash_;
  batch.events.push_back(std::move(event));
}

void JsonObject::key(std::string_view key) {
  if (out_.size() > 1) out_ += ',';
  out_ += '"';
  out_ += key;
  out_ += "\":";
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  constexpr std::string_view hex = "0123456789abcdef";
  key(name);
  out_ += '"';
  const auto plain = std::find_if(value.begin(), value.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  out_.append(value.begin(), plain);
  for (const char c : std::string_view(plain, value.end())) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out_ += "\\u00";
      out_ += hex[byte >> 4];
      out_ += hex[byte & 15];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
  key(name);
  out_ += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  key(name);
  out_ += json;
  return *this;
}
}  // namespace settled
