#include "config/load.hpp"

#include "config/flags.hpp"
#include "config/schema.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <sstream>

namespace settled {
namespace {

std::vector<std::string> names_of(const auto& keys) {
  std::vector<std::string> out;
  for (const auto& key : keys) out.push_back(key.name);
  return out;
}

/// "server.http_port" is SETTLED_SERVER_HTTP_PORT.
std::string variable_of(const std::string& key) {
  std::string out = "SETTLED_" + key;
  for (char& c : out) c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

RawValue raw_from(const toml::node& node) {
  RawValue raw;
  raw.typed = true;
  std::ostringstream written;
  if (const auto* s = node.as_string()) {
    raw.value = s->get();
    raw.written = '"' + s->get() + '"';
    return raw;
  }
  if (const auto* n = node.as_integer()) {
    raw.value = n->get();
    raw.written = std::to_string(n->get());
    return raw;
  }
  if (const auto* b = node.as_boolean()) {
    raw.value = b->get();
    raw.written = b->get() ? "true" : "false";
    return raw;
  }
  if (const auto* array = node.as_array()) {
    std::vector<std::string> texts;
    for (const auto& element : *array)
      if (const auto* s = element.as_string()) texts.push_back(s->get());
    if (texts.size() == array->size()) raw.value = texts;
    raw.written = "[…]";
    return raw;
  }
  if (const auto* f = node.as_floating_point()) {
    written << f->get();
    raw.written = written.str();
  } else {
    raw.written = node.is_table() ? "{…}" : "(a date)";
  }
  return raw;
}

bool loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "[::1]" || host == "localhost";
}

class Loader {
 public:
  Loader(LoadedConfig& out, const char* const* envp) : out_(out) {
    for (; envp && *envp; ++envp) {
      std::string_view entry = *envp;
      auto equals = entry.find('=');
      // Set to nothing is not set.
      if (equals != std::string_view::npos && equals + 1 < entry.size())
        environment_.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }

  void file(const std::string& path, bool must_exist) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      if (must_exist) problem("--config " + path + ": there is no such file.");
      return;
    }
    if (std::filesystem::is_directory(path, error)) {
      problem("--config " + path + " is a folder. Name the file.");
      return;
    }
    toml::table root;
    try {
      root = toml::parse_file(path);
    } catch (const toml::parse_error& e) {
      problem(place(path, e.source().begin.line) + std::string(e.description()) + ".");
      return;
    }
    for (const auto& [name, node] : root) {
      std::string section(name.str());
      auto where = place(path, name.source().begin.line);
      if (section == "connector")
        connectors(path, node, where);
      else if (const auto* table = node.as_table(); table && known_section(section))
        for (const auto& [key, value] : *table)
          set_by_name(section + "." + std::string(key.str()), raw_from(value),
                      place(path, key.source().begin.line), section);
      else
        set_by_name(section, raw_from(node), where, "");
    }
  }

  void environment() {
    std::set<std::string> known;
    for (const auto& key : config_keys()) {
      auto names = key.variables;
      names.push_back(variable_of(key.name));  // last: the name that is ours alone wins
      for (const auto& name : names) {
        known.insert(name);
        if (auto found = environment_.find(name); found != environment_.end())
          set(key, text_value(found->second), "environment: ", name, "environment " + name);
      }
    }
    for (const auto& [name, value] : environment_)
      if (AmountLimits::is_setting(name)) {
        std::erase_if(out_.config.settlement.amount_limits,
                      [&](const auto& limit) { return limit.name == name; });
        out_.config.settlement.amount_limits.push_back({name, value});
        sources_["settlement.amount_limits"] = "environment " + name;
      }
    if (const auto found = environment_.find("FAILPOINT"); found != environment_.end())
      out_.config.failpoint = found->second;
    for (const auto& name : unused_variables())
      if (environment_.contains(std::string(name)))
        out_.notes.push_back(std::string(name) +
                             " is set but not used: settled keeps its queue in PostgreSQL.");
    for (const auto& [name, value] : environment_) {
      if (known.contains(name) || !name.starts_with("SETTLED_")) continue;
      // Other programs of ours have names of their own (SETTLED_URL); only our sections are ours to check.
      for (const auto& section : sections())
        if (name.starts_with(variable_of(section) + "_")) {
          auto near = nearest(name, {known.begin(), known.end()});
          problem("environment: " + name + " is not a setting." +
                  (near.empty() ? "" : " Did you mean " + near + "?"));
          break;
        }
    }
  }

  void flags(const std::map<std::string, std::string>& given) {
    for (const auto& key : config_keys())
      if (auto found = given.find(key.flag); !key.flag.empty() && found != given.end())
        set(key, text_value(found->second), "", key.flag, key.flag);
  }

  void finish() {
    auto& config = out_.config;
    if (!sources_.contains("sandbox.enabled"))
      config.sandbox.enabled = config.environment == Environment::development;
    for (const auto& key : config_keys()) entry(key.name, key, config);
    for (std::size_t i = 0; i < config.connectors.size(); ++i)
      for (const auto& key : connector_keys()) entry(connector_name(i, key.name), key, config.connectors[i]);
    if (!loopback(config.server.http_host))
      out_.notes.push_back(
          "server.http_host = \"" + config.server.http_host +
          "\" can be reached from other machines, without TLS: put a proxy with TLS in front.");
    // A value that could not be taken leaves its default: what follows from that would only mislead.
    if (out_.problems.empty()) out_.problems = problems(config);
  }

 private:
  static std::string place(const std::string& path, std::size_t line) {
    return path + ":" + std::to_string(line) + ": ";
  }
  static std::string connector_name(std::size_t i, const std::string& key) {
    return "connector[" + std::to_string(i) + "]." + key;
  }
  static RawValue text_value(const std::string& text) {
    RawValue raw;
    raw.value = text;
    raw.written = '"' + text + '"';
    return raw;
  }

  static std::vector<std::string> sections() {
    std::set<std::string> out;
    for (const auto& key : config_keys())
      if (auto dot = key.name.find('.'); dot != std::string::npos) out.insert(key.name.substr(0, dot));
    return {out.begin(), out.end()};
  }
  static bool known_section(const std::string& name) {
    auto all = sections();
    return std::find(all.begin(), all.end(), name) != all.end();
  }

  void problem(std::string text) { out_.problems.push_back(std::move(text)); }

  /// `where` stands before the text ("settled.toml:14: "), `name` is what the source calls the key.
  void set(const Key<Config>& key, RawValue raw, const std::string& where, const std::string& name,
           const std::string& source) {
    apply(key, out_.config, std::move(raw), where, name);
    sources_[key.name] = source;
  }

  template <class Target>
  void apply(const Key<Target>& key, Target& target, RawValue raw, const std::string& where,
             const std::string& name) {
    raw.environment = &environment_;
    auto wrong = key.set(target, raw);
    if (wrong) problem(where + name + " = " + (key.secret ? "***" : raw.written) + " " + *wrong);
  }

  void set_by_name(const std::string& name, RawValue raw, const std::string& where,
                   const std::string& section) {
    for (const auto& key : config_keys())
      if (key.name == name) {
        set(key, std::move(raw), where, name, where.substr(0, where.size() - 2));
        return;
      }
    unknown(name, where, section.empty() ? top_names() : keys_of(section),
            section.empty() ? "" : "[" + section + "] ", section.empty() ? 0 : section.size() + 1);
  }

  /// `prefix` characters of each name are the section, which is right already.
  void unknown(const std::string& name, const std::string& where, const std::vector<std::string>& allowed,
               const std::string& in, std::size_t prefix) {
    auto near = nearest(name.substr(prefix), allowed);
    problem(where + name + " is not a key." + (near.empty() ? "" : " Did you mean \"" + near + "\"?") +
            " Allowed: " + in + joined(allowed) + ".");
  }

  static std::vector<std::string> keys_of(const std::string& section) {
    std::vector<std::string> out;
    for (const auto& key : config_keys())
      if (key.name.starts_with(section + ".")) out.push_back(key.name.substr(section.size() + 1));
    return out;
  }
  static std::vector<std::string> top_names() {
    auto out = sections();
    out.insert(out.begin(), "environment");
    out.emplace_back("connector");
    return out;
  }

  void connectors(const std::string& path, const toml::node& node, const std::string& where) {
    const auto* array = node.as_array();
    if (!array || !array->is_array_of_tables()) {
      problem(where + "connector is a list of tables. Write [[connector]].");
      return;
    }
    for (const auto& element : *array) {
      auto i = out_.config.connectors.size();
      auto& connector = out_.config.connectors.emplace_back();
      for (const auto& [key_name, value] : *element.as_table()) {
        auto name = std::string(key_name.str());
        auto line = place(path, key_name.source().begin.line);
        const auto& keys = connector_keys();
        auto key = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == name; });
        if (key == keys.end()) {
          unknown(name, line, names_of(keys), "[[connector]] ", 0);
          continue;
        }
        apply(*key, connector, raw_from(value), line, "connector." + name);
        sources_[connector_name(i, name)] = line.substr(0, line.size() - 2);
      }
    }
  }

  template <class Target>
  void entry(const std::string& name, const Key<Target>& key, const Target& target) {
    auto source = sources_.find(name);
    out_.entries.push_back(
        {name, key.show(target), source == sources_.end() ? "default" : source->second, key.allowed});
  }

  LoadedConfig& out_;
  Variables environment_;
  std::map<std::string, std::string> sources_;
};

}  // namespace

LoadedConfig load_config(int argc, const char* const* argv, const char* const* envp) {
  auto flags = parse_flags(argc, argv);
  LoadedConfig out;
  out.command = flags.command;
  out.text = flags.text;
  if (out.command != Command::run && out.command != Command::config_check) return out;
  Loader loader(out, envp);
  loader.file(flags.config_file.empty() ? "settled.toml" : flags.config_file, !flags.config_file.empty());
  loader.environment();
  loader.flags(flags.values);
  loader.finish();
  return out;
}

}  // namespace settled
