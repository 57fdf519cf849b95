// What each key is called, what it may hold and where it goes. Only config/ includes this.
#pragma once
#include "config/config.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace settled {

/// The environment of the process.
using Variables = std::map<std::string, std::string>;

/// A value as its source wrote it. Environment and flags only know text; TOML knows types, and there a
/// number in quotes is an error.
struct RawValue {
  std::variant<std::monostate, std::string, std::int64_t, bool, std::vector<std::string>> value;
  bool typed = false;
  std::string written{};                   // as it stands in its source, for the error text
  const Variables* environment = nullptr;  // what "env:NAME" looks into
};

template <class Target>
struct Key {
  std::string name;                      // "breaker.timeout_ms"
  std::string allowed;                   // "1000–600000 (milliseconds)"
  std::vector<std::string> variables{};  // further names in the environment: "HTTP_PORT"
  std::string flag{};                    // "--http-port"
  bool secret = false;
  /// Empty: taken. Otherwise what is wrong, to follow `name = value `.
  std::function<std::optional<std::string>(Target&, const RawValue&)> set;
  std::function<std::string(const Target&)> show;
};

const std::vector<Key<Config>>& config_keys();
const std::vector<Key<ConnectorConfig>>& connector_keys();

/// Names that the documents use for services which `settled` does not need.
const std::vector<std::string_view>& unused_variables();

/// The candidate that is a typing error away (empty: none is near).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "env:NAME" and "file:PATH" become their secret. Returns what is wrong; never repeats a value that could
/// be a secret itself.
std::optional<std::string> resolve_secret(std::string_view reference, const Variables* environment,
                                          Secret& out);
bool is_reference(std::string_view text);

}  // namespace settled
