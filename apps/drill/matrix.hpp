// The fault matrix: one fault each, under load, with what must hold besides the books. A row whose tool is
// not on this machine says so; a row that does not hold says what it saw.
#pragma once
#include "apps/drill/options.hpp"
#include "apps/drill/rounds.hpp"

#include <functional>
#include <string>
#include <vector>

namespace settled::drill {

/// This machine lacks what the row needs.
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct RowSettings {
  const Options& options;
  std::filesystem::path folder;  // of this row alone
  SiteSettings site() const {
    return {.folder = folder,
            .program_folder = options.program_folder,
            .program = options.program,
            .environment = options.environment};
  }
  /// `full` takes minutes and is asked for by --full.
  template <class T>
  T length(T usual, T full) const {
    return options.full ? full : usual;
  }
};

struct Row {
  const char* name;
  const char* fault;
  const char* must;  // besides: acknowledged = recorded = executed exactly once, holds and sums right
  /// Returns what it measured. Throws Skipped, or anything else where something does not hold.
  std::string (*run)(const RowSettings& settings);
};

/// Throws Broken with the sentence.
void must(bool holds, const std::string& otherwise);
std::string in_seconds(double seconds);
int count_of(const std::string& log, const std::string& words);

// By the file that they stand in.
std::vector<Row> rows_of_failures();  // matrix_failures.cpp
std::vector<Row> rows_of_kills();     // matrix_kills.cpp
std::vector<Row> rows_of_database();  // matrix_database.cpp
std::vector<Row> rows_of_disk();      // matrix_disk.cpp
std::vector<Row> rows_of_network();   // matrix_network.cpp

/// The database in the site's folder as its superuser.
std::string superuser_url(const Site& site, const std::string& database = "settled");
/// Seconds until `condition` holds; Broken with `what` after `most`.
double seconds_until(const std::function<bool()>& condition, std::chrono::seconds most,
                     const std::string& what);
/// Seconds until the database takes connections.
double await_accepting(const Site& site);
/// Seconds until orders are answered again and settled says that it is ready.
double await_service(Drill& drill);

int run_matrix(const Options& options);

}  // namespace settled::drill
