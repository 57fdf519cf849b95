#include "domain/netting.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace settled {
namespace {

Refusal refused(Errc code, std::size_t i, std::string_view field, std::string detail,
                std::string allowed = {}) {
  return {code, "/obligations/" + std::to_string(i) + std::string(field), std::move(detail),
          std::move(allowed)};
}

std::optional<Refusal> first_problem(const std::vector<Obligation>& obligations) {
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < obligations.size(); ++i) {
    const Obligation& o = obligations[i];
    for (const auto& [field, value] :
         {std::pair{"/id", &o.id}, std::pair{"/from", &o.from}, std::pair{"/to", &o.to}})
      if (value->empty())
        return refused(Errc::missing_field, i, field, "an obligation needs an id and both sides");
    if (!ids.insert(o.id).second)
      return refused(Errc::invalid_value, i, "/id", "the obligation " + o.id + " is listed twice",
                     "each id once");
    if (o.from == o.to) return refused(Errc::same_bank, i, "/to", o.from + " cannot owe itself");
    if (o.amount.minor <= 0)
      return refused(Errc::amount_not_positive, i, "/amount", "an obligation is more than zero",
                     "more than 0");
  }
  return std::nullopt;
}

/// By code, so that lists read alphabetically and do not depend on the table of currencies.
struct ByCode {
  bool operator()(Currency a, Currency b) const { return a.code() < b.code(); }
};
using Pairs = std::map<std::pair<std::string, std::string>, BilateralNet>;
using Positions = std::map<std::string, MultilateralNet>;
struct Book {
  CurrencyTotal total;
  Pairs pairs;
  Positions positions;
};

void add(GrossSide& side, const Obligation& o) {
  side.ids.push_back(o.id);
  // Cannot overflow: no side is more than the currency's gross total, which was checked first.
  side.sum = must_add(side.sum, o.amount.minor);
}

void enter(Book& book, const Obligation& o) {
  const bool from_first = o.from < o.to;
  const auto& first = from_first ? o.from : o.to;
  const auto& second = from_first ? o.to : o.from;
  auto& pair = book.pairs[{first, second}];
  if (pair.first.empty()) pair = {o.amount.currency, first, second, {}, {}, 0};
  add(from_first ? pair.first_owes : pair.second_owes, o);
  for (const auto* who : {&o.from, &o.to}) {
    auto& position = book.positions[*who];
    if (position.participant.empty()) position = {o.amount.currency, *who, {}, {}, 0};
    add(who == &o.from ? position.out : position.in, o);
  }
}

/// Largest against largest: each payment ends at least one position, so there are fewer than participants.
std::vector<NetPayment> payments_of(Currency currency, const Positions& positions) {
  struct Open {
    std::int64_t amount;
    std::string_view who;
  };
  std::vector<Open> payers, payees;
  for (const auto& [who, position] : positions) {
    if (position.net < 0) payers.push_back({-position.net, who});
    if (position.net > 0) payees.push_back({position.net, who});
  }
  const auto largest_first = [](const Open& a, const Open& b) {
    return std::tuple(-a.amount, a.who) < std::tuple(-b.amount, b.who);
  };
  std::sort(payers.begin(), payers.end(), largest_first);
  std::sort(payees.begin(), payees.end(), largest_first);
  std::vector<NetPayment> out;
  for (std::size_t payer = 0, payee = 0; payer < payers.size() && payee < payees.size();) {
    const auto amount = std::min(payers[payer].amount, payees[payee].amount);
    out.push_back({std::string(payers[payer].who), std::string(payees[payee].who), {amount, currency}});
    if ((payers[payer].amount -= amount) == 0) ++payer;
    if ((payees[payee].amount -= amount) == 0) ++payee;
  }
  return out;
}

/// Works out the nets and moves everything into the result, proving that nothing was lost on the way.
void close(Book& book, Netting& out) {
  std::int64_t sum = 0, ins = 0, outs = 0;
  for (auto& [who, position] : book.positions) {
    std::sort(position.in.ids.begin(), position.in.ids.end());
    std::sort(position.out.ids.begin(), position.out.ids.end());
    position.net = position.in.sum - position.out.sum;
    sum += position.net;  // in any order within ± gross, so it stays in range
    ins = must_add(ins, position.in.sum);
    outs = must_add(outs, position.out.sum);
    if (position.net > 0) book.total.multilateral = must_add(book.total.multilateral, position.net);
  }
  ensure(sum == 0, "multilateral net positions add up to zero");
  ensure(ins == book.total.gross && outs == book.total.gross, "positions are made of the whole gross list");
  std::map<std::string_view, std::int64_t> from_pairs;
  for (auto& [key, pair] : book.pairs) {
    std::sort(pair.first_owes.ids.begin(), pair.first_owes.ids.end());
    std::sort(pair.second_owes.ids.begin(), pair.second_owes.ids.end());
    pair.net = pair.second_owes.sum - pair.first_owes.sum;
    from_pairs[pair.first] += pair.net;
    from_pairs[pair.second] -= pair.net;
    book.total.bilateral = must_add(book.total.bilateral, pair.net < 0 ? -pair.net : pair.net);
  }
  for (const auto& [who, position] : book.positions)
    ensure(from_pairs[who] == position.net, "a participant's pairs add up to its position");
  auto payments = payments_of(book.total.currency, book.positions);
  out.payments.insert(out.payments.end(), payments.begin(), payments.end());
  out.totals.push_back(book.total);
  for (auto& [key, pair] : book.pairs) out.bilateral.push_back(std::move(pair));
  for (auto& [who, position] : book.positions) out.multilateral.push_back(std::move(position));
}

using MeansKey = std::pair<std::string_view, Currency>;
Result<std::map<MeansKey, const Means*>> means_by_key(const std::vector<Means>& means) {
  std::map<MeansKey, const Means*> out;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const Means& m = means[i];
    const auto field = "/means/" + std::to_string(i);
    if (!out.emplace(MeansKey{m.participant, m.currency}, &m).second)
      return Refusal{
          Errc::invalid_value, field,
          "the means of " + m.participant + " in " + std::string(m.currency.code()) + " are given twice",
          "once per participant and currency"};
    if (m.net_debit_cap && *m.net_debit_cap < 0)
      return Refusal{Errc::invalid_value, field + "/net_debit_cap", "a cap is zero or more", "0 or more"};
  }
  return out;
}

DryRunLine line_of(const MultilateralNet& position, const Means* means) {
  DryRunLine line;
  line.currency = position.currency;
  line.participant = position.participant;
  line.pays = position.net < 0 ? -position.net : 0;
  line.receives = position.net > 0 ? position.net : 0;
  line.means_known = means != nullptr;
  if (means != nullptr) {
    line.available = means->available;
    line.net_debit_cap = means->net_debit_cap;
  }
  // An overdrawn account (available below zero) can pay nothing, but owes no more to this netting than that.
  line.short_by = std::max<std::int64_t>(0, line.pays - std::max<std::int64_t>(0, line.available));
  if (line.net_debit_cap) {
    const auto room = checked_add(means->position, *line.net_debit_cap);
    if (room) line.over_cap_by = std::max<std::int64_t>(0, line.pays - std::max<std::int64_t>(0, *room));
  }
  return line;
}

const DryRunLine* find_line(const DryRun& run, const DryRunLine& like) {
  for (const auto& line : run.lines)
    if (line.participant == like.participant && line.currency == like.currency) return &line;
  return nullptr;
}

/// Those of `of` that break, and do not (or are not there) in `unlike`.
std::vector<DryRunLine> breaks_only_in(const DryRun& of, const DryRun& unlike) {
  std::vector<DryRunLine> out;
  for (const auto& line : of.lines) {
    if (!line.breaks()) continue;
    const auto* other = find_line(unlike, line);
    if (other == nullptr || !other->breaks()) out.push_back(line);
  }
  return out;
}
}  // namespace

Result<Netting> net(const std::vector<Obligation>& obligations) {
  if (auto problem = first_problem(obligations)) return *std::move(problem);
  std::map<Currency, Book, ByCode> books;
  for (std::size_t i = 0; i < obligations.size(); ++i) {
    const Obligation& o = obligations[i];
    auto& book = books[o.amount.currency];
    book.total.currency = o.amount.currency;
    ++book.total.obligations;
    const auto gross = checked_add(book.total.gross, o.amount.minor);
    if (!gross)
      return refused(Errc::amount_overflow, i, "/amount",
                     "the sum of all obligations in " + std::string(o.amount.currency.code()) +
                         " would leave the range of an account");
    book.total.gross = *gross;
    enter(book, o);
  }
  Netting out;
  for (auto& [currency, book] : books) close(book, out);
  return out;
}

std::vector<Obligation> without(const std::vector<Obligation>& obligations,
                                const std::vector<std::string>& excluded) {
  const std::set<std::string_view> gone(excluded.begin(), excluded.end());
  std::vector<Obligation> out;
  std::copy_if(obligations.begin(), obligations.end(), std::back_inserter(out),
               [&gone](const Obligation& o) { return !gone.contains(o.from) && !gone.contains(o.to); });
  return out;
}

Result<DryRun> dry_run(const std::vector<Obligation>& obligations, const std::vector<Means>& means) {
  auto netting = net(obligations);
  if (!netting) return netting.refusal();
  const auto by_key = means_by_key(means);
  if (!by_key) return by_key.refusal();
  DryRun run;
  run.netting = *std::move(netting);
  for (const auto& position : run.netting.multilateral) {
    const auto it = by_key->find({position.participant, position.currency});
    run.lines.push_back(line_of(position, it == by_key->end() ? nullptr : it->second));
    run.feasible = run.feasible && !run.lines.back().breaks();
  }
  return run;
}

Result<DryRunComparison> dry_run_without(const std::vector<Obligation>& obligations,
                                         const std::vector<Means>& means,
                                         const std::vector<std::string>& excluded) {
  auto with_all = dry_run(obligations, means);
  if (!with_all) return with_all.refusal();
  const auto left = without(obligations, excluded);
  auto fewer = dry_run(left, means);
  if (!fewer) return fewer.refusal();
  DryRunComparison out{*std::move(with_all), *std::move(fewer), {}, {}, {}};
  std::set<std::string_view> kept;
  for (const auto& o : left) kept.insert(o.id);
  for (const auto& o : obligations)
    if (!kept.contains(o.id)) out.excluded_ids.push_back(o.id);
  std::sort(out.excluded_ids.begin(), out.excluded_ids.end());
  out.newly_broken = breaks_only_in(out.without_excluded, out.with_all);
  out.healed = breaks_only_in(out.with_all, out.without_excluded);
  return out;
}

}  // namespace settled
