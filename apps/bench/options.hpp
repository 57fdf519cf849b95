// What a benchmark is asked to do.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace settled::bench {

struct Options {
  std::vector<std::string> cases;  // none: all but soak
  bool quick = false;
  int rounds = 3;
  double seconds = 2;  // of one run of one side
  bool json = false, keep = false;
  std::string rail = "on_us";  // or "sandbox": every order goes to the bank over HTTP
  double soak_minutes = 10;
  std::filesystem::path folder;          // where everything of this run lies
  std::filesystem::path program_folder;  // of settled and settled-sandbox
  std::filesystem::path bench_folder;    // of the references' scripts
};

}  // namespace settled::bench
