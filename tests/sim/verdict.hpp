// What went wrong in a run, and what happened before it.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace settled::tests {

/// Harness code runs inside actors, where an exception would only end the actor: so it tells here.
class Verdict {
 public:
  void fail(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    note(why_);
  }
  bool failed() const { return !why_.empty(); }
  const std::string& why() const { return why_; }

  /// Keeps the last `lines` notes; 0 keeps none and costs nothing.
  void keep(std::size_t lines) { lines_ = lines; }
  bool keeps() const { return lines_ != 0; }
  void set_clock(std::function<std::string()> clock) { clock_ = std::move(clock); }
  void note(const std::string& what) {
    if (lines_ == 0) return;
    if (notes_.size() == lines_) notes_.pop_front();
    notes_.push_back((clock_ ? clock_() + ' ' : std::string()) + what);
  }
  const std::deque<std::string>& notes() const { return notes_; }

 private:
  std::string why_;
  std::size_t lines_ = 0;
  std::deque<std::string> notes_;
  std::function<std::string()> clock_;
};

}  // namespace settled::tests
