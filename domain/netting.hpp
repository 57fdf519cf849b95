// Netting: what many obligations come to when all are settled at once. Every net figure carries the gross
// list that it was made of, so that each participant can add it up again.
#pragma once
#include "domain/money.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace settled {

struct Obligation {
  std::string id;
  std::string from;  // who owes; a BIC, or whatever names a participant
  std::string to;    // whom
  Money amount;      // > 0
};

/// One side of a position: which obligations, and their sum in minor units.
struct GrossSide {
  std::vector<std::string> ids;  // sorted
  std::int64_t sum = 0;
  friend bool operator==(const GrossSide&, const GrossSide&) = default;
};

/// Between two participants; `first` < `second`.
struct BilateralNet {
  Currency currency;
  std::string first, second;
  GrossSide first_owes, second_owes;
  std::int64_t net = 0;  // second_owes − first_owes: positive when `first` receives
  friend bool operator==(const BilateralNet&, const BilateralNet&) = default;
};

/// Of one participant towards all others together.
struct MultilateralNet {
  Currency currency;
  std::string participant;
  GrossSide in, out;
  std::int64_t net = 0;  // in − out: positive when it receives
  friend bool operator==(const MultilateralNet&, const MultilateralNet&) = default;
};

/// A payment that settles (a part of) the net positions.
struct NetPayment {
  std::string from, to;
  Money amount;
  friend bool operator==(const NetPayment&, const NetPayment&) = default;
};

struct CurrencyTotal {
  Currency currency;
  std::size_t obligations = 0;
  std::int64_t gross = 0;         // sum of all obligations
  std::int64_t bilateral = 0;     // what moves when each pair settles its net
  std::int64_t multilateral = 0;  // what moves when each participant settles its net
  friend bool operator==(const CurrencyTotal&, const CurrencyTotal&) = default;
};

/// Sorted by currency code, then by participant: the order of the input has no influence.
struct Netting {
  std::vector<BilateralNet> bilateral;
  std::vector<MultilateralNet> multilateral;
  /// Settles every multilateral position with fewer payments than participants. Each goes from one who owes
  /// to one who receives, the largest first.
  std::vector<NetPayment> payments;
  std::vector<CurrencyTotal> totals;
  friend bool operator==(const Netting&, const Netting&) = default;
};

/// Errors, `field` naming the obligation ("/obligations/3/to"): missing_field, same_bank,
/// amount_not_positive, invalid_value (an id twice), amount_overflow. That positions add up to zero per
/// currency is checked, and thrown as a broken invariant of ours.
Result<Netting> net(const std::vector<Obligation>& obligations);
/// Without those that a participant of `excluded` owes or is owed.
std::vector<Obligation> without(const std::vector<Obligation>& obligations,
                                const std::vector<std::string>& excluded);

/// What a participant could pay now. In minor units of `currency`.
struct Means {
  std::string participant;
  Currency currency;
  std::int64_t available = 0;
  std::optional<std::int64_t> net_debit_cap;  // the most that its position may be below zero
  std::int64_t position = 0;                  // where it stands before this netting
};

/// One participant in a currency: what it would pay or receive, and what would stand in the way.
struct DryRunLine {
  Currency currency;
  std::string participant;
  std::int64_t pays = 0;  // one of the two is 0
  std::int64_t receives = 0;
  bool means_known = false;
  std::int64_t available = 0;
  std::optional<std::int64_t> net_debit_cap;
  std::int64_t short_by = 0;     // liquidity that is missing; all of `pays` where the means are not known
  std::int64_t over_cap_by = 0;  // how far the position would break its cap
  bool breaks() const { return short_by > 0 || over_cap_by > 0; }
  friend bool operator==(const DryRunLine&, const DryRunLine&) = default;
};

struct DryRun {
  Netting netting;
  std::vector<DryRunLine> lines;  // in the order of netting.multilateral
  bool feasible = true;           // nobody's cap or liquidity breaks
};

struct DryRunComparison {
  DryRun with_all;
  DryRun without_excluded;
  std::vector<std::string> excluded_ids;  // the obligations left open, sorted
  /// Lines of `without_excluded` that break although they did not before: whom the exclusion would pull down.
  std::vector<DryRunLine> newly_broken;
  /// Lines of `with_all` that broke and no longer do, the excluded participants' own among them.
  std::vector<DryRunLine> healed;
};

/// Changes nothing. Errors: those of `net`; invalid_value with field "/means/3" for means given twice or
/// below zero caps.
Result<DryRun> dry_run(const std::vector<Obligation>& obligations, const std::vector<Means>& means);
Result<DryRunComparison> dry_run_without(const std::vector<Obligation>& obligations,
                                         const std::vector<Means>& means,
                                         const std::vector<std::string>& excluded);

}  // namespace settled
