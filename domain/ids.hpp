// Ids: UUIDv7 inside, TypeID ("set_01j9…") outside. Two kinds of id are two types.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace settled {

/// 16 bytes, in network order. All zero means "none".
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  explicit operator bool() const { return *this != Uuid{}; }
};

/// RFC 9562 version 7: 48 bits of Unix milliseconds, then `random` (the version and variant bits are set
/// here). Whoever calls gives time and chance.
Uuid make_uuid_v7(std::int64_t unix_ms, std::uint64_t random_high, std::uint64_t random_low);
/// Unix milliseconds of a version 7 id.
std::int64_t unix_ms_of(const Uuid& id);
/// "0192f0c1-…", 36 characters, lower case.
std::string to_string(const Uuid& id);
std::optional<Uuid> uuid_from(std::string_view text);
/// 26 characters of Crockford base 32, the suffix of a TypeID; sorts like the id.
std::string base32(const Uuid& id);
std::optional<Uuid> uuid_from_base32(std::string_view text);

/// An id that cannot be mistaken for one of another kind. Tag::prefix is the TypeID's.
template <class Tag>
struct Id {
  Uuid uuid;
  friend auto operator<=>(const Id&, const Id&) = default;
  explicit operator bool() const { return static_cast<bool>(uuid); }
  /// "set_01j9…": what the API, the log and the operator see.
  std::string text() const { return std::string(Tag::prefix) + '_' + base32(uuid); }
  /// Takes the TypeID form; nothing else.
  static std::optional<Id> from(std::string_view text) {
    constexpr std::string_view prefix = Tag::prefix;
    if (text.size() != prefix.size() + 27 || !text.starts_with(prefix) || text[prefix.size()] != '_')
      return std::nullopt;
    auto uuid = uuid_from_base32(text.substr(prefix.size() + 1));
    if (!uuid) return std::nullopt;
    return Id{*uuid};
  }
};
struct SettlementTag {
  static constexpr std::string_view prefix = "set";
};
struct AccountTag {
  static constexpr std::string_view prefix = "acc";
};
struct JournalTag {
  static constexpr std::string_view prefix = "jrn";
};
struct ActionTag {
  static constexpr std::string_view prefix = "act";
};
struct BreakTag {
  static constexpr std::string_view prefix = "brk";
};
using SettlementId = Id<SettlementTag>;
using AccountId = Id<AccountTag>;
/// A journal entry: postings that commit together. A settlement's journal entry has the settlement's uuid.
using JournalId = Id<JournalTag>;
/// What one person asked for and a second one approves.
using ActionId = Id<ActionTag>;
/// Books and bank disagree: a person looks into it.
using BreakId = Id<BreakTag>;

/// The form of our references towards rails: "ST" and 128 bits in base 32, 28 characters (ISO 20022 allows
/// 35). What the bits are is decided in storage/bank_reference.hpp.
std::string reference_text(const Uuid& bits);

}  // namespace settled

template <>
struct std::hash<settled::Uuid> {
  std::size_t operator()(const settled::Uuid& id) const noexcept {
    // The low half of a version 7 id is chance already.
    std::uint64_t low = 0;
    for (int i = 8; i < 16; ++i) low = low << 8 | id.bytes[static_cast<std::size_t>(i)];
    return static_cast<std::size_t>(low * 0x9E3779B97F4A7C15ULL);
  }
};
template <class Tag>
struct std::hash<settled::Id<Tag>> {
  std::size_t operator()(const settled::Id<Tag>& id) const noexcept {
    return std::hash<settled::Uuid>{}(id.uuid);
  }
};
