// How we sign requests to banks and check them: five lines, HMAC-SHA256, hex. The same bytes on both sides.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace settled {

/// The headers on the wire. The time stamp is in Unix seconds; the nonce is the Idempotency-Key of a POST
/// and fresh chance for a GET; the signature is lower-case hex.
inline constexpr std::string_view key_id_header = "X-Key-Id";
inline constexpr std::string_view timestamp_header = "X-Timestamp";
inline constexpr std::string_view nonce_header = "X-Nonce";
inline constexpr std::string_view signature_header = "X-Signature";
inline constexpr std::string_view idempotency_header = "Idempotency-Key";

/// How far a signed request's time stamp may be from the receiver's clock, on either side.
inline constexpr std::int64_t signature_window_seconds = 300;

/// Lower-case hex, 64 characters. Throws std::runtime_error if OpenSSL fails, as all functions here.
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);
/// Takes as long for texts that differ in the first byte as in the last. Lengths are not hidden.
bool equal_in_constant_time(std::string_view a, std::string_view b);
/// `bytes` random bytes from the system's generator, as twice as many hex digits.
std::string random_hex(std::size_t bytes);

/// METHOD, path with query as sent, time stamp, nonce, sha256(body) in hex: joined by single line feeds.
std::string canonical_request(std::string_view method, std::string_view path, std::int64_t timestamp,
                              std::string_view nonce, std::string_view body);
/// The value of X-Signature.
std::string sign_request(std::string_view method, std::string_view path, std::int64_t timestamp,
                         std::string_view nonce, std::string_view body, std::string_view key);

}  // namespace settled
