// The commands of settlectl. Each returns its exit code, and throws Stop for what ends it with a sentence.
#pragma once
#include "apps/settlectl/context.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace settled::ctl {

struct SettleOptions {
  std::string file, out;
  std::size_t batch = 200, connections = 4;
  bool no_wait = false, ignore_totals = false;
};
int settle(const Context& context, const SettleOptions& options);

struct WatchOptions {
  std::string kind, after;
  std::size_t count = 0;  // end after so many events; 0: never
};
int watch(const Context& context, const WatchOptions& options);

struct AccountOpenOptions {
  std::string kind, bank, currency, name, floor;
  bool is_default = false, if_missing = false;
};
int account_open(const Context& context, const AccountOpenOptions& options);
struct AccountFundOptions {
  std::vector<std::string> words;  // [ID] AMOUNT CURRENCY
  std::string bank, kind, key;
};
int account_fund(const Context& context, const AccountFundOptions& options);
struct AccountSetOptions {
  std::string id, floor, low, high;  // thresholds: an amount, or "none"
  bool close = false, open = false;
};
int account_set(const Context& context, const AccountSetOptions& options);
struct AccountListOptions {
  std::string kind, bank, currency;
};
int account_list(const Context& context, const AccountListOptions& options);
int account_show(const Context& context, const std::string& id);

struct SettlementListOptions {
  std::string status, from_bank, to_bank, currency, obligation_id;
  std::size_t limit = 50;
};
int settlement_list(const Context& context, const SettlementListOptions& options);
int settlement_show(const Context& context, const std::string& id);
int settlement_status(const Context& context, const std::string& id);
int timeline(const Context& context, const std::string& id);

struct VerifyOptions {
  std::string database_url, sandbox, acknowledged;
};
int verify_books(const Context& context, const VerifyOptions& options);

}  // namespace settled::ctl
