// PostgreSQL's binary array format, so that a batch's column travels as one parameter without a text
// being made and parsed for every value.
#pragma once
#include "domain/ids.hpp"
#include "messages/settling.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace settled {

/// One column of a batch. The statement names the element type ($1::uuid[]), which must be the one here.
class PgArray {
 public:
  enum class Of : std::uint32_t {  // type oids, fixed in PostgreSQL's catalogue
    bytea = 17,
    int8 = 20,
    int2 = 21,
    text = 25,
    timestamptz = 1184,
    uuid = 2950,
    date = 1082,
    boolean = 16,
  };
  explicit PgArray(Of type) {
    put32(1);  // dimensions
    put32(0);  // flags: may hold nulls all the same
    put32(static_cast<std::uint32_t>(type));
    put32(0);  // elements, set by bytes()
    put32(1);  // lower bound
  }
  void int8(std::int64_t value) {
    element(8);
    put64(static_cast<std::uint64_t>(value));
  }
  void int2(int value) {
    element(2);
    out_ += static_cast<char>(value >> 8);
    out_ += static_cast<char>(value);
  }
  void boolean(bool value) {
    element(1);
    out_ += static_cast<char>(value);
  }
  void text(std::string_view value) {
    element(static_cast<std::uint32_t>(value.size()));
    out_ += value;
  }
  void bytea(const Digest& value) { text({reinterpret_cast<const char*>(value.data()), value.size()}); }
  void uuid(const Uuid& value) {
    text({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
  }
  /// Zero is null. PostgreSQL counts microseconds from 2000-01-01.
  void timestamptz(Micros value) {
    if (value == 0) return null();
    int8(value - 946'684'800'000'000);
  }
  /// Empty is null.
  void text_or_null(std::string_view value) {
    if (value.empty()) return null();
    text(value);
  }
  void uuid_or_null(const Uuid& value) {
    if (!value) return null();
    uuid(value);
  }
  void null() { element(0xFFFFFFFF); }

  const std::string& bytes() {
    for (std::size_t i = 0; i < 4; ++i) out_[12 + i] = static_cast<char>(count_ >> (24 - 8 * i));
    return out_;
  }

 private:
  void element(std::uint32_t size) {
    ++count_;
    put32(size);
  }
  void put32(std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) out_ += static_cast<char>(v >> shift);
  }
  void put64(std::uint64_t v) {
    for (int shift = 56; shift >= 0; shift -= 8) out_ += static_cast<char>(v >> shift);
  }
  std::string out_;
  std::uint32_t count_ = 0;
};

}  // namespace settled
