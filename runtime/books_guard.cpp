#include "runtime/books_guard.hpp"

#include "storage/installation.hpp"
#include "telemetry/log.hpp"

namespace settled {

void BooksGuard::look_for_older_books(const std::string& database_url, const std::filesystem::path& data_dir,
                                      bool lift_quarantine) {
  const auto books = read_installation(database_url);
  high_water_ = std::make_unique<HighWater>(data_dir, books.id);
  if (books.last_event < high_water_->seen()) {
    high_water_->begin_quarantine(older_books(books.last_event));
    high_water_->go_back_to(books.last_event);
  }
  if (lift_quarantine) high_water_->lift_quarantine();
  quarantine_.set(high_water_->quarantine());
  if (const auto why = quarantine_.get(); !why.empty()) log_error("quarantine", {{"why", why}});
}

std::string BooksGuard::older_books(std::int64_t last_event) const {
  return "quarantine: the database ends with event " + std::to_string(last_event) +
         ", this node has seen event " + std::to_string(high_water_->seen()) +
         ". It looks like a restored backup. Banks are asked about everything in flight; nothing is sent. "
         "Compare with the banks (settlectl verify), then start once with --lift-quarantine on.";
}

void BooksGuard::took_over(const LedgerSnapshot& books) {
  if (books.last_seq >= high_water_->seen()) return high_water_->saw(books.last_seq);
  const auto why = older_books(books.last_seq);
  lose(why);
  high_water_->begin_quarantine(why);
  throw Fenced(why);
}

void BooksGuard::lose(const std::string& why) {
  lost_.set("the books are not ours any more: " + why);
  log_error("ledger_fenced", {{"why", why}});
  told_.on_lost();
}

void BooksGuard::checked(const InvariantReport& report) {
  std::string why;
  for (const auto& one : report.invariants)
    if (one.violations > 0 && why.empty())
      why = "sends are stopped: the books are not right (" + one.name + ": " + one.example + ")";
  told_.on_sends_stopped(!why.empty());
  const auto unchecked = unchecked_.get();
  unchecked_.set("");
  if (why != wrong_.get() || (why.empty() && !unchecked.empty())) {
    if (why.empty())
      log_info("sends_allowed", {{"why", "the books are right again"}});
    else
      log_error("sends_stopped", {{"why", why}});
  }
  wrong_.set(why);
  first_check_.set("");
}

void BooksGuard::unchecked(const std::string& why) {
  told_.on_sends_stopped(true);
  if (unchecked_.get().empty()) log_error("sends_stopped", {{"why", why}});
  unchecked_.set(why);
}

std::string BooksGuard::sends_stopped() const {
  for (const Words* reason : {&lost_, &quarantine_, &wrong_, &unchecked_})
    if (auto why = reason->get(); !why.empty()) return why;
  return {};
}

std::string BooksGuard::sends_held() const {
  auto why = sends_stopped();
  return why.empty() ? first_check_.get() : why;
}
}  // namespace settled
