#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <type_traits>
#include <utility>

namespace settled {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "60 s" meant for a key in milliseconds is 60000. For the hint only, never for the value.
std::optional<std::int64_t> with_unit(std::string_view text, std::string_view key_unit) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || key_unit.empty()) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  constexpr std::array<Unit, 7> units{{{"ms", 1},
                                       {"s", 1000},
                                       {"sec", 1000},
                                       {"seconds", 1000},
                                       {"m", 60'000},
                                       {"min", 60'000},
                                       {"h", 3'600'000}}};
  for (const auto& u : units) {
    if (u.name != unit) continue;
    std::int64_t ms = 0;
    if (__builtin_mul_overflow(number, u.ms, &ms)) return std::nullopt;
    return key_unit == "seconds" ? ms / 1000 : ms;
  }
  return std::nullopt;
}

template <class Field>
std::int64_t as_number(const Field& field) {
  if constexpr (std::is_integral_v<Field>)
    return static_cast<std::int64_t>(field);
  else
    return field.count();
}

/// A whole number, or a duration in the unit of its type. `at` finds the field in a (const) Target.
template <class Target, class At>
Key<Target> number(std::string name, At at, std::int64_t min, std::int64_t max, std::string unit = "") {
  using Field = std::remove_cvref_t<decltype(at(std::declval<Target&>()))>;
  auto range = std::to_string(min) + "–" + std::to_string(max);
  Key<Target> key;
  key.name = std::move(name);
  key.allowed = unit.empty() ? range : range + " (" + unit + ")";
  key.set = [at, min, max, unit, range](Target& target, const RawValue& raw) -> std::optional<std::string> {
    std::optional<std::int64_t> value;
    std::string_view text;
    if (const auto* n = std::get_if<std::int64_t>(&raw.value)) value = *n;
    if (const auto* s = std::get_if<std::string>(&raw.value)) {
      text = *s;
      if (!raw.typed) value = whole_number(*s);
    }
    if (!value) {
      auto meant = whole_number(text);
      if (!meant) meant = with_unit(text, unit);
      if (!meant || *meant < min || *meant > max) meant = as_number(at(target));
      return "is not a whole number" + (unit.empty() ? "" : " of " + unit) + " (" + range + "). Write " +
             std::to_string(*meant) + ".";
    }
    if (*value < min || *value > max)
      return "is outside " + range + (unit.empty() ? "" : " (" + unit + ")") + ".";
    if constexpr (std::is_integral_v<Field>)
      at(target) = static_cast<Field>(*value);
    else
      at(target) = Field{*value};
    return std::nullopt;
  };
  key.show = [at](const Target& target) { return std::to_string(as_number(at(target))); };
  return key;
}

template <class Target, class At>
Key<Target> text(std::string name, At at, std::string allowed) {
  Key<Target> key;
  key.name = std::move(name);
  key.allowed = std::move(allowed);
  key.set = [at](Target& target, const RawValue& raw) -> std::optional<std::string> {
    const auto* s = std::get_if<std::string>(&raw.value);
    if (!s) return "is not a text. Put it in quotes.";
    at(target) = *s;
    return std::nullopt;
  };
  key.show = [at](const Target& target) { return at(target); };
  return key;
}

template <class Target, class At, class Enum, std::size_t n>
Key<Target> choice(std::string name, At at, const std::array<Enum, n>& values) {
  Key<Target> key;
  key.name = std::move(name);
  for (auto value : values) key.allowed += (key.allowed.empty() ? "" : " | ") + std::string(to_string(value));
  key.set = [at, values, allowed = key.allowed](Target& target,
                                                const RawValue& raw) -> std::optional<std::string> {
    if (const auto* s = std::get_if<std::string>(&raw.value))
      for (auto value : values)
        if (to_string(value) == *s) {
          at(target) = value;
          return std::nullopt;
        }
    return "is not one of " + allowed + ".";
  };
  key.show = [at](const Target& target) { return std::string(to_string(at(target))); };
  return key;
}

template <class Target, class At>
Key<Target> on_off(std::string name, At at) {
  Key<Target> key;
  key.name = std::move(name);
  key.allowed = "true | false (flags: on | off)";
  key.set = [at](Target& target, const RawValue& raw) -> std::optional<std::string> {
    if (const auto* b = std::get_if<bool>(&raw.value)) {
      at(target) = *b;
      return std::nullopt;
    }
    if (const auto* s = std::get_if<std::string>(&raw.value); s && !raw.typed) {
      bool on = *s == "on" || *s == "true" || *s == "1";
      if (on || *s == "off" || *s == "false" || *s == "0") {
        at(target) = on;
        return std::nullopt;
      }
      return "is neither on nor off.";
    }
    return "is neither true nor false (without quotes).";
  };
  key.show = [at](const Target& target) { return at(target) ? "true" : "false"; };
  return key;
}

template <class Target, class At>
Key<Target> list(std::string name, At at, std::string allowed, std::vector<std::string> only = {}) {
  Key<Target> key;
  key.name = std::move(name);
  key.allowed = std::move(allowed);
  key.set = [at, only](Target& target, const RawValue& raw) -> std::optional<std::string> {
    const auto* values = std::get_if<std::vector<std::string>>(&raw.value);
    if (!values || values->empty()) return R"(is not a list of texts. Write ["…", "…"].)";
    for (const auto& value : *values)
      if (!only.empty() && std::find(only.begin(), only.end(), value) == only.end()) {
        std::string all;
        for (const auto& o : only) all += (all.empty() ? "" : ", ") + o;
        return "names \"" + value + "\", which is not one of " + all + ".";
      }
    at(target) = *values;
    return std::nullopt;
  };
  key.show = [at](const Target& target) {
    std::string out;
    for (const auto& value : at(target)) out += (out.empty() ? "" : ",") + value;
    return out;
  };
  return key;
}

template <class Target, class At>
Key<Target> secret(std::string name, At at) {
  Key<Target> key;
  key.name = std::move(name);
  key.allowed = "env:NAME | file:PATH";
  key.secret = true;
  key.set = [at](Target& target, const RawValue& raw) -> std::optional<std::string> {
    const auto* s = std::get_if<std::string>(&raw.value);
    if (!s) return "is not a reference. Write \"env:NAME\" or \"file:PATH\".";
    return resolve_secret(*s, raw.environment, at(target));
  };
  key.show = [at](const Target& target) -> std::string {
    const Secret& value = at(target);
    return value.reference().empty() ? "" : "*** (" + value.reference() + ")";
  };
  return key;
}

/// libpq takes "postgresql://" and "postgres://"; what SQLAlchemy adds for its driver is dropped.
std::string plain_database_url(std::string url) {
  for (std::string_view scheme : {"postgresql+", "postgres+"}) {
    auto end = url.find("://");
    if (url.starts_with(scheme) && end != std::string::npos)
      url.replace(scheme.size() - 1, end - scheme.size() + 1, "");
  }
  return url;
}

Key<Config> database_url() {
  Key<Config> key;
  key.name = "database.url";
  key.allowed = "postgresql://… | env:NAME | file:PATH | empty: private PostgreSQL";
  key.variables = {"DATABASE_URL"};
  key.flag = "--database-url";
  // It may hold a password, so an error must not repeat it.
  key.secret = true;
  key.set = [](Config& config, const RawValue& raw) -> std::optional<std::string> {
    const auto* s = std::get_if<std::string>(&raw.value);
    if (!s) return "is not a text. Put it in quotes.";
    auto url = *s;
    if (is_reference(url)) {
      Secret secret;
      if (auto wrong = resolve_secret(url, raw.environment, secret)) return wrong;
      url = secret.reveal();
    }
    url = plain_database_url(url);
    bool uri = url.starts_with("postgresql://") || url.starts_with("postgres://");
    bool words = url.find("://") == std::string::npos && url.find('=') != std::string::npos;
    if (!url.empty() && !uri && !words)
      return "is not a PostgreSQL URL. Write postgresql://user@host:5432/database, or leave it empty for a "
             "private PostgreSQL.";
    config.database.url = url;
    return std::nullopt;
  };
  key.show = [](const Config& config) { return redacted_url(config.database.url); };
  return key;
}

/// Settings under the documents' names. Whether they fit one another is seen when all are read.
Key<Config> amount_limits() {
  Key<Config> key;
  key.name = "settlement.amount_limits";
  key.allowed = R"(["MIN_TRANSACTION_AMOUNT_XOF=100", …])";
  key.set = [](Config& config, const RawValue& raw) -> std::optional<std::string> {
    const auto* values = std::get_if<std::vector<std::string>>(&raw.value);
    if (!values) return R"(is not a list of texts. Write ["MIN_TRANSACTION_AMOUNT_XOF=100"].)";
    for (const auto& value : *values) {
      const auto equals = value.find('=');
      if (equals == std::string::npos || !AmountLimits::is_setting(value.substr(0, equals)))
        return "has \"" + value +
               "\", which is not MIN_TRANSACTION_AMOUNT or MAX_TRANSACTION_AMOUNT (with _XOF, "
               "_GHS … for one currency) = an amount.";
      config.settlement.amount_limits.push_back({value.substr(0, equals), value.substr(equals + 1)});
    }
    return std::nullopt;
  };
  key.show = [](const Config& config) {
    std::string out;
    for (const auto& limit : config.settlement.amount_limits)
      out += (out.empty() ? "" : ",") + limit.name + "=" + limit.value;
    return out;
  };
  return key;
}

template <class Target>
Key<Target> also(Key<Target> key, std::vector<std::string> variables, std::string flag = "") {
  key.variables = std::move(variables);
  key.flag = std::move(flag);
  return key;
}

#define AT(member) \
  [](auto& c) -> auto& { return c.member; }

std::vector<Key<Config>> make_config_keys() {
  using E = Environment;
  using F = LogFormat;
  using L = LogLevel;
  constexpr auto any = std::numeric_limits<std::int32_t>::max();
  return {
      also(choice<Config>("environment", AT(environment), std::array{E::development, E::production}),
           {"ENVIRONMENT"}, "--environment"),
      text<Config>("server.http_host", AT(server.http_host), "an address of this machine"),
      also(number<Config>("server.http_port", AT(server.http_port), 0, 65535), {"HTTP_PORT"}, "--http-port"),
      also(number<Config>("server.grpc_port", AT(server.grpc_port), 0, 65535), {"GRPC_PORT"}, "--grpc-port"),
      number<Config>("server.http_threads", AT(server.http_threads), 1, 64),
      database_url(),
      also(text<Config>("storage.data_dir", AT(storage.data_dir), "a folder"), {}, "--data-dir"),
      also(choice<Config>("log.format", AT(log.format), std::array{F::text, F::json}), {}, "--log-format"),
      choice<Config>("log.level", AT(log.level), std::array{L::debug, L::info, L::warning, L::error}),
      also(on_off<Config>("sandbox.enabled", AT(sandbox.enabled)), {}, "--sandbox"),
      number<Config>("sandbox.port", AT(sandbox.port), 0, 65535),
      also(number<Config>("settlement.transaction_timeout_s", AT(settlement.transaction_timeout), 1, 86'400,
                          "seconds"),
           {"TRANSACTION_TIMEOUT_SECONDS"}),
      number<Config>("settlement.max_in_flight", AT(settlement.max_in_flight), 1, 10'000'000),
      number<Config>("settlement.inquiry_first_ms", AT(settlement.inquiry_first), 10, 600'000,
                     "milliseconds"),
      number<Config>("settlement.inquiry_max_ms", AT(settlement.inquiry_max), 10, 3'600'000, "milliseconds"),
      choice<Config>("settlement.outside_window", AT(settlement.outside_window),
                     std::array{Otherwise::queue, Otherwise::refuse}),
      choice<Config>("settlement.insufficient_funds", AT(settlement.insufficient_funds),
                     std::array{Otherwise::queue, Otherwise::refuse}),
      choice<Config>("settlement.windows", AT(settlement.windows),
                     std::array{WindowUse::by_environment, WindowUse::always_open, WindowUse::scheduled}),
      amount_limits(),
      number<Config>("settlement.unknown_limit_s", AT(settlement.unknown_limit), 1, 604'800, "seconds"),
      text<Config>("compliance.blocked_list", AT(compliance.blocked_list), "a file: name; reason; source"),
      number<Config>("jobs.retry_every_s", AT(jobs.retry_every), 1, 86'400, "seconds"),
      number<Config>("jobs.cleanup_every_s", AT(jobs.cleanup_every), 1, 86'400, "seconds"),
      number<Config>("jobs.escalate_every_s", AT(jobs.escalate_every), 1, 86'400, "seconds"),
      number<Config>("jobs.lock_expiry_every_s", AT(jobs.lock_expiry_every), 1, 86'400, "seconds"),
      number<Config>("jobs.check_invariants_every_s", AT(jobs.check_invariants_every), 1, 86'400, "seconds"),
      number<Config>("jobs.archive_after_s", AT(jobs.archive_after), 1, 31'536'000, "seconds"),
      number<Config>("jobs.watch_ended_s", AT(jobs.watch_ended), 1, 604'800, "seconds"),
      also(on_off<Config>("settlement.lift_quarantine", AT(settlement.lift_quarantine)), {},
           "--lift-quarantine"),
      number<Config>("settlement.send_begins_max_ms", AT(settlement.send_begins_max), 200, 600'000,
                     "milliseconds"),
      number<Config>("settlement.shutdown_grace_s", AT(settlement.shutdown_grace), 0, 3600, "seconds"),
      number<Config>("breaker.failure_threshold", AT(breaker.failure_threshold), 1, any),
      number<Config>("breaker.success_threshold", AT(breaker.success_threshold), 1, any),
      number<Config>("breaker.timeout_ms", AT(breaker.timeout), 1000, 600'000, "milliseconds"),
      number<Config>("breaker.half_open_max_calls", AT(breaker.half_open_max_calls), 1, 1000),
      secret<Config>("security.api_key", AT(security.api_key)),
      secret<Config>("security.approver_key", AT(security.approver_key)),
  };
}

std::vector<Key<ConnectorConfig>> make_connector_keys() {
  using C = ConnectorConfig;
  auto type = text<C>("type", AT(type), "rest_bank, on_us");
  type.set = [](C& c, const RawValue& raw) -> std::optional<std::string> {
    const auto* s = std::get_if<std::string>(&raw.value);
    if (!s || (*s != "rest_bank" && *s != "on_us"))
      return "is not a type of connector. Write \"rest_bank\" or \"on_us\".";
    c.type = *s;
    return std::nullopt;
  };
  return {
      text<C>("name", AT(name), "1–64 characters, each name once"),
      type,
      text<C>("url", AT(url), "https://… (http only in development)"),
      text<C>("key_id", AT(key_id), "the name of our key at the bank"),
      secret<C>("secret", AT(secret)),
      list<C>("banks", AT(banks), R"(BICs, or ["*"])"),
      list<C>("methods", AT(methods), "SWIFT, SEPA, LOCAL_ACH, MOCK", {"SWIFT", "SEPA", "LOCAL_ACH", "MOCK"}),
      number<C>("send_timeout_ms", AT(send_timeout), 100, 300'000, "milliseconds"),
      number<C>("inquiry_timeout_ms", AT(inquiry_timeout), 100, 300'000, "milliseconds"),
      number<C>("not_found_final_after_ms", AT(not_found_final_after), 0, 86'400'000, "milliseconds"),
      number<C>("in_flight_max", AT(in_flight_max), 1, 100'000),
  };
}

#undef AT

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

}  // namespace

const std::vector<Key<Config>>& config_keys() {
  static const auto keys = make_config_keys();
  return keys;
}

const std::vector<Key<ConnectorConfig>>& connector_keys() {
  static const auto keys = make_connector_keys();
  return keys;
}

const std::vector<std::string_view>& unused_variables() {
  static const std::vector<std::string_view> names{"NATS_URL", "REDIS_URL", "CELERY_BROKER_URL"};
  return names;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    auto distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

bool is_reference(std::string_view text) {
  return text.starts_with("env:") || text.starts_with("file:") || text.starts_with("vault:");
}

std::optional<std::string> resolve_secret(std::string_view reference, const Variables* environment,
                                          Secret& out) {
  auto colon = reference.find(':');
  if (!is_reference(reference))
    return "is not a reference. A secret does not stand in the configuration: write \"env:NAME\" or "
           "\"file:PATH\".";
  auto name = std::string(reference.substr(colon + 1));
  std::string value;
  if (reference.starts_with("env:")) {
    if (environment)
      if (auto found = environment->find(name); found != environment->end()) value = found->second;
    if (value.empty()) return "names the environment variable " + name + ", which is not set.";
  } else if (reference.starts_with("file:")) {
    std::ifstream in(name);
    if (!in || !std::getline(in, value) || value.empty())
      return "names the file " + name + ", which is missing, empty or not readable.";
    while (!value.empty() && (value.back() == '\r' || value.back() == ' ')) value.pop_back();
  } else {
    return "names a secret in Vault, but this build has no Vault client. Write \"env:NAME\" or "
           "\"file:PATH\".";
  }
  out = Secret(std::string(reference), std::move(value));
  return std::nullopt;
}

}  // namespace settled
