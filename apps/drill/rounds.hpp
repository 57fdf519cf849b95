// The rounds of a drill: load, faults and kills drawn from the seed; then all is healed, everything must end,
// and the judge looks.
#pragma once
#include "apps/drill/judge.hpp"
#include "apps/drill/load.hpp"
#include "apps/drill/options.hpp"
#include "apps/drill/plan.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace settled::drill {

/// Who orders while something happens: more than can be answered in that time.
struct Crowd {
  int orders = 20'000, batch_max = 3, connections = 4;
  std::chrono::milliseconds pause{25};  // between the calls of a connection
};

struct Tally {
  int rounds = 0;
  std::map<std::string, int> kills;  // by kind
  std::int64_t orders = 0, completed = 0, failed = 0, rolled_back = 0, replays = 0, by_inquiry = 0,
               proofs = 0;
  std::int64_t bad = 0, pending = 0;
  int restarts = 0;
  std::chrono::milliseconds longest_gap{0};
  int longest_gap_round = 0;
  double seconds = 0;
  std::map<std::string, double> spent;  // seconds by part of the rounds
};

struct Failure {
  int round = 0;
  std::string plan;
  std::string what;  // empty: the findings say it
  std::vector<Finding> findings;
};

/// One life of the books. May be used by any test that wants to load, strike and judge.
class Drill {
 public:
  explicit Drill(const SiteSettings& settings);

  Site& site() { return site_; }
  const Site& site() const { return site_; }
  History& history() { return history_; }
  const Town& town() const { return town_; }
  Tally& tally() { return tally_; }
  /// Starts everything and opens the accounts.
  void open();
  /// The good that a round does: posts its orders while `strikes` happen. Returns when every order has its
  /// definite answer. Throws Broken after 30 s without one.
  void load(const Plan& plan, std::mt19937_64 chance, int round, int orders);
  /// A steady stream of orders until `action` has returned and each has its definite answer.
  void under_load(int round, const std::function<void()>& action, const Crowd& crowd = {});
  /// No faults any more, everything up, all final.
  void heal();
  /// Each key of these rounds once more: same id, same answer.
  void replay(int round, std::mt19937_64 chance);
  Judgement judge();
  /// heal, replay and judge; throws Broken with the findings where there are any.
  void settle_up(int round);
  /// Ends settled in order; throws Broken where it does not, or where a sanitizer spoke.
  void close();

  /// Starts settled so that it fails at a point of its own ("before_commit1:kill@2"). When it has ended of
  /// that, it is started again without, whoever waits for it; `struck` tells.
  void start_failing(const std::string& failpoint);
  bool struck() const { return struck_; }
  int struck_code() const { return struck_code_; }
  /// Waits for that end, and for the start after it; Broken after `most`.
  void await_struck(std::chrono::seconds most);
  /// Restarts draw one of these, every other time.
  void use_failpoints(std::vector<std::string> names) { failpoints_ = std::move(names); }
  void strike(const Strike& strike, const Plan& plan, std::mt19937_64& chance);
  void set_faults(const Plan& plan);

 private:
  void await_progress();
  /// True where it ran; false where its failpoint ended it and it runs again. Throws Broken otherwise.
  bool still_running();

  Site site_;
  History history_;
  Town town_;
  BankLog bank_;
  Tally tally_;
  std::vector<std::string> failpoints_;
  bool failing_ = false, struck_ = false;
  int struck_code_ = 0;
  Plan plan_;  // whose faults a restarted bank gets again
};

/// The names that `settled failpoints` prints; none where this build has no such command.
std::vector<std::string> failpoints_of(const std::filesystem::path& program_folder);

int run_rounds(const Options& options);

}  // namespace settled::drill
