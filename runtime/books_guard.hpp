// May money leave? What this node knows of its books, in sentences for operators: whether they are ours,
// whether they are right, and whether they are older than what this node has seen. Asked and told from
// several threads.
#pragma once
#include "domain/clock.hpp"
#include "messages/operating.hpp"
#include "runtime/high_water.hpp"
#include "storage/ledger_store.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace settled {

/// A sentence that several threads set and read.
class Words {
 public:
  void set(std::string words) {
    const std::lock_guard lock(mutex_);
    words_ = std::move(words);
  }
  std::string get() const {
    const std::lock_guard lock(mutex_);
    return words_;
  }

 private:
  mutable std::mutex mutex_;
  std::string words_;
};

class BooksGuard {
 public:
  struct Told {
    /// Sends stop, or go on again.
    std::function<void(bool stopped)> on_sends_stopped = [](bool) {};
    /// The books are not ours any more: the process must end.
    std::function<void()> on_lost = [] {};
  };
  explicit BooksGuard(Told told) : told_(std::move(told)) {}

  /// At a start: a database that goes less far than what this node has seen is an older copy of its books.
  void look_for_older_books(const std::string& database_url, const std::filesystem::path& data_dir,
                            bool lift_quarantine);
  /// The writer took these books over. Throws Fenced where they are older than what this node has seen:
  /// whatever is in flight here knows more than they do, and none of it asks first. The next start does, in
  /// quarantine.
  void took_over(const LedgerSnapshot& books);
  /// A commit of ours ended with this event.
  void saw(std::int64_t event) { high_water_->saw(event); }
  /// Nothing is sent from now on, nobody starts again, and the process ends.
  void lose(const std::string& why);
  bool lost() const { return !lost_.get().empty(); }
  bool quarantined() const { return !quarantine_.get().empty(); }

  /// Books of before this start may have been changed by others: whether they are right decides what leaves.
  void wait_for_first_check() {
    first_check_.set("sends wait for the first check of the books after this start");
  }
  /// What a check of the books found. While they are not right nothing leaves.
  void checked(const InvariantReport& report);
  /// They could not be checked for so long that nothing leaves.
  void unchecked(const std::string& why);

  /// Why nothing is sent although all should be; empty: things are, or will be after the first check.
  std::string sends_stopped() const;
  /// Why nothing goes to a bank now.
  std::string sends_held() const;
  std::string waits_for_first_check() const { return first_check_.get(); }

 private:
  std::string older_books(std::int64_t last_event) const;

  Told told_;
  std::unique_ptr<HighWater> high_water_;
  Words wrong_;        // how; empty: the books are right
  Words unchecked_;    // why they cannot be checked; empty: they are
  Words first_check_;  // why nothing is sent before it; empty: it is over
  Words quarantine_;   // why; empty: there is none
  Words lost_;         // why they are not ours any more; empty: they are
};

}  // namespace settled
