// Net positions, booked between the vostros of their banks; and orders that wait, settled by their net.
#include "storage/ledger_book.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace settled {
namespace {
std::string positions_json(const std::vector<MultilateralNet>& positions) {
  std::string json = "[";
  for (const auto& p : positions) {
    if (json.size() > 1) json += ',';
    json += JsonObject{}
                .text("participant", p.participant)
                .text("currency", p.currency.code())
                .text("in", format_amount(p.in.sum, p.currency))
                .text("out", format_amount(p.out.sum, p.currency))
                .text("net", format_amount(p.net, p.currency))
                .done();
  }
  return json + ']';
}

std::vector<Obligation> obligations_of(const std::vector<SettlementView>& orders) {
  std::vector<Obligation> obligations;
  obligations.reserve(orders.size());
  for (const auto& s : orders)
    obligations.push_back({s.id.text(), s.order.from_bank, s.order.to_bank, s.order.amount});
  return obligations;
}

Refusal nothing_to_net(const NettingWindow& window) {
  return {Errc::nothing_to_net, "/window",
          "no order in " + std::string(window.currency.code()) +
              " that fits waits here for its window or for funds.",
          "orders with status PENDING whose banks are active and have an open vostro here"};
}

std::string netted_payload(const SettlementView& s, Waiting waited_for, JournalId journal) {
  return JsonObject{}
      .text("status", to_string(s.status))
      .raw("steps", R"(["VALIDATING","FUNDS_LOCKED","EXECUTING","CONFIRMING","COMPLETED"])")
      .text("waited_for", to_string(waited_for))
      .text("connector", s.connector)
      .text("reference", s.reference)
      .text("netting", journal.text())
      .done();
}
}  // namespace

MeansFound LedgerBook::means() const {
  MeansFound found;
  for (const AccountRow& a : accounts_.rows()) {
    if (a.kind != AccountKind::vostro) continue;
    Means means{.participant = a.bank(), .currency = a.currency};
    if (a.status == AccountStatus::open) {
      means.available = available(a);
      means.position = a.balance - a.held;
      // How far it may go below zero. A floor above zero is a reserve and no cap.
      if (a.floor <= 0 && a.floor != no_floor) means.net_debit_cap = -a.floor;
    }
    found.means.push_back(std::move(means));
  }
  return found;
}

const AccountRow& LedgerBook::vostro_of(std::string_view bank, Currency currency) const {
  const auto* row = accounts_.vostro(bank, currency);
  ensure(row != nullptr, "a bank that is netted has a vostro");
  return *row;
}

std::vector<SettlementView> LedgerBook::waiting_in(const NettingWindow& window,
                                                   const LedgerBatch& batch) const {
  std::unordered_set<SettlementId> unheard;
  for (const OpenedRow& row : batch.opened) unheard.insert(row.settlement->id);
  const std::unordered_set<std::string_view> named(window.banks.begin(), window.banks.end());
  const auto takes_part = [&](const std::string& bank) {
    if ((!named.empty() && !named.contains(bank)) || suspended(rules_, bank)) return false;
    const auto* own = accounts_.vostro(bank, window.currency);
    return own && own->status == AccountStatus::open;
  };
  const auto today = rfc3339(clock_()).substr(0, 10);
  const auto of_the_day = [&](const SettlementView& s) {
    // What is for a later day settles before it only where that day is asked for.
    return window.value_date.empty() ? s.order.settlement_date <= today : s.value_date == window.value_date;
  };
  std::vector<SettlementView> orders;
  for (const auto& place : queue_) {
    const SettlementView& s = open_.at(place.id);
    if (s.order.amount.currency == window.currency && of_the_day(s) &&
        (!window.one_method || s.order.method == window.method) && takes_part(s.order.from_bank) &&
        takes_part(s.order.to_bank) && !unheard.contains(s.id))
      orders.push_back(s);
  }
  std::sort(orders.begin(), orders.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return orders;
}

NettingWindowFound LedgerBook::netting_window(const NettingWindow& window) const {
  const auto orders = waiting_in(window, {});
  if (orders.empty()) return {.obligations = {}, .means = {}, .refusal = nothing_to_net(window)};
  return {.obligations = obligations_of(orders), .means = means().means, .refusal = {}};
}

// The house rules that an order meets when it is let in.
std::optional<Refusal> LedgerBook::barred(const BookNetting& request) const {
  if (request.by_window) return std::nullopt;  // its orders were let in
  for (std::size_t i = 0; i < request.obligations.size(); ++i) {
    const auto& o = request.obligations[i];
    for (const auto& [bank, side] : {std::pair(&o.from, "from"), {&o.to, "to"}})
      if (const auto known = rules_.banks.find(*bank);
          known != rules_.banks.end() && known->second.status == BankStatus::suspended)
        return Refusal{Errc::bank_suspended, "/obligations/" + std::to_string(i) + '/' + side + "_bank",
                       *bank + " is suspended and takes no part.", "a bank that is active"};
  }
  if (request.barred.code != Errc::ok) return request.barred;
  return std::nullopt;
}

std::optional<Refusal> LedgerBook::why_infeasible(const DryRun& plan, bool by_window) const {
  const std::string field = by_window ? "/window" : "/obligations";
  for (const DryRunLine& line : plan.lines) {
    const auto* own = accounts_.vostro(line.participant, line.currency);
    if (!own)
      return Refusal{Errc::unknown_bank, field,
                     line.participant + " has no vostro in " + std::string(line.currency.code()) + ".",
                     "a bank with a vostro: GET /api/v1/accounts/vostro"};
    if (own->status != AccountStatus::open)
      return Refusal{Errc::account_closed, field,
                     "account " + own->id.text() + " of " + own->bank() + " is closed.", ""};
    if (line.breaks())
      return Refusal{Errc::netting_infeasible, field,
                     line.participant + " would pay " + format_for_people(line.pays, line.currency) +
                         " and has " + format_for_people(line.available, line.currency) + " available.",
                     "the dry run shows who lacks what: \"dry_run\": true"};
  }
  for (const auto& position : plan.netting.multilateral) {
    const AccountRow& a = vostro_of(position.participant, position.currency);
    // By window every order is posted by itself, what comes in before what goes out.
    const auto highest = checked_add(a.balance, by_window ? position.in.sum : position.net);
    if (!highest || *highest > largest_balance)
      return Refusal{Errc::amount_overflow, field,
                     "the balance of " + position.participant + " would be larger than it may be.",
                     "balances up to " + format_amount(largest_balance, position.currency)};
  }
  return std::nullopt;
}

NettingBooked LedgerBook::book_netting(JournalId journal, const BookNetting& request, LedgerBatch& batch) {
  std::vector<SettlementView> orders;
  if (request.by_window) {
    orders = waiting_in(request.window, batch);
    if (orders.empty()) return {.refusal = nothing_to_net(request.window)};
  }
  if (auto refusal = barred(request)) return {.refusal = std::move(*refusal)};
  auto obligations = request.by_window ? obligations_of(orders) : request.obligations;
  const auto plan = dry_run(obligations, means().means);
  if (!plan) {
    auto refusal = plan.refusal();
    if (request.by_window) refusal.field = "/window";
    return {.refusal = std::move(refusal)};
  }
  if (auto refusal = why_infeasible(*plan, request.by_window)) return {.refusal = std::move(*refusal)};
  const Micros now = clock_();
  std::vector<Recorded> ended;
  auto owed = obligations;
  if (request.by_window) {
    for (std::size_t i = 0; i < orders.size(); ++i) owed[i].id = orders[i].order.obligation_id;
    ended = settle_netted(journal, std::move(orders), now, batch);
  } else {
    for (const auto& position : plan->netting.multilateral)
      if (position.net != 0)
        post(vostro_of(position.participant, position.currency).id, journal.uuid, -position.net, now, batch);
  }
  const auto positions = positions_json(plan->netting.multilateral);
  batch.nettings.push_back({.id = journal,
                            .caller = request.caller,
                            .idempotency_key = request.idempotency_key,
                            .request_digest = request.request_digest,
                            .obligations = obligations,
                            .positions = positions,
                            .at = now,
                            .by_window = request.by_window,
                            .owed = std::move(owed)});
  chain_.append(batch, now, "netting.booked", journal.uuid,
                JsonObject{}
                    .number("obligations", static_cast<std::int64_t>(obligations.size()))
                    .raw("positions", positions)
                    .done());
  return {.journal = journal,
          .at = now,
          .refusal = {},
          .obligations = std::move(obligations),
          .ended = std::move(ended)};
}

// Each order settles as one on us does. All credits come before all debits: then no balance on the way is
// below both what it was and what it becomes, and it is the net alone that needs funds.
std::vector<Recorded> LedgerBook::settle_netted(JournalId journal, std::vector<SettlementView> orders,
                                                Micros at, LedgerBatch& batch) {
  std::unordered_map<AccountId, Standing> before;
  for (SettlementView& s : orders) {
    s.credit_account = vostro_of(s.order.to_bank, s.order.amount.currency).id;
    s.connector = netting_connector;
    walk_on_us(s, at, batch);
    for (const AccountId id : {s.debit_account, s.credit_account})
      before.emplace(id, standing(accounts_.at(id)));
  }
  for (const auto& s : orders) enter(s.credit_account, s.id.uuid, -s.order.amount.minor, at, batch);
  for (const auto& s : orders) enter(s.debit_account, s.id.uuid, s.order.amount.minor, at, batch);
  // What an account crosses on the way and back again is no news.
  for (const auto& [id, standing] : before) tell_crossing(accounts_.at(id), standing, at, batch);
  // What this batch has changed already (why an order waits) is written together with this.
  std::unordered_map<SettlementId, std::size_t> rows;
  for (std::size_t i = 0; i < batch.changed.size(); ++i) rows.emplace(batch.changed[i].settlement->id, i);
  std::vector<Recorded> ended;
  for (auto& order : orders) {
    const Recorded s(std::move(order));
    chain_.append(batch, at, event_kind(s->status), s->id.uuid,
                  netted_payload(s, open_.at(s->id)->waiting, journal));
    if (const auto row = rows.find(s->id); row != rows.end())
      batch.changed[row->second].settlement = s;
    else
      batch.changed.push_back({s, Status::PENDING});
    batch.netted.push_back({s->id, s->credit_account});
    queue_.erase(place_of(s));
    open_.erase(s->id);
    end_doubt(s, batch);
    ended.push_back(s);
  }
  return ended;
}
}  // namespace settled
