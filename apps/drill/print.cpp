#include "apps/drill/print.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <unistd.h>

namespace settled::drill {
namespace {
std::string seconds(double value) {
  std::string text(32, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.1f", value)));
  return text;
}

std::string kills_of(const Tally& tally) {
  std::string out;
  for (const auto& [kind, n] : tally.kills) out += (out.empty() ? "" : ", ") + std::to_string(n) + ' ' + kind;
  return out.empty() ? "none" : out;
}

void row(const char* name, const std::string& value) { std::printf("%-28s %s\n", name, value.c_str()); }

void print_table(const Tally& t) {
  row("rounds", std::to_string(t.rounds));
  row("kills", kills_of(t));
  row("restarts of settled", std::to_string(t.restarts));
  row("orders recorded", std::to_string(t.orders));
  row("completed", std::to_string(t.completed));
  row("refused", std::to_string(t.failed));
  row("rolled back", std::to_string(t.rolled_back));
  row("pending", std::to_string(t.pending));
  row("replays", std::to_string(t.replays));
  row("doubts ended by inquiry", std::to_string(t.by_inquiry));
  row("sent again with proof", std::to_string(t.proofs));
  row("longest gap",
      seconds(static_cast<double>(t.longest_gap.count()) / 1'000) + " s" +
          (t.longest_gap_round > 0 ? " (round " + std::to_string(t.longest_gap_round) + ')' : ""));
  std::string spent;
  for (const auto& [part, s] : t.spent) spent += (spent.empty() ? "" : ", ") + part + ' ' + seconds(s);
  row("seconds", seconds(t.seconds) + (spent.empty() ? "" : " (" + spent + ')'));
}

std::string again(const Options& o, int first, int rounds) {
  std::string out = "./dev drill --seed " + std::to_string(o.seed);
  if (first > 1) out += " --first-round " + std::to_string(first);
  out += " --rounds " + std::to_string(rounds);
  if (o.failpoints) out += " --failpoints";
  if (o.orders != Options{}.orders) out += " --orders " + std::to_string(o.orders);
  return out + " --keep";
}

void print_failure(const Options& options, const Failure& failure) {
  std::printf("\nFAILED in round %d, seed %llu.\n", failure.round,
              static_cast<unsigned long long>(options.seed));
  std::printf("  what happened in it: %s\n", failure.plan.c_str());
  if (!failure.what.empty()) std::printf("  %s\n", failure.what.c_str());
  for (const Finding& f : failure.findings)
    std::printf("  %s | %s | expected %s | found %s\n", f.check.c_str(), f.subject.c_str(),
                f.expected.c_str(), f.found.c_str());
  std::printf("Logs, history and data: %s\n", options.folder.c_str());
  if (failure.round > 0) {
    std::printf("This round again:       %s\n", again(options, failure.round, 1).c_str());
    std::printf("The whole way again:    %s\n", again(options, 1, failure.round).c_str());
  }
}

void print_json(const Options& options, const Tally& t, const Failure* failure) {
  nlohmann::ordered_json out{{"ok", failure == nullptr},
                             {"seed", options.seed},
                             {"first_round", options.first_round},
                             {"rounds", t.rounds},
                             {"kills", t.kills},
                             {"restarts", t.restarts},
                             {"orders", t.orders},
                             {"completed", t.completed},
                             {"refused", t.failed},
                             {"rolled_back", t.rolled_back},
                             {"pending", t.pending},
                             {"replays", t.replays},
                             {"ended_by_inquiry", t.by_inquiry},
                             {"sent_again_with_proof", t.proofs},
                             {"longest_gap_ms", t.longest_gap.count()},
                             {"longest_gap_round", t.longest_gap_round},
                             {"seconds", t.seconds},
                             {"spent", t.spent}};
  if (failure) {
    out["failure"] = {{"round", failure->round},
                      {"plan", failure->plan},
                      {"what", failure->what},
                      {"folder", options.folder.string()},
                      {"again", again(options, failure->round, 1)},
                      {"findings", nlohmann::ordered_json::array()}};
    for (const Finding& f : failure->findings)
      out["failure"]["findings"].push_back(
          {{"check", f.check}, {"subject", f.subject}, {"expected", f.expected}, {"found", f.found}});
  }
  std::puts(out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}
}  // namespace

Progress::Progress(const Options& options)
    : options_(options), shown_(!options.quiet && !options.json && ::isatty(STDERR_FILENO) == 1) {}

void Progress::round_done(int round, const Tally& tally) {
  if (!shown_) return;
  std::fprintf(stderr, "\rround %d of %d, %lld orders, %d restarts ", round,
               options_.first_round + options_.rounds - 1, static_cast<long long>(tally.orders),
               tally.restarts);
  std::fflush(stderr);
}
void Progress::end() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void print_result(const Options& options, const Tally& tally, const Failure* failure) {
  if (options.json) return print_json(options, tally, failure);
  print_table(tally);
  if (failure) return print_failure(options, *failure);
  std::puts("\nacknowledged = recorded = executed exactly once or pending; ledger sum 0; no orphan hold");
  if (options.keep) std::printf("Logs, history and data: %s\n", options.folder.c_str());
}
}  // namespace settled::drill
