// The clients of a drill: several connections that post orders alone and in batches, some of them twice at
// the same time, and send the same keys again until each has a definite answer.
#pragma once
#include "apps/drill/history.hpp"
#include "apps/drill/site.hpp"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace settled::drill {

/// One call: an order alone, or several as a batch.
struct Call {
  std::vector<Order*> orders;
  std::string path = "/api/v1/settlements";  // of an order alone
};

/// The banks of a drill and what they may owe each other.
struct Town {
  struct Bank {
    std::string bic, currency;
    bool pays = true, is_paid = true;
  };
  std::vector<Bank> banks;
  std::string poor_account;  // acc_… of the vostro that has too little

  /// Opens and funds everything; to be called once, on a site without faults.
  static Town build(const Site& site);
};
/// The orders of a round, in the calls that send them.
std::vector<Call> draw_calls(History& history, const Town& town, std::mt19937_64& chance, int round,
                             int orders, int batch_max = 20);
/// Some money for the poor account: less than its orders of a round ask for.
Call draw_funding(History& history, const Town& town, std::mt19937_64& chance, int round);

class Load {
 public:
  /// `pause` lies between the calls of a connection.
  Load(const Site& site, History& history, std::vector<Call> calls, int connections,
       std::chrono::milliseconds pause = {});
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  /// Calls that have not begun never will.
  void no_more() { enough_ = true; }
  /// Every call that began has its definite answers, and none will begin.
  bool done() const { return working_ == 0; }

 private:
  void run();
  void finish(const Call& call, std::unique_ptr<Web>& web);

  const Site& site_;
  History& history_;
  const std::vector<Call> calls_;
  const std::chrono::milliseconds pause_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> working_;
  std::atomic<bool> enough_{false}, stopped_{false};
  std::vector<std::thread> threads_;
};

}  // namespace settled::drill
