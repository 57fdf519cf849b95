// A LEDGER ROUND: decides its requests in memory, commits once, then answers. Its commit may run beside the
// next round's decisions. Include only where the ledger writer is.
#pragma once
#include "storage/ledger_book.hpp"
#include "storage/ledger_writer.hpp"

#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace settled {

class LedgerRound {
 public:
  using Pending = LedgerWriterState::Pending;

  /// Stands behind the rounds that are under way.
  LedgerRound(LedgerWriterState& state, std::vector<Pending> requests);

  void decide();

  std::int64_t number() const { return batch_.number; }
  /// Of the store, which a round behind this one takes; none: 0.
  static int lane_behind(const LedgerRound* before) { return before ? 1 - before->batch_.lane : 0; }
  /// Settlements that it writes.
  std::size_t size() const { return batch_.opened.size() + batch_.changed.size(); }

  /// Writes what was decided.
  void write();
  /// Begins to write it on a thread of its own, which calls `written` at the end, whatever it was. Where
  /// `before` is still being written, its end is waited for before anything here can last; when that fails,
  /// so does this.
  void begin(const LedgerRound* before, const std::function<void()>& written);
  /// Returns when it is written. Throws what the commit threw.
  void wait();
  /// Everybody hears what is written.
  void answer();

  /// What it was asked; for when its answers will not come from here.
  std::vector<Pending> take_requests();

  /// One order in a commit of its own.
  Submission open_alone(const std::string& caller, OpenSettlements::Item item);

 private:
  void before_commit();
  using KeysOfCallers = std::unordered_map<std::string, std::vector<std::string_view>>;
  void find_known(const KeysOfCallers& wanted);

  void decide(OpenSettlements& request, Pending& p);
  void decide(AdvanceSettlement& request, Pending& p);
  void decide(OpenAccount& request, Pending& p);
  void decide(FundAccount& request, Pending& p);
  void decide(ChangeAccount& request, Pending& p);
  void decide(ReleaseWaiting& request, Pending& p);
  void decide(CancelSettlement& request, Pending& p);
  void decide(CloseBreak& request, Pending& p);
  void decide(EscalateUnknowns& request, Pending& p);
  void decide(ChangeRules& request, Pending& p);
  void decide(ProposeAction& request, Pending& p);
  void decide(ApproveAction& request, Pending& p);
  void decide(BookNetting& request, Pending& p);

  Submissions open(OpenSettlements& request);
  /// An obligation that was netted, under whatever key, in these books or earlier in this batch.
  Refusal netted_before(const BookNetting& request);

  /// The book's own where it is in flight, else the database's.
  std::optional<Recorded> recorded(SettlementId id);
  static ActionAnswered nothing_there(const std::string& id);

  /// One step of a settlement per commit: its row is written once, and what the store finds is committed.
  bool one_step(SettlementId id, Pending& p);

  template <class Answer>
  void deliver(Pending& p, Answer answer) {
    auto& promise = std::get<caf::typed_response_promise<Answer>>(p.promise.of);
    answers_.push_back(
        [&promise, answer = std::move(answer)]() mutable { promise.deliver(std::move(answer)); });
  }

  static std::string key_of(const std::string& caller, const std::string& key);

  /// Of a request of this round, which lives as long as the round.
  struct CallerKey {
    std::string_view caller, key;
    bool operator==(const CallerKey&) const = default;
  };
  struct CallerKeyHash {
    std::size_t operator()(const CallerKey& x) const noexcept {
      return std::hash<std::string_view>{}(x.caller) * 31 + std::hash<std::string_view>{}(x.key);
    }
  };
  const KnownSettlement* recorded_before(const CallerKey& key) const;
  /// The row that this round writes for a key.
  const OpenedRow* opened(const CallerKey& key) const;

  LedgerWriterState& state_;
  LedgerBook& book_;
  std::vector<Pending> requests_;
  std::vector<const LedgerRound*> before_;  // not durable yet, while this decides
  LedgerBatch batch_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point oldest_ = std::chrono::steady_clock::now();
  std::vector<std::function<void()>> answers_;  // given only when the batch is durable
  std::unordered_set<SettlementId> stepped_;
  std::vector<Pending*> again_;                                              // for the next round
  std::unordered_map<std::string, KnownSettlement> known_;                   // recorded before
  boost::unordered_flat_map<CallerKey, std::size_t, CallerKeyHash> opened_;  // place among the batch's rows
  std::unordered_map<std::string, KnownFunding> fundings_;
  std::unordered_map<std::string, KnownNetting> nettings_;
  std::shared_future<void> written_;
  std::jthread writing_;  // the last member: its end is waited for before anything else goes
};

}  // namespace settled
