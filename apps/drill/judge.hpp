// The verdict of a drill: the books against themselves and the bank's log (storage/verify.hpp), and both
// against what the clients wrote down.
#pragma once
#include "apps/drill/history.hpp"
#include "apps/drill/site.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace settled::drill {

/// The bank's log, read on from where the last reading ended.
class BankLog {
 public:
  struct Seen {
    int sends = 0;  // requests that reached the bank; one that it was made to take twice counts once
    int effects = 0;
  };
  /// Everything with effect so far, from the first line on.
  const std::vector<BankEffect>& read(const Site& site);
  const std::unordered_map<std::string, Seen>& references() const { return references_; }

 private:
  std::uint64_t last_ = 0;
  std::vector<BankEffect> effects_;
  std::unordered_map<std::string, Seen> references_;
};

struct Judgement {
  Verdict books;
  std::vector<Finding> clients;  // what only they can know
  std::int64_t by_inquiry = 0;   // doubts that an inquiry has ended
  std::int64_t resent_with_proof = 0;
  bool ok() const { return books.ok() && clients.empty(); }
  std::vector<Finding> all() const;
};

/// Settlements that are not final; asks the database.
std::int64_t open_settlements(const std::string& database_url);

Judgement judge(const Site& site, History& history, BankLog& bank);

}  // namespace settled::drill
