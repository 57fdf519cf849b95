#define BOOST_TEST_MODULE config_load
#include "config/load.hpp"

#include "config/schema.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace settled;

namespace {

struct Files {
  Files() {
    std::string name = "/tmp/settled-config-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path = name;
    fs::current_path(path);  // where settled.toml is looked for
  }
  ~Files() {
    fs::current_path("/");
    fs::remove_all(path);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  static void write(const std::string& file, const std::string& text) { std::ofstream(file) << text; }
  fs::path path;
};

LoadedConfig load(const std::vector<std::string>& flags, const std::vector<std::string>& environment = {}) {
  std::vector<const char*> argv{"settled"};
  for (const auto& flag : flags) argv.push_back(flag.c_str());
  std::vector<const char*> envp;
  for (const auto& variable : environment) envp.push_back(variable.c_str());
  envp.push_back(nullptr);
  return load_config(static_cast<int>(argv.size()), argv.data(), envp.data());
}

std::string only_problem(const LoadedConfig& loaded) {
  BOOST_REQUIRE_EQUAL(loaded.problems.size(), 1U);
  return loaded.problems.front();
}

ConfigEntry entry(const LoadedConfig& loaded, const std::string& key) {
  auto found =
      std::find_if(loaded.entries.begin(), loaded.entries.end(), [&](auto& e) { return e.key == key; });
  BOOST_REQUIRE(found != loaded.entries.end());
  return *found;
}

std::string source(const LoadedConfig& loaded, const std::string& key) { return entry(loaded, key).source; }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(config_load, Files)

BOOST_AUTO_TEST_CASE(nothing_given_is_a_development_start_that_works) {
  auto loaded = load({});
  BOOST_TEST(loaded.problems.empty());
  BOOST_TEST((loaded.command == Command::run));
  BOOST_TEST(loaded.config.server.http_port == 8086);
  BOOST_TEST(loaded.config.server.grpc_port == 50056);
  BOOST_TEST(loaded.config.server.http_host == "127.0.0.1");
  BOOST_TEST(loaded.config.database.url.empty());
  BOOST_TEST(loaded.config.storage.data_dir == "settled-dev");
  BOOST_TEST(loaded.config.sandbox.enabled);
  BOOST_TEST(source(loaded, "server.http_port") == "default");
}

BOOST_AUTO_TEST_CASE(a_flag_beats_the_environment_which_beats_the_file) {
  write("settled.toml", "[server]\nhttp_port = 1001\ngrpc_port = 1002\nhttp_threads = 3\n");
  auto loaded = load({"--http-port", "3001"}, {"HTTP_PORT=2001", "GRPC_PORT=2002"});
  BOOST_TEST(loaded.problems.empty());
  BOOST_TEST(loaded.config.server.http_port == 3001);
  BOOST_TEST(loaded.config.server.grpc_port == 2002);
  BOOST_TEST(loaded.config.server.http_threads == 3);
  BOOST_TEST(source(loaded, "server.http_port") == "--http-port");
  BOOST_TEST(source(loaded, "server.grpc_port") == "environment GRPC_PORT");
  BOOST_TEST(source(loaded, "server.http_threads") == "settled.toml:4");
}

BOOST_AUTO_TEST_CASE(our_own_variable_beats_the_name_of_the_documents_and_empty_is_not_set) {
  auto loaded = load({}, {"SETTLED_SERVER_HTTP_PORT=5", "HTTP_PORT=6", "DATABASE_URL="});
  BOOST_TEST(loaded.problems.empty());
  BOOST_TEST(loaded.config.server.http_port == 5);
  BOOST_TEST(loaded.config.database.url.empty());
}

BOOST_AUTO_TEST_CASE(a_bad_value_is_told_with_file_line_range_and_what_to_write) {
  write("settled.toml", "\n\n[breaker]\ntimeout_ms = \"60 s\"\n");
  BOOST_TEST(only_problem(load({})) ==
             "settled.toml:4: breaker.timeout_ms = \"60 s\" is not a whole number of milliseconds "
             "(1000–600000). Write 60000.");
  std::ostringstream out, err;
  BOOST_TEST(answer_command(load({}), out, err) == 78);
  BOOST_TEST(err.str().ends_with("Write 60000. Not started (78).\n"));
}

BOOST_AUTO_TEST_CASE(every_kind_of_bad_value_is_refused_by_name) {
  struct Case {
    std::string toml, says;
  };
  const Case cases[] = {
      {"[breaker]\ntimeout_ms = 999\n", "breaker.timeout_ms = 999 is outside 1000–600000 (milliseconds)."},
      {"[breaker]\ntimeout_ms = 1.5\n", "breaker.timeout_ms = 1.5 is not a whole number"},
      {"[server]\nhttp_port = 65536\n", "server.http_port = 65536 is outside 0–65535."},
      {"[server]\nhttp_port = \"8086\"\n", "is not a whole number (0–65535). Write 8086."},
      {"[server]\nhttp_host = 7\n", "server.http_host = 7 is not a text."},
      {"[log]\nformat = \"xml\"\n", "log.format = \"xml\" is not one of text | json."},
      {"[sandbox]\nenabled = \"on\"\n", "is neither true nor false (without quotes)."},
      {"environment = \"prod\"\n", "environment = \"prod\" is not one of development | production."},
      {"[server]\nhttp_prot = 1\n",
       "server.http_prot is not a key. Did you mean \"http_port\"? Allowed: [server] "},
      {"[sever]\nhttp_port = 1\n", "sever is not a key. Did you mean \"server\"?"},
      {"http_port = 1\n", "http_port is not a key."},
      {"server = 1\n", "server is not a key."},
      {"[server\n", "settled.toml:1: "},
      {"[server]\nhttp_port = 1\nhttp_port = 2\n", "settled.toml:3: "},
      {"[security]\napi_key = \"hunter2\"\n", "security.api_key = *** is not a reference."},
      {"[security]\napi_key = \"vault:a/b\"\n", "has no Vault client"},
      {"[security]\napi_key = \"env:NOT_SET\"\n", "environment variable NOT_SET, which is not set."},
      {"[security]\napi_key = \"file:/nowhere\"\n", "file /nowhere, which is missing"},
      {"[database]\nurl = \"mysql://u:hunter2@h/d\"\n", "database.url = *** is not a PostgreSQL URL."},
      {"[[connector]]\nname = \"b1\"\nurl = \"https://b1\"\nkey_id = \"k\"\n", "secret is missing"},
      {"[[connector]]\nname = \"netting\"\ntype = \"on_us\"\n", "settled by netting have this name"},
      {"[[connector]]\nnmae = \"b1\"\n", "nmae is not a key. Did you mean \"name\"?"},
      {"[[connector]]\nmethods = [\"FAX\"]\n", "names \"FAX\", which is not one of SWIFT"},
      {"[[connector]]\nbanks = []\n", "is not a list of texts"},
      {"[[connector]]\nname = \"b1\"\nbanks = [\"not a bic\"]\n",
       "banks has \"not a bic\", which is not a BIC."},
      {"[[connector]]\nname = \"b1\"\nurl = \"http://\"\n", "url = \"http://\" names no host."},
      {"[[connector]]\nname = \"b1\"\nurl = \"https:///api\"\n", "names no host."},
      {"[[connector]]\nname = \"b1\"\nurl = \"https://b1:port/api\"\n", "names no host."},
      {"[server]\nhttp_host = \"notanip\"\n", "server.http_host = \"notanip\" is not an IP address."},
      {"[server]\nhttp_host = \"[::1]\"\n", "without brackets"},
      {"[connector]\nname = \"b1\"\n", "Write [[connector]]."},
      {"[settlement]\ninquiry_first_ms = 60000\n", "inquiry_first_ms is greater than"},
  };
  for (const auto& c : cases) {
    write("settled.toml", c.toml);
    auto loaded = load({});
    bool said = std::any_of(loaded.problems.begin(), loaded.problems.end(),
                            [&](const auto& problem) { return contains(problem, c.says); });
    BOOST_TEST(said, c.toml << "should say: " << c.says
                            << ", says: " << (loaded.problems.empty() ? "nothing" : loaded.problems.front()));
    for (const auto& problem : loaded.problems) BOOST_TEST(!contains(problem, "hunter2"));
  }
}

BOOST_AUTO_TEST_CASE(hosts_and_banks_that_are_right_are_taken) {
  for (const char* host : {"127.0.0.1", "::1", "0.0.0.0", "::"}) {
    write("settled.toml", "[server]\nhttp_host = \"" + std::string(host) + "\"\n");
    BOOST_TEST(load({}).problems.empty(), host);
  }
  for (const char* url : {"https://b1", "https://b1.example:8443/api", "http://127.0.0.1:1",
                          "https://[::1]:8443", "https://[::1]/x"}) {
    write("settled.toml",
          "[[connector]]\nname = \"b1\"\nkey_id = \"k\"\nsecret = \"env:S\"\nbanks = [\"*\", "
          "\"ABIDCIAB\", \"ABIDCIABXXX\"]\nurl = \"" +
              std::string(url) + "\"\n");
    BOOST_TEST(load({}, {"S=s"}).problems.empty(), url);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_is_no_settings_file) {
  BOOST_TEST(contains(only_problem(load({"--config", "/tmp"})), "--config /tmp is a folder."));
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_at_once) {
  write("settled.toml", "[server]\nhttp_port = -1\nx = 1\n");
  BOOST_TEST(load({"--grpc-port", "abc"}, {"TRANSACTION_TIMEOUT_SECONDS=0"}).problems.size() == 4U);
}

BOOST_AUTO_TEST_CASE(the_names_of_the_documents_work_and_foreign_services_are_noted_once) {
  auto loaded =
      load({}, {"DATABASE_URL=postgresql+asyncpg://u:hunter2@h:5433/d?sslmode=require", "GRPC_PORT=7",
                "ENVIRONMENT=development", "TRANSACTION_TIMEOUT_SECONDS=60", "NATS_URL=nats://hunter2",
                "REDIS_URL=x", "CELERY_BROKER_URL=x", "SETTLED_URL=http://x"});
  BOOST_TEST(loaded.problems.empty());
  BOOST_TEST(loaded.config.database.url == "postgresql://u:hunter2@h:5433/d?sslmode=require");
  BOOST_TEST(entry(loaded, "database.url").value == "postgresql://u:***@h:5433/d?sslmode=require");
  BOOST_TEST(loaded.config.settlement.transaction_timeout.count() == 60);
  BOOST_TEST(loaded.notes.size() == 3U);
  for (const auto& note : loaded.notes) BOOST_TEST(!contains(note, "hunter2"));
}

BOOST_AUTO_TEST_CASE(passwords_are_hidden_in_every_form_of_a_database_url) {
  BOOST_TEST(redacted_url("postgresql:///settled?host=%2Fx&user=settled") ==
             "postgresql:///settled?host=%2Fx&user=settled");
  BOOST_TEST(redacted_url("postgresql://u@h/d?password=hunter2&x=1") ==
             "postgresql://u@h/d?password=***&x=1");
  BOOST_TEST(redacted_url("host=h password='hunter 2' user=u") == "host=h password=*** user=u");
  BOOST_TEST(redacted_url("host=h password=hunter2") == "host=h password=***");
  BOOST_TEST(!contains(redacted_url("postgresql://u:hun/ter2@h/d"), "ter2"));
}

BOOST_AUTO_TEST_CASE(a_misspelt_variable_of_a_section_is_refused) {
  BOOST_TEST(contains(only_problem(load({}, {"SETTLED_BREAKER_TIMEOUT=5"})),
                      "SETTLED_BREAKER_TIMEOUT is not a setting. Did you mean SETTLED_BREAKER_TIMEOUT_MS?"));
}

BOOST_AUTO_TEST_CASE(secrets_come_from_their_reference_and_are_never_shown) {
  write("b1.key", "hunter2\n");
  write("settled.toml",
        "[security]\napi_key = \"env:KEY\"\n[[connector]]\nname = \"b1\"\nurl = \"https://b1.example\"\n"
        "key_id = \"k1\"\nsecret = \"file:b1.key\"\nbanks = [\"BKOAGHAC\"]\n");
  auto loaded = load({"config", "check"}, {"KEY=hunter3"});
  BOOST_TEST(loaded.problems.empty());
  BOOST_TEST(loaded.config.security.api_key.reveal() == "hunter3");
  BOOST_REQUIRE(loaded.config.connectors.size() == 1U);
  BOOST_TEST(loaded.config.connectors[0].secret.reveal() == "hunter2");
  BOOST_TEST(loaded.config.connectors[0].banks == std::vector<std::string>{"BKOAGHAC"});
  std::ostringstream out, err;
  BOOST_TEST(answer_command(loaded, out, err) == 0);
  BOOST_TEST(!contains(out.str() + err.str(), "hunter"));
  BOOST_TEST(contains(out.str(), "*** (env:KEY)"));
  BOOST_TEST(contains(out.str(), "settled.toml:2"));
}

BOOST_AUTO_TEST_CASE(production_refuses_what_is_only_safe_in_development) {
  write("settled.toml",
        "environment = \"production\"\n[sandbox]\nenabled = true\n[[connector]]\nname = \"b1\"\n"
        "url = \"http://b1\"\nkey_id = \"k\"\nsecret = \"env:S\"\n");
  auto loaded = load({}, {"S=s"});
  BOOST_TEST(loaded.problems.size() == 3U);
  for (const auto& problem : loaded.problems)
    BOOST_TEST(problem.starts_with("ENVIRONMENT=production refuses: "), problem);
  write("settled.toml", "[security]\napi_key = \"env:S\"\n");
  auto safe = load({"--environment", "production"}, {"S=s"});
  BOOST_TEST(safe.problems.empty());
  BOOST_TEST(!safe.config.sandbox.enabled);
}

BOOST_AUTO_TEST_CASE(the_command_line_says_what_to_do) {
  BOOST_TEST((load({"config", "check", "--http-port", "0"}).command == Command::config_check));
  BOOST_TEST((load({"--http-port=0", "config", "check"}).command == Command::config_check));
  BOOST_TEST((load({"--version"}).command == Command::version));
  auto help = load({"--help"});
  BOOST_TEST((help.command == Command::help));
  BOOST_TEST(contains(help.text, "Examples:"));
  auto wrong = load({"--htp-port", "1"});
  BOOST_TEST((wrong.command == Command::wrong_usage));
  BOOST_TEST(contains(wrong.text, "Did you mean --http-port?"));
  std::ostringstream out, err;
  BOOST_TEST(answer_command(wrong, out, err) == 64);
  BOOST_TEST((load({"config"}).command == Command::wrong_usage));
  BOOST_TEST((load({"stray"}).command == Command::wrong_usage));
  BOOST_TEST(!load({"--sandbox", "off"}).config.sandbox.enabled);
  BOOST_TEST(contains(only_problem(load({"--config", "missing.toml"})), "there is no such file"));
}

BOOST_AUTO_TEST_CASE(every_flag_of_a_key_is_on_the_command_line_and_every_remedy_of_a_message_is_one) {
  const auto taken = [](const std::string& flag, const std::string& value) {
    return load({flag, value}).command != Command::wrong_usage;
  };
  for (const auto& key : config_keys())
    if (!key.flag.empty()) BOOST_TEST(taken(key.flag, "x"), key.flag);
  const auto lifted = load({"--lift-quarantine", "on"});
  BOOST_TEST(lifted.problems.empty());
  BOOST_TEST(lifted.config.settlement.lift_quarantine);

  // "start once with --lift-quarantine on": in the middle of a text, not an argument of a child.
  const fs::path root = std::getenv("SETTLED_SOURCE");
  const std::regex remedy("[ (`](--[a-z][a-z-]+)");
  std::size_t found = 0;
  const auto look = [&](const fs::path& file, const std::string& text) {
    for (std::sregex_iterator at(text.begin(), text.end(), remedy), end; at != end; ++at, ++found)
      BOOST_TEST(taken((*at)[1].str(), "x"), file << " names " << (*at)[1].str());
  };
  for (const char* folder : {"runtime", "storage", "config"})
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      std::ifstream in(entry.path());
      if (entry.path().extension() == ".cpp")
        look(entry.path(), {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
    }
  std::ifstream page(root / "docs/operations.md");
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("- Flags: ")) look("docs/operations.md", line);
  BOOST_TEST(found > 10U);  // a pattern that finds nothing would find nothing wrong
}

BOOST_AUTO_TEST_CASE(a_development_key_is_made_once_and_only_we_can_read_it) {
  auto first = development_api_key("data");
  BOOST_TEST(first.reveal().starts_with("sk_test_"));
  BOOST_TEST(first.reveal().size() == 56U);
  BOOST_TEST(development_api_key("data").reveal() == first.reveal());
  struct stat is {};
  BOOST_TEST(::stat("data/api_key", &is) == 0);
  BOOST_TEST((is.st_mode & 07777U) == 0600U);
}

BOOST_AUTO_TEST_SUITE_END()
