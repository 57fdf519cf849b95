#include "apps/drill/matrix.hpp"

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <algorithm>
#include <cstdio>

namespace settled::drill {
namespace {
using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::steady_clock;

enum class Result : std::uint8_t { pass, failed, skipped };
const char* to_string(Result result) {
  return result == Result::pass ? "pass" : result == Result::failed ? "FAILED" : "skipped";
}

struct Done {
  Result result = Result::pass;
  std::string text;
  double seconds = 0;
};

Done run(const Row& row, const RowSettings& settings) {
  const auto began = steady_clock::now();
  Done done;
  try {
    std::filesystem::create_directories(settings.folder);
    done.text = row.run(settings);
  } catch (const Skipped& e) {
    done = {Result::skipped, e.what(), 0};
  } catch (const std::exception& e) {
    done = {Result::failed, e.what(), 0};
  }
  done.seconds = duration<double>(steady_clock::now() - began).count();
  return done;
}

std::string padded(std::string text, std::size_t width) {
  // Characters, not bytes.
  const auto shown = static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  if (shown < width) text.append(width - shown, ' ');
  return text;
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto& some :
       {rows_of_failures(), rows_of_kills(), rows_of_database(), rows_of_disk(), rows_of_network()})
    rows.insert(rows.end(), some.begin(), some.end());
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return std::string_view(a.name) < std::string_view(b.name); });
  return rows;
}
}  // namespace

void must(bool holds, const std::string& otherwise) {
  if (!holds) throw Broken(otherwise);
}

std::string in_seconds(double seconds) {
  std::string text(32, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.1f s", seconds)));
  return text;
}

int count_of(const std::string& log, const std::string& words) {
  int n = 0;
  for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++n;
  return n;
}

std::string superuser_url(const Site& site, const std::string& database) {
  auto url = site.endpoint().database_url;
  const auto user = url.find("user=settled"), name = url.find("///settled");
  must(user != std::string::npos && name != std::string::npos, "not a private database: " + url);
  url.replace(user, 12, "user=postgres");
  return url.replace(name, 10, "///" + database);
}

double seconds_until(const std::function<bool()>& condition, std::chrono::seconds most,
                     const std::string& what) {
  const auto began = steady_clock::now();
  must(eventually(condition, most), "not within " + std::to_string(most.count()) + " s: " + what);
  return duration<double>(steady_clock::now() - began).count();
}

double await_accepting(const Site& site) {
  const auto url = superuser_url(site, "postgres") + "&connect_timeout=2";
  return seconds_until(
      [&] {
        try {
          pqxx::connection db(url);
          return true;
        } catch (const pqxx::failure&) {
          return false;
        }
      },
      60s, "the database takes connections");
}

double await_service(Drill& drill) {
  const auto before = drill.history().answers();
  return seconds_until(
      [&] {
        return drill.history().answers() > before &&
               Web(drill.site().endpoint().http).get("/api/v1/health/ready").status == 200;
      },
      60s, "orders are answered again and settled is ready");
}

int run_matrix(const Options& options) {
  int failed = 0, passed = 0, skipped = 0;
  auto json = nlohmann::ordered_json::array();
  for (const Row& row : all_rows()) {
    if (!options.rows.empty() &&
        std::find(options.rows.begin(), options.rows.end(), row.name) == options.rows.end())
      continue;
    const RowSettings settings{options, options.folder / row.name};
    const auto done = run(row, settings);
    ++(done.result == Result::pass ? passed : done.result == Result::failed ? failed : skipped);
    if (options.json) {
      json.push_back({{"row", row.name},
                      {"fault", row.fault},
                      {"must", row.must},
                      {"result", to_string(done.result)},
                      {"text", done.text},
                      {"seconds", done.seconds}});
    } else {
      std::printf("%-4s %s %-7s %5.0f s  %s\n", row.name, padded(row.fault, 46).c_str(),
                  to_string(done.result), done.seconds, done.text.c_str());
      if (done.result == Result::failed)
        std::printf("    must hold: %s\n    logs: %s\n    again: ./dev drill --matrix %s --keep\n", row.must,
                    settings.folder.c_str(), row.name);
      std::fflush(stdout);
    }
    std::error_code ignored;
    if (done.result != Result::failed && !options.keep) std::filesystem::remove_all(settings.folder, ignored);
  }
  if (options.json)
    std::puts(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  else
    std::printf(
        "\n%d pass, %d failed, %d skipped. Each pass: acknowledged = recorded = executed exactly once; "
        "ledger sum 0; no orphan hold.\n",
        passed, failed, skipped);
  return failed > 0 ? exit_failed : exit_ok;
}
}  // namespace settled::drill
