// Questions about what is recorded: fronts ask, storage/reader answers from the database.
#pragma once
#include "messages/settling.hpp"

namespace settled {

struct ReadSettlement {
  SettlementId id;
};  // → SettlementFound
/// Newest first. Empty filters match everything. `before` is the cursor: only ids below it; zero = start.
struct ListSettlements {  // → SettlementPage
  std::string status, from_bank, to_bank, currency, obligation_id;
  Uuid before;
  int limit = 50;
};
struct SettlementPage {
  std::vector<SettlementView> settlements;
  Uuid next;  // zero at the end
};
/// All events of one subject, oldest first.
struct ReadTimeline {
  Uuid subject;
};  // → EventPage
struct ReadAccount {
  AccountId id;
};  // → AccountPage (none or one)
/// Oldest first. `after` is the cursor.
struct ListAccounts {  // → AccountPage
  std::string kind, bank, currency;
  Uuid after;
  int limit = 50;
};
struct AccountPage {
  std::vector<Account> accounts;
  Uuid next;
};
/// Newest first. `before` = 0 starts at the newest.
struct ReadEntries {  // → EntryPage
  AccountId account;
  std::int64_t before = 0;
  int limit = 50;
};
struct EntryPage {
  std::vector<EntryView> entries;
  std::int64_t next = 0;
};
/// The event log of one stream, oldest first, from after `after`.
struct ReadEvents {  // → EventPage
  int stream = 0;
  std::int64_t after = 0;
  int limit = 500;
};
struct EventPage {
  std::vector<EventView> events;
};
/// The newest sequence number of a stream.
struct ReadLastEvent {
  int stream = 0;
};  // → EventsCommitted

/// How the process is: for health routes and readiness. Answered by actors/health.
struct ReadHealth {};  // → HealthReport
struct HealthItem {
  std::string name;  // "database", "rail:sandbox", "recovery"
  bool ok = false;
  std::string detail;  // in words
};
struct HealthReport {
  bool ready = false;
  std::vector<HealthItem> items;
  std::int64_t in_flight = 0, unknown = 0, recovering = 0;
};

template <class F>
typename F::result_type inspect(F& f, ReadSettlement& x) {
  return f(caf::meta::type_name("ReadSettlement"), x.id);
}
template <class F>
typename F::result_type inspect(F& f, ListSettlements& x) {
  return f(caf::meta::type_name("ListSettlements"), x.status, x.from_bank, x.to_bank, x.currency,
           x.obligation_id, x.before, x.limit);
}
template <class F>
typename F::result_type inspect(F& f, SettlementPage& x) {
  return f(caf::meta::type_name("SettlementPage"), x.settlements, x.next);
}
template <class F>
typename F::result_type inspect(F& f, ReadTimeline& x) {
  return f(caf::meta::type_name("ReadTimeline"), x.subject);
}
template <class F>
typename F::result_type inspect(F& f, ReadAccount& x) {
  return f(caf::meta::type_name("ReadAccount"), x.id);
}
template <class F>
typename F::result_type inspect(F& f, ListAccounts& x) {
  return f(caf::meta::type_name("ListAccounts"), x.kind, x.bank, x.currency, x.after, x.limit);
}
template <class F>
typename F::result_type inspect(F& f, AccountPage& x) {
  return f(caf::meta::type_name("AccountPage"), x.accounts, x.next);
}
template <class F>
typename F::result_type inspect(F& f, ReadEntries& x) {
  return f(caf::meta::type_name("ReadEntries"), x.account, x.before, x.limit);
}
template <class F>
typename F::result_type inspect(F& f, EntryPage& x) {
  return f(caf::meta::type_name("EntryPage"), x.entries, x.next);
}
template <class F>
typename F::result_type inspect(F& f, ReadEvents& x) {
  return f(caf::meta::type_name("ReadEvents"), x.stream, x.after, x.limit);
}
template <class F>
typename F::result_type inspect(F& f, EventPage& x) {
  return f(caf::meta::type_name("EventPage"), x.events);
}
template <class F>
typename F::result_type inspect(F& f, ReadLastEvent& x) {
  return f(caf::meta::type_name("ReadLastEvent"), x.stream);
}
template <class F>
typename F::result_type inspect(F& f, ReadHealth&) {
  return f(caf::meta::type_name("ReadHealth"));
}
template <class F>
typename F::result_type inspect(F& f, HealthItem& x) {
  return f(caf::meta::type_name("HealthItem"), x.name, x.ok, x.detail);
}
template <class F>
typename F::result_type inspect(F& f, HealthReport& x) {
  return f(caf::meta::type_name("HealthReport"), x.ready, x.items, x.in_flight, x.unknown, x.recovering);
}

}  // namespace settled
